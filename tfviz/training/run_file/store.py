"""The one writer of a run file: every statement that changes it. It knows nothing of threads or of training."""

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy

from tfviz.training.run_file.branch_scalars import BranchScalars
from tfviz.training.run_file.connection import leave_write_ahead_log, open_for_writing
from tfviz.training.run_file.errors import RunFileError
from tfviz.training.run_file.schema import KEYFRAME, MOST_NAMES, PIECE, SNAPSHOT, remove, side_files
from tfviz.training.run_file.thinning import superfluous

FRAMES_KEPT = 4096
"""Of one kind; more than a timeline can show."""
SNAPSHOT_SHARE = 0.25
"""Of the room that the budget leaves for frames; keyframes have the rest."""


class FileLostError(RunFileError):
    """The file at the path is another one now, or another program writes it: nothing may be written any more."""


@dataclass(frozen=True)
class BranchRow:
    """A row of the table of branches."""

    branch: int
    name: str
    parent: int | None
    fork: int
    config: str


class RunStore:
    """An open run file. Changes belong inside `with store.transaction()`; after an error, close it and make a
    new one.
    """

    def __init__(self, path: str) -> None:
        """`path` without links. Errors as those of open_for_writing."""
        self.path = path
        self._connection = open_for_writing(path)
        try:
            self._identity = _identity(path)
            self._token = secrets.token_hex(8)
            self._load()
            self._connection.execute("BEGIN IMMEDIATE")
            self.put("writer", self._token)
            self.put("state", "recording")
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.close()
            raise

    @property
    def in_place(self) -> bool:
        """Whether the path still leads to the file. FileLostError where it leads to another one."""
        try:
            if _identity(self.path) == self._identity:
                return True
        except FileNotFoundError:
            return False
        raise FileLostError(f"{self.path} was replaced by another file")

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. FileLostError where another program has taken over the file."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            query = "SELECT value FROM run WHERE key = 'writer'"
            if self._connection.execute(query).fetchone() != (self._token,):
                raise FileLostError(f"another program records to {self.path}")
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise

    def put(self, key: str, value: str) -> None:
        """Set a value of the run."""
        self._connection.execute("INSERT OR REPLACE INTO run VALUES (?, ?)", (key, value))

    def put_branch(self, row: BranchRow) -> None:
        """Add a branch, or give one another name."""
        values = (row.branch, row.name, row.parent, row.fork, row.config)
        self._connection.execute("INSERT OR REPLACE INTO branches VALUES (?, ?, ?, ?, ?)", values)

    def remove_branch(self, branch: int) -> None:
        """With everything that belongs to it alone."""
        for kind in (KEYFRAME, SNAPSHOT):
            for own, step in [frame for frame in self._frames[kind] if frame[0] == branch]:
                self._remove_frame(kind, own, step)
        for table in ("scalars", "events", "branches"):
            self._connection.execute(f"DELETE FROM {table} WHERE branch = ?", (branch,))
        self._scalars.pop(branch, None)

    def add_event(self, branch: int, step: int, kind: str, data: str, when: float) -> None:
        """Something that happened after `step` updates: JSON, and the time since 1970 in seconds."""
        self._connection.execute(
            "INSERT INTO events (branch, step, kind, data, time) VALUES (?, ?, ?, ?, ?)",
            (branch, step, kind, data, when),
        )

    def last_step(self, branch: int) -> int:
        """The last step whose scalars the file has; 0 where there are none."""
        return self._branch_scalars(branch).written

    def add_rows(
        self, branch: int, steps: numpy.ndarray, names: Sequence[str], matrix: numpy.ndarray
    ) -> None:
        """Scalars of some steps: steps (row,) int64, matrix (name, row) float64."""
        if len(steps):
            numbers = [self._number(name) for name in names]
            self._branch_scalars(branch).add(steps, dict(zip(numbers, matrix, strict=True)))

    def put_frame(self, kind: str, branch: int, step: int, data: bytes) -> None:
        """A keyframe or a snapshot. The first keyframe of a step stays, of snapshots the last."""
        frames = self._frames[kind]
        if (branch, step) in frames:
            if kind == KEYFRAME:
                return
            self._remove_frame(kind, branch, step)
        first = self._next_piece
        for start in range(0, len(data), PIECE):
            piece = memoryview(data)[start : start + PIECE]
            self._connection.execute("INSERT INTO pieces VALUES (?, ?)", (self._next_piece, piece))
            self._next_piece += 1
        self._connection.execute(
            "INSERT INTO frames VALUES (?, ?, ?, ?, ?)", (kind, branch, step, first, len(data))
        )
        frames[branch, step] = len(data)

    def has_room_for(self, kind: str, branch: int, step: int) -> bool:
        """Whether an optional frame is far enough from the newest one: a quarter of the mean distance of all.

        A long run so writes ever fewer of them, and not again and again what thinning takes away.
        """
        steps = [own for number, own in self._frames[kind] if number == branch]
        if not steps:
            return True
        newest = max(steps)
        return step < newest or 4 * (step - newest) * len(steps) >= newest - min(steps)

    def thin(self, budget: int) -> None:
        """Delete frames until the file keeps to `budget` bytes; scalars are never deleted."""
        (pages,), (free,), (size,) = (
            self._connection.execute(f"PRAGMA {name}").fetchone()
            for name in ("page_count", "freelist_count", "page_size")
        )
        own = sum(sum(frames.values()) for frames in self._frames.values())
        room = int(0.97 * budget) - ((pages - free) * size - own)
        snapshots = max(int(SNAPSHOT_SHARE * room), 0)
        self._thin(SNAPSHOT, snapshots)
        self._thin(KEYFRAME, max(room - min(sum(self._frames[SNAPSHOT].values()), snapshots), 0))

    def copy_to(self, path: str) -> None:
        """Everything that is committed, into an empty file; also when the path of this one leads nowhere any more."""
        copy_database(self._connection, path)

    def close(self) -> None:
        """Leave one file. Whatever fails here (a disk, a reader) leaves a file that opens all the same."""
        try:
            with contextlib.suppress(sqlite3.Error, OSError, RunFileError):
                if self.in_place:
                    with self.transaction():
                        self.put("state", "closed")
                    leave_write_ahead_log(self._connection)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Let go of the file as it is, after an error."""
        self._connection.close()
        if not os.path.lexists(self.path):  # what is left beside a removed file belongs to no other
            remove(*side_files(self.path))

    def _load(self) -> None:
        """What has to be known of a file in order to go on writing it."""
        try:
            query = "SELECT number, name FROM scalar_names LIMIT ?"
            self._names = {str(name): int(n) for n, name in self._connection.execute(query, (MOST_NAMES,))}
            self._scalars: dict[int, BranchScalars] = {}
            self._frames: dict[str, dict[tuple[int, int], int]] = {KEYFRAME: {}, SNAPSHOT: {}}
            for kind, branch, step, size in self._connection.execute(
                "SELECT kind, branch, step, bytes FROM frames"
            ):
                self._frames[kind][int(branch), int(step)] = int(size)
            (last,) = self._connection.execute("SELECT max(piece) FROM pieces").fetchone()
            self._next_piece = 0 if last is None else int(last) + 1
        except (TypeError, ValueError, KeyError) as error:
            raise RunFileError(f"{self.path} is damaged: {error}") from None

    def _branch_scalars(self, branch: int) -> BranchScalars:
        if branch not in self._scalars:
            try:
                own = BranchScalars(self._connection, branch, list(self._names.values()))
            except (TypeError, ValueError) as error:
                raise RunFileError(f"{self.path} is damaged: {error}") from None
            self._scalars[branch] = own
        return self._scalars[branch]

    def _number(self, name: str) -> int:
        if name not in self._names:
            if len(self._names) >= MOST_NAMES:
                raise RunFileError(
                    f"{self.path} has {len(self._names)} curves; {name!r} would be one too many"
                )
            number = max(self._names.values(), default=-1) + 1
            self._connection.execute("INSERT INTO scalar_names VALUES (?, ?)", (number, name))
            self._names[name] = number
        return self._names[name]

    def _thin(self, kind: str, most_bytes: int) -> None:
        frames = self._frames[kind]
        if sum(frames.values()) > most_bytes or len(frames) > FRAMES_KEPT:
            # A tenth more than needed, so that this happens now and then and not at every frame.
            for branch, step in superfluous(frames, int(0.9 * most_bytes), int(0.9 * FRAMES_KEPT)):
                self._remove_frame(kind, branch, step)

    def _remove_frame(self, kind: str, branch: int, step: int) -> None:
        key = (kind, branch, step)
        where = "WHERE kind = ? AND branch = ? AND step = ?"
        first, size = self._connection.execute(f"SELECT first, bytes FROM frames {where}", key).fetchone()
        self._connection.execute(
            "DELETE FROM pieces WHERE piece >= ? AND piece < ?", (first, first + -(-size // PIECE))
        )
        self._connection.execute(f"DELETE FROM frames {where}", key)
        del self._frames[kind][branch, step]


def copy_database(connection: sqlite3.Connection, path: str) -> None:
    """All committed content of a run file into an empty file, as one that was closed."""
    target = sqlite3.connect(path, isolation_level=None)
    try:
        connection.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
        target.execute("INSERT OR REPLACE INTO run VALUES ('state', 'closed')")
    finally:
        target.close()


def _identity(path: str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino
