"""An encoder alone and a decoder alone, against a plain forward pass that knows nothing of the program's operations."""

from dataclasses import replace

import numpy as np
import pytest

from tfviz.core.gradient_check import random_parameters
from tfviz.core.operations.embedding import sinusoids
from tfviz.core.transformer import Transformer

from .small_model import BATCH, CONFIG, small_model

Array = np.ndarray
ENCODER = replace(CONFIG, architecture="encoder", norm_first=True)
DECODER = replace(CONFIG, architecture="decoder", positions="learned")


def norm(x: Array, p: dict[str, Array], path: str) -> Array:
    n = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + CONFIG.layer_norm_eps)
    return n * p[f"{path}.weight"] + p[f"{path}.bias"]


def attention(x: Array, p: dict[str, Array], path: str, causal: bool) -> Array:
    """Of one sentence (position, features), without padding."""
    length, width = x.shape
    projected = x @ p[f"{path}.in_proj_weight"].T + p[f"{path}.in_proj_bias"]
    q, k, v = projected.reshape(length, 3, CONFIG.nhead, -1).transpose(1, 2, 0, 3)
    scores = q @ k.swapaxes(1, 2) / np.sqrt(CONFIG.head_width)
    if causal:
        scores = np.where(np.tri(length, dtype=bool), scores, -np.inf)
    weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    merged = (weights @ v).transpose(1, 0, 2).reshape(length, width)
    return merged @ p[f"{path}.out_proj.weight"].T + p[f"{path}.out_proj.bias"]


def layers(x: Array, p: dict[str, Array], stack: str, causal: bool, norm_first: bool) -> Array:
    for layer in range(2):
        path = f"transformer.{stack}.layers.{layer}"

        def feed_forward(x: Array, path: str = path) -> Array:
            hidden = np.maximum(x @ p[f"{path}.linear1.weight"].T + p[f"{path}.linear1.bias"], 0.0)
            return hidden @ p[f"{path}.linear2.weight"].T + p[f"{path}.linear2.bias"]

        if norm_first:
            x = x + attention(norm(x, p, f"{path}.norm1"), p, f"{path}.self_attn", causal)
            x = x + feed_forward(norm(x, p, f"{path}.norm2"))
        else:
            x = norm(x + attention(x, p, f"{path}.self_attn", causal), p, f"{path}.norm1")
            x = norm(x + feed_forward(x), p, f"{path}.norm2")
    return norm(x, p, f"transformer.{stack}.norm")


def generated(x: Array, p: dict[str, Array]) -> Array:
    return x @ p["generator.weight"].T + p["generator.bias"]


def test_an_encoder_alone_is_what_a_plain_forward_pass_makes_of_each_sentence() -> None:
    model, p = small_model(ENCODER), dict(random_parameters(ENCODER))
    model.forward(*BATCH)
    for row, source in enumerate(BATCH[0]):
        ids = source[source != 0]
        x = np.sqrt(CONFIG.d_model) * p["source_embedding.weight"][ids] + sinusoids(len(ids), CONFIG.d_model)
        expected = generated(layers(x, p, "encoder", causal=False, norm_first=True), p)[1:]
        assert model.tensors["logits"].value[row, : len(ids) - 1] == pytest.approx(expected, rel=1e-9)


def test_a_decoder_alone_is_what_a_plain_forward_pass_makes_of_each_stream() -> None:
    model, p = small_model(DECODER), dict(random_parameters(DECODER))
    model.forward(*BATCH)
    for row, (source, target) in enumerate(zip(*BATCH[:2], strict=True)):
        source, target = source[source != 0], target[target != 0][1:]
        tables = p["source_embedding.weight"][source], p["target_embedding.weight"][target]
        x = np.sqrt(CONFIG.d_model) * np.concatenate(tables)
        x = x + p["stream_positions.weight"][: len(x)]
        expected = generated(layers(x, p, "decoder", causal=True, norm_first=False), p)[len(source) - 1 :]
        assert model.tensors["logits"].value[row, : len(expected)] == pytest.approx(expected, rel=1e-9)


def test_the_stream_is_the_source_the_target_and_then_padding() -> None:
    model = Transformer(DECODER, 2, 4, 3)
    model.forward(
        np.array([[1, 5, 2, 0], [1, 3, 4, 2]]),
        np.array([[1, 4, 3], [1, 3, 0]]),
        np.array([[4, 3, 2], [3, 2, 0]]),
    )
    assert model.tensors["stream"].value.tolist() == [[1, 5, 2, 4, 3, 0], [1, 3, 4, 2, 3, 0]]


def test_a_decoder_alone_predicts_from_what_stands_before() -> None:
    source, target_in, target_out = BATCH
    model = small_model(DECODER)
    model.forward(*BATCH)
    before = model.tensors["logits"].value.copy()
    for position in range(1, 4):
        other = target_in.copy()
        other[0, position] = other[0, position] % 5 + 1
        model.forward(source, other, target_out)
        after = model.tensors["logits"].value
        assert np.array_equal(after[0, :position], before[0, :position])
        assert (after[0, position:] != before[0, position:]).any(axis=-1).all()


@pytest.mark.parametrize("config", [ENCODER, DECODER], ids=["encoder", "decoder"])
def test_more_padding_changes_neither_loss_nor_gradients(config: object) -> None:
    assert isinstance(config, type(CONFIG))
    tight, wide = small_model(config), Transformer(
        config, 3, 9, 8, 0.1, np.float64, parameters=random_parameters(config)
    )  # fmt: skip
    padded = [np.pad(ids, ((0, 0), (0, 4))) for ids in BATCH]
    assert wide.forward(*padded) == pytest.approx(tight.forward(*BATCH), rel=1e-12)
    tight.backward()
    wide.backward()
    assert wide.gradients == pytest.approx(tight.gradients, abs=1e-13)


def test_an_encoder_alone_refuses_a_target_of_another_length() -> None:
    with pytest.raises(ValueError, match="a source of 5 positions needs a target of 4, not 5"):
        Transformer(ENCODER, 3, 5, 5)


def test_only_the_parameters_that_are_read_exist() -> None:
    encoder, decoder = random_parameters(ENCODER), random_parameters(DECODER)
    assert not [name for name in encoder if "decoder" in name or name.startswith("target")]
    assert not [name for name in decoder if "encoder" in name or "multihead" in name or "norm3" in name]
    assert [*ENCODER.attentions] == ["encoder"] and [*DECODER.attentions] == ["decoder"]
