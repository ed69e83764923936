"""The 255 colours of a gif: as many of the heat maps' as there is room for, beside those that smooth letters need."""

import numpy

from tfviz.training.export.colormaps import lookup_table
from tfviz.training.export.figure import FigureTheme
from tfviz.training.export.gif import MOST_COLOURS

_UNKNOWN = 255
_PIECE = 1024


class FigurePalette:
    """The colours of a figure, and the nearest of them for any colour. What was looked up once is remembered."""

    def __init__(self, theme: FigureTheme) -> None:
        background, text, dim, line, masked = (
            _colour(name) for name in (theme.background, theme.text, theme.dim, theme.line, theme.masked)
        )
        nan, infinite = _colour(theme.not_a_number), _colour(theme.infinite)
        black, white = _colour("#000000"), _colour("#ffffff")
        others = numpy.concatenate(
            [
                _between(background, text, 20),
                _between(background, dim, 14)[1:],
                _between(background, line, 4)[1:],
                _between(masked, nan, 4),
                _between(masked, infinite, 4)[1:],
                _between(black, white, 10),  # numbers in cells
            ]
        )
        levels = numpy.linspace(0, 255, MOST_COLOURS - len(others)).round().astype(int)
        self.colours = numpy.concatenate([others, lookup_table(theme.colour_map)[levels]])
        """(255, 3) uint8; the first is the background."""
        self._nearest = numpy.full(1 << 24, _UNKNOWN, dtype=numpy.uint8)

    def indices(self, pixels: numpy.ndarray) -> numpy.ndarray:
        """(row, column) uint8 of (row, column) uint32, 0xRRGGBB."""
        found = self._nearest[pixels]
        unknown = numpy.unique(pixels[found == _UNKNOWN])
        if not unknown.size:
            return found
        for start in range(0, unknown.size, _PIECE):
            piece = unknown[start : start + _PIECE]
            self._nearest[piece] = self._look_up(piece)
        nearest: numpy.ndarray = self._nearest[pixels]
        return nearest

    def _look_up(self, values: numpy.ndarray) -> numpy.ndarray:
        wanted = numpy.stack([values >> 16, values >> 8 & 255, values & 255], axis=1).astype(numpy.int32)
        differences = wanted[:, None] - self.colours.astype(numpy.int32)
        nearest: numpy.ndarray = (differences**2).sum(axis=2).argmin(axis=1)
        return nearest


def _colour(name: str) -> numpy.ndarray:
    return numpy.frombuffer(bytes.fromhex(name[1:]), numpy.uint8)


def _between(first: numpy.ndarray, last: numpy.ndarray, count: int) -> numpy.ndarray:
    """`count` colours from one to the other, both included."""
    share = numpy.linspace(0.0, 1.0, count)[:, None]
    return (first + (last.astype(float) - first) * share).round().astype(numpy.uint8)
