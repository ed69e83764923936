"""Where the stages of a head stand: in the order of the formula, in as many rows as leave the cells largest."""

from dataclasses import dataclass
from typing import Literal

import numpy
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QFontMetricsF

from tfviz.training.stepping.step_places import Of
from tfviz.views.grids.cells import edges
from tfviz.views.style.fonts import monospace_font

OPERATOR = 48  # pixels before a map for what leads to it
TITLE = 21
BAR = 13
ABOVE = TITLE + BAR + 3
BETWEEN = 10
LABEL = 12  # what a label needs across its text
LONGEST_ROW, LONGEST_COLUMN = 52, 44
LOWEST, LOWEST_LABEL, SMALLEST_CELL = 80, 22, 8  # pixels of a map, of the tokens below it, and of a cell
NARROWEST = 110
FONT = 10


@dataclass(frozen=True)
class Stage:
    """One map: what its rows and columns are, and which tensor of the head it shows."""

    name: str
    title: str
    rows: Literal["query", "key"]
    columns: Literal["key", "width"]
    tensor: str
    of: Of
    operator: tuple[str, ...]
    """What leads to it from the map before."""
    meaning: str

    @property
    def signed(self) -> bool:
        """Whether its numbers have both signs; weights alone have not."""
        return self.name != "weights"


FORWARD = (
    Stage("query", "query", "query", "width", "query", "value", (), "What each position looks for"),
    Stage("key", "key", "key", "width", "key", "value", ("q·kᵀ",), "What each position offers to be found by"),
    Stage("scores", "scores", "query", "key", "scores", "value", ("/ √{width}", "→"),
          "Query · key / √{width}: how well each key fits, before the mask"),
    Stage("masked", "masked scores", "query", "key", "scores", "value", ("+ mask", "→"),
          "Scores with minus infinity where the query may not look"),
    Stage("weights", "weights", "query", "key", "weights", "value", ("softmax", "→"),
          "Softmax of the masked scores: every row sums to 1"),
    Stage("value", "value", "key", "width", "value", "value", ("·",), "What each position has to say"),
    Stage("context", "context", "query", "width", "context", "value", ("=",),
          "Weights · value: what each query has gathered"),
)  # fmt: skip
BACKWARD = (
    Stage("weights_gradient", "gradient of weights", "query", "key", "weights", "gradient", (),
          "How the loss would change if a weight alone grew"),
    Stage("pressure", "pressure", "query", "key", "scores", "gradient", ("softmax′", "→"),
          "Minus the gradient of the scores: where the loss wants attention to go (blue) or to leave (orange)"),
    Stage("moved", "what moved", "query", "key", "weights", "value", ("update", "→"),
          "The weights after the next update minus those now, on this sentence. The update follows the training "
          "batch, so it need not do what this sentence's loss wants"),
)  # fmt: skip
STAGES = FORWARD + BACKWARD

Rows = tuple[tuple[Stage, ...], ...]
ARRANGEMENTS: tuple[Rows, ...] = ((FORWARD, BACKWARD), (FORWARD[:4], FORWARD[4:], BACKWARD))


@dataclass(frozen=True)
class Sizes:
    """What a head has: tokens of both sides, and numbers a vector."""

    queries: tuple[str, ...]
    keys: tuple[str, ...]
    width: int

    def rows(self, stage: Stage) -> tuple[str, ...]:
        return self.queries if stage.rows == "query" else self.keys

    def columns(self, stage: Stage) -> int:
        return self.width if stage.columns == "width" else len(self.keys)


@dataclass(frozen=True)
class MapPlace:
    """Where a map stands, in logical pixels; cell (i, j) fills rows[i]:rows[i + 1] x columns[j]:columns[j + 1]."""

    title: QRect
    bar: QRect
    operator: QRect
    plot: QRect
    rows: tuple[int, ...]
    columns: tuple[int, ...]

    def cell(self, row: int, column: int) -> QRect:
        left, top = self.columns[column], self.rows[row]
        return QRect(left, top, self.columns[column + 1] - left, self.rows[row + 1] - top)

    def row(self, row: int) -> QRect:
        """All cells of a row."""
        top = self.rows[row]
        return QRect(self.plot.left(), top, self.plot.width(), self.rows[row + 1] - top)

    def cell_at(self, x: float, y: float) -> tuple[int, int] | None:
        if not self.plot.contains(int(x), int(y)):
            return None
        row = int(numpy.searchsorted(self.rows, y, "right")) - 1
        column = int(numpy.searchsorted(self.columns, x, "right")) - 1
        return min(row, len(self.rows) - 2), min(column, len(self.columns) - 2)


