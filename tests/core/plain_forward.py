"""The Transformer once more, in a few plain lines for one sentence without padding, to be compared with the program."""

from collections.abc import Collection

import numpy as np

from tfviz.core.config import ModelConfig
from tfviz.core.operations.embedding import sinusoids

Array = np.ndarray
Weights = dict[str, Array]


def norm(x: Array, p: Weights, path: str) -> Array:
    n = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + ModelConfig.layer_norm_eps)
    return n * p[f"{path}.weight"] + p[f"{path}.bias"]


def attention(
    x: Array,
    memory: Array,
    p: Weights,
    path: str,
    heads: int,
    causal: bool = False,
    off: Collection[int] = (),
) -> Array:
    """Queries from x, keys and values from memory; heads that are `off` have no weights."""
    split = np.split(p[f"{path}.in_proj_weight"], 3), np.split(p[f"{path}.in_proj_bias"], 3)
    q, k, v = (
        (read @ weight.T + bias).reshape(len(read), heads, -1).transpose(1, 0, 2)
        for read, weight, bias in zip((x, memory, memory), *split, strict=True)
    )
    scores = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1])
    if causal:
        scores = np.where(np.tri(len(x), dtype=bool), scores, -np.inf)
    weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    weights[list(off)] = 0.0
    merged = (weights @ v).transpose(1, 0, 2).reshape(len(x), -1)
    return merged @ p[f"{path}.out_proj.weight"].T + p[f"{path}.out_proj.bias"]


def feed_forward(x: Array, p: Weights, path: str) -> Array:
    hidden = np.maximum(x @ p[f"{path}.linear1.weight"].T + p[f"{path}.linear1.bias"], 0.0)
    return hidden @ p[f"{path}.linear2.weight"].T + p[f"{path}.linear2.bias"]


def embedded(ids: Array, p: Weights, side: str, positions: bool = True) -> Array:
    table = p[f"{side}_embedding.weight"]
    return np.sqrt(table.shape[1]) * table[ids] + positions * sinusoids(len(ids), table.shape[1])


def off_in(off: str, kind: str, layer: int) -> list[int]:
    """The number of a head such as "cross.1.0", where it belongs to this layer of this kind of attention."""
    return [int(off.removeprefix(f"{kind}.{layer}."))] if off.startswith(f"{kind}.{layer}.") else []


def stack(x: Array, p: Weights, config: ModelConfig, name: str, causal: bool, off: str = "") -> Array:
    """Layers with self-attention alone, post-norm or pre-norm; one head may be `off`, such as "encoder.0.1"."""
    layers = config.num_encoder_layers if name == "encoder" else config.num_decoder_layers
    for layer in range(layers):
        path, heads_off = f"transformer.{name}.layers.{layer}", off_in(off, name, layer)
        if config.norm_first:
            y = norm(x, p, f"{path}.norm1")
            x = x + attention(y, y, p, f"{path}.self_attn", config.nhead, causal, heads_off)
            x = x + feed_forward(norm(x, p, f"{path}.norm2"), p, path)
        else:
            y = attention(x, x, p, f"{path}.self_attn", config.nhead, causal, heads_off)
            x = norm(x + y, p, f"{path}.norm1")
            x = norm(x + feed_forward(x, p, path), p, f"{path}.norm2")
    return norm(x, p, f"transformer.{name}.norm")


def generated(x: Array, p: Weights) -> Array:
    return x @ p["generator.weight"].T + p["generator.bias"]


def translated(source: Array, target_in: Array, p: Weights, config: ModelConfig, off: str = "") -> Array:
    """The logits of encoder and decoder, post-norm; one head may be `off`."""
    memory = stack(embedded(source, p, "source"), p, config, "encoder", causal=False, off=off)
    x, heads = embedded(target_in, p, "target"), config.nhead
    for layer in range(config.num_decoder_layers):
        path = f"transformer.decoder.layers.{layer}"
        y = attention(x, x, p, f"{path}.self_attn", heads, True, off_in(off, "decoder", layer))
        x = norm(x + y, p, f"{path}.norm1")
        y = attention(x, memory, p, f"{path}.multihead_attn", heads, off=off_in(off, "cross", layer))
        x = norm(x + y, p, f"{path}.norm2")
        x = norm(x + feed_forward(x, p, path), p, f"{path}.norm3")
    return generated(norm(x, p, "transformer.decoder.norm"), p)


def answered(source: Array, target_in: Array, p: Weights, config: ModelConfig, off: str = "") -> Array:
    """The logits of each target position by a model of any shape, sinusoidal positions; one head may be `off`."""
    if config.architecture == "encoder":
        x = stack(embedded(source, p, "source"), p, config, "encoder", causal=False, off=off)
        return generated(x, p)[1:]
    if config.architecture == "encoder-decoder":
        return translated(source, target_in, p, config, off)
    parts = [embedded(source, p, "source", False), embedded(target_in[1:], p, "target", False)]
    x = np.concatenate(parts)
    x = stack(x + sinusoids(*x.shape), p, config, "decoder", causal=True, off=off)
    return generated(x, p)[len(source) - 1 :]
