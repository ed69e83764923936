"""What every test stands on: one BLAS thread, no screen, no trace in the user's own folders, no thread left behind."""

import errno
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tfviz import blas

blas.use_one_thread()
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# Examples are the same in every run, and a busy machine may take its time over one.
settings.register_profile("tfviz", deadline=None, derandomize=True, database=None)
settings.load_profile("tfviz")


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, data and caches of this test lie in a folder of its own, which is returned."""
    folder = tmp_path / "user"
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
    if "PySide6.QtCore" in sys.modules:
        from PySide6.QtCore import QSettings

        for form in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
            QSettings.setPath(form, QSettings.Scope.UserScope, str(folder / "config"))
    return folder


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No file takes its place any more."""

    def failing(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", failing)


@pytest.fixture(autouse=True)
def no_thread_left(own_folders: Path) -> Iterator[None]:
    """Fail a test after which a thread that it started still runs."""
    before = set(threading.enumerate())
    yield
    if left := _still_running(before, seconds=3):
        pytest.fail("threads left running: " + ", ".join(thread.name for thread in left))


def _still_running(before: set[threading.Thread], seconds: float) -> list[threading.Thread]:
    """Threads not in BEFORE that do not end within a time. A thread that Qt started has no end that Python knows."""
    until = time.monotonic() + seconds
    while left := [
        thread
        for thread in set(threading.enumerate()) - before
        if not isinstance(thread, threading._DummyThread)
    ]:
        if time.monotonic() > until:
            return left
        left[0].join(0.05)
    return []


def pytest_sessionfinish() -> None:
    """Close what windows remain: on Python 3.11 a pyqtgraph window still open when the interpreter ends crashes it."""
    if "PySide6.QtWidgets" in sys.modules:
        from PySide6.QtWidgets import QApplication

        for window in QApplication.topLevelWidgets():
            window.close()
