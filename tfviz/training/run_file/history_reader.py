"""The scalars of a branch from the file into a History: a million steps at once, or the few that are new."""

import math
import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy

from tfviz.training.record.history import History
from tfviz.training.run_file.errors import RunFileError
from tfviz.training.run_file.scalar_blocks import decode
from tfviz.training.run_file.schema import BLOCK, MOST_STEPS
from tfviz.training.run_file.tables import damaged, file_size, read_names

# Steps without a record cost the file nothing but memory here. A run that logs every thousandth step stays far
# below this.
FREE_MEMORY = 128 << 20
MEMORY_PER_BYTE = 1024


class Stretch(NamedTuple):
    """Scalars of steps start + 1 to start + rows."""

    start: int
    rows: int
    data: bytes


def extend_history(
    connection: sqlite3.Connection,
    path: str,
    way: Sequence[tuple[int, int, int]],
    history: History | None,
    gaps: bool,
) -> History:
    """Append what the file has beyond a history, or make one. `way` leads from the root to the branch: (number,
    the step before the first, the last). RunFileError where the scalars are damaged.

    The block that a history ends in is read again, for numbers may have been added to its steps. Where steps
    may be missing (`gaps`), they are NaN; otherwise the history ends before the first missing one, which the
    writer has yet to write.
    """
    names = read_names(connection, path)
    length = _length(connection, path, way, gaps, len(names))
    if history is None:
        history = History(tuple(names.values()), capacity=max(length, BLOCK))
    for name in names.values():
        history.add(name)
    for start in range(max(len(history) - 1, 0) // BLOCK * BLOCK, length, 64 * BLOCK):
        _extend_by(history, connection, path, way, names, start, min(start + 64 * BLOCK, length))
    return history


def _extend_by(
    history: History,
    connection: sqlite3.Connection,
    path: str,
    way: Sequence[tuple[int, int, int]],
    names: dict[int, str],
    start: int,
    stop: int,
) -> None:
    """Steps start + 1 to stop; the history has `start` steps or a few more."""
    cells = numpy.full((len(names), stop - start), math.nan)
    rows = dict(zip(names, cells, strict=True))
    for number, fork, last in way:
        first, end = max(start, fork), min(stop, last)
        for stretch in _stretches(connection, path, number, first // BLOCK * BLOCK, end):
            left, right = max(stretch.start, first), min(stretch.start + stretch.rows, end)
            if left >= right:
                continue
            whole = left == stretch.start and right == stretch.start + stretch.rows
            targets = (
                {n: row[left - start : right - start] for n, row in rows.items()}
                if whole
                else {n: numpy.full(stretch.rows, math.nan) for n in rows}
            )
            try:
                decode(stretch.data, stretch.rows, targets)
            except ValueError as error:
                raise damaged(path, str(error)) from None
            if not whole:
                for n, row in rows.items():
                    row[left - start : right - start] = targets[n][
                        left - stretch.start : right - stretch.start
                    ]
    _append(history, dict(zip(names.values(), cells, strict=True)), start)


def _append(history: History, columns: dict[str, numpy.ndarray], start: int) -> None:
    """Columns that begin after `start` steps; the rows that the history has already are replaced only where
    they differ.
    """
    known = len(history) - start
    if known > 0:
        same = all(
            numpy.array_equal(history.column(name)[start:], column[:known], equal_nan=True)
            for name, column in columns.items()
        )
        if not same:
            history.truncate(start)
            known = 0
    history.extend({name: column[max(known, 0) :] for name, column in columns.items()})


def _stretches(
    connection: sqlite3.Connection, path: str, branch: int, start: int, end: int
) -> Iterator[Stretch]:
    """Those of a branch that begin in the blocks from step start + 1 to end, rising and without overlap."""
    query = (
        "SELECT first, rows, data FROM scalars WHERE branch = ? AND first > ? AND first <= ? ORDER BY first"
    )
    known = start
    for first, rows, data in connection.execute(query, (branch, start, end)):
        _check(path, known, first, rows)
        if not isinstance(data, bytes):
            raise damaged(path, f"the scalars of step {first} are no bytes")
        known = first + rows - 1
        yield Stretch(first - 1, rows, data)


def _length(
    connection: sqlite3.Connection, path: str, way: Sequence[tuple[int, int, int]], gaps: bool, names: int
) -> int:
    """How many steps a branch has, after a look at the sizes alone: they must fit what the file can hold."""
    most, length, stored = file_size(connection), 0, 0
    query = "SELECT first, rows, length(data) FROM scalars WHERE branch = ? AND first <= ? ORDER BY first"
    for number, fork, last in way:
        if not gaps and length < min(fork, last):  # a branch may have left before its parent had left its own
            break
        known = 0
        for first, rows, size in connection.execute(query, (number, last)):
            _check(path, known, first, rows)
            known = first + rows - 1
            stored += size if isinstance(size, int) else 0
            if stored > most:
                raise damaged(path, f"the scalars of branch {number} claim more bytes than the file has")
            if not gaps and first > max(length, fork) + 1:
                break
            length = max(length, min(known, last))
    needed = length * max(names, 1) * 8
    if needed > FREE_MEMORY + MEMORY_PER_BYTE * stored:
        raise RunFileError(
            f"{path} has scalars of too few of its {length} steps to show them: {stored} bytes"
        )
    return length


def _check(path: str, known: int, first: object, rows: object) -> None:
    """A stretch begins after the one before it and lies in one block."""
    if not (type(first) is int and type(rows) is int and known < first < MOST_STEPS and 1 <= rows <= BLOCK):
        raise damaged(path, f"scalars of steps {first!r:.50} follow those of step {known}")
    if (first - 1) // BLOCK != (first + rows - 2) // BLOCK:
        raise damaged(path, f"the scalars of step {first} go beyond their block")
