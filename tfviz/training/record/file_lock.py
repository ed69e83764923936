"""A lock between programs that the system takes back from one that was killed, and a file that tells of it then."""

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Self

from tfviz.training.run_file.errors import BUSY, error_name, writing_failure

PATIENCE = 0.05
"""Seconds to wait for somebody who only looks whether the lock is held."""


class FileLock:
    """Held until it is released or the process ends, however it ends.

    Releasing removes the file: one that is there and held by nobody was left by a program that did not end well.
    SQLite's lock on an empty database is one that all systems have, and that two holders in one process respect.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = connection

    @classmethod
    def take(cls, path: Path) -> Self | None:
        """None where somebody else holds it, in this process or another. OSError where the file cannot be made."""
        while (connection := _locked(path, "EXCLUSIVE")) is not None:
            if os.path.lexists(path):
                return cls(path, connection)
            connection.close()  # its former holder removed it meanwhile: make it anew
        return None

    def release(self) -> None:
        """Let go, and remove the file. The second call does nothing."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            self.path.unlink(missing_ok=True)  # while it is held, so that it can be nobody else's
            connection.close()
        except OSError:  # a system that removes no open file, or a folder that became read-only
            connection.close()
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)


def is_held(path: Path) -> bool:
    """Whether anybody holds the lock; also where that cannot be told."""
    if not os.path.lexists(path):
        return False
    try:
        connection = _locked(path, "SHARED")
    except (OSError, ValueError):
        return True
    if connection is None:
        return True
    connection.close()
    return False


def _locked(path: Path, kind: str) -> sqlite3.Connection | None:
    """A connection with a lock on the file; None where somebody has another one."""
    connection = None
    try:
        patience = PATIENCE if kind == "EXCLUSIVE" else 0.0
        connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
        if kind == "EXCLUSIVE":
            connection.execute("PRAGMA journal_mode = MEMORY")  # no other file beside this one
            connection.execute("BEGIN EXCLUSIVE")
        else:
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        if error_name(error).startswith(BUSY):
            return None
        raise writing_failure(os.fspath(path), error) from error
    return connection
