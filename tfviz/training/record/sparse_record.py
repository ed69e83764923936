"""Numbers that are known of some steps only: of those at which somebody looked."""

import bisect
import math
import threading
from collections.abc import Mapping

import numpy

MOST = 2000
"""Steps that are kept; with more of them every other one goes."""


class SparseRecord:
    """Rows of numbers by step, at most one in `spacing` steps. Any thread may add and read."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.spacing = 1
        """A power of two; it doubles when the record is full, so that what is kept stays evenly spread."""
        self._lock = threading.Lock()
        self._names: tuple[str, ...] = ()
        self._steps: list[int] = []
        self._rows: list[numpy.ndarray] = []
        self.changes = 0
        """Grows with whatever is added: who has seen this number has seen all."""

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the numbers, in their order; none before the first step."""
        return self._names

    @property
    def steps(self) -> tuple[int, ...]:
        """Those that are kept, ascending."""
        with self._lock:
            return tuple(self._steps)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Keep the numbers of a step, in place of those that it had, but not of a step beside one that has some. Other
        names begin a new record."""
        names, row = tuple(values), numpy.array(tuple(values.values()), float)
        with self._lock:
            if names != self._names:
                self._names, self._steps, self._rows, self.spacing = names, [], [], 1
            place = bisect.bisect_left(self._steps, step)
            if self._steps[place : place + 1] == [step]:
                if not numpy.array_equal(self._rows[place], row, equal_nan=True):
                    self._rows[place] = row
                    self.changes += 1
                return
            beside = self._steps[max(place - 1, 0) : place + 1]
            if any(other // self.spacing == step // self.spacing for other in beside):
                return
            self._steps.insert(place, step)
            self._rows.insert(place, row)
            self.changes += 1
            while len(self._steps) > self.most:
                self._thin()

    def column(self, name: str) -> tuple[numpy.ndarray, numpy.ndarray]:
        """(steps, values), ascending, float64; empty for a name that is not known."""
        with self._lock:
            if name not in self._names:
                return numpy.empty(0), numpy.empty(0)
            place = self._names.index(name)
            return numpy.array(self._steps, float), numpy.array([row[place] for row in self._rows], float)

    def rows(self, step: float = math.inf, most: int = MOST) -> tuple[numpy.ndarray, numpy.ndarray]:
        """(steps, rows (step, name)) of the last ones up to a step, `most` of them at most; ascending, float64."""
        with self._lock:
            end = bisect.bisect_right(self._steps, step)
            seen = slice(max(end - most, 0), end)
            steps = numpy.array(self._steps[seen], float)
            return steps, numpy.array(self._rows[seen], float).reshape(len(steps), len(self._names))

    def up_to(self, step: int) -> "SparseRecord":
        """A record of its own of the steps up to this one, as a branch takes it along."""
        other = SparseRecord(self.most)
        with self._lock:
            end = bisect.bisect_right(self._steps, step)
            other._names, other.spacing = self._names, self.spacing
            other._steps, other._rows = self._steps[:end], self._rows[:end]
        other.changes = len(other._steps)
        return other

    def _thin(self) -> None:
        self.spacing *= 2
        blocks = [step // self.spacing for step in self._steps]
        kept = [place for place, block in enumerate(blocks) if not place or block != blocks[place - 1]]
        self._steps = [self._steps[place] for place in kept]
        self._rows = [self._rows[place] for place in kept]
