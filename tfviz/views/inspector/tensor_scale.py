"""How far the colours of a tensor reach: symmetric about zero, or up from it where nothing can be negative."""

import math
from enum import IntEnum

import numpy

from tfviz.core.tensor import Array
from tfviz.views.grids.causal import Mask
from tfviz.views.grids.cells import Scale
from tfviz.views.inspector.tensor_reading import Half

BULK = 98.0
"""Per cent of the numbers of a slice that differ from zero; what is larger than these is out of range."""


class Reach(IntEnum):
    """What the scale is to hold."""

    SLICE = 0
    TENSOR = 1
    BULK = 2


def scale_of(half: Half, seen: Array, mask: Mask | None, reach: Reach) -> Scale:
    """For a slice `seen` of a half that has numbers; masked cells do not count."""
    if reach is Reach.TENSOR and half.statistics is not None:
        largest = max(abs(half.statistics.least), abs(half.statistics.most))
    else:
        sizes = numpy.abs(seen if mask is None else seen[~mask])
        sizes = sizes[numpy.isfinite(sizes) & (sizes > 0)]
        if not len(sizes):
            largest = 0.0
        elif reach is Reach.BULK:
            largest = float(numpy.percentile(sizes, BULK))
        else:
            largest = float(sizes.max())
    high = rounded_up(largest) if 0 < largest < math.inf else 1.0
    return Scale(-high if half.signed else 0.0, high)


def rounded_up(value: float) -> float:
    """The next number of two digits: 0.0123 becomes 0.013."""
    power = 10.0 ** (math.floor(math.log10(value)) - 1)
    return max(math.ceil(value / power) * power, value) if power > 0 else value


def unit_of(scale: Scale) -> float:
    """The power of ten that makes the ends of the scale short to write; 1 where they are."""
    if 0.1 <= scale.high < 1000:
        return 1.0
    return 10.0 ** math.floor(math.log10(scale.high)) or 1.0


def unit_text(unit: float) -> str:
    """ "× 1e−5", or nothing for 1."""
    return "" if unit == 1.0 else f"× 1e{round(math.log10(unit))}".replace("-", "−")
