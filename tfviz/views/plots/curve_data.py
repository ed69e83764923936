"""Curves of any length, ready to draw: growing arrays, and minima and maxima over blocks of 16, 32, 64, ... rows.

A plot a thousand pixels wide never needs more than a thousand blocks. They are kept up to date as rows arrive, each row
once, so that looking at a million steps costs as much as looking at a thousand.
"""

from collections.abc import Callable, Sequence

import numpy

FIRST_BLOCK = 16  # finer blocks are reduced when they are read: that few rows cost less than their storage

FEW_ROWS = 4096  # are reduced when they are read, whatever the size of the blocks

PIECE = 131_072  # cells reduced at once: a long record passes through the processor's cache only once

Function = Callable[[numpy.ndarray], numpy.ndarray]


class GrowingArray:
    """An array (rows, length) that takes new columns at its end in amortised constant time."""

    def __init__(self, rows: int = 1, dtype: type = numpy.float64, capacity: int = 64) -> None:
        self._cells: numpy.ndarray = numpy.empty((rows, capacity), dtype)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def values(self) -> numpy.ndarray:
        """(rows, length): a view of what is there now."""
        return self._cells[:, : self._length]

    def extend(self, columns: numpy.ndarray) -> None:
        """Append (rows, new) or, where there is one row, (new,)."""
        if columns.ndim == 1:
            columns = columns[None]
        length = self._length + columns.shape[1]
        if length > self._cells.shape[1]:
            larger = numpy.empty((len(self._cells), max(length, 2 * self._cells.shape[1])), self._cells.dtype)
            larger[:, : self._length] = self.values
            self._cells = larger
        self._cells[:, self._length : length] = columns
        self._length = length


