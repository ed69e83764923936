"""What leaves the training thread: frozen copies of what the panels show at one step, never a live array."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy

from tfviz.training.config import RunConfig
from tfviz.training.stepping.flow import Flow
from tfviz.training.stepping.stages import HeadStages

if TYPE_CHECKING:
    from tfviz.training.generation.playground import Played


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
        _own(self, "probabilities", (count,))
        _own(self, "candidate_probabilities", (count, None))
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
        _own(self, "encoder_self", (None, None, source, source), numpy.float32)
        _own(self, "decoder_self", (None, None, target, target), numpy.float32)
        _own(self, "cross", (None, None, target, source), numpy.float32)


@dataclass(frozen=True, eq=False)
class OptimiserState:
    """The update that led to the snapshot's step, by parameter group. Arrays are (group,) float64.

    RMS is the root of the mean of the squares. Where an optimiser has no such moment there is None.
    """

    optimizer: str
    """As the configuration names it."""
    groups: tuple[str, ...]
    learning_rate: float
    clip_scale: float
    """What the gradient was multiplied by; 1 where nothing was clipped."""
    gradient_norm: numpy.ndarray
    """Euclidean length, before clipping."""
    update_ratio: numpy.ndarray
    """Length of the change over length of the weights; NaN or infinite for weights that were all 0."""
    first_moment: numpy.ndarray | None
    """RMS of Adam's first moment without its bias, or of the velocity of SGD with momentum."""
    second_moment: numpy.ndarray | None
    """RMS of the root of Adam's second moment without its bias."""
    change: numpy.ndarray
    """RMS of the change of a weight."""
    step_size: numpy.ndarray
    """What a weight's direction is multiplied by: Adam's rate / (sqrt(v) + eps), its median; else the learning rate."""

    def __post_init__(self) -> None:
        for name in (
            "gradient_norm", "update_ratio", "first_moment", "second_moment", "change", "step_size",
        ):  # fmt: skip
            if getattr(self, name) is not None:
                _own(self, name, (len(self.groups),), numpy.float64)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One step as the panels see it. What nobody asked for is None or empty."""

    step: int
    seed: int
    config: RunConfig
    attention: Attention | None = None
    prediction: Prediction | None = None
    """Of the probe."""
    samples: tuple[Prediction, ...] = ()
    """Other sentences of the data."""
    unknown_words: tuple[str, ...] = ()
    """Words of a typed probe that the vocabulary does not have."""
    flow: Flow | None = None
    """Of the probe, teacher-forced. Computed anew where it is asked for: no run file has it."""
    stages: HeadStages | None = None
    """One head taken apart."""
    optimiser: OptimiserState | None = None
    """Of the update that led here; None also at step 0, where no update did."""
    playground: "Played | None" = None
    """The answer to what somebody tries out."""


def _own(
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
