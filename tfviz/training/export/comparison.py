"""Two steps compared: the one that is kept aside, and the difference of their attention, where there is one."""

from dataclasses import dataclass

import numpy

from tfviz.training.export.heads import KINDS, Head, weights_of
from tfviz.training.readings import Attention
from tfviz.training.snapshot import Snapshot


@dataclass(frozen=True, eq=False)
class Pinned:
    """A step kept aside to compare others with, and where it comes from."""

    snapshot: Snapshot
    place: str
    """The name of its branch, or of the run or file that it was found in."""
    branch: int | None = None
    """The number of its branch in the run that is shown; None for a step of another run."""
    beside: str = ""
    """The name of the branch of the step that is compared with it, for captions."""

    @property
    def label(self) -> str:
        return f"step {self.snapshot.step:,} · {self.place}"


@dataclass(frozen=True, eq=False)
class Compared:
    """What a picture of attention shows: the weights of one step or, cell by cell, less those of another."""

    attention: Attention
    """Its tokens stand at the axes."""
    subtracted: Attention | None = None

    def __post_init__(self) -> None:
        if self.subtracted is not None and (reason := obstacle(self.attention, self.subtracted)):
            raise ValueError(reason)

    @property
    def signed(self) -> bool:
        return self.subtracted is not None

    @property
    def parts(self) -> tuple[Attention, ...]:
        return (self.attention,) if self.subtracted is None else (self.attention, self.subtracted)

    def weights(self, kind: str) -> numpy.ndarray:
        """(layer, head, query, key) of "encoder", "decoder" or "cross". What is NaN in either is NaN."""
        weights = weights_of(kind, self.attention)
        if self.subtracted is None:
            return weights
        with numpy.errstate(invalid="ignore"):  # infinity less infinity
            return weights - weights_of(kind, self.subtracted)

    def head(self, head: Head) -> numpy.ndarray:
        """(query, key) of one head; ValueError with the heads there are if this is none of them."""
        weights = head.weights(self.attention)
        if self.subtracted is None:
            return weights
        with numpy.errstate(invalid="ignore"):
            return weights - head.weights(self.subtracted)


def obstacle(current: Attention, pinned: Attention) -> str:
    """Why the two cannot be subtracted, in a sentence; "" where they can."""
    if current.source_tokens != pinned.source_tokens:
        return f"The pinned step reads another sentence: “{_words(pinned.source_tokens)}”"
    if current.target_tokens != pinned.target_tokens:
        return f"At the pinned step the decoder was fed other words: “{_words(pinned.target_tokens)}”"
    if _heads(current) != _heads(pinned):
        return f"The pinned model has {_heads(pinned)}, this one {_heads(current)}"
    return ""


def _words(tokens: tuple[str, ...]) -> str:
    return " ".join(token for token in tokens if token not in ("<s>", "</s>"))


def _heads(attention: Attention) -> str:
    """Layers and heads of encoder, decoder and cross-attention in words: the latter two are of the same layers."""
    encoder, decoder, _ = (weights_of(kind, attention).shape[:2] for kind in KINDS)
    heads = decoder[1] if decoder[0] else encoder[1]
    return f"{encoder[0]} + {decoder[0]} layers × {heads} heads"
