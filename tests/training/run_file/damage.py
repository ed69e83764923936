"""All of a damaged file is read, and what is said of it and what it takes is found out."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tfviz.training.run_file import RunFileError, RunReader, run_file_summary

resource = pytest.importorskip("resource", reason="peak memory is measured on POSIX systems")

MEGABYTE = 1 << 20


def read_everything(path: Path) -> None:
    """All that the program ever asks of a file."""
    reader = RunReader(path)
    for branch in reader.branches:
        with contextlib.suppress(RunFileError):
            reader.history(branch.number)
        for step in reader.keyframe_steps(branch.number):
            with contextlib.suppress(RunFileError):
                reader.keyframe(branch.number, step)
        for step in reader.snapshot_steps(branch.number):
            with contextlib.suppress(RunFileError):
                reader.snapshot(branch.number, step)
        with contextlib.suppress(RunFileError):
            reader.events(branch.number)
    reader.refresh()
    run_file_summary(path)


def refusal(path: Path, read: Callable[[Path], object] = read_everything) -> str:
    """The sentence with which a file is refused."""
    with pytest.raises(RunFileError) as caught:
        read(path)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 500
    return text.replace(str(path), "FILE")


def peak_memory() -> int:
    """In bytes, of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
