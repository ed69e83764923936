"""How far the colours of each stage reach: round numbers that stand still while the values move a little."""

import math

import numpy

from tfviz.views.grids.cells import Scale

SMALLEST = 0.15
"""Of a scale that the largest value may be before the scale becomes a smaller one."""

FAINTEST = 1e-30
"""No scale is smaller: single precision has to tell its colours apart."""


def round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20 ... of any size; 1 for zero."""
    if not value:
        return 1.0
    value = max(value, FAINTEST)
    power = 10.0 ** math.floor(math.log10(value))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if value <= factor * power * (1 + 1e-9))


class Scales:
    """Symmetric about zero, one for each name."""

    def __init__(self) -> None:
        self._reach: dict[str, float] = {}

    def start_anew(self) -> None:
        """Something else is shown from now on."""
        self._reach.clear()

    def fit(self, name: str, values: numpy.ndarray) -> Scale:
        """The scale for these values, what is not finite left out."""
        finite = numpy.abs(values[numpy.isfinite(values)])
        largest = float(finite.max(initial=0.0))
        reach = self._reach.get(name)
        if reach is None or largest > reach or 0.0 < largest < SMALLEST * reach:
            reach = self._reach[name] = round_up(largest)
        return Scale(-reach, reach)
