"""Colour look-up tables: perceptually uniform for magnitudes, symmetric blue and orange for signed data."""

from functools import cache

import numpy
from numpy.typing import NDArray

from tfviz.training.export import colormaps

Table = NDArray[numpy.uint8]


@cache
def lookup_table(name: str) -> Table:
    """Read-only uint8 (256, 4) RGBA of "inferno", "viridis", "diverging_dark" or "diverging_light"."""
    table = numpy.full((256, 4), 255, dtype=numpy.uint8)
    table[:, :3] = colormaps.lookup_table(name)
    table.flags.writeable = False
    return table
