"""An encoder alone and a decoder alone, against a plain forward pass that knows nothing of the program's operations."""

from dataclasses import replace

import numpy as np
import pytest

from tfviz.core.gradient_check import random_parameters
from tfviz.core.transformer import Transformer

from .plain_forward import embedded, generated, stack, translated
from .small_model import BATCH, CONFIG, small_model

ENCODER = replace(CONFIG, architecture="encoder", norm_first=True)
DECODER = replace(CONFIG, architecture="decoder", positions="learned")


def test_an_encoder_alone_is_what_a_plain_forward_pass_makes_of_each_sentence() -> None:
    model, p = small_model(ENCODER), dict(random_parameters(ENCODER))
    model.forward(*BATCH)
    for row, source in enumerate(BATCH[0]):
        ids = source[source != 0]
        expected = generated(stack(embedded(ids, p, "source"), p, ENCODER, "encoder", causal=False), p)[1:]
        assert model.tensors["logits"].value[row, : len(ids) - 1] == pytest.approx(expected, rel=1e-9)


def test_encoder_and_decoder_are_what_a_plain_forward_pass_makes_of_each_pair() -> None:
    model, p = small_model(), dict(random_parameters(CONFIG))
    model.forward(*BATCH)
    for row, (source, target) in enumerate(zip(*BATCH[:2], strict=True)):
        source, target = source[source != 0], target[target != 0]
        expected = translated(source, target, p, CONFIG)
        assert model.tensors["logits"].value[row, : len(target)] == pytest.approx(expected, rel=1e-9)


def test_a_decoder_alone_is_what_a_plain_forward_pass_makes_of_each_stream() -> None:
    model, p = small_model(DECODER), dict(random_parameters(DECODER))
    model.forward(*BATCH)
    for row, (source, target) in enumerate(zip(*BATCH[:2], strict=True)):
        source, target = source[source != 0], target[target != 0][1:]
        x = np.concatenate(
            [embedded(source, p, "source", positions=False), embedded(target, p, "target", positions=False)]
        )
        x = x + p["stream_positions.weight"][: len(x)]
        expected = generated(stack(x, p, DECODER, "decoder", causal=True), p)[len(source) - 1 :]
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
