"""What can be told of the program that writes a run file, from outside."""

import contextlib
import math
import os
import time
from enum import Enum

from tfviz.training.run_file.liveness import is_being_written

QUIET = 2.0
"""Seconds without anything new after which it is asked, every so often, whether the writer lives. So long, too, a file
may be missing: a writer whose file was removed writes another one."""

PRESUMED = 60.0
"""Seconds of silence after which a writer is taken for dead where that cannot be asked."""


class Life(Enum):
    """How the writer is."""

    WRITING = "writing"
    ENDED = "finished"
    KILLED = "broken off"
    LOST = "no longer readable"


class FileWriter:
    """Told after every look at the file, it knows whether the writer goes on."""

    def __init__(self, path: str) -> None:
        """Before the file is opened for the first time: opening one that was left behind may change its date."""
        self.path = path
        self.life = Life.WRITING
        self._last = _modified(path)  # seconds since 1970
        self._asked = -math.inf
        self._missing: float | None = None

    @property
    def description(self) -> str:
        """ "last 0.4 s ago", or how it ended."""
        if self.life is Life.WRITING:
            return f"last {ago(time.time() - self._last)} ago"
        return self.life.value

    def look(self, closed: bool, grown: bool) -> Life | None:
        """The file was read: whether its writer had closed it, and whether there was anything new. How the writer is
        now, where that has changed."""
        first, self._missing = self._asked == -math.inf, None
        if grown:
            self._last = time.time()
        life = Life.ENDED if closed else self._ask(first)
        if life is self.life:
            return None
        self.life = life
        return life

    def missing(self) -> bool:
        """There is no file; whether that has been so for a while."""
        if self._missing is None:
            self._missing = time.monotonic()
        return time.monotonic() - self._missing > QUIET

    def lose(self) -> bool:
        """The file cannot be read. Whether that is news."""
        news, self.life = self.life is not Life.LOST, Life.LOST
        return news

    def _ask(self, first: bool) -> Life:
        now, silence = time.monotonic(), time.time() - self._last
        if not first and silence < QUIET:
            return Life.WRITING
        if now - self._asked < QUIET:
            return self.life if self.life is not Life.LOST else Life.WRITING
        self._asked = now
        alive = is_being_written(self.path)
        if alive is None:
            alive = silence < PRESUMED
        return Life.WRITING if alive else Life.KILLED


def ago(seconds: float) -> str:
    """ "0.4 s", "42 s", "3 min", "5 h"."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.0f} h"


def _modified(path: str) -> float:
    """When anything was written, 0 where there is nothing."""
    times = [0.0]
    for name in (os.path.realpath(path), os.path.realpath(path) + "-wal"):
        with contextlib.suppress(OSError):
            times.append(os.stat(name).st_mtime)
    return max(times)
