"""What was read from a model about one sentence: what it says, and where its heads look."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy


@dataclass(frozen=True, eq=False)
class Decoded:
    """One decoding of one sentence, position by position."""

    tokens: tuple[str, ...]
    """One for each position, up to and including "</s>" where it was produced."""
    probabilities: numpy.ndarray
    """(position,): the probability that the model gave each of the tokens."""
    candidates: tuple[tuple[str, ...], ...]
    """(position, k): the k most probable tokens, best first."""
    candidate_probabilities: numpy.ndarray
    """(position, k): their probabilities."""

    def __post_init__(self) -> None:
        count = len(self.tokens)
        own_array(self, "probabilities", (count,))
        own_array(self, "candidate_probabilities", (count, None))
        if len(self.candidates) != count:
            raise ValueError(f"candidates of {len(self.candidates)} positions do not fit {count} tokens")
        if count and {len(row) for row in self.candidates} != {self.candidate_probabilities.shape[1]}:
            raise ValueError("candidates and candidate_probabilities differ in their number of candidates")


@dataclass(frozen=True, eq=False)
class Prediction:
    """What is expected, what the model says after the right prefix (teacher-forced), and alone (free-running)."""

    source_tokens: tuple[str, ...]
    """With <s> and </s>."""
    target_tokens: tuple[str, ...]
    """The expected tokens (target_out): without <s>, with </s>. Empty where no target is known."""
    teacher_forced: Decoded | None
    free_running: Decoded | None
    sentence: str
    target: str
    origin: str
    """Where the sentence comes from: "validation 1/64", "training 1/72" or "typed"."""


@dataclass(frozen=True, eq=False)
class Attention:
    """The attention weights of the teacher-forced probe: rows are queries, columns are keys."""

    encoder_self: numpy.ndarray
    """(layer, head, query, key) float32; queries and keys are source_tokens."""
    decoder_self: numpy.ndarray
    """(layer, head, query, key) float32; queries and keys are target_tokens."""
    cross: numpy.ndarray
    """(layer, head, query, key) float32; queries are target_tokens, keys are source_tokens."""
    source_tokens: tuple[str, ...]
    target_tokens: tuple[str, ...]
    """The decoder's input (target_in): starts with <s>."""
    sentence: str = ""
    target: str = ""
    origin: str = ""

    def __post_init__(self) -> None:
        source, target = len(self.source_tokens), len(self.target_tokens)
        own_array(self, "encoder_self", (None, None, source, source), numpy.float32)
        own_array(self, "decoder_self", (None, None, target, target), numpy.float32)
        own_array(self, "cross", (None, None, target, source), numpy.float32)


def own_array(
    owner: object, name: str, shape: Sequence[int | None], dtype: type[numpy.floating] | None = None
) -> None:
    """Replace an array of a frozen dataclass by a read-only copy, after a check of its shape (None: any)."""
    array = numpy.array(getattr(owner, name), dtype=dtype, copy=True, order="C")
    fits = array.ndim == len(shape) and all(
        wanted in (None, found) for wanted, found in zip(shape, array.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise ValueError(f"{type(owner).__name__}.{name} has shape {array.shape}; expected ({wanted})")
    array.setflags(write=False)
    object.__setattr__(owner, name, array)
