"""Whether some program is writing a run file at this moment. One that was killed, however hard, is not."""

import os
import sqlite3

from tfviz.training.run_file.connection import connect, ordinary_file
from tfviz.training.run_file.errors import BUSY, NO_ACCESS, error_name, reading_failure

PATIENCE = 100
"""Milliseconds in which other readers, who come and go, are surely done."""


def is_being_written(path: str | os.PathLike[str]) -> bool | None:
    """True while a writer has the file open; None where that cannot be told.

    A writer with a write-ahead log holds SQLite's shared lock for as long as it lives, and the system takes it away
    with the process. Here the exclusive lock is asked for, which it prevents: nobody waits because of that. Without
    a log (on network disks) locks last as long as one write, so that nothing follows from there being none.
    """
    target = ordinary_file(path)
    try:
        connection = connect(target, "mode=rw")
        try:
            connection.execute(f"PRAGMA busy_timeout = {PATIENCE}")
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("SELECT value FROM run LIMIT 1").fetchone()
            (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
            return False if journal == "wal" else None
        finally:
            connection.close()
    except sqlite3.Error as error:
        name = error_name(error)
        if name.startswith(BUSY):
            return True
        if name.startswith(NO_ACCESS):
            return None
        raise reading_failure(os.fspath(path), error) from error
