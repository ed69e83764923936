"""The metrics of heads as they are shown: their names, what they say, and where all heads are by two of them."""

import math
from dataclasses import dataclass

import numpy
from PySide6.QtGui import QColor

from tfviz.training.heads.head_metrics import column_name
from tfviz.training.record.sparse_record import SparseRecord
from tfviz.views.style.theme import Theme

TRAIL = 30
"""Looks that are seen of where a head came from."""
KIND_COLOURS = {"encoder": 5, "decoder": 4, "cross": 3}
"""Kind of attention -> its place among the theme's series; the first ones are those of the chosen heads."""
MOST_CHOSEN = 3


@dataclass(frozen=True)
class Measure:
    """A metric as people read it."""

    metric: str
    """The field of HeadMetrics."""
    title: str
    explanation: str
    """One sentence."""

    @property
    def is_share(self) -> bool:
        """Whether it is a mean weight, from 0 to 1."""
        return self.metric != "entropy"


MEASURES = (
    Measure(
        "entropy", "entropy",
        "How widely a query looks, in nats: 0 where it looks at one key alone, log n where it looks at n alike.",
    ),
    Measure("diagonal", "diagonal", "Mean weight of a query on the key at its own position."),
    Measure("previous_token", "previous token", "Mean weight of a query on the key one position before its own."),
    Measure("first_token", "first token", "Mean weight of a query on the first key, <s>."),
    Measure(
        "source_alignment", "source alignment",
        "Mean weight of an answered token on the places of the source that it comes from; cross attention alone, where "
        "the task knows those places.",
    ),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class HeadPoints:
    """All heads by two metrics, at one look and at those before it; arrays (look, head), the last look last."""

    step: int
    heads: tuple[str, ...]
    x: numpy.ndarray
    y: numpy.ndarray
    rows: numpy.ndarray
    """(look, column) of the record, for whoever wants another metric."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Those that the model has."""
        return tuple(dict.fromkeys(kind_of(head) for head in self.heads))


def heads_in(record: SparseRecord) -> tuple[str, ...]:
    """The heads that a record knows, in the order of the model."""
    return tuple(dict.fromkeys(name.rpartition("/")[0] for name in record.names))


def points_at(record: SparseRecord, step: int, x: str, y: str) -> HeadPoints | None:
    """At the last look up to a step; None where there is none."""
    steps, rows = record.rows(step, TRAIL)
    if not len(steps):
        return None
    places = {name: place for place, name in enumerate(record.names)}
    heads = heads_in(record)

    def values(metric: str) -> numpy.ndarray:
        found = numpy.full((len(steps), len(heads)), math.nan)
        for number, head in enumerate(heads):
            if (place := places.get(column_name(head, metric))) is not None:
                found[:, number] = rows[:, place]
        return found

    return HeadPoints(int(steps[-1]), heads, values(x), values(y), rows)


def kind_of(head: str) -> str:
    return head.partition(" ")[0]


def short_name(head: str) -> str:
    """Of "cross L0H3" L0H3."""
    return head.partition(" ")[2]


def kind_colour(theme: Theme, kind: str) -> QColor:
    return theme.colour(theme.series[KIND_COLOURS[kind]])


def chosen_colour(theme: Theme, number: int) -> QColor:
    """Of the curve of a chosen head, and of the ring around its dot."""
    return theme.colour(theme.series[number])


def number_text(value: float) -> str:
    """A metric in three characters after the point; a word where there is none."""
    return "none" if math.isnan(value) else f"{value:.2f}"