@dataclass(frozen=True)
class Layout:
    """All maps by name, and the rest of the space, where the arithmetic of a row is written."""

    maps: dict[str, MapPlace]
    rest: QRect
    row_label: int
    """The width of the tokens beside a map."""
    column_label: int
    """The height of those below."""
    upright: bool
    """Whether these are turned by 90 degrees."""


def arrange(sizes: Sizes, size: QSize) -> Layout:
    """The arrangement whose maps have the most room, of those that have room for titles."""
    found = [_arranged(rows, sizes, size) for rows in ARRANGEMENTS]
    return max([layout for layout in found[:-1] if _holds_titles(layout)] + found[-1:], key=_smallest_side)


def least_height(sizes: Sizes) -> int:
    """Below which the maps are too low to be read."""
    tokens = max(len(sizes.queries), len(sizes.keys))
    return len(ARRANGEMENTS[-1]) * (ABOVE + LOWEST_LABEL + BETWEEN + max(LOWEST, SMALLEST_CELL * tokens))


def _holds_titles(layout: Layout) -> bool:
    return min(place.title.width() for place in layout.maps.values()) >= NARROWEST


def _smallest_side(layout: Layout) -> int:
    return min(min(place.plot.width(), place.plot.height()) for place in layout.maps.values())


def _arranged(rows: Rows, sizes: Sizes, size: QSize) -> Layout:
    metrics = QFontMetricsF(monospace_font(FONT))
    across = max(map(len, rows))
    lead = 0 if all(not row[0].operator for row in rows) else OPERATOR  # before the first map of every row
    step = (size.width() - lead + OPERATOR) / across
    longest = max(metrics.horizontalAdvance(token) for token in (*sizes.queries, *sizes.keys))
    row_label = int(min(longest + 4, LONGEST_ROW, (step - OPERATOR) / 3))
    width = max(int(step) - OPERATOR - row_label, 12)
    upright = max(map(metrics.horizontalAdvance, sizes.keys)) + 3 > width / len(sizes.keys)
    down = (size.height() + BETWEEN) / len(rows)
    wanted = max(map(metrics.horizontalAdvance, sizes.keys))
    column_label = int(min(wanted, LONGEST_COLUMN, down / 4)) + 3 if upright else LABEL + 2
    height = max(int(down) - ABOVE - column_label - BETWEEN, 12)
    maps = {
        stage.name: _place(
            QRect(int(lead + number * step) + row_label, int(line * down) + ABOVE, width, height),
            row_label, stage, sizes,
        )
        for line, row in enumerate(rows)
        for number, stage in enumerate(row)
    }  # fmt: skip
    first = next(line for line, row in enumerate(rows) if len(row) < across)
    left = int(lead + max(map(len, rows[first:])) * step) - OPERATOR // 2
    top = int(first * down)
    rest = QRect(left, top, size.width() - left, size.height() - top)
    return Layout(maps, rest, row_label, column_label, upright)


def _place(plot: QRect, row_label: int, stage: Stage, sizes: Sizes) -> MapPlace:
    left, top = plot.left() - row_label, plot.top() - ABOVE
    return MapPlace(
        QRect(left, top, plot.width() + row_label, TITLE),
        QRect(plot.left(), top + TITLE, plot.width(), BAR),
        QRect(left - OPERATOR, plot.top(), OPERATOR - 4, plot.height()),
        plot,
        tuple(plot.top() + edge for edge in edges(len(sizes.rows(stage)), plot.height())),
        tuple(plot.left() + edge for edge in edges(sizes.columns(stage), plot.width())),
    )
