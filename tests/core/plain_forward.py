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


def stack(x: Array, p: Weights, config: ModelConfig, name: str, causal: bool) -> Array:
    """Layers with self-attention alone, post-norm or pre-norm."""
    layers = config.num_encoder_layers if name == "encoder" else config.num_decoder_layers
    for layer in range(layers):
        path = f"transformer.{name}.layers.{layer}"
        if config.norm_first:
            y = norm(x, p, f"{path}.norm1")
            x = x + attention(y, y, p, f"{path}.self_attn", config.nhead, causal)
            x = x + feed_forward(norm(x, p, f"{path}.norm2"), p, path)
        else:
            x = norm(x + attention(x, x, p, f"{path}.self_attn", config.nhead, causal), p, f"{path}.norm1")
            x = norm(x + feed_forward(x, p, path), p, f"{path}.norm2")
    return norm(x, p, f"transformer.{name}.norm")


def generated(x: Array, p: Weights) -> Array:
    return x @ p["generator.weight"].T + p["generator.bias"]


def translated(
    source: Array, target_in: Array, p: Weights, config: ModelConfig, cross_off: str = ""
) -> Array:
    """The logits of encoder and decoder, post-norm; `cross_off` is a head of cross attention, "cross.1.0"."""
    memory = stack(embedded(source, p, "source"), p, config, "encoder", causal=False)
    x = embedded(target_in, p, "target")
    for layer in range(config.num_decoder_layers):
        path = f"transformer.decoder.layers.{layer}"
        off = [head for head in range(config.nhead) if cross_off == f"cross.{layer}.{head}"]
        x = norm(x + attention(x, x, p, f"{path}.self_attn", config.nhead, causal=True), p, f"{path}.norm1")
        x = norm(
            x + attention(x, memory, p, f"{path}.multihead_attn", config.nhead, off=off), p, f"{path}.norm2"
        )
        x = norm(x + feed_forward(x, p, path), p, f"{path}.norm3")
    return generated(norm(x, p, "transformer.decoder.norm"), p)
