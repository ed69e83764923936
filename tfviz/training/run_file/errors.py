"""What can be wrong with a run file, each said in one sentence that names the file."""

import sqlite3


class RunFileError(ValueError):
    """The file is no run file, or damaged, or of a newer format, or does not hold what was asked for."""


class RunFileBusyError(RunFileError):
    """Another program holds the file at this moment; a later try may succeed."""


NO_ACCESS = ("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")
BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL")


def error_name(error: BaseException) -> str:
    """SQLite's own name of an error, such as "SQLITE_IOERR_WRITE"; empty where Python's module raised it."""
    return str(getattr(error, "sqlite_errorname", "") or "")


def reading_failure(path: str, error: Exception) -> Exception:
    """What to raise instead of an error of SQLite met while reading."""
    name = error_name(error)
    if name.startswith(BUSY):
        return RunFileBusyError(f"{path} is in use by another program; try again")
    if name.startswith(NO_ACCESS):
        return PermissionError(f"cannot read {path}: {error}")
    if name == "SQLITE_NOTADB":
        return RunFileError(f"{path} is no run file")
    if name == "SQLITE_INTERRUPT":
        return RunFileError(f"{path} is damaged: its tables have no end")
    return RunFileError(f"{path} is damaged: {error or type(error).__name__}")


def writing_failure(path: str, error: Exception) -> Exception:
    """What to raise instead of an error met while writing; one that is none of SQLite's is left as it is."""
    if isinstance(error, UnicodeDecodeError):
        return RunFileError(f"{path} is damaged: {error}")
    if not isinstance(error, sqlite3.Error):
        return error
    name = error_name(error)
    if name.startswith(BUSY):
        return RunFileBusyError(f"{path} is in use by another program")
    if name in ("SQLITE_NOTADB", "SQLITE_CORRUPT"):
        return RunFileError(f"{path} is damaged: {error}")
    reason = "the disk is full" if name == "SQLITE_FULL" else str(error)
    return OSError(f"cannot write {path}: {reason}")
