"""Opening the file with SQLite: distrustful of what it holds, and leaving nothing beside it that was not there."""

import contextlib
import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from tfviz.training.run_file.disks import is_local
from tfviz.training.run_file.errors import (
    BUSY,
    NO_ACCESS,
    RunFileBusyError,
    RunFileError,
    error_name,
    reading_failure,
)
from tfviz.training.run_file.schema import LONGEST_VALUE, check_format, real_path, side_files

PATIENCE = 2.0
"""Seconds to wait for another program that holds the file."""

# A reader's share of SQLite's virtual machine. A run of a million steps takes some ten thousand instructions; only a
# crafted file, whose pages lead in circles, takes more than this.
INSTRUCTIONS_BETWEEN_LOOKS = 1_000_000
LOOKS = 100


@contextlib.contextmanager
def reading(path: str | os.PathLike[str]) -> Iterator[sqlite3.Connection]:
    """A connection that sees one moment of a checked run file, and closes with the block.

    Whatever SQLite objects to becomes a RunFileError; FileNotFoundError and PermissionError are left as such.
    The file is never opened by other means: closing a second descriptor would take away SQLite's locks on it
    (POSIX).
    """
    target = ordinary_file(path)
    try:
        connection = _open_as_it_can_be(target)
        try:
            yield connection
        finally:
            connection.close()
    except (sqlite3.Error, sqlite3.Warning, UnicodeDecodeError, MemoryError) as error:
        raise reading_failure(os.fspath(path), error) from error


def open_for_writing(path: str) -> sqlite3.Connection:
    """A connection for the one writer of a checked run file. Any thread may use it, one at a time.

    With a write-ahead log on a local disk, so that others read while this one writes; elsewhere, or where the
    log cannot be had, with a rollback journal. RunFileBusyError where another program writes the file.
    """
    connection = connect(path, "mode=rw")
    try:
        check_format(connection, path)
        if not leave_write_ahead_log(connection):
            raise RunFileBusyError(f"{path} is being written by another program")
        if is_local(path):
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA wal_autocheckpoint = 512")
        connection.execute("PRAGMA journal_size_limit = 16777216")
        connection.execute("PRAGMA secure_delete = OFF")  # some builds write zeros over all that is thinned
    except BaseException:
        connection.close()
        raise
    return connection


def leave_write_ahead_log(connection: sqlite3.Connection, patience: float = PATIENCE) -> bool:
    """Put everything into the one file and remove what lies beside it. False while somebody else has the file
    open.
    """
    end = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
            return True
        except sqlite3.OperationalError as error:
            if not error_name(error).startswith(BUSY):
                raise
        if time.monotonic() > end:
            return False
        time.sleep(0.02)


def ordinary_file(path: str | os.PathLike[str]) -> str:
    """The path without links, where a file lies there; a folder, a pipe or a device is refused unopened."""
    target = real_path(path)
    try:
        status = os.stat(target)
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {os.fspath(path)}") from None
    except OSError as error:
        raise type(error)(f"cannot read {os.fspath(path)}: {error.strerror}") from None
    if not stat.S_ISREG(status.st_mode):
        raise RunFileError(f"{os.fspath(path)} is no run file but {_kind(status.st_mode)}")
    if not status.st_size:
        raise RunFileError(f"{os.fspath(path)} is no run file: it is empty")
    return target


def _open_as_it_can_be(path: str) -> sqlite3.Connection:
    """In the first way that works.

    With write access, though nothing is written: then SQLite can finish what a killed writer left (a log, a
    journal), and removes its side files with the last user. Without write access in the folder, a file that was
    closed is read as it is, and one that was not together with its log, without locks: nobody writes there.
    """
    ways = ["mode=rw"]
    if not any(_has_content(side) for side in side_files(path)):
        ways.append("mode=ro&immutable=1")
    elif os.name == "posix" and _has_content(path + "-wal"):
        ways.append("mode=ro&vfs=unix-none")
    for way in ways:
        connection = None
        try:
            connection = connect(path, way)
            connection.execute("PRAGMA query_only = ON")
            if way.endswith("none"):
                connection.execute(
                    "PRAGMA locking_mode = EXCLUSIVE"
                )  # the log's index lies in memory of our own
            connection.execute("BEGIN")
            check_format(connection, path)
            _limit_instructions(connection)
            return connection
        except BaseException as error:
            if connection is not None:
                connection.close()
            passing = isinstance(error, sqlite3.Error) and error_name(error).startswith(NO_ACCESS)
            if not passing or way == ways[-1]:
                raise
    raise AssertionError("there is always a last way")


def connect(path: str, way: str) -> sqlite3.Connection:
    """Without the parts of SQLite that a hostile file could turn against its reader."""
    connection = sqlite3.connect(
        f"{Path(path).as_uri()}?{way}",
        uri=True,
        timeout=PATIENCE,
        isolation_level=None,
        check_same_thread=False,
    )
    if hasattr(connection, "setconfig"):  # from Python 3.12 on
        for name, state in (("DEFENSIVE", True), ("ENABLE_TRIGGER", False), ("ENABLE_VIEW", False)):
            connection.setconfig(getattr(sqlite3, f"SQLITE_DBCONFIG_{name}"), state)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, 100_000)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.setlimit(sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 1)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA mmap_size = 0")
    return connection


def _limit_instructions(connection: sqlite3.Connection) -> None:
    """Let SQLite give up, with SQLITE_INTERRUPT, after INSTRUCTIONS_BETWEEN_LOOKS * LOOKS."""
    looks = iter(range(LOOKS))
    connection.set_progress_handler(lambda: next(looks, None) is None, INSTRUCTIONS_BETWEEN_LOOKS)


def _has_content(path: str) -> bool:
    with contextlib.suppress(OSError):
        return os.stat(path).st_size > 0
    return False


def _kind(mode: int) -> str:
    return "a folder" if stat.S_ISDIR(mode) else "a pipe, device or socket"
