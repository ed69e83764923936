"""Reading a run file: all that was recorded, also while another thread or program goes on writing it."""

import os
import sqlite3
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy

from tfviz.training.record.history import History
from tfviz.training.run_file import tables
from tfviz.training.run_file.branch import MAIN, Branch
from tfviz.training.run_file.connection import reading
from tfviz.training.run_file.errors import RunFileBusyError, RunFileError
from tfviz.training.run_file.foreign import Configuration, seed_of
from tfviz.training.run_file.history_reader import extend_history
from tfviz.training.run_file.packing import unpack
from tfviz.training.run_file.schema import KEYFRAME, SNAPSHOT, real_path
from tfviz.training.run_file.snapshot_codec import snapshot_from_arrays
from tfviz.training.run_file.tables import Frame, RecordedEvent, RunRow
from tfviz.training.snapshot import Snapshot

SETTLED = 0.1
"""Seconds after which a file system's clock surely tells two writes apart."""


@dataclass(frozen=True)
class _Index:
    """What the file held at one moment, the long contents aside."""

    run: RunRow
    branches: dict[int, Branch]
    frames: dict[str, dict[int, dict[int, Frame]]]  # kind -> branch -> step
    steps: dict[str, dict[int, list[int]]]  # kind -> branch -> rising steps


