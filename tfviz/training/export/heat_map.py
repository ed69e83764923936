"""The parts that the figures of attention share: maps, marks, the colour bar, the page around them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy

from tfviz.training.export.colormaps import lookup_table
from tfviz.training.export.figure import (
    Cells,
    Figure,
    FigureTheme,
    Line,
    Rectangle,
    Shape,
    Text,
    visible,
    wrapped,
)

MARGIN = 24.0
CAPTION_SIZE = 11.0
CAPTION_LINE = 16.0
BAR_WIDTH = 12.0
BAR_SPACE = 74.0  # from the right edge of the maps to the margin: gap, bar, tick, numbers, name


@dataclass(frozen=True)
class Scale:
    """From weights to colours: `lower` and below is the first colour of the table, `upper` and above the last."""

    upper: float
    table: numpy.ndarray
    lower: float = 0.0
    name: str = "attention weight"

    @classmethod
    def of(cls, theme: FigureTheme, upper: float, signed: bool = False) -> "Scale":
        """From 0 to `upper`, or for differences as far to either side of 0."""
        if not 0 < upper < float("inf"):
            raise ValueError(f"the upper end of the colour scale is {upper}; it must be above 0")
        if signed:
            return cls(upper, lookup_table(theme.diverging_map), -upper, "difference of weights")
        return cls(upper, lookup_table(theme.colour_map))

    @property
    def signed(self) -> bool:
        return self.lower < 0

    def indices(self, weights: numpy.ndarray) -> numpy.ndarray:
        """uint8; what is no number gets that of 0, and a mark of its own."""
        values = numpy.nan_to_num(weights.astype(numpy.float64), nan=0.0, posinf=0.0, neginf=0.0)
        share = (values - self.lower) / (self.upper - self.lower)
        return numpy.rint(numpy.clip(share, 0.0, 1.0) * 255.0).astype(numpy.uint8)


def heat_map(
    weights: numpy.ndarray,
    x: float,
    y: float,
    width: float,
    height: float,
    scale: Scale,
    theme: FigureTheme,
    name: str,
) -> list[Shape]:
    """The cells of one head, a thin frame, and a cross on every cell that is no finite number."""
    cells = Cells(x, y, width, height, scale.indices(weights), scale.table, name)
    crosses = [
        shape
        for row, column in numpy.argwhere(~numpy.isfinite(weights)).tolist()
        for shape in _cross(cells, row, column, theme, numpy.isnan(weights[row, column]))
    ]
    frame = Rectangle(x - 0.5, y - 0.5, width + 1, height + 1, stroke=theme.line)
    return [cells, *crosses, frame]


def colour_bar(
    x: float, y: float, height: float, scale: Scale, theme: FigureTheme, clipped: bool
) -> list[Shape]:
    """The scale from its lower to its upper end with numbers and a name, to the right of x."""
    indices = numpy.arange(255, -1, -1, dtype=numpy.uint8)[:, None]
    shapes: list[Shape] = [
        Cells(x, y, BAR_WIDTH, height, indices, scale.table, "colour bar"),
        Rectangle(x - 0.5, y - 0.5, BAR_WIDTH + 1, height + 1, stroke=theme.line),
    ]
    parts = 5 if height >= 120 else 2 if height >= 50 else 1
    if scale.signed:
        parts = 4 if height >= 120 else 2  # one of the marks is 0
    span = scale.upper - scale.lower
    for part in range(parts + 1):
        level = y + height * (1 - part / parts)
        number = _number(scale.lower + span * part / parts, span / parts, scale.signed)
        text = number
        if clipped and part in (0, parts) and (part or scale.signed):
            text = f"{'≥' if part else '≤'}{number}"
        shapes += [
            Line(x + BAR_WIDTH, level, x + BAR_WIDTH + 4, level, theme.dim),
            Text(x + BAR_WIDTH + 7, level + 3.5, text, 10.0, theme.dim),
        ]
    if height >= 110:
        name = Text(x + BAR_SPACE - 18, y + height / 2, scale.name, 10.5, theme.dim, "middle", -90.0)
        shapes.append(name)
    return shapes


def title_line(text: str, steps: str, right: float, theme: FigureTheme) -> list[Shape]:
    """What is shown at the left, the step or both steps at the right."""
    y = MARGIN + 13
    return [
        Text(MARGIN, y, text, 16.0, theme.text, bold=True),
        Text(right, y, steps, 12.0, theme.dim, "end"),
    ]


def page(
    shapes: Iterable[Shape], width: float, bottom: float, title: str, lines: Iterable[str], theme: FigureTheme
) -> Figure:
    """A figure of this width: the shapes, and below them the caption, wrapped."""
    below: list[Shape] = []
    texts = [visible(line) for line in lines]
    y = bottom + 12
    for text in texts:
        for line in wrapped(text, CAPTION_SIZE, width - 2 * MARGIN, most_lines=4):
            y += CAPTION_LINE
            below.append(Text(MARGIN, y, line, CAPTION_SIZE, theme.dim))
    return Figure(
        float(round(width)),
        float(round(y + MARGIN)),
        theme.background,
        title,
        "\n".join(texts),
        (*shapes, *below),
    )


def _number(value: float, step: float, signed: bool = False) -> str:
    """With the decimals that multiples of the step need, at most two significant ones."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    exact = math.isclose(step, round(step, decimals), rel_tol=1e-9)
    text = f"{value:{'+' if signed and value else ''}.{decimals if exact else decimals + 1}f}"
    return text.replace("-", "−")


def _cross(cells: Cells, row: int, column: int, theme: FigureTheme, nan: bool) -> list[Shape]:
    width, height = cells.cell_width, cells.cell_height
    left, top = cells.x + column * width, cells.y + row * height
    right, bottom, thick = left + width, top + height, min(1.5, width / 6)
    colour = theme.not_a_number if nan else theme.infinite
    return [
        Rectangle(left, top, width, height, fill=theme.masked),
        Line(left, top, right, bottom, colour, thick),
        Line(left, bottom, right, top, colour, thick),
    ]
