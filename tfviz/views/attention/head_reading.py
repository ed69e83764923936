"""What one head shows in words and numbers: its axes, what is masked, a cell read out, a sentence about all."""

from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

from tfviz.training.export.comparison import Compared
from tfviz.training.export.figure import visible
from tfviz.training.export.heads import KINDS, Head, weights_of
from tfviz.training.readings import Attention
from tfviz.views.grids.causal import mask_of
from tfviz.views.grids.cells import Scale
from tfviz.views.grids.grid_axes import Axes

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
    pinned: float | None = None
    """The weight at the pinned step, where that is compared; None where it is masked, too."""
    compared: bool = False

    @property
    def weight_text(self) -> str:
        return _weight_text(self.weight)

    @property
    def pinned_text(self) -> str:
        return _weight_text(self.pinned)

    @property
    def difference_text(self) -> str:
        """What the weight is more than at the pinned step, with its sign."""
        if self.weight is None or self.pinned is None:
            return "masked"
        return f"{self.weight - self.pinned:+.3f}".replace("-", "−")

    def sentence(self) -> str:
        """For readers that cannot see the picture."""
        parts = [f"query {self.query} {self.query_token}", f"key {self.key} {self.key_token}"]
        if self.compared:
            parts += [f"current weight {self.weight_text}", f"pinned {self.pinned_text}"]
            parts.append(f"difference {self.difference_text}")
        else:
            parts += [f"weight {self.weight_text}", f"row entropy {self.entropy:.2f} nats"]
        return ", ".join(parts + ["locked"] * self.locked)


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


def axes_of(head: Head, compared: Compared, scale: Scale) -> Axes:
    """Tokens and titles of both axes, and of the colour bar."""
    queries, keys = (tuple(map(visible, tokens)) for tokens in head.tokens(compared.attention))
    first, second = (SIDES[side] for side in head.sides)
    bar = "current − pinned" if compared.signed else ""
    return Axes(queries, keys, f"query ({first})", f"key ({second})", scale, compared.signed, bar)


def read_cell(
    head: Head, attention: Attention, cell: tuple[int, int], locked: bool, pinned: Attention | None = None
) -> Reading:
    """One cell in words, also at the pinned step if that has the same cells; the cell must be one of the head's."""
    queries, keys = head.tokens(attention)
    row, column = cell
    weight, before = (_weight(head, part, cell) if part else None for part in (attention, pinned))
    nats = entropy(head.weights(attention)[row])
    compared = pinned is not None
    query, key = visible(queries[row]), visible(keys[column])
    return Reading(row, query, column, key, weight, nats, locked, before, compared)


def _weight(head: Head, attention: Attention, cell: tuple[int, int]) -> float | None:
    mask = mask_of(head.kind, Compared(attention))
    return None if mask is not None and mask[cell] else float(head.weights(attention)[cell])


def _weight_text(weight: float | None) -> str:
    return "masked" if weight is None else f"{weight:.3f}"


def entropy(row: NDArray[numpy.floating]) -> float:
    """In nats; NaN where the row has NaN."""
    positive = row[(row > 0) | numpy.isnan(row)].astype(numpy.float64)
    return float(-(positive * numpy.log(positive)).sum()) + 0.0


def summary(head: Head, compared: Compared, steps: str) -> str:
    """The strongest link of a head, or where it changed most, for readers that cannot see the picture."""
    weights = compared.head(head)
    queries, keys = (tuple(map(visible, tokens)) for tokens in head.tokens(compared.attention))
    row, column = numpy.unravel_index(int(numpy.argmax(abs(weights))), weights.shape)
    largest = f"{weights[row, column]:.2f}"
    told = (
        f"largest difference {weights[row, column]:+.2f}" if compared.signed else f"largest weight {largest}"
    )
    return f"{head.label} at {steps}: {told}, query {queries[row]} on key {keys[column]}"
