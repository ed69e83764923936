"""Colour look-up tables: perceptually uniform for magnitudes, symmetric blue and orange for signed data."""

from functools import cache

import numpy
from numpy.typing import NDArray

from tfviz.training.export import colormaps

Table = NDArray[numpy.uint8]

# Where the diverging maps turn: orange negative, blue positive, and what zero looks like on either ground.
_DIVERGING_DARK = ("#ffd0a0", "#f5913c", "#8a4a17", "#24272f", "#1f4f9e", "#4c8dff", "#bcd8ff")
_DIVERGING_LIGHT = ("#7a3400", "#d9701a", "#f6bd86", "#f7f8fa", "#8db8f2", "#2f6fd6", "#0d3a86")


@cache
def lookup_table(name: str) -> Table:
    """Read-only uint8 (256, 4) RGBA of "inferno", "viridis", "diverging_dark" or "diverging_light"."""
    if name == "diverging_dark":
        table = _through(_DIVERGING_DARK)
    elif name == "diverging_light":
        table = _through(_DIVERGING_LIGHT)
    else:
        table = numpy.full((256, 4), 255, dtype=numpy.uint8)
        table[:, :3] = colormaps.lookup_table(name)
    table.flags.writeable = False
    return table


def _through(colours: tuple[str, ...]) -> Table:
    """256 colours on straight lines through evenly spaced `#rrggbb` stops."""
    stops = numpy.array([[int(text[i : i + 2], 16) for i in (1, 3, 5)] for text in colours], dtype=float)
    position = numpy.linspace(0.0, len(colours) - 1.0, 256)
    table = numpy.full((256, 4), 255, dtype=numpy.uint8)
    for channel in range(3):
        table[:, channel] = numpy.rint(numpy.interp(position, numpy.arange(len(colours)), stops[:, channel]))
    return table
