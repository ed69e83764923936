"""Numbers that are known of some steps only: of those at which somebody looked."""

import bisect
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
        self._rows: list[tuple[float, ...]] = []
        self.changes = 0
        """Grows with whatever is added: who has seen this number has seen all."""

    def __len__(self) -> int:
        return len(self._steps)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Keep the numbers of a step, unless there are some of a step beside it. Other names begin a new record."""
        with self._lock:
            if tuple(values) != self._names:
                self._names, self._steps, self._rows, self.spacing = tuple(values), [], [], 1
            place = bisect.bisect_left(self._steps, step)
            beside = self._steps[max(place - 1, 0) : place + 1]
            if any(other // self.spacing == step // self.spacing for other in beside):
                return
            self._steps.insert(place, step)
            self._rows.insert(place, tuple(values.values()))
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
