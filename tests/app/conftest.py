"""A window for each test that wants one: settings of its own, a model so small that a step takes a millisecond."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.app.driving import Driver
from tfviz.app.application import create_window
from tfviz.app.settings import Settings
from tfviz.app.window import MainWindow
from tfviz.training.config import RunConfig

Open = Callable[..., Driver]


@pytest.fixture
def config() -> RunConfig:
    """The identity task with a very small model, without an end."""
    return RunConfig.preset("identity").with_values(
        {
            "model.d_model": 16,
            "model.nhead": 2,
            "model.num_encoder_layers": 1,
            "model.num_decoder_layers": 1,
            "model.dim_feedforward": 16,
            "training.steps": None,
            "training.epochs": None,
            "training.schedule": "constant",
        }
    )


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where the settings of this test are."""
    return tmp_path / "settings.ini"


@pytest.fixture
def settings(store: Path) -> Settings:
    return Settings(QSettings(str(store), QSettings.Format.IniFormat))


@pytest.fixture
def open_window(qtbot: QtBot, settings: Settings, config: RunConfig) -> Iterator[Open]:
    """Opens a window and waits for its first picture; closes it after the test and looks for what is left."""
    drivers: list[Driver] = []

    def open_one(
        run: RunConfig = config,
        settings: Settings = settings,
        theme: str | None = "dark",
        record: bool = False,
        prepare: Callable[[MainWindow], None] = lambda window: None,
    ) -> Driver:
        window = create_window(run, settings, theme, record)
        driver = Driver(window, qtbot)
        drivers.append(driver)
        prepare(window)
        window.show()
        qtbot.waitUntil(lambda: window.runs.current is not None or window.runs.refusal is not None)
        if window.runs.current is not None:
            driver.settle()
        return driver

    yield open_one
    for driver in drivers:
        driver.window.close()
        session = driver.window.runs.current
        assert session is None or not session.running
        assert not driver.window.bridge.watching
    assert [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()] == []
    for driver in drivers:
        driver.window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def driver(open_window: Open) -> Driver:
    """A window with a run at step 0."""
    return open_window()
