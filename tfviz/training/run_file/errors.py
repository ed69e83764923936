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


def one_line(error: object) -> str:
    """What an error says, without line ends and at moderate length: it may quote a file that somebody made."""
    text = " ".join(str(error).split())
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:240])


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
    return RunFileError(f"{path} is damaged: {one_line(error) or type(error).__name__}")


def writing_failure(path: str, error: Exception) -> Exception:
    """What to raise instead of an error met while writing; one that is none of SQLite's is left as it is."""
    if not isinstance(error, sqlite3.Error | UnicodeDecodeError):
        return error
    name = error_name(error)
    if name.startswith(BUSY):
        return RunFileBusyError(f"{path} is in use by another program")
    if name == "SQLITE_FULL":
        return OSError(f"cannot write {path}: the disk is full")
    if name.startswith("SQLITE_READONLY"):
        return PermissionError(f"cannot write {path}: it is read-only")
    if name.startswith((*NO_ACCESS, "SQLITE_IOERR")):
        return OSError(f"cannot write {path}: {error}")
    return RunFileError(f"{path} is damaged: {one_line(error)}")
