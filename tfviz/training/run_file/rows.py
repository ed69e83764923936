"""Where the recorder gets scalars from: rows in their order, read from the recorder's thread while another
appends.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy

from tfviz.training.record.history import History


class Rows(NamedTuple):
    """Scalars of some steps."""

    steps: numpy.ndarray
    """(row,) int64, rising; a step may repeat."""
    names: Sequence[str]
    matrix: numpy.ndarray
    """(name, row) float64; NaN where a step has no such number."""


class RowSource(Protocol):
    """Rows are counted from 0 in the order in which they came."""

    def rows(self, start: int, limit: int) -> Rows:
        """At most `limit` rows from `start` on; none where there are no more."""

    def done(self, stop: int) -> None:
        """The rows before `stop` are safe."""


class HistoryRows:
    """A session's history: row k is step k + 1."""

    def __init__(self, history: History) -> None:
        self._history = history

    def rows(self, start: int, limit: int) -> Rows:
        stop = min(
            start + limit, len(self._history)
        )  # read before the names: a row never has a name that is not there
        names = self._history.names
        matrix = self._history.matrix(names, start, max(stop, start))
        return Rows(numpy.arange(start + 1, start + 1 + matrix.shape[1]), names, matrix)

    def done(self, stop: int) -> None:
        """A history keeps all of its rows."""


class Backlog:
    """Rows that wait to be written, with steps of their own; those that are safe are forgotten."""

    STEP = "step\0"
    FORGET = 8192

    def __init__(self) -> None:
        self._state = (0, History((self.STEP,)))  # rows forgotten, rows waiting; replaced as a whole
        self._safe = 0

    def append(self, step: int, values: Mapping[str, float]) -> None:
        """One thread appends."""
        forgotten, waiting = self._state
        if self._safe - forgotten >= self.FORGET:
            forgotten, waiting = self._state = self._shorter(self._safe)
        waiting.append(len(waiting) + 1, **{self.STEP: float(step)}, **values)

    def __len__(self) -> int:
        """Rows that wait, about."""
        forgotten, waiting = self._state
        return forgotten + len(waiting) - self._safe

    def rows(self, start: int, limit: int) -> Rows:
        forgotten, waiting = self._state
        first = start - forgotten
        stop = min(first + limit, len(waiting))
        names = waiting.names
        matrix = waiting.matrix(names, first, max(stop, first))
        return Rows(matrix[0].astype(numpy.int64), names[1:], matrix[1:])

    def done(self, stop: int) -> None:
        self._safe = stop

    def _shorter(self, start: int) -> tuple[int, History]:
        """Without the rows before `start`."""
        forgotten, waiting = self._state
        kept = History(waiting.names)
        kept.extend({name: waiting.column(name)[start - forgotten :] for name in waiting.names})
        return start, kept
