"""Whole run files: making one, copying one, replacing one. At every moment the path holds a whole file."""

import contextlib
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator, Sequence

import tfviz
from tfviz.training.run_file.connection import reading
from tfviz.training.run_file.errors import RunFileError, writing_failure
from tfviz.training.run_file.schema import (
    LONGEST_TEXT,
    PAGE_SIZE,
    create_tables,
    real_path,
    remove,
    side_files,
    temporary_beside,
)
from tfviz.training.run_file.store import copy_database


def create_run_file(
    path: str | os.PathLike[str],
    config: str,
    source_tokens: Sequence[str],
    target_tokens: Sequence[str],
    trainer: str,
    fingerprint: str,
    overwrite: bool = False,
) -> str:
    """Make a run file without steps; the configuration and the fingerprint are JSON. Returns the path without links.

    FileExistsError where something is there and `overwrite` does not allow to replace it; OSError where the
    folder cannot be written.
    """
    values = {
        "id": secrets.token_hex(16),
        "trainer": trainer,
        "tfviz": tfviz.__version__,
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "source_tokens": json.dumps(list(source_tokens)),
        "target_tokens": json.dumps(list(target_tokens)),
        "fingerprint": fingerprint,
        "state": "closed",
        "writer": "",
    }
    for key, text in (*values.items(), ("config", config)):
        if len(text.encode("utf-8", "replace")) > LONGEST_TEXT:
            raise ValueError(f"{key} has more than {LONGEST_TEXT} bytes of text")
    with replacing(path, overwrite) as temporary:
        connection = sqlite3.connect(temporary, isolation_level=None)
        try:
            connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
            connection.execute("BEGIN")
            create_tables(connection)
            connection.executemany("INSERT INTO run VALUES (?, ?)", values.items())
            connection.execute("INSERT INTO branches VALUES (0, 'main', NULL, 0, ?)", (config,))
            connection.execute("COMMIT")
        finally:
            connection.close()
    return real_path(path)


def copy_run_file(source: str | os.PathLike[str], path: str | os.PathLike[str]) -> None:
    """Copy a run file, which another thread or program may be writing; a file at `path` is replaced at the end.

    ValueError where both are the same file.
    """
    if real_path(source) == real_path(path):
        raise ValueError(f"{os.fspath(path)} is the file to copy itself")
    with reading(source) as connection, replacing(path, overwrite=True) as temporary:
        copy_database(connection, temporary)


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], overwrite: bool = True) -> Iterator[str]:
    """The name of an empty file that takes the place of `path` when the block ends well; otherwise nothing changes.

    What SQLite left beside an old file (after a kill) goes with it: a log must never meet another file.
    """
    target = real_path(path)
    temporary = temporary_beside(target)
    try:
        _check_place(target, overwrite)
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield temporary
        if overwrite:
            remove(*side_files(target))
            os.replace(temporary, target)
        else:
            _place_anew(temporary, target)
    except FileExistsError:
        raise FileExistsError(f"{os.fspath(path)} exists already") from None
    except (OSError, sqlite3.Error) as error:
        raise _sentence(path, error) from error
    finally:
        remove(temporary, *side_files(temporary))


def _check_place(target: str, overwrite: bool) -> None:
    if os.path.lexists(target):
        if not overwrite:
            raise FileExistsError
        if not os.path.isfile(target):
            raise OSError("it is no ordinary file")
    elif not os.path.isdir(os.path.dirname(target)):
        raise FileNotFoundError(f"the folder {os.path.dirname(target)} does not exist")


def _place_anew(temporary: str, target: str) -> None:
    """Give the file its name only if nobody has it, also where another program is as quick."""
    remove(*side_files(target))
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(target):
            raise FileExistsError from None
        os.rename(temporary, target)


def _sentence(path: str | os.PathLike[str], error: Exception) -> Exception:
    failure = writing_failure(os.fspath(path), error)
    if isinstance(failure, RunFileError) or not isinstance(error, OSError):
        return failure
    reason = error.strerror or str(error)
    return type(error)(f"cannot write {os.fspath(path)}: {reason[:1].lower()}{reason[1:]}")
