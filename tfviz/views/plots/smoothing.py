"""Exponential moving averages of long curves: causal, without the bias of the start, computed once for every step."""

from functools import lru_cache

import numpy

from tfviz.views.plots.curve_data import GrowingArray, MeanCurve

BLOCK = 64


class SmoothedCurve:
    """The moving average of a growing column, and its block means to draw it from.

    average(t) = sum of factor**(t - s) * value(s) over the finite values up to t, divided by the sum of the weights.
    Values that are missing or broken leave the average as it is.
    """

    _column: numpy.ndarray
    _means: MeanCurve
    _averages: GrowingArray
    _average: float
    _sum: float
    _count: int

    def __init__(self, factor: float) -> None:
        self.factor = factor
        self._restart()

    def __len__(self) -> int:
        return len(self._column)

    @property
    def values(self) -> numpy.ndarray:
        """(len,): NaN before the first finite value."""
        self._catch_up()
        return self._averages.values[0]

    @property
    def means(self) -> MeanCurve:
        """Of all that is there."""
        self._catch_up()
        return self._means

    def update(self, column: numpy.ndarray) -> None:
        """Take the whole column, (len,), with what was appended to it; it is smoothed when it is looked at."""
        self._column = column

    def _catch_up(self) -> None:
        new = self._column[len(self._averages) :]
        if not len(new):
            return
        finite = numpy.isfinite(new)
        sums = weighted_sums(new[finite] * (1.0 - self.factor), self.factor, self._sum)
        counts = self._count + numpy.arange(1, len(sums) + 1)
        averages = numpy.concatenate(([self._average], sums / total_weight(self.factor, counts)))
        self._averages.extend(averages[numpy.cumsum(finite)])  # a missing value repeats the average before it
        self._average = float(averages[-1])
        if len(sums):
            self._sum, self._count = float(sums[-1]), int(counts[-1])
        self._means.update(self._averages.values[0])

    def set_factor(self, factor: float, column: numpy.ndarray) -> None:
        """Another factor, 0 <= factor < 1: everything is computed anew."""
        self.factor = factor
        self._restart()
        self.update(column)

    def _restart(self) -> None:
        self._column = numpy.empty(0)
        self._means = MeanCurve()
        self._averages = GrowingArray()
        self._average = numpy.nan
        self._sum, self._count = 0.0, 0


def weighted_sums(values: numpy.ndarray, factor: float, before: float = 0.0) -> numpy.ndarray:
    """sums[t] = factor * sums[t-1] + values[t], with sums[-1] = before; (len,) float64.

    Blocks of 64 are summed by one triangular matrix; what each block hands to the next is the same recurrence again,
    64 times shorter.
    """
    count = len(values)
    blocks = -(-count // BLOCK)
    padded = numpy.zeros(blocks * BLOCK)
    padded[:count] = values
    triangle, decay = _weights(float(factor))
    sums = padded.reshape(blocks, BLOCK) @ triangle
    if blocks > 1:
        ends = weighted_sums(sums[:-1, -1], float(decay[-1]), before)
        sums += numpy.concatenate(([before], ends))[:, None] * decay
    elif blocks:
        sums += before * decay
    return sums.reshape(-1)[:count]


@lru_cache(maxsize=8)
def _weights(factor: float) -> tuple[numpy.ndarray, numpy.ndarray]:
    """What the values of a block (64, 64), and what lay before it (64,), weigh in the sums of the block."""
    distance = numpy.arange(BLOCK)[None, :] - numpy.arange(BLOCK)[:, None]
    triangle = numpy.where(distance >= 0, factor ** numpy.maximum(distance, 0), 0.0)
    return triangle, factor ** numpy.arange(1, BLOCK + 1)


def total_weight(factor: float, counts: numpy.ndarray) -> numpy.ndarray:
    """(1 - factor) * (1 + factor + ... + factor**(count - 1)), accurate for factors near 1."""
    if factor == 0.0:
        return numpy.ones(len(counts))
    return -numpy.expm1(counts * numpy.log(factor))
