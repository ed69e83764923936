"""Writing a file whole or not at all: a failure leaves the old file as it was and nothing beside it."""

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary file that takes the place of `path` when the block ends well.

    OSError with one sentence where the path cannot be written; any other error of the block passes through.
    """
    try:
        target = Path(os.path.realpath(path))  # a link stays a link
        mode = _mode_of_existing(target)
        temporary = target.with_name(f".tfviz-{secrets.token_hex(6)}.tmp")
        file = temporary.open("xb")
    except (OSError, ValueError) as error:
        raise _sentence(path, error) from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(temporary, mode)
        os.replace(temporary, target)
    except OSError as error:
        raise _sentence(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def write_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """The same for content that is there already."""
    with atomic_file(path) as file:
        file.write(content)


def _mode_of_existing(target: Path) -> int | None:
    """Permission bits of the file that will be replaced; a folder, a device or a pipe is refused."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        if not target.parent.is_dir():
            raise FileNotFoundError(f"the folder {target.parent} does not exist") from None
        return None
    if not stat.S_ISREG(mode):
        raise OSError("it is a folder" if stat.S_ISDIR(mode) else "it is no ordinary file")
    return stat.S_IMODE(mode)


def _sentence(path: str | os.PathLike[str], error: Exception) -> OSError:
    """The same failure in one sentence that names the file the user asked for."""
    reason = getattr(error, "strerror", None) or str(error)
    kind = type(error) if isinstance(error, OSError) else OSError
    return kind(f"cannot write {os.fspath(path)}: {reason[:1].lower()}{reason[1:]}")
