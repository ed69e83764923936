"""What is said of many numbers at once: range, mean, size, how many are none, how they are distributed."""

from dataclasses import dataclass
from typing import Self

import numpy

from tfviz.core.tensor import Array

BINS = 64


@dataclass(frozen=True, eq=False)
class Statistics:
    """Of all entries of an array. Range, mean and RMS are those of the finite ones, NaN where there is none."""

    count: int
    dtype: str
    least: float
    most: float
    mean: float
    rms: float
    zeros: int
    nan: int
    infinite: int
    bins: Array
    """How many of the finite entries lie in each of 64 equal parts of the range."""

    @property
    def left_out(self) -> int:
        """How many entries range, mean, RMS and bins are not of."""
        return self.nan + self.infinite

    @classmethod
    def of(cls, array: Array) -> Self:
        """Sums in float64."""
        numbers = array.ravel(order="K")
        finite = numbers if numpy.isfinite(numbers).all() else numbers[numpy.isfinite(numbers)]
        nan = int(numpy.isnan(numbers).sum()) if finite is not numbers else 0
        infinite = len(numbers) - len(finite) - nan
        zeros = len(numbers) - int(numpy.count_nonzero(numbers))
        if not len(finite):
            empty = numpy.zeros(BINS, int)
            none = numpy.nan
            return cls(len(numbers), str(array.dtype), none, none, none, none, zeros, nan, infinite, empty)
        exact = finite.astype(numpy.float64)
        least, most = float(exact.min()), float(exact.max())
        with numpy.errstate(over="ignore"):
            mean, rms = float(exact.mean()), float(numpy.sqrt(numpy.square(exact).mean()))
        return cls(
            len(numbers), str(array.dtype), least, most, mean, rms, zeros, nan, infinite, _bins(exact, least, most)
        )  # fmt: skip


def _bins(numbers: Array, least: float, most: float) -> Array:
    """As numpy.histogram, whose bins have no width where numbers are close together or too far apart."""
    span = most - least
    if not 0 < span < numpy.inf or not BINS / span < numpy.inf:
        return numpy.bincount([BINS // 2], [len(numbers)], BINS).astype(int)
    places = ((numbers - least) * (BINS / span)).astype(int)
    return numpy.bincount(numpy.minimum(places, BINS - 1), minlength=BINS)
