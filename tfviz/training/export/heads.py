"""What a head is called: `cross.L0H3` on the command line, `cross L0H3` for people, counted from 0."""

import re
from dataclasses import dataclass
from typing import Self

import numpy

from tfviz.training.readings import Attention
from tfviz.training.snapshot import Snapshot

KINDS = {"encoder": "encoder_self", "decoder": "decoder_self", "cross": "cross"}
"""The word people use -> the array of Attention."""

STREAM = "stream"
_SIDES = {"encoder": ("source", "source"), "decoder": ("target", "target"), "cross": ("target", "source")}
_PATTERN = re.compile(r"(encoder|decoder|cross)(?:_self)?[. ]L([0-9]{1,6})H([0-9]{1,6})", re.IGNORECASE)


@dataclass(frozen=True)
class Head:
    """One attention head: the kind of attention, its layer and its number."""

    kind: str
    layer: int
    head: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "cross.L0H3" or "cross L0H3"; ValueError says how it is written."""
        match = _PATTERN.fullmatch(text.strip())
        if not match:
            raise ValueError(
                f"head {text!r} is not understood; write encoder, decoder or cross, then layer and head counted "
                "from 0, such as cross.L0H3"
            )
        kind, layer, head = match.groups()
        return cls(kind.lower(), int(layer), int(head))

    def __str__(self) -> str:
        return f"{self.kind}.L{self.layer}H{self.head}"

    @classmethod
    def from_setting(cls, name: str) -> Self:
        """Of the name by which a configuration has it, such as "cross.0.3"."""
        kind, layer, head = name.split(".")
        return cls(kind, int(layer), int(head))

    @property
    def setting(self) -> str:
        """The name by which a configuration has it."""
        return f"{self.kind}.{self.layer}.{self.head}"

    @property
    def label(self) -> str:
        return f"{self.kind} L{self.layer}H{self.head}"

    @property
    def array(self) -> str:
        """The name of its array in a snapshot and in every exported file."""
        return KINDS[self.kind]

    @property
    def sides(self) -> tuple[str, str]:
        """Whether queries and keys are "source" or "target" tokens."""
        return _SIDES[self.kind]

    def weights(self, attention: Attention) -> numpy.ndarray:
        """(query, key); ValueError with the heads there are if this is none of them."""
        layers = weights_of(self.kind, attention)
        count, heads = layers.shape[:2]
        if self.layer >= count or self.head >= heads:
            there = f"{self.kind}.L0H0 to {self.kind}.L{count - 1}H{heads - 1}" if layers.size else "none"
            raise ValueError(f"head {self} does not exist; this model has {there}")
        return layers[self.layer, self.head]

    def tokens(self, attention: Attention) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The tokens of the rows (queries) and of the columns (keys)."""
        queries, keys = (getattr(attention, f"{side}_tokens") for side in self.sides)
        return queries, keys


def axis_names(kind: str, attention: Attention) -> tuple[str, str]:
    """What lies along the rows (queries) and columns (keys) of a kind of heads, for people: "source", "target" or,
    where a decoder alone reads both in one, "stream"."""
    if kind == "decoder" and not (attention.cross.shape[0] or attention.encoder_self.shape[0]):
        return STREAM, STREAM
    return Head(kind, 0, 0).sides


def weights_of(kind: str, attention: Attention) -> numpy.ndarray:
    """(layer, head, query, key) of a kind as people call it."""
    weights: numpy.ndarray = getattr(attention, KINDS[kind])
    return weights


def all_heads(attention: Attention) -> list[Head]:
    """Every head: encoder, decoder, cross; layer by layer."""
    return [
        Head(kind, layer, head)
        for kind in KINDS
        for layer, heads in enumerate(weights_of(kind, attention))
        for head in range(len(heads))
    ]


def attention_of(snapshot: Snapshot) -> Attention:
    """The attention of a snapshot; ValueError where it was not captured."""
    if snapshot.attention is None:
        raise ValueError(f"the snapshot of step {snapshot.step} holds no attention")
    return snapshot.attention