class Pyramid:
    """Reductions of growing columns over aligned blocks of every power of two.

    `prepare` is applied to rows before they are reduced, `finish` to what the first reduction gives; `finish` has to be
    monotone, so that reducing its results means the same.
    """

    def __init__(
        self,
        reduction: numpy.ufunc,
        rows: int = 1,
        dtype: type = numpy.float64,
        prepare: Function | None = None,
        finish: Function | None = None,
    ) -> None:
        self._reduction = reduction
        self._dtype = dtype
        self._prepare = prepare or _unchanged
        self._finish = finish or _unchanged
        self._columns: Sequence[numpy.ndarray] = [numpy.empty(0)] * rows
        self._levels: list[GrowingArray] = []

    def __len__(self) -> int:
        return len(self._columns[0])

    def update(self, columns: Sequence[numpy.ndarray]) -> None:
        """Take the columns, one array for each row, with what was appended to them; nothing is copied."""
        self._columns = columns
        done = len(self._levels[0]) * FIRST_BLOCK if self._levels else 0
        complete = len(self) // FIRST_BLOCK * FIRST_BLOCK
        piece = max(PIECE // len(columns) // FIRST_BLOCK, 1) * FIRST_BLOCK
        for start in range(done, complete, piece):
            self._push(0, self._rows(start, min(start + piece, complete), FIRST_BLOCK))

    def read(self, start: int, stop: int, size: int) -> numpy.ndarray:
        """(rows, blocks): the blocks of `size` rows, a power of two, that cover start..stop; the last may be partial.

        The first block begins at start rounded down to a multiple of size.
        """
        stop = min(stop, len(self))
        first, last = start // size, -(-stop // size)
        if last <= first:
            return numpy.empty((len(self._columns), 0), self._dtype)
        if size < FIRST_BLOCK:
            return self._rows(first * size, min(last * size, len(self)), size)
        level = (size // FIRST_BLOCK).bit_length() - 1
        complete = self._levels[level].values[:, first:last] if level < len(self._levels) else None
        known = 0 if complete is None else complete.shape[1]
        if complete is not None and first + known == last:
            return complete
        tail = self._tail(level, (first + known) * size)
        return tail if complete is None else numpy.concatenate((complete, tail), axis=1)

    def _push(self, level: int, blocks: numpy.ndarray) -> None:
        """Append complete blocks to a level, and what they complete to the levels above."""
        if level == len(self._levels):
            self._levels.append(GrowingArray(len(self._columns), self._dtype))
        self._levels[level].extend(blocks)
        done = len(self._levels[level + 1]) if level + 1 < len(self._levels) else 0
        pairs = self._levels[level].values[:, 2 * done :]
        if pairs.shape[1] >= 2:
            self._push(level + 1, self._halve(pairs))

    def _halve(self, blocks: numpy.ndarray) -> numpy.ndarray:
        even = blocks.shape[1] // 2 * 2
        return self._reduction(blocks[:, 0:even:2], blocks[:, 1:even:2])

    def _rows(self, start: int, stop: int, size: int) -> numpy.ndarray:
        """(rows, blocks) straight from the columns; start is a multiple of size."""
        rows = [column[start:stop] for column in self._columns]
        blocks = self._prepare(numpy.stack(rows) if len(rows) > 1 else rows[0][None])
        while size > 1:
            odd = blocks[:, blocks.shape[1] // 2 * 2 :]  # one block without a partner, or none
            blocks = (
                numpy.concatenate((self._halve(blocks), odd), axis=1) if odd.size else self._halve(blocks)
            )
            size //= 2
        return self._finish(blocks).astype(self._dtype, copy=False)

    def _tail(self, level: int, start: int) -> numpy.ndarray:
        """(rows, 1): the rows from `start` to the end, fewer than two blocks of this level, reduced to one."""
        parts = []
        for lower in range(min(level, len(self._levels)) - 1, -1, -1):
            blocks = self._levels[lower].values[:, start // (FIRST_BLOCK << lower) :]
            parts.append(blocks)
            start += blocks.shape[1] * (FIRST_BLOCK << lower)
        if start < len(self):
            parts.append(self._rows(start, len(self), FIRST_BLOCK))
        return self._reduction.reduce(numpy.concatenate(parts, axis=1), axis=1, keepdims=True)


class Envelope:
    """One scalar over the steps (row 0 is step 1): its lowest and highest value in every block, and where it broke.

    A value that is missing (NaN in a row where `broken` is false) leaves no trace; one that is NaN or infinite is kept
    as a broken step, and the curve has a gap there.
    """

    def __init__(self) -> None:
        self._low = Pyramid(numpy.fmin, prepare=finite_only)
        self._high = Pyramid(numpy.fmax, prepare=finite_only)
        self._broken = GrowingArray(dtype=numpy.int64)
        self._values = numpy.empty(0)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def values(self) -> numpy.ndarray:
        """(len,): the whole column."""
        return self._values

    @property
    def broken(self) -> numpy.ndarray:
        """The steps, ascending, whose value was NaN or infinite."""
        return self._broken.values[0]

    def broken_between(self, first: float, last: float) -> numpy.ndarray:
        """Those of first..last."""
        begin, end = numpy.searchsorted(self.broken, (first, last + 0.5))
        return self.broken[begin:end]

    def update(self, values: numpy.ndarray, broken: numpy.ndarray | None = None) -> None:
        """Take the whole column, (len,), with what was appended to it; `broken` marks the new rows that hold no number
        although they should, (new,) bool."""
        known = len(self)
        self._values = values  # reduced when they are looked at: a curve that nobody sees costs nothing
        if broken is not None and broken.any():
            self._broken.extend(numpy.flatnonzero(broken) + known + 1)

    def value(self, step: int) -> float:
        """What was recorded at a step; NaN outside of the record."""
        return float(self._values[step - 1]) if 1 <= step <= len(self) else numpy.nan

    def latest(self, step: int) -> float:
        """The newest number at or before a step; NaN where there is none."""
        for end in range(min(step, len(self)), 0, -4096):
            piece = self._values[max(end - 4096, 0) : end]
            numbers = piece[numpy.isfinite(piece)]
            if len(numbers):
                return float(numbers[-1])
        return numpy.nan

    def blocks(
        self, first: float, last: float, columns: int, since: float = 0.0
    ) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
        """(step, low, high) of at most `columns` + 2 blocks that cover first..last, and one more on either side; of
        these the ones from step `since` on, as if all had been asked for."""
        size = block_size(last - first, columns)
        start, stop = block_rows(max(first, since), last, size, len(self))
        if stop - start <= FEW_ROWS:
            rows = in_blocks(finite_only(self._values[start:stop]), size, numpy.nan)
            low, high = numpy.fmin.reduce(rows, axis=1), numpy.fmax.reduce(rows, axis=1)
        else:
            self._low.update([self._values])
            self._high.update([self._values])
            low, high = self._low.read(start, stop, size)[0], self._high.read(start, stop, size)[0]
        steps = block_centres(start, len(low), size, len(self))
        missing = numpy.isnan(low)
        if missing.any():
            keep = ~missing | self._has_broken(start, len(low), size)
            steps, low, high = steps[keep], low[keep], high[keep]
        return steps, low, high

    def points(
        self, first: float, last: float, columns: int, since: float = 0.0
    ) -> tuple[numpy.ndarray, numpy.ndarray]:
        """(x, y) of the line to draw: a stroke from the lowest to the highest value of each block; `since` as above."""
        steps, low, high = self.blocks(first, last, columns, since)
        size = block_size(last - first, columns)
        if size == 1:
            return steps, low
        y = numpy.empty(2 * len(low))
        # Up in one block and down in the next, so that the line does not cross each block twice.
        even = not len(steps) or int(steps[0] - 1) // size % 2 == 0
        begin, end = (low, high) if even else (high, low)
        y[0::4], y[1::4] = begin[0::2], end[0::2]
        y[2::4], y[3::4] = end[1::2], begin[1::2]
        return numpy.repeat(steps, 2), y

    def _has_broken(self, start: int, count: int, size: int) -> numpy.ndarray:
        edges = start + 1 + size * numpy.arange(count + 1)
        positions = numpy.searchsorted(self.broken, edges)
        return positions[1:] > positions[:-1]


class MeanCurve:
    """The mean of a growing column in every block: for curves that are smooth already, one point a block is enough."""

    def __init__(self) -> None:
        self._sums = Pyramid(numpy.add)
        self._values = numpy.empty(0)

    @property
    def _length(self) -> int:
        return len(self._values)

    def update(self, values: numpy.ndarray) -> None:
        """Take the whole column, (len,), with what was appended to it."""
        self._values = values

    def points(
        self, first: float, last: float, columns: int, since: float = 0.0
    ) -> tuple[numpy.ndarray, numpy.ndarray]:
        """(x, y) of at most `columns` + 2 points that cover first..last, without those that are NaN; of these the ones
        from step `since` on, and one or two before it."""
        size = block_size(last - first, columns)
        start, stop = block_rows(max(first, since), last, size, self._length)
        if stop - start <= FEW_ROWS:
            sums = in_blocks(self._values[start:stop], size, 0.0).sum(axis=1)
        else:
            self._sums.update([self._values])
            sums = self._sums.read(start, stop, size)[0]
        begins = start + size * numpy.arange(len(sums))
        counts = numpy.minimum(begins + size, self._length) - begins
        number = ~numpy.isnan(sums)
        return (begins + (counts + 1) / 2)[number], (sums / counts)[number]


def block_size(steps: float, columns: int) -> int:
    """The smallest power of two for which at most `columns` blocks (at least one) cover that many steps."""
    size = 1
    while steps > size * max(columns, 1):
        size *= 2
    return size


def block_rows(first: float, last: float, size: int, length: int) -> tuple[int, int]:
    """Rows (start, stop) of the whole blocks that cover the steps first..last, and one block more on either side."""
    start = max(int((max(first, 1) - 1) // size) - 1, 0) * size
    stop = (int(max(last, 1) - 1) // size + 2) * size
    return start, max(min(stop, length), start)


def block_centres(start: int, count: int, size: int, length: int) -> numpy.ndarray:
    """(count,) the steps in the middle of blocks that begin at row `start`; the last block may be partial."""
    begins = start + size * numpy.arange(count)
    ends = numpy.minimum(begins + size, length)
    return (begins + ends + 1) / 2


def in_blocks(values: numpy.ndarray, size: int, filler: float) -> numpy.ndarray:
    """(blocks, size) of (len,) values; the last block is filled up."""
    missing = -len(values) % size
    if missing:
        values = numpy.concatenate((values, numpy.full(missing, filler)))
    return values.reshape(-1, size)


def finite_only(values: numpy.ndarray) -> numpy.ndarray:
    """The values with NaN in place of infinities."""
    infinite = numpy.isinf(values)
    return numpy.where(infinite, numpy.nan, values) if infinite.any() else values


def all_finite(values: numpy.ndarray) -> bool:
    """Whether there is no NaN and no infinity; a sum is all it takes."""
    with numpy.errstate(all="ignore"):
        return bool(numpy.isfinite(values.sum()))


def _unchanged(values: numpy.ndarray) -> numpy.ndarray:
    return values
