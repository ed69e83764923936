"""A figure as a list of shapes on a page, drawn by anyone: svg.py writes them, views/figures/ paints them.

Lengths are CSS pixels, 96 an inch; y grows downwards; a text stands on its baseline.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

import numpy

SANS = ("Inter", "Helvetica Neue", "Helvetica", "Arial", "DejaVu Sans", "Noto Sans", "Noto Sans CJK SC")
MONOSPACE = ("JetBrains Mono", "DejaVu Sans Mono", "Menlo", "Consolas", "Noto Sans Mono CJK SC")

MOST_CELLS = (
    50_000  # rectangles; the maps of a drawing with more are pixel images, which stay small and quick
)
CELL_PIXELS = 4  # of such an image along a cell: viewers that smooth images smooth the edges only
CELL_OVERLAP = 0.6


@dataclass(frozen=True)
class Rectangle:
    x: float
    y: float
    width: float
    height: float
    fill: str | None = None
    stroke: str | None = None
    stroke_width: float = 1.0


@dataclass(frozen=True)
class Line:
    x1: float
    y1: float
    x2: float
    y2: float
    colour: str
    width: float = 1.0


@dataclass(frozen=True)
class Text:
    x: float
    y: float
    text: str
    size: float
    colour: str
    anchor: Literal["start", "middle", "end"] = "start"
    rotation: float = 0.0
    """Degrees clockwise about (x, y)."""
    bold: bool = False
    monospace: bool = False


@dataclass(frozen=True, eq=False)
class Cells:
    """A heat map: the colour of cell (row, column) is table[indices[row, column]]."""

    x: float
    y: float
    width: float
    height: float
    indices: numpy.ndarray
    """(row, column) uint8."""
    table: numpy.ndarray
    """(256, 3) uint8."""
    name: str = ""

    @property
    def cell_width(self) -> float:
        return self.width / self.indices.shape[1]

    @property
    def cell_height(self) -> float:
        return self.height / self.indices.shape[0]

    @property
    def reach(self) -> tuple[float, float]:
        """How far a cell goes on under the next ones, across and down, as a share of its size.

        They are drawn over it: otherwise viewers that smooth edges show hair lines between the cells of a drawing.
        """
        return min(0.5, CELL_OVERLAP / self.cell_width), min(0.5, CELL_OVERLAP / self.cell_height)


Shape = Rectangle | Line | Text | Cells


@dataclass(frozen=True)
class Figure:
    width: float
    height: float
    background: str
    title: str
    description: str
    """For those who cannot see it, and for the file's own metadata."""
    shapes: tuple[Shape, ...]

    def has_rectangles(self, cells: Cells) -> bool:
        """Whether these cells are rectangles in a drawing (svg, pdf), and not a pixel image of the map."""
        is_map = min(cells.indices.shape) > 1  # a colour bar is none
        return not is_map or self._cell_count <= MOST_CELLS

    @cached_property
    def _cell_count(self) -> int:
        return sum(shape.indices.size for shape in self.shapes if isinstance(shape, Cells))


@dataclass(frozen=True)
class FigureTheme:
    """Tokens of views/style/theme.py that a figure needs, under the same names; `background` is the panels' there."""

    background: str
    text: str
    dim: str
    line: str
    masked: str
    not_a_number: str
    infinite: str
    colour_map: str
    diverging_map: str


THEMES = {
    "light": FigureTheme(
        background="#ffffff",
        text="#1c2230",
        dim="#566074",
        line="#d9dee7",
        masked="#e6e9ef",
        not_a_number="#ff2a6d",
        infinite="#ff8c1a",
        colour_map="viridis",
        diverging_map="diverging_light",
    ),
    "dark": FigureTheme(
        background="#1b1e25",
        text="#e6e9ef",
        dim="#98a1b3",
        line="#2e333f",
        masked="#262a34",
        not_a_number="#19e3ff",
        infinite="#8dff57",
        colour_map="inferno",
        diverging_map="diverging_dark",
    ),
}


def theme_of(name: str) -> FigureTheme:
    if name not in THEMES:
        raise ValueError(f"theme {name!r} is unknown: one of {', '.join(THEMES)}")
    return THEMES[name]


def hexadecimal(colour: numpy.ndarray) -> str:
    """A row of a table as #rrggbb."""
    return "#" + colour.tobytes().hex()


@lru_cache(maxsize=1 << 14)
def visible(text: str) -> str:
    """The text with characters that cannot be seen, or not be written in XML, shown by a sign.

    Signs that join or part what stands beside them stay, but not where there is nothing beside them.
    """
    shown = _INVISIBLE.sub(_sign, text)
    if shown and all(unicodedata.category(character) in ("Zs", "Cf") for character in shown):
        return "".join("␣" if character.isspace() else "\N{REPLACEMENT CHARACTER}" for character in shown)
    return f"\N{DOTTED CIRCLE}{shown}" if shown and unicodedata.combining(shown[0]) else shown


def text_width(text: str, size: float, monospace: bool = False) -> float:
    """About how wide a text will be, without a font at hand; rather too wide than too narrow."""
    return size * sum(_ems(character, monospace) for character in text)


def elided(text: str, size: float, width: float, monospace: bool = False) -> str:
    """The text, or its beginning and an ellipsis where it is wider than `width`."""
    if text_width(text, size, monospace) <= width:
        return text
    kept, room = [], width - text_width("…", size, monospace)
    for character in text:
        room -= size * _ems(character, monospace)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…"


def wrapped(text: str, size: float, width: float, most_lines: int) -> list[str]:
    """The text in lines of at most `width`, broken at spaces where there are any; what is too much is elided."""
    lines = [""]
    for word in re.findall(r"\S+\s*|\s+", text):
        while text_width((lines[-1] + word).rstrip(), size) > width and len(lines) < most_lines:
            if lines[-1]:
                lines.append("")
                continue
            fitting = max(1, len(elided(word, size, width)) - 1)
            lines[-1], word = word[:fitting], word[fitting:]
            lines.append("")
        lines[-1] += word
    return [elided(line.rstrip(), size, width) for line in lines if line.strip()]


# Control characters, ends of lines, halves of surrogate pairs, signs that turn the direction, what XML cannot hold.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def _sign(match: re.Match[str]) -> str:
    code = ord(match.group())
    return chr(0x2400 + code) if code < 0x20 else "\N{REPLACEMENT CHARACTER}"


def _ems(character: str, monospace: bool) -> float:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if monospace:
        return 0.61
    if character in "iljtfrI.,:;'|!()[] ·“”":
        return 0.37
    if character in "mwMW@%—→…":
        return 0.95
    return 0.72 if character.isupper() else 0.62
