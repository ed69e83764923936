"""Ranges of value axes that neither jump with every point nor let one outlier flatten all the rest."""

import numpy

Points = tuple[numpy.ndarray, numpy.ndarray]

NO_LOGARITHM = -400.0
"""Stands for the logarithm of zero and less, below that of any float."""

REACH = 1.2
"""How far beyond the bulk of the values, in units of its spread, the range may follow an extreme one."""


def robust_range(values: numpy.ndarray) -> tuple[float, float] | None:
    """(low, high) that shows the bulk of the finite values, and the extremes as far as they do not dwarf it."""
    finite = values[numpy.isfinite(values)]
    if not len(finite):
        return None
    low, high = numpy.percentile(finite, (2, 98))
    spread = max(high - low, 0.02 * max(abs(low), abs(high)), 1e-12)
    return float(max(finite.min(), low - REACH * spread)), float(min(finite.max(), high + REACH * spread))


def padded(low: float, high: float, from_zero: bool) -> tuple[float, float]:
    """A little air above and below; down to zero where a linear axis is near it anyway."""
    air = max(0.06 * (high - low), 0.01 * max(abs(low), abs(high)), 1e-9)
    if from_zero and 0.0 <= low < 0.35 * high:
        return -0.02 * high, high + 0.05 * high
    return low - air, high + air


def settled(current: tuple[float, float], wanted: tuple[float, float]) -> tuple[float, float]:
    """The current range while the wanted one fits well in it, so that axes stand still; else the wanted one."""
    (low, high), (wanted_low, wanted_high) = current, wanted
    slack = 0.02 * (high - low)
    fits = wanted_low >= low - slack and wanted_high <= high + slack
    return current if fits and wanted_high - wanted_low > 0.6 * (high - low) else wanted


def on_axis(points: Points, logarithmic: bool) -> Points:
    """Steps and values as they lie on an axis that may be logarithmic."""
    steps, values = points
    if not logarithmic:
        return steps, values
    with numpy.errstate(divide="ignore", invalid="ignore"):
        return steps, numpy.where(values <= 0, NO_LOGARITHM, numpy.log10(values))
