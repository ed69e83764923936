"""Where results go: looked at before the work begins, not after an hour of it."""

import contextlib
import os
import re
import sys
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


def printable(text: str) -> str:
    """What to print of a text that may come from anybody's file. A terminal would obey its control characters: there
    they are spelled out. A program gets all as it is."""
    if not sys.stdout.isatty():
        return text
    return re.sub(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", lambda found: ascii(found[0])[1:-1], text
    )
