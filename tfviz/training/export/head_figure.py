"""One attention head, large: tokens on both axes, colour bar, and a caption that says what it is."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy

from tfviz.training.export import description
from tfviz.training.export.comparison import Compared, Pinned
from tfviz.training.export.figure import (
    Figure,
    FigureTheme,
    Line,
    Shape,
    Text,
    elided,
    hexadecimal,
    text_width,
    theme_of,
    visible,
)
from tfviz.training.export.heads import Head, attention_of, axis_names
from tfviz.training.export.heat_map import BAR_SPACE, MARGIN, Scale, colour_bar, heat_map, page, title_line
from tfviz.training.snapshot import Snapshot

MAP_WIDTH = 540.0  # what a map of ordinary length fills
LONGEST_MAP = 960.0
CELL_LARGEST, CELL_READABLE = 60.0, 10.0
TOKEN_SIZE = 12.0
TOKEN_WIDTH = 132.0  # a longer token is elided
SMALLEST_WIDTH = 460.0
TITLE_SPACE = 36.0
NUMBERS_FROM = 30.0  # width of the smallest cell in which a weight can be read


@dataclass(frozen=True)
class _Axis:
    """One axis of the map: its labels, their size, and how many tokens share a label."""

    labels: list[str]
    size: float
    every: int
    extent: float
    """The widest label."""

    @classmethod
    def of(cls, tokens: tuple[str, ...], cell: float) -> "_Axis":
        every = math.ceil(CELL_READABLE / cell - 1e-9) if cell < CELL_READABLE else 1
        size = min(TOKEN_SIZE, cell * every * 0.85)
        labels = [elided(visible(token), size, TOKEN_WIDTH, True) for token in tokens]
        extent = max((text_width(label, size, True) for label in labels), default=0.0)
        return cls(labels, size, every, extent)

    def labelled(self) -> Iterator[tuple[int, str]]:
        """Position and label of the tokens that have one."""
        return ((position, self.labels[position]) for position in range(0, len(self.labels), self.every))


def head_figure(
    snapshot: Snapshot,
    head: Head,
    theme: str = "light",
    upper: float = 1.0,
    numbers: bool = False,
    pinned: Pinned | None = None,
) -> Figure:
    """The figure of one head: rows are queries, columns are keys. With `pinned`, of its difference to that step.

    The colours run from 0 to `upper`, those of a difference from -`upper`; `numbers` writes the weights into the
    cells where they are large enough.
    """
    colours = theme_of(theme)
    attention = attention_of(snapshot)
    weights = Compared(attention, attention_of(pinned.snapshot) if pinned else None).head(head)
    scale = Scale.of(colours, upper, pinned is not None)
    query_tokens, key_tokens = head.tokens(attention)
    names = axis_names(head.kind, attention)
    cell = cell_length(max(weights.shape))
    queries, keys = _Axis.of(query_tokens, cell), _Axis.of(key_tokens, cell)
    height, width = cell * weights.shape[0], cell * weights.shape[1]
    left = float(math.ceil(MARGIN + 22 + max(queries.extent + 10, _overhang(keys, cell))))
    top = MARGIN + TITLE_SPACE
    page_width = max(left + width + 18 + BAR_SPACE + MARGIN - 14, SMALLEST_WIDTH)
    shapes = [
        *title_line(head.label, description.steps(snapshot, pinned), page_width - MARGIN, colours),
        *heat_map(weights, left, top, width, height, scale, colours, head.label),
        *_query_labels(queries, names[0], left, top, cell, colours),
    ]
    if numbers and cell >= NUMBERS_FROM:
        shapes += _weights_in_cells(weights, left, top, cell, scale)
    key_shapes, bottom = _key_labels(keys, names[1], left, top + height, cell, colours)
    clipped = bool((abs(weights) > upper).any())
    shapes += [*key_shapes, *colour_bar(left + width + 18, top, height, scale, colours, clipped)]
    lines = description.caption(snapshot, head, pinned)
    title = f"{head.label} attention" + (f", {description.steps(snapshot, pinned)}" if pinned else "")
    return page(shapes, page_width, bottom, title, lines, colours)


def cell_length(count: int) -> float:
    """The side of a cell in a map of so many tokens: whole pixels where they are large enough to be counted."""
    length = min(CELL_LARGEST, MAP_WIDTH / count)
    length = max(length, min(CELL_READABLE, LONGEST_MAP / count))
    return float(round(length)) if length >= 4 else length


def _query_labels(
    axis: _Axis, side: str, left: float, top: float, cell: float, theme: FigureTheme
) -> list[Shape]:
    shapes: list[Shape] = []
    for position, label in axis.labelled():
        y = top + (position + 0.5) * cell
        shapes += [
            Line(left - 4, y, left, y, theme.line),
            Text(left - 8, y + axis.size * 0.35, label, axis.size, theme.text, "end", monospace=True),
        ]
    middle = top + len(axis.labels) * cell / 2
    return [*shapes, Text(MARGIN + 10, middle, f"query ({side})", 11.5, theme.dim, "middle", -90.0)]


def _key_labels(
    axis: _Axis, side: str, left: float, top: float, cell: float, theme: FigureTheme
) -> tuple[list[Shape], float]:
    """The shapes below the map, and the y where they end."""
    shapes: list[Shape] = []
    angle = _key_angle(axis, cell)
    for position, label in axis.labelled():
        x = left + (position + 0.5) * cell
        shapes.append(Line(x, top, x, top + 4, theme.line))
        if angle == 0:
            shapes.append(
                Text(x, top + 8 + axis.size * 0.8, label, axis.size, theme.text, "middle", monospace=True)
            )
            continue
        # The end of the label's middle line meets the tick.
        sine, cosine = math.sin(math.radians(-angle)), math.cos(math.radians(-angle))
        shift = axis.size * 0.35
        x, y = x + shift * sine, top + 8 + shift * cosine
        shapes.append(Text(x, y, label, axis.size, theme.text, "end", angle, monospace=True))
    deep = axis.size if angle == 0 else axis.extent * math.sin(math.radians(-angle)) + axis.size * 0.7
    bottom = top + 8 + deep + 22
    middle = left + len(axis.labels) * cell / 2
    shapes.append(Text(middle, bottom, f"key ({side})", 11.5, theme.dim, "middle"))
    return shapes, bottom


def _key_angle(axis: _Axis, cell: float) -> float:
    """Level where every label fits its cell, slanted where the slanted ones keep apart, else upright."""
    room = cell * axis.every
    if axis.extent <= room - 4:
        return 0.0
    return -45.0 if room >= axis.size * 1.6 else -90.0


def _overhang(axis: _Axis, cell: float) -> float:
    """How far the first slanted key label reaches to the left of the map."""
    if _key_angle(axis, cell) != -45.0:
        return 0.0
    first = text_width(axis.labels[0], axis.size, True)
    return max(first, axis.extent - 2 * cell) * math.sqrt(0.5) - cell / 2


def _weights_in_cells(
    weights: numpy.ndarray, left: float, top: float, cell: float, scale: Scale
) -> list[Shape]:
    """Two decimals in every cell, black or white by the brightness below; what rounds to zero is left out.
    Differences have a sign."""
    shapes: list[Shape] = []
    size = min(12.0, cell * 0.3)
    for row, column in numpy.argwhere(abs(weights) >= 0.005).tolist():
        background = scale.table[scale.indices(weights[row, column])]
        bright = background @ numpy.array([0.299, 0.587, 0.114]) > 140
        x, y = left + (column + 0.5) * cell, top + (row + 0.5) * cell + size * 0.35
        colour = hexadecimal(numpy.array([0, 0, 0] if bright else [255, 255, 255], dtype=numpy.uint8))
        text = f"{weights[row, column]:{'+' if scale.signed else ''}.2f}".replace("-", "−")
        shapes.append(Text(x, y, text, size, colour, "middle"))
    return shapes
