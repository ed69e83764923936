"""What a run file is made of: tables, format, limits. A file that differs in any of them is refused before it
is read.

    run           key -> value: configuration, tokens, versions, who wrote it (JSON where a value is more than a word)
    branches      the ways the run took; branch 0 is the first, every other leaves its parent after step `fork`
    scalar_names  number -> name of a curve
    scalars       stretches of consecutive steps, at most a block of 1024 of them, columns as in scalar_blocks
    frames        keyframes (everything needed to resume) and snapshots (what the panels show) by branch and step
    pieces        the bytes of the frames, a frame in pieces `first`, `first + 1`, ... of 4 MB each
    events        interventions, alerts, warnings: kind and JSON, with their step

The file is SQLite's (https://www.sqlite.org/fileformat2.html) with an application id, and the format as user_version.
A format changes when an older reader would misread the file.
"""

import contextlib
import os
import secrets
import sqlite3

from tfviz.training.run_file.errors import RunFileError

APPLICATION_ID = int.from_bytes(b"tfvz", "big")
FORMAT = 1

BLOCK = 1024
"""Steps that one stretch of scalars may have; stretches never cross a multiple of it."""
PIECE = 4 << 20
LONGEST_VALUE = 2 * PIECE
"""No value of the file is longer; SQLite refuses to make one."""
LONGEST_TEXT = PIECE
LONGEST_EVENT = 1 << 16
MOST_STEPS = 1 << 40
MOST_NAMES = 4096
MOST_BRANCHES = 4096
MOST_FRAMES = 1 << 17
MOST_EVENTS = 1 << 20

OURS = "tfviz"
"""The trainer whose runs this program can go on with."""
KEYFRAME, SNAPSHOT = "keyframe", "snapshot"

PAGE_SIZE = (
    8192  # measured: blocks of scalars read a third faster than with 4096, and a new file is small still
)

TABLES = {
    "run": "CREATE TABLE run (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "branches": "CREATE TABLE branches (branch INTEGER PRIMARY KEY, name TEXT NOT NULL, parent INTEGER, "
    "fork INTEGER NOT NULL, config TEXT NOT NULL)",
    "scalar_names": "CREATE TABLE scalar_names (number INTEGER PRIMARY KEY, name TEXT NOT NULL)",
    "scalars": "CREATE TABLE scalars (branch INTEGER NOT NULL, first INTEGER NOT NULL, rows INTEGER NOT NULL, "
    "data BLOB NOT NULL, PRIMARY KEY (branch, first))",
    "frames": "CREATE TABLE frames (kind TEXT NOT NULL, branch INTEGER NOT NULL, step INTEGER NOT NULL, "
    "first INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY (kind, branch, step)) WITHOUT ROWID",
    "pieces": "CREATE TABLE pieces (piece INTEGER PRIMARY KEY, data BLOB NOT NULL)",
    "events": "CREATE TABLE events (event INTEGER PRIMARY KEY, branch INTEGER NOT NULL, step INTEGER NOT NULL, "
    "kind TEXT NOT NULL, data TEXT NOT NULL, time REAL NOT NULL)",
}


def create_tables(connection: sqlite3.Connection) -> None:
    """Turn an empty database into an empty run file, inside the caller's transaction."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    for statement in TABLES.values():
        connection.execute(statement)


def check_format(connection: sqlite3.Connection, path: str) -> None:
    """RunFileError where this is no run file, or one that this program cannot read in full.

    The tables must be those above, letter by letter: then no view, trigger or virtual table of a crafted file can
    stand in for one.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        raise RunFileError(f"{path} is no run file")
    (format_,) = connection.execute("PRAGMA user_version").fetchone()
    if format_ > FORMAT:
        raise RunFileError(
            f"{path} has format {format_}, written by a newer tfviz; this one reads formats up to {FORMAT}"
        )
    if format_ < 1:
        raise RunFileError(f"{path} is damaged: its format is {format_}")
    expected = {("table", name, statement) for name, statement in TABLES.items()}
    found = set()
    for kind, name, statement in connection.execute("SELECT type, name, sql FROM sqlite_master LIMIT 64"):
        if not (kind == "index" and statement is None and str(name).startswith("sqlite_autoindex_")):
            found.add((kind, name, statement))
    if found != expected:
        raise RunFileError(f"{path} is damaged: its tables are not those of a run file")


def real_path(path: str | os.PathLike[str]) -> str:
    """The file behind links, absolute; ValueError where the text cannot be a path."""
    text = os.fspath(path)
    if "\0" in text:
        raise ValueError(f"{text!r} is no path")
    return os.path.realpath(text)


def side_files(path: str) -> tuple[str, ...]:
    """What SQLite puts beside a file in use: the write-ahead log, its index, the rollback journal."""
    return tuple(path + suffix for suffix in ("-wal", "-shm", "-journal"))


def remove(*paths: str) -> None:
    """Delete those of the files that exist."""
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def temporary_beside(path: str) -> str:
    """A name in the same folder that nobody has."""
    return os.path.join(os.path.dirname(path), f".tfviz-{secrets.token_hex(6)}.tmp")
