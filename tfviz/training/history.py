"""The scalars of every step, in columns that double as they fill: written by one thread, read by others without a lock."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy

SCALARS = (
    "loss",
    "token_accuracy",
    "sequence_accuracy",
    "learning_rate",
    "gradient_norm",
    "step_time",
    "validation_loss",
    "validation_token_accuracy",
    "validation_sequence_accuracy",
)
GROUP_PREFIX = "gradient_norm/"


class _State(NamedTuple):
    """Everything a reader needs, replaced as a whole: a reader that holds one sees consistent data."""

    index: dict[str, int]
    cells: numpy.ndarray  # (name, capacity), so that a column is contiguous
    count: int


class History:
    """Columns of float64, one row a step: step 1 is row 0.

    One thread appends. Any thread may read at the same time: cells are written before the count that makes them
    visible, and a larger array replaces a smaller one together with its count.
    """

    def __init__(self, names: Sequence[str] = SCALARS, capacity: int = 1024) -> None:
        index = {name: position for position, name in enumerate(names)}
        if len(index) != len(names):
            raise ValueError(f"history names are not distinct: {', '.join(names)}")
        self._state = _State(index, numpy.empty((len(index), max(capacity, 1))), 0)

    @property
    def names(self) -> tuple[str, ...]:
        """In the order in which append_row takes the values."""
        return tuple(self._state.index)

    def __len__(self) -> int:
        return self._state.count

    def __contains__(self, name: object) -> bool:
        return name in self._state.index

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def append(self, step: int, **values: float) -> None:
        """Record step len(self) + 1; names without a value get NaN, a new name NaN in all earlier rows."""
        self._expect(step)
        for name in values:
            if name not in self._state.index:
                self.add(name)
        index, cells, count = self._room()
        cells[:, count] = math.nan
        for name, value in values.items():
            cells[index[name], count] = value
        self._state = _State(index, cells, count + 1)

    def append_row(self, step: int, row: Sequence[float] | numpy.ndarray) -> None:
        """Record step len(self) + 1 from one value for each of `names`, in their order: the fast way."""
        self._expect(step)
        index, cells, count = self._room()
        if len(row) != len(index):
            raise ValueError(f"a row of {len(row)} values does not fit {len(index)} names")
        cells[:, count] = row
        self._state = _State(index, cells, count + 1)

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
        index, cells, count = self._room(rows)
        cells[:, count : count + rows] = math.nan
        for name, column in columns.items():
            cells[index[name], count : count + rows] = column
        self._state = _State(index, cells, count + rows)

    def add(self, name: str) -> None:
        """Make a column, filled with NaN for the rows that exist; nothing happens if it is there."""
        index, cells, count = self._state
        if name in index:
            return
        wider = numpy.empty((len(index) + 1, cells.shape[1]))
        wider[:-1, :count] = cells[:, :count]
        wider[-1, :count] = math.nan
        self._state = _State({**index, name: len(index)}, wider, count)

    def truncate(self, length: int) -> None:
        """Forget all rows after the first `length`; views that were given out keep what they showed."""
        index, cells, count = self._state
        if not 0 <= length <= count:
            raise ValueError(f"a history of {count} rows cannot be cut to {length}")
        shorter = numpy.empty_like(cells)
        shorter[:, :length] = cells[:, :length]
        self._state = _State(index, shorter, length)

    def __getitem__(self, name: str) -> numpy.ndarray:
        """A copy of one column, (len,) float64. KeyError lists the names there are."""
        return self.column(name).copy()

    def column(self, name: str) -> numpy.ndarray:
        """A read-only view of what one column holds now, (len,) float64; later rows are not in it."""
        index, cells, count = self._state
        if name not in index:
            raise KeyError(f"no column {name!r}; there are {', '.join(index)}")
        view = cells[index[name], :count]
        view.setflags(write=False)
        return view

    def matrix(self, names: Sequence[str], start: int = 0, stop: int | None = None) -> numpy.ndarray:
        """A copy of several columns, (name, row) float64, all of the same moment; rows as in a slice."""
        index, cells, count = self._state
        missing = [name for name in names if name not in index]
        if missing:
            raise KeyError(f"no column {missing[0]!r}; there are {', '.join(index)}")
        rows = slice(*slice(start, stop).indices(count))
        return cells[[index[name] for name in names], rows]

    def last(self, name: str) -> float:
        """The newest value of a column that is a number (validation has one only now and then), else NaN."""
        column = self.column(name)
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
        if step != self._state.count + 1:
            raise ValueError(f"step {step} does not follow the {self._state.count} recorded steps")

    def _room(self, rows: int = 1) -> _State:
        """The state with space for more rows; the larger array is filled before any reader can see it."""
        index, cells, count = self._state
        capacity = cells.shape[1]
        if count + rows > capacity:
            while count + rows > capacity:
                capacity *= 2
            larger = numpy.empty((len(index), capacity))
            larger[:, :count] = cells[:, :count]
            self._state = _State(index, larger, count)
        return self._state
