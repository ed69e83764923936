"""Starting the program: the window as a picture, signals, and the facts about the machine."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from tfviz.app import application, geometry_hook, machine
from tfviz.app.window import MainWindow
from tfviz.training.config import RunConfig


@pytest.fixture(autouse=True)
def no_window_left(qapp: QApplication) -> Iterator[None]:
    """A window that is only closed would be polished again with every theme of later tests."""
    yield
    for widget in qapp.topLevelWidgets():
        if isinstance(widget, MainWindow):
            assert not widget.isVisible()
            widget.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def window_of(qapp: QApplication) -> MainWindow:
    return next(
        widget for widget in qapp.topLevelWidgets() if isinstance(widget, MainWindow) and widget.isVisible()
    )


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_screenshot_shows_the_trained_window_in_its_size_and_theme(
    qapp: QApplication, config: RunConfig, tmp_path: Path, theme: str
) -> None:
    out = tmp_path / "window.png"
    assert application.screenshot(config, 30, out, (1200, 800), theme) == 0
    image = QImage(str(out))
    assert (image.width(), image.height()) == (1200, 800)
    assert (image.pixelColor(600, 795).lightness() < 80) == (theme == "dark")


def test_a_screenshot_leaves_the_settings_of_the_user_alone(
    qapp: QApplication, config: RunConfig, tmp_path: Path, own_folders: Path
) -> None:
    application.screenshot(config, 0, tmp_path / "window.png", (1200, 800), "light")
    assert list(own_folders.rglob("tfviz*.ini")) == []


def test_a_screenshot_smaller_than_the_window_can_be_is_refused(
    qapp: QApplication, config: RunConfig, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="320x320 is too small"):
        application.screenshot(config, 0, tmp_path / "window.png", (320, 320), "dark")
    assert list(tmp_path.glob("*.png")) == []


def test_a_screenshot_of_data_that_cannot_be_read_is_an_error(
    qapp: QApplication, config: RunConfig, tmp_path: Path
) -> None:
    values = {"task.name": "file", "task.path": str(tmp_path / "nowhere.tsv"), "task.probe": 1}
    with pytest.raises((ValueError, OSError), match="nowhere"):
        application.screenshot(config.with_values(values), 1, tmp_path / "window.png", (1200, 800), "dark")


def test_a_screenshot_of_a_run_that_breaks_off_says_so(
    qapp: QApplication, config: RunConfig, tmp_path: Path
) -> None:
    broken = config.with_values(
        {"training.optimizer": "sgd", "training.learning_rate": 1e30, "training.clip_norm": 0}
    )
    assert application.screenshot(broken, 50, tmp_path / "window.png", (1200, 800), "dark") == 1
    assert (tmp_path / "window.png").exists()


def test_the_window_ends_with_0_when_it_is_closed(qapp: QApplication, config: RunConfig) -> None:
    QTimer.singleShot(300, qapp, lambda: window_of(qapp).commands["quit"].trigger())
    assert application.run(config, "dark") == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_closes_the_window_properly(
    qapp: QApplication, config: RunConfig, number: signal.Signals, code: int
) -> None:
    before = signal.getsignal(number)
    windows: list[MainWindow] = []

    def interrupt() -> None:
        window = window_of(qapp)
        if window.runs.current is None:  # it is still being made
            QTimer.singleShot(50, qapp, interrupt)
            return
        windows.append(window)
        window.commands["play_pause"].trigger()
        os.kill(os.getpid(), number)

    QTimer.singleShot(300, qapp, interrupt)
    assert application.run(config) == code
    assert not windows[0].session.running
    assert signal.getsignal(number) is before


def test_the_geometry_hook_says_where_everything_is(
    qapp: QApplication, config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "geometry.json"
    monkeypatch.setenv(geometry_hook.VARIABLE, str(path))
    timer, said = QTimer(qapp), [""]

    def look() -> None:
        if path.exists() and '"parked": true' in path.read_text():
            said[0] = path.read_text()  # closing, it says something else
            window_of(qapp).close()

    timer.timeout.connect(look)
    timer.start(50)
    application.run(config, "dark")
    timer.stop()
    state = json.loads(said[0])
    assert (state["step"], state["state"], state["theme"]) == (0, "paused", "dark")
    assert state["widgets"]["play_pause_button"][2:] == [98, 34]
    assert {"attention_atlas", "timeline", "main_window"} <= set(state["widgets"])


def test_one_blas_thread_is_what_is_found() -> None:
    assert machine.blas_threads() == 1
    assert machine.machine_text().endswith("1 BLAS thread")
