"""Snapshots: read-only copies whose shapes fit their tokens."""

import dataclasses
from typing import Any

import numpy
import pytest

from tfviz.training.config import RunConfig
from tfviz.training.readings import Attention, Decoded, Prediction
from tfviz.training.snapshot import Snapshot

SOURCE, TARGET = ("<s>", "how", "</s>"), ("<s>", "how")


def attention(**changed: Any) -> Attention:
    arrays = {
        "encoder_self": numpy.full((2, 4, 3, 3), 1 / 3),
        "decoder_self": numpy.full((1, 4, 2, 2), 1 / 2),
        "cross": numpy.full((1, 4, 2, 3), 1 / 3),
    }
    return Attention(**(arrays | changed), source_tokens=SOURCE, target_tokens=TARGET)


def decoded(**changed: Any) -> Decoded:
    fields: dict[str, Any] = {
        "tokens": ("how", "</s>"),
        "probabilities": numpy.array([0.9, 0.8]),
        "candidates": (("how", "are"), ("</s>", "how")),
        "candidate_probabilities": numpy.array([[0.9, 0.1], [0.8, 0.1]]),
    }
    return Decoded(**(fields | changed))


def test_what_training_does_to_its_arrays_later_is_not_seen() -> None:
    weights = numpy.full((2, 4, 3, 3), 0.5, dtype=numpy.float32)
    taken = attention(encoder_self=weights)
    weights[...] = 7
    assert (taken.encoder_self == 0.5).all()


def test_a_view_of_a_larger_buffer_is_copied_out_of_it() -> None:
    buffer = numpy.full((3, 2, 4, 3), 0.25)
    taken = attention(encoder_self=buffer.transpose(1, 2, 3, 0))
    assert taken.encoder_self.base is None and taken.encoder_self.flags.c_contiguous


def test_arrays_of_a_snapshot_cannot_be_written() -> None:
    for array in (attention().cross, decoded().probabilities, decoded().candidate_probabilities):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_attention_is_kept_in_single_precision() -> None:
    assert {attention().encoder_self.dtype, attention().decoder_self.dtype} == {numpy.dtype(numpy.float32)}


@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        ("encoder_self", (2, 4, 3, 2), "(any, any, 3, 3)"),
        ("decoder_self", (1, 4, 3, 3), "(any, any, 2, 2)"),
        ("cross", (1, 4, 3, 2), "(any, any, 2, 3)"),
        ("cross", (4, 2, 3), "(any, any, 2, 3)"),
    ],
)
def test_attention_that_does_not_fit_its_tokens_is_refused(
    name: str, shape: tuple[int, ...], expected: str
) -> None:
    with pytest.raises(ValueError) as caught:
        attention(**{name: numpy.zeros(shape)})
    assert f"Attention.{name} has shape {shape}; expected {expected}" in str(caught.value)


@pytest.mark.parametrize(
    "changed",
    [
        {"tokens": ("how",)},
        {"probabilities": numpy.zeros(3)},
        {"candidates": (("how", "are"),)},
        {"candidates": (("how",), ("</s>",))},
        {"candidate_probabilities": numpy.zeros((2, 3))},
    ],
)
def test_a_decoding_whose_parts_differ_in_length_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        decoded(**changed)


def test_an_empty_decoding_is_allowed() -> None:
    empty = decoded(
        tokens=(), probabilities=numpy.zeros(0), candidates=(), candidate_probabilities=numpy.zeros((0, 8))
    )
    assert empty.tokens == ()


def test_a_snapshot_holds_only_what_was_asked_for_and_cannot_change() -> None:
    prediction = Prediction(SOURCE, ("how", "</s>"), decoded(), None, "how", "how", "training 1/92")
    snapshot = Snapshot(37, 0, RunConfig(), prediction=prediction)
    assert snapshot.attention is None and snapshot.samples == () and snapshot.unknown_words == ()
    with pytest.raises(dataclasses.FrozenInstanceError):
        snapshot.step = 38
