"""What one head shows in words and numbers: its axes, what is masked, a cell read out, a sentence about all."""

from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

from tfviz.training.export.heads import KINDS, Head, weights_of
from tfviz.training.snapshot import Attention
from tfviz.views.causal import Mask, causal_mask
from tfviz.views.cells import Scale
from tfviz.views.head_axes import Axes

SIDES = {"source": "source", "target": "decoder"}


@dataclass(frozen=True)
class Reading:
    """What is known of a cell."""

    query: int
    query_token: str
    key: int
    key_token: str
    weight: float | None
    """None where the query cannot see the key."""
    entropy: float
    """Of the row, in nats."""
    locked: bool

    @property
    def weight_text(self) -> str:
        return "masked" if self.weight is None else f"{self.weight:.3f}"

    def sentence(self) -> str:
        """For readers that cannot see the picture."""
        return (
            f"query {self.query} {self.query_token}, key {self.key} {self.key_token}, weight {self.weight_text}, "
            f"row entropy {self.entropy:.2f} nats" + (", locked" if self.locked else "")
        )


def exists(head: Head, attention: Attention) -> bool:
    """Whether a model of this shape has the head."""
    layers, heads = weights_of(head.kind, attention).shape[:2]
    return head.layer < layers and head.head < heads


def first_choice(attention: Attention) -> Head | None:
    """The head to begin with: cross-attention of the last layer tells most; else the last layer of what there is."""
    for kind in reversed(KINDS):
        layers, heads = weights_of(kind, attention).shape[:2]
        if layers and heads:
            return Head(kind, layers - 1, 0)
    return None


def axes_of(head: Head, attention: Attention, scale: Scale) -> Axes:
    """Tokens and titles of both axes."""
    queries, keys = head.tokens(attention)
    first, second = (SIDES[side] for side in head.sides)
    return Axes(queries, keys, f"query ({first})", f"key ({second})", scale)


def mask_of(head: Head, attention: Attention) -> Mask | None:
    """(query, key), True where the query cannot see the key; None where it sees all."""
    return causal_mask(weights_of(head.kind, attention)) if head.kind == "decoder" else None


def read_cell(head: Head, attention: Attention, cell: tuple[int, int], locked: bool) -> Reading:
    """One cell in words; the cell must be one of the head's."""
    weights = head.weights(attention)
    queries, keys = head.tokens(attention)
    row, column = cell
    mask = mask_of(head, attention)
    masked = mask is not None and bool(mask[row, column])
    weight = None if masked else float(weights[row, column])
    return Reading(row, queries[row], column, keys[column], weight, entropy(weights[row]), locked)


def entropy(row: NDArray[numpy.floating]) -> float:
    """In nats; NaN where the row has NaN."""
    positive = row[(row > 0) | numpy.isnan(row)].astype(numpy.float64)
    return float(-(positive * numpy.log(positive)).sum()) + 0.0


def summary(head: Head, attention: Attention, step: int) -> str:
    """The strongest link of a head, for readers that cannot see the picture."""
    weights = head.weights(attention)
    queries, keys = head.tokens(attention)
    row, column = numpy.unravel_index(int(numpy.argmax(weights)), weights.shape)
    return (
        f"{head.label} at step {step}: largest weight {weights[row, column]:.2f}, "
        f"query {queries[row]} on key {keys[column]}"
    )
