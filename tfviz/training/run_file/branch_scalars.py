"""The scalars of one branch on their way into the file: small stretches as they come, whole blocks once these
are full.

A flush adds only the new rows, so that slow training writes little; a full block replaces its stretches, so
that a long run opens fast.
"""

import math
import sqlite3
from collections.abc import Sequence

import numpy

from tfviz.training.run_file.errors import RunFileError
from tfviz.training.run_file.scalar_blocks import decode, encode
from tfviz.training.run_file.schema import BLOCK


class BranchScalars:
    """Knows the unfinished block by heart. After a failed transaction it is worthless: make a new one from the
    file.
    """

    def __init__(self, connection: sqlite3.Connection, branch: int, names: Sequence[int]) -> None:
        """`names` are the numbers of all scalar names in the file. RunFileError where the last block is damaged."""
        self._connection = connection
        self._branch = branch
        self._block = 0  # steps _block + 1 to _block + BLOCK are open
        self._columns: dict[int, numpy.ndarray] = {}
        self._first, self._last = 0, -1  # rows of the open block that the file has
        query = "SELECT first FROM scalars WHERE branch = ? ORDER BY first DESC LIMIT 1"
        newest = connection.execute(query, (branch,)).fetchone()
        if newest is not None:
            self._open(_block_of(newest[0]))
            self._load(names)

    @property
    def written(self) -> int:
        """The last step in the file; 0 where there is none."""
        return self._block + self._last + 1 if self._last >= 0 else self._block

    def add(self, steps: numpy.ndarray, columns: dict[int, numpy.ndarray]) -> None:
        """Write rows, (row,) by the number of their name, inside the caller's transaction.

        Steps rise, or repeat: then numbers add to what the step has. None lies before the last block.
        """
        position = 0
        while position < len(steps):
            block = _block_of(int(steps[position]))
            end = int(numpy.searchsorted(steps, block + BLOCK, side="right"))
            self._add_to_block(block, steps[position:end], {n: c[position:end] for n, c in columns.items()})
            position = end

    def _add_to_block(self, block: int, steps: numpy.ndarray, columns: dict[int, numpy.ndarray]) -> None:
        if block != self._block or self._last < 0:
            if self._last >= 0:
                self._finish()
            self._open(block)
        rows = steps - (block + 1)
        for number, column in columns.items():
            there = ~numpy.isnan(column)
            if number not in self._columns:
                self._columns[number] = numpy.full(BLOCK, math.nan)
            self._columns[number][rows[there]] = column[there]
        first, last, before = int(rows[0]), int(rows[-1]), self._last
        if before < 0:
            self._first = first
        self._last = max(last, before)
        if first <= before or self._last == BLOCK - 1:
            self._finish()
        else:
            self._write(first, last)

    def _open(self, block: int) -> None:
        self._block, self._columns, self._first, self._last = block, {}, 0, -1

    def _finish(self) -> None:
        """One stretch instead of those that the block has so far."""
        self._connection.execute(
            "DELETE FROM scalars WHERE branch = ? AND first > ? AND first <= ?",
            (self._branch, self._block, self._block + BLOCK),
        )
        self._write(self._first, self._last)

    def _write(self, first: int, last: int) -> None:
        data = encode({number: column[first : last + 1] for number, column in self._columns.items()})
        self._connection.execute(
            "INSERT INTO scalars VALUES (?, ?, ?, ?)",
            (self._branch, self._block + first + 1, last - first + 1, data),
        )

    def _load(self, names: Sequence[int]) -> None:
        cells = {number: numpy.full(BLOCK, math.nan) for number in names}
        query = "SELECT first, rows, data FROM scalars WHERE branch = ? AND first > ? ORDER BY first LIMIT ?"
        for first, rows, data in self._connection.execute(query, (self._branch, self._block, BLOCK)):
            start = first - self._block - 1
            if not self._last < start < start + rows <= BLOCK:
                raise RunFileError("steps overlap")
            if self._last < 0:
                self._first = start
            decode(data, rows, {number: column[start : start + rows] for number, column in cells.items()})
            self._last = start + rows - 1
        self._columns = {n: column for n, column in cells.items() if not numpy.isnan(column).all()}


def _block_of(step: int) -> int:
    """The step before the first one of the block that holds a step."""
    return (step - 1) // BLOCK * BLOCK
