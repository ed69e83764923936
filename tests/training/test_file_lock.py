"""The lock that tells a living program from one that was killed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tfviz.training.record.file_lock import FileLock, is_held

HOLD = """
import sys, time
from pathlib import Path
from tfviz.training.record.file_lock import FileLock
lock = FileLock.take(Path(sys.argv[1]))
print("held" if lock else "taken", flush=True)
time.sleep(60)
"""


def other_program(path: Path) -> subprocess.Popen[str]:
    """A program that holds the lock, once this returns."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_lock_is_held_once_and_its_file_goes_with_it(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    assert not is_held(path)
    lock = FileLock.take(path)
    assert lock is not None
    assert is_held(path)
    assert FileLock.take(path) is None
    lock.release()
    lock.release()
    assert not path.exists()
    again = FileLock.take(path)
    assert again is not None
    again.release()


def test_looking_at_a_lock_makes_no_file_and_takes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    path.touch()
    assert not is_held(path)
    assert not is_held(path)
    assert path.exists()
    assert not is_held(tmp_path / "other.lock")
    assert not (tmp_path / "other.lock").exists()


def test_another_program_holds_it_until_it_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    process = other_program(path)
    try:
        assert is_held(path)
        assert FileLock.take(path) is None
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        process.communicate()
    assert path.exists()
    assert not is_held(path)
    lock = FileLock.take(path)
    assert lock is not None
    lock.release()
    assert not path.exists()


def test_where_no_file_can_be_made_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        FileLock.take(tmp_path / "missing" / "run.lock")


def test_a_lock_that_cannot_be_read_counts_as_held(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    path.write_text("no lock of ours, and longer than any header of a database would be" * 20)
    assert is_held(path)
