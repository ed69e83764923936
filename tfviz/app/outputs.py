"""Where results go: looked at before the work begins, not after an hour of it."""

import contextlib
import os
from pathlib import Path

from tfviz.training.atomic_file import atomic_file


class _NotNowError(Exception):
    """It could be written."""


def check_writable(path: str) -> None:
    """OSError, in one sentence, where a file could not be written; what is there is not touched."""
    with contextlib.suppress(_NotNowError), atomic_file(path):
        raise _NotNowError


def suffix(path: str | os.PathLike[str]) -> str:
    """What the name ends in, in small letters and without the dot; empty where there is none."""
    return Path(path).suffix.lower().removeprefix(".")