class RunReader:
    """A run file, read-only. What it answers is of the last `refresh()`; any thread may ask.

    The file is open only while it is read, so nobody is kept from closing, moving or deleting it. Every method
    may raise RunFileError where the file turns out to be damaged, and FileNotFoundError once it is gone.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """RunFileError where it is no run file or of a newer format, FileNotFoundError, PermissionError."""
        self.path = os.fspath(path)
        self._lock = threading.RLock()
        self._histories: dict[int, History] = {}
        self._seen = self._signature()
        with reading(self.path) as connection:
            self._index = self._read_index(connection)

    @property
    def trainer(self) -> str:
        """Who wrote the run: "tfviz", or what another program called itself."""
        return self._index.run.trainer

    @property
    def foreign(self) -> bool:
        """Whether another program trained it, so that this one cannot go on with it."""
        return self._index.run.foreign

    @property
    def config(self) -> Configuration:
        """Of the main branch."""
        return self._index.branches[MAIN].config

    @property
    def seed(self) -> int:
        return seed_of(self.config)

    @property
    def source_tokens(self) -> tuple[str, ...]:
        return self._index.run.source_tokens

    @property
    def target_tokens(self) -> tuple[str, ...]:
        return self._index.run.target_tokens

    @property
    def fingerprint(self) -> dict[str, Any]:
        """Of the program that computed it, as fingerprint.numerical_fingerprint; to be compared with
        `differences`.
        """
        return dict(self._index.run.fingerprint)

    @property
    def version(self) -> str:
        """The version of tfviz that made the file."""
        return self._index.run.version

    @property
    def created(self) -> str:
        """When, as ISO 8601 in UTC."""
        return self._index.run.created

    @property
    def identity(self) -> str:
        """The same in all copies of a run, different for every run."""
        return self._index.run.identity

    @property
    def closed(self) -> bool:
        """False while a program records to it, and after one was killed."""
        return self._index.run.closed

    @property
    def branches(self) -> tuple[Branch, ...]:
        """By their numbers; the main branch is the first."""
        return tuple(self._index.branches.values())

    def branch(self, number: int) -> Branch:
        """RunFileError names the branches there are."""
        try:
            return self._index.branches[number]
        except KeyError:
            there = ", ".join(f"{branch.number} ({branch.name})" for branch in self.branches)
            raise RunFileError(f"{self.path} has no branch {number}; there are {there}") from None

    def refresh(self) -> bool:
        """Look for what was written since; whether there was anything. Histories that were given out grow.

        Costs next to nothing where nothing was written. False as well where the file is busy: the next call finds it.
        """
        with self._lock:
            signature = self._signature()
            if signature is not None and signature == self._seen:
                return False
            try:
                with reading(self.path) as connection:
                    index = self._read_index(connection)
                    if index.run.identity != self._index.run.identity:
                        raise RunFileError(f"{self.path} holds another run now; open it again")
                    self._index = index
                    self._histories = {n: h for n, h in self._histories.items() if n in index.branches}
                    for number, history in self._histories.items():
                        self._extend(connection, number, history)
            except RunFileBusyError:
                return False
            self._seen = signature
            return True

    def history(self, branch: int = MAIN) -> History:
        """The scalars of every step of a branch, those before its fork included. The same object each time;
        refresh() lets it grow. Steps without a record are NaN.
        """
        with self._lock:
            self.branch(branch)
            if branch not in self._histories:
                history: History | None = None
                with reading(self.path) as connection:
                    history = self._extend(connection, branch, history)
                self._histories[branch] = history
            return self._histories[branch]

    def keyframe_steps(self, branch: int = MAIN) -> list[int]:
        """Rising; those of its parents before the fork included."""
        return self._steps(KEYFRAME, branch)

    def keyframe(self, branch: int, step: int) -> dict[str, numpy.ndarray]:
        """What was stored to resume from this very step: arrays by name. RunFileError where there is none."""
        frame = self._find(KEYFRAME, branch, step)
        if frame is None:
            raise RunFileError(f"{self.path} has no keyframe of step {step}; {self._offer(KEYFRAME, branch)}")
        return self._arrays(frame)

    def snapshot_steps(self, branch: int = MAIN) -> list[int]:
        """Rising; those of its parents before the fork included."""
        return self._steps(SNAPSHOT, branch)

    def snapshot(self, branch: int, step: int) -> Snapshot:
        """What was shown at this very step. RunFileError where nothing was recorded then."""
        frame = self._find(SNAPSHOT, branch, step)
        if frame is None:
            raise RunFileError(f"{self.path} has no snapshot of step {step}; {self._offer(SNAPSHOT, branch)}")
        arrays = self._arrays(frame)
        try:
            config = self.branch(frame.branch).config
            return snapshot_from_arrays(step, config, self.foreign, arrays)
        except RunFileError as error:
            raise RunFileError(f"{self.path} is damaged: its snapshot of step {step} holds {error}") from None

    def snapshot_at_or_before(self, branch: int, step: int) -> Snapshot | None:
        """The last one that is not after `step`; None where there is none. It names its own step."""
        steps = self.snapshot_steps(branch)
        position = bisect_right(steps, step)
        return self.snapshot(branch, steps[position - 1]) if position else None

    def events(self, branch: int | None = None) -> list[RecordedEvent]:
        """In the order in which they were recorded: of all branches, or what lies on the way of one."""
        with self._lock, reading(self.path) as connection:
            found = tables.read_events(connection, self.path)
        if branch is None:
            return found
        limits = {number: last for number, _, last in self._way(branch)}
        return [event for event in found if event.step <= limits.get(event.branch, -1)]

    def size(self) -> int:
        """Bytes of the file, and of what SQLite keeps beside it while it is written."""
        path = real_path(self.path)
        return sum(os.path.getsize(name) for name in (path, path + "-wal") if os.path.exists(name))

    def _extend(self, connection: sqlite3.Connection, branch: int, history: History | None) -> History:
        return extend_history(connection, self.path, list(self._way(branch)), history, self.foreign)

    def _way(self, branch: int) -> Iterator[tuple[int, int, int]]:
        """From the root to the branch: number, the step before its first own one, the last step taken from it."""
        last = tables.NO_END
        way = []
        number: int | None = branch
        while number is not None:
            own = self.branch(number)
            way.append((number, own.fork, last))
            last, number = min(own.fork, last), own.parent
        return reversed(way)

    def _steps(self, kind: str, branch: int) -> list[int]:
        found = []
        for number, fork, last in self._way(branch):
            steps = self._index.steps[kind].get(number, [])
            found += steps[bisect_right(steps, fork) if number != MAIN else 0 : bisect_right(steps, last)]
        return found

    def _find(self, kind: str, branch: int, step: int) -> Frame | None:
        for number, fork, last in self._way(branch):
            if (number == MAIN or step > fork) and step <= last:
                return self._index.frames[kind].get(number, {}).get(step)
        return None

    def _arrays(self, frame: Frame) -> dict[str, numpy.ndarray]:
        with self._lock, reading(self.path) as connection:
            data = tables.read_frame(connection, self.path, frame)
        try:
            return unpack(data)
        except ValueError as error:
            raise RunFileError(
                f"{self.path} is damaged: its {frame.kind} of step {frame.step} holds {error}"
            ) from None

    def _offer(self, kind: str, branch: int) -> str:
        steps = self._steps(kind, branch)
        if not steps:
            return "it has none"
        if len(steps) <= 8:
            return f"it has those of {', '.join(map(str, steps))}"
        return f"it has {len(steps)}, from {steps[0]} to {steps[-1]}"

    def _read_index(self, connection: sqlite3.Connection) -> _Index:
        run = tables.read_run(connection, self.path)
        branches = tables.read_branches(connection, self.path, run.foreign)
        frames = tables.read_frames(connection, self.path)
        steps = {
            kind: {branch: sorted(found) for branch, found in by_branch.items()}
            for kind, by_branch in frames.items()
        }
        return _Index(run, branches, frames, steps)

    def _signature(self) -> tuple[object, ...] | None:
        """What changes with every write; None where it cannot be told whether there will be another one."""
        path = real_path(self.path)
        found: list[object] = []
        for name in (path, path + "-wal"):
            try:
                status = os.stat(name)
            except OSError:
                found.append(None)
                continue
            if abs(time.time() - status.st_mtime) < SETTLED:
                return None
            found.append((status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns))
        return tuple(found)
