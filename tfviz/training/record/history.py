"""Scalars of every step, in columns that double as they fill: one thread writes, any reads, without locks."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy

from tfviz.training.heads.head_history import HeadHistory
from tfviz.training.record.sparse_record import SparseRecord

VALIDATION_SCALARS = (
    "validation_loss",
    "validation_token_accuracy",
    "validation_sequence_accuracy",
    "validation_free_token_accuracy",
    "validation_free_sequence_accuracy",
)
"""NaN but at the steps that validate. The accuracies are teacher-forced but for the free-running ones, which are not
measured as often."""
SCALARS = (
    "loss",
    "token_accuracy",
    "sequence_accuracy",
    "learning_rate",
    "gradient_norm",
    "step_time",
    *VALIDATION_SCALARS,
)
GROUP_PREFIX = "gradient_norm/"


class _State(NamedTuple):
    """Everything a reader needs, replaced as a whole: a reader that holds one sees consistent data."""

    places: dict[str, int]  # row of each name in the cells
    cells: numpy.ndarray  # (name, capacity), so that a column is contiguous
    length: int


class History:
    """Columns of float64, one row a step: step 1 is row 0.

    One thread appends. Any thread may read at the same time: cells are written before the length that makes
    them visible, and a larger array replaces a smaller one together with its length.
    """

    def __init__(self, names: Sequence[str] = SCALARS, capacity: int = 1024) -> None:
        places = {name: position for position, name in enumerate(names)}
        if len(places) != len(names):
            raise ValueError(f"history names are not distinct: {', '.join(names)}")
        self._state = _State(places, numpy.empty((len(places), max(capacity, 1))), 0)
        self.update_ratios = SparseRecord()
        """By parameter group, of the steps at which somebody looked; in memory alone."""
        self.heads = HeadHistory()
        """What the heads did, likewise."""

    @property
    def names(self) -> tuple[str, ...]:
        """In the order in which append_row takes the values."""
        return tuple(self._state.places)

    def __len__(self) -> int:
        return self._state.length

    def __contains__(self, name: object) -> bool:
        return name in self._state.places

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def append(self, step: int, **values: float) -> None:
        """Record step len(self) + 1; names without a value get NaN, a new name NaN in all earlier rows."""
        self._expect(step)
        for name in values:
            if name not in self._state.places:
                self.add(name)
        places, cells, length = self._room()
        cells[:, length] = math.nan
        for name, value in values.items():
            cells[places[name], length] = value
        self._state = _State(places, cells, length + 1)

    def append_row(self, step: int, row: Sequence[float] | numpy.ndarray) -> None:
        """Record step len(self) + 1 from one value for each of `names`, in their order: the fast way."""
        self._expect(step)
        places, cells, length = self._room()
        if len(row) != len(places):
            raise ValueError(f"a row of {len(row)} values does not fit {len(places)} names")
        cells[:, length] = row
        self._state = _State(places, cells, length + 1)

    def extend(self, columns: Mapping[str, Sequence[float] | numpy.ndarray]) -> None:
        """Append many rows at once, as when a run file is opened; names without a column get NaN."""
        lengths = {name: len(column) for name, column in columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns differ in length: {lengths}")
        if not lengths:
            return
        for name in columns:
            self.add(name)
        rows = next(iter(lengths.values()))
        places, cells, length = self._room(rows)
        cells[:, length : length + rows] = math.nan
        for name, column in columns.items():
            cells[places[name], length : length + rows] = column
        self._state = _State(places, cells, length + rows)

    def so_far(self, length: int | None = None) -> "History":
        """What is there now, or its first rows, without copying it: a history that nobody appends to while this one
        goes on."""
        other = History(())
        places, cells, there = self._state
        other._state = _State(places, cells, there if length is None else min(length, there))
        other.update_ratios, other.heads = self.update_ratios, self.heads
        return other

    def add(self, name: str) -> None:
        """Make a column, filled with NaN for the rows that exist; nothing happens if it is there."""
        places, cells, length = self._state
        if name in places:
            return
        wider = numpy.empty((len(places) + 1, cells.shape[1]))
        wider[:-1, :length] = cells[:, :length]
        wider[-1, :length] = math.nan
        self._state = _State({**places, name: len(places)}, wider, length)

    def truncate(self, length: int) -> None:
        """Forget all rows after the first `length`; views that were given out keep what they showed."""
        places, cells, there = self._state
        if not 0 <= length <= there:
            raise ValueError(f"a history of {there} rows cannot be cut to {length}")
        shorter = numpy.empty_like(cells)
        shorter[:, :length] = cells[:, :length]
        self._state = _State(places, shorter, length)

    def __getitem__(self, name: str) -> numpy.ndarray:
        """A copy of one column, (len,) float64. KeyError lists the names there are."""
        return self.column(name).copy()

    def column(self, name: str) -> numpy.ndarray:
        """A read-only view of what one column holds now, (len,) float64; later rows are not in it."""
        places, cells, length = self._state
        if name not in places:
            raise KeyError(f"no column {name!r}; there are {', '.join(places)}")
        view = cells[places[name], :length]
        view.setflags(write=False)
        return view

    def matrix(self, names: Sequence[str], start: int = 0, stop: int | None = None) -> numpy.ndarray:
        """A copy of several columns, (name, row) float64, all of the same moment; rows as in a slice."""
        places, cells, length = self._state
        missing = [name for name in names if name not in places]
        if missing:
            raise KeyError(f"no column {missing[0]!r}; there are {', '.join(places)}")
        rows = slice(*slice(start, stop).indices(length))
        return cells[[places[name] for name in names], rows]

    def last(self, name: str, step: int | None = None) -> float:
        """The newest value of a column that is a number (validation has one only now and then), else NaN.

        With a step, the newest one up to it.
        """
        column = self.column(name)[:step]
        for end in range(len(column), 0, -4096):
            piece = column[max(end - 4096, 0) : end]
            numbers = piece[~numpy.isnan(piece)]
            if len(numbers):
                return float(numbers[-1])
        return math.nan

    @property
    def groups(self) -> tuple[str, ...]:
        """The parameter groups whose gradient norms are recorded, in their order."""
        return tuple(name[len(GROUP_PREFIX) :] for name in self.names if name.startswith(GROUP_PREFIX))

    def _expect(self, step: int) -> None:
        if step != self._state.length + 1:
            raise ValueError(f"step {step} does not follow the {self._state.length} recorded steps")

    def _room(self, rows: int = 1) -> _State:
        """The state with space for more rows; the larger array is filled before any reader can see it."""
        places, cells, length = self._state
        capacity = cells.shape[1]
        if length + rows > capacity:
            while length + rows > capacity:
                capacity *= 2
            larger = numpy.empty((len(places), capacity))
            larger[:, :length] = cells[:, :length]
            self._state = _State(places, larger, length)
        return self._state
