"""Numbers as coloured cells: quantised to one byte, spread to pixels, coloured by a table that has marks of its own
for cells that are no number on the scale."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from tfviz.views.style.theme import Theme

Bytes = NDArray[numpy.uint8]
Floats = NDArray[numpy.floating[Any]]

# The order matters: where several cells share a pixel the largest byte is shown, so that a peak is never lost and
# what is no number is never hidden.
MASKED = 0
LOWEST = 1
LEVELS = 249
BELOW = 250
ABOVE = 251
HATCH = 252
GAP = 253
INFINITE = 254
NOT_A_NUMBER = 255

BEYOND = 0.6
"""How much of the frame's colour is in the ends of the scale where a number lies beyond them."""

# Of signed numbers the one farthest from zero is the peak; marks go before all numbers, as above.
_RANK = numpy.arange(256, dtype=numpy.uint8)
_RANK[LOWEST : LOWEST + LEVELS] = 1 + abs(numpy.arange(LEVELS) - LEVELS // 2)


@cache
def colour_table(theme: Theme, signed: bool = False) -> list[int]:
    """The 256 colours of the bytes, as QImage.setColorTable takes them; all opaque. Not to be written to."""
    lookup = theme.lookup_table(signed)
    lowest, highest = (QColor(*lookup[end, :3].tolist()).name() for end in (0, -1))
    special = {
        BELOW: theme.mix(lowest, "cell_frame", BEYOND).name(),
        ABOVE: theme.mix(highest, "cell_frame", BEYOND).name(),
        MASKED: theme.masked,
        HATCH: theme.masked_hatch,
        GAP: theme.panel,
        INFINITE: theme.infinite,
        NOT_A_NUMBER: theme.not_a_number,
    }
    table = [QColor(theme.panel).rgb()] * 256
    for byte, colour in special.items():
        table[byte] = QColor(colour).rgb()
    for level in range(LEVELS):
        red, green, blue = (int(part) for part in lookup[round(level * 255 / (LEVELS - 1)), :3])
        table[LOWEST + level] = QColor(red, green, blue).rgb()
    return table


@cache
def colour_bar(theme: Theme, signed: bool = False) -> QImage:
    """The colours of the map from its lowest to its highest, side by side, one pixel high. Not to be written to."""
    lookup = numpy.ascontiguousarray(theme.lookup_table(signed))
    image = QImage(lookup.data, len(lookup), 1, lookup.nbytes, QImage.Format.Format_RGBA8888)
    return image.convertToFormat(QImage.Format.Format_RGB32)  # a copy, which owns its memory


@dataclass(frozen=True)
class Scale:
    """The values at the two ends of the colour map."""

    low: float = 0.0
    high: float = 1.0

    def byte(self, value: float) -> int:
        """The byte of one value, as quantise gives it."""
        out = numpy.empty(1, numpy.uint8)
        quantise(numpy.array([value], numpy.float32), self, numpy.empty(1, numpy.float32), out)
        return int(out[0])


def quantise(values: Floats, scale: Scale, work: Floats, out: Bytes) -> None:
    """Write the bytes of `values` into `out`; `work` is scratch of the same shape. NaN and infinity get their marks."""
    factor = (LEVELS - 1) / (scale.high - scale.low)
    numpy.multiply(values, numpy.float32(factor), out=work)
    work += numpy.float32(LOWEST + 0.5 - scale.low * factor)
    if numpy.isfinite(work.sum()):
        numpy.clip(work, LOWEST, LOWEST + LEVELS - 0.5, out=work)
        numpy.copyto(out, work, casting="unsafe")
        return
    nan, infinite = numpy.isnan(values), numpy.isinf(values)
    work[nan | infinite] = LOWEST
    numpy.clip(work, LOWEST, LOWEST + LEVELS - 0.5, out=work)
    numpy.copyto(out, work, casting="unsafe")
    out[infinite] = INFINITE
    out[nan] = NOT_A_NUMBER


def mark_beyond(values: Floats, scale: Scale, out: Bytes) -> None:
    """Give the finite values outside of the scale their marks, after quantise."""
    with numpy.errstate(invalid="ignore"):
        below, above = values < scale.low, values > scale.high
    finite = numpy.isfinite(values)
    out[below & finite] = BELOW
    out[above & finite] = ABOVE


def edges(cells: int, pixels: int) -> list[int]:
    """The pixel at which each cell begins, and the end of the last: cells + 1 numbers."""
    return [-(-cell * pixels // cells) for cell in range(cells + 1)]


class Spread:
    """Spreads the cells of several tiles along one axis to pixels, nearest neighbour; gaps between the tiles.

    The array's axis holds the tiles' cells one after the other, then one cell of GAP. Where a tile has fewer pixels
    than cells, the largest byte of each pixel's cells is shown; of signed numbers the one farthest from zero.
    """

    def __init__(
        self, cells: int, tile: int, positions: list[int], pixels: int, signed: bool = False
    ) -> None:
        """`tile` pixels for the `cells` of one tile, tiles at `positions` of an axis of `pixels`."""
        self._signed = signed
        first = numpy.arange(tile) * cells // tile
        behind = numpy.maximum((numpy.arange(tile) + 1) * cells // tile, first + 1)
        self._indices: list[NDArray[numpy.intp]] = []
        for shared in range(int((behind - first).max())):
            index = numpy.full(pixels, len(positions) * cells, numpy.intp)
            for number, position in enumerate(positions):
                index[position : position + tile] = number * cells + numpy.minimum(first + shared, behind - 1)
            self._indices.append(index)

    def __call__(self, array: Bytes, axis: int) -> Bytes:
        result: Bytes = numpy.take(array, self._indices[0], axis=axis)
        for index in self._indices[1:]:
            other = numpy.take(array, index, axis=axis)
            if self._signed:
                numpy.copyto(result, other, where=_RANK[other] > _RANK[result])
            else:
                numpy.maximum(result, other, out=result)
        return result
