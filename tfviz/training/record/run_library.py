"""The folder of runs that nobody has given a name yet: what the window records by itself, kept under a disk budget.

Each run that somebody has open is claimed by a lock beside it. A lock that nobody holds was left by a program that
did not end well, so its run was interrupted.
"""

import contextlib
import itertools
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tfviz.training.config import RunConfig
from tfviz.training.record.file_lock import FileLock, is_held
from tfviz.training.run_file import Configuration, RunFileError, RunReader
from tfviz.training.run_file.schema import remove, side_files

BUDGET = 2 << 30
"""Bytes of all runs together, unless the settings say otherwise."""
SUFFIX, LOCK = ".tfviz", ".lock"
LONGEST_NAME = 60
MOST_OFFERED = 10
TEMPORARY_AGE = 3600.0
"""Seconds after which nobody writes to a temporary file any more."""


@dataclass(frozen=True)
class LibraryRun:
    """A run file of the library, as the folder shows it."""

    path: Path
    bytes: int
    """With what SQLite keeps beside it."""
    modified: float
    """When it was written last, in seconds since 1970."""
    claimed: bool
    """Whether a window has it open."""
    interrupted: bool
    """Whether the program that recorded it ended without closing it."""


@dataclass(frozen=True)
class InterruptedRun:
    """What there is to know of a run before it is opened again."""

    path: Path
    modified: float
    name: str
    steps: int
    """Of its longest branch."""


class Claim:
    """The right to write a run of the library, or to delete it. Nobody else has it until it is released."""

    def __init__(self, path: Path, lock: FileLock) -> None:
        self.path = path
        self._lock = lock

    def release(self) -> None:
        """Leave the run as one that was closed properly."""
        self._lock.release()

    def discard(self) -> None:
        """Delete the run. OSError where that cannot be."""
        try:
            remove(str(self.path), *side_files(str(self.path)))
        finally:
            self._lock.release()


class RunLibrary:
    """Several windows and programs use the same folder at the same time. It is made when the first run needs it."""

    def __init__(self, folder: str | os.PathLike[str], budget: int = BUDGET) -> None:
        self.folder = Path(os.path.abspath(folder))
        self.budget = budget

    def owns(self, path: str | os.PathLike[str]) -> bool:
        """Whether a file lies in the library."""
        return Path(os.path.realpath(path)).parent == Path(os.path.realpath(self.folder))

    def new(self, name: str, seed: int, day: date | None = None) -> Claim:
        """A name for a run that is recorded from now on: task, date, seed, number. OSError where the folder cannot be
        written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise type(error)(f"cannot make the folder {self.folder}: {error.strerror}") from error
        day = day or date.today()
        stem = f"{safe_name(name)}-{day.isoformat()}-seed{seed}"
        for number in itertools.count(1):
            path = self.folder / f"{stem}-{number}{SUFFIX}"
            if os.path.lexists(path) or (claim := self.claim(path)) is None:
                continue
            if not os.path.lexists(path):
                return claim
            claim.release()  # another program was as quick
        raise AssertionError("there is always another number")

    def claim(self, path: str | os.PathLike[str]) -> Claim | None:
        """The right to a run; None where somebody else has it open. OSError where the folder cannot be written."""
        lock = FileLock.take(_lock_path(Path(path)))
        return None if lock is None else Claim(Path(path), lock)

    def runs(self) -> list[LibraryRun]:
        """What is in the folder, the newest first."""
        found = [self._look_at(path) for path in self._files(SUFFIX)]
        return sorted((run for run in found if run is not None), key=lambda run: run.modified, reverse=True)

    def interrupted(self) -> list[InterruptedRun]:
        """Runs whose program was killed, the newest first, a few; those without a single step are deleted."""
        found = []
        for run in [run for run in self.runs() if run.interrupted][:MOST_OFFERED]:
            try:
                known = _read(run)
            except (OSError, RunFileError):
                continue  # nothing to offer; the budget will take it
            if known.steps:
                found.append(known)
            else:
                self.discard(run.path)
        return found

    def keep(self, *paths: str | os.PathLike[str]) -> None:
        """Let interrupted runs be like such that were closed properly: they are not offered again."""
        for path in paths:
            claim = self.claim(path)
            if claim is not None:
                claim.release()

    def discard(self, path: str | os.PathLike[str]) -> bool:
        """Delete a run; False where somebody has it open. OSError where the system forbids it."""
        claim = self.claim(path)
        if claim is None:
            return False
        claim.discard()
        return True

    def clean(self) -> None:
        """Delete the oldest runs until the others keep to the budget, never one that is in use; remove what killed
        programs left. A run that cannot be deleted stays."""
        runs = self.runs()
        size = sum(run.bytes for run in runs)
        for run in reversed(runs):
            if size <= self.budget:
                break
            with contextlib.suppress(OSError):
                size -= run.bytes if self.discard(run.path) else 0
        self._sweep()

    def clear(self) -> int:
        """Delete all runs but those in use; how many. A run that cannot be deleted stays."""
        deleted = 0
        for run in self.runs():
            with contextlib.suppress(OSError):
                deleted += self.discard(run.path)
        return deleted

    def _files(self, suffix: str) -> Iterator[Path]:
        try:
            with os.scandir(self.folder) as entries:
                names = [
                    entry.name
                    for entry in entries
                    if entry.name.endswith(suffix) and entry.is_file(follow_symlinks=False)
                ]
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return
        yield from (self.folder / name for name in names)

    def _look_at(self, path: Path) -> LibraryRun | None:
        """None where it has gone meanwhile."""
        try:
            states = [os.stat(path)]
        except OSError:
            return None
        for beside in side_files(str(path)):
            with contextlib.suppress(OSError):
                states.append(os.stat(beside))
        lock = _lock_path(path)
        claimed = is_held(lock)
        return LibraryRun(
            path,
            sum(state.st_size for state in states),
            max(state.st_mtime for state in states),
            claimed,
            not claimed and os.path.lexists(lock),
        )

    def _sweep(self) -> None:
        """Locks of runs that were never made, and halves of files."""
        for lock in self._files(SUFFIX + LOCK):
            if not os.path.lexists(lock.with_suffix("")):
                with contextlib.suppress(OSError):
                    self.keep(lock.with_suffix(""))
        for temporary in self._files(".tmp"):
            with contextlib.suppress(OSError):
                if time.time() - temporary.stat().st_mtime > TEMPORARY_AGE:
                    temporary.unlink()


def safe_name(name: str) -> str:
    """A name as a part of a file's name."""
    return re.sub(r"[^\w.-]+", "_", name).strip("._")[:LONGEST_NAME] or "run"


def run_name(config: Configuration) -> str:
    """What a run is called where it has no file: as in its configuration, or like its task."""
    return config.name or (config.task.name if isinstance(config, RunConfig) else "run")


def _lock_path(path: Path) -> Path:
    return path.with_name(path.name + LOCK)


def _read(run: LibraryRun) -> InterruptedRun:
    reader = RunReader(run.path)
    steps = max(len(reader.history(branch.number)) for branch in reader.branches)
    return InterruptedRun(run.path, run.modified, run_name(reader.config), steps)
