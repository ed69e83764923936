"""Runs that can be opened again: of a window that was killed, recent ones, unsaved ones; and the disk they take."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDoubleSpinBox, QLabel, QPushButton, QToolBar
from pytestqt.qtbot import QtBot

from tests.app.conftest import Open
from tests.app.driving import Driver
from tfviz.app.dialogs.settings_dialog import SettingsDialog
from tfviz.app.frame.moments import bytes_text, moment_text
from tfviz.app.frame.recent_menu import RecentMenu
from tfviz.app.settings import Settings
from tfviz.training.config import RunConfig
from tfviz.training.record.run_library import RunLibrary
from tfviz.training.run_file import RunReader
from tfviz.training.session import Session

WINDOW = """
import sys
from tfviz import blas
blas.use_one_thread()
from PySide6.QtCore import QSettings
from tfviz.app.application import create_application, create_window
from tfviz.app.settings import Settings
from tfviz.training.config import RunConfig
application = create_application()
settings = Settings(QSettings(sys.argv[1], QSettings.Format.IniFormat))
window = create_window(RunConfig.preset("identity"), settings)
window.show()
window.session.gate.run()
def tell():
    record = window.keeper.record
    if record is not None and record.path is not None and record.session.step > 30:
        print(record.path, flush=True)
window.bridge.at_every_look(tell)
application.exec()
"""
StartWindow = Callable[[], tuple[Path, Callable[[], None]]]
"""Gives the record of the window that it started, and what kills it."""


@pytest.fixture
def library(own_folders: Path) -> RunLibrary:
    """Where the window of this test records."""
    return RunLibrary(own_folders / "data" / "tfviz" / "runs")


@pytest.fixture
def other_window(tmp_path: Path, qtbot: QtBot) -> Iterator[StartWindow]:
    """Starts a window in a program of its own that trains and records; gives its record, and what kills it."""
    programs: list[subprocess.Popen[str]] = []

    def kill(program: subprocess.Popen[str]) -> None:
        program.kill()
        program.wait(30)
        assert program.stdout is not None
        program.stdout.close()

    def start() -> tuple[Path, Callable[[], None]]:
        arguments = [sys.executable, "-c", WINDOW, str(tmp_path / "other.ini")]
        program = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        programs.append(program)
        assert program.stdout is not None
        path = Path(program.stdout.readline().strip())
        qtbot.waitUntil(lambda: len(RunReader(path).history(0)) > 20, timeout=20_000)
        return path, lambda: kill(program)

    yield start
    for program in programs:
        kill(program)


def interrupted_run(library: RunLibrary, config: RunConfig, steps: int) -> Path:
    """What a program leaves that was killed."""
    claim = library.new(config.name, config.training.seed)
    with Session(config) as session:
        session.train(steps)
        session.record(claim.path)
    claim.release()
    claim.path.with_name(claim.path.name + ".lock").touch()
    return claim.path


def offered(driver: Driver) -> str:
    """What the bar says, once it is there."""
    driver.qtbot.waitUntil(lambda: driver.window.recovery.bar is not None, timeout=5000)
    assert driver.window.findChild(QToolBar, "recovery_bar") is not None
    return driver.find(QLabel, "recovery_text").text()


def gone(driver: Driver) -> bool:
    return driver.window.recovery.bar is None


def entries(driver: Driver) -> list[QAction]:
    menu = driver.find(RecentMenu, "recent_menu")
    menu.aboutToShow.emit()
    return [action for action in menu.actions() if not action.isSeparator()]


def dialog(driver: Driver) -> SettingsDialog:
    driver.press(Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    found = driver.find(SettingsDialog, "settings_dialog")
    driver.qtbot.waitUntil(lambda: found.amount.text() != "…")
    return found


def test_the_run_of_a_killed_window_is_offered_and_opened(
    open_window: Open, library: RunLibrary, other_window: StartWindow
) -> None:
    path, kill = other_window()
    kill()
    moment = moment_text(library.runs()[0].modified)
    driver = open_window(record=True)
    text = offered(driver)
    steps = len(RunReader(path).history(0))
    assert steps > 20
    assert text == f"A run from {moment} (identity, {steps:,} steps) was not saved."
    old = driver.session
    driver.click_on(driver.find(QPushButton, "open_unsaved"))
    driver.wait_for_new_session(old)
    assert gone(driver)
    assert driver.step == steps
    assert driver.window.isWindowModified()
    driver.train(3)
    driver.qtbot.waitUntil(lambda: driver.window.keeper.record.path == path)
    driver.window.close()
    assert len(RunReader(path).history(0)) == steps + 3
    assert library.interrupted() == []
    assert len(library.runs()) == 1


def test_the_run_of_a_living_window_is_not_offered(
    open_window: Open, library: RunLibrary, other_window: StartWindow
) -> None:
    path, _ = other_window()
    driver = open_window(record=True)
    driver.qtbot.waitUntil(lambda: driver.window.recovery.looked)
    assert gone(driver)
    assert [action.text() for action in entries(driver)] == ["No runs yet"]
    assert path.exists()


def test_a_discarded_run_is_deleted_and_the_next_one_offered(
    open_window: Open, library: RunLibrary, config: RunConfig
) -> None:
    first = interrupted_run(library, config, 1)
    time.sleep(0.02)
    second = interrupted_run(library, config, 7)
    driver = open_window(record=True)
    assert "7 steps" in offered(driver)
    assert driver.window.recovery.bar.others.text() == "1 more"
    driver.click_on(driver.find(QPushButton, "discard_unsaved"))
    assert "(identity, 1 step)" in offered(driver)
    driver.qtbot.waitUntil(lambda: not second.exists())
    driver.click_on(driver.find(QPushButton, "discard_unsaved"))
    assert gone(driver)
    driver.qtbot.waitUntil(lambda: not first.exists())
    driver.qtbot.waitUntil(lambda: list(library.folder.iterdir()) == [])


def test_a_run_that_is_kept_is_found_under_recent_and_not_offered_again(
    open_window: Open, library: RunLibrary, config: RunConfig
) -> None:
    path = interrupted_run(library, config, 7)
    driver = open_window(record=True)
    offered(driver)
    driver.click_on(driver.find(QPushButton, "keep_unsaved"))
    assert gone(driver)
    driver.qtbot.waitUntil(lambda: library.interrupted() == [])
    kept = f"{path.stem}  (unsaved, {moment_text(path.stat().st_mtime)})"
    driver.qtbot.waitUntil(lambda: [action.text() for action in entries(driver)] == [kept])
    (entry,) = entries(driver)
    old = driver.session
    entry.trigger()
    driver.wait_for_new_session(old)
    assert driver.step == 7
    assert [action.text() for action in entries(driver)] == ["No runs yet"]


def test_a_run_that_is_neither_opened_nor_discarded_is_offered_again(
    open_window: Open, library: RunLibrary, config: RunConfig
) -> None:
    interrupted_run(library, config, 7)
    driver = open_window(record=True)
    offered(driver)
    driver.window.close()
    assert gone(driver)
    again = open_window(record=True)
    assert "7 steps" in offered(again)


def test_the_bar_moves_no_dock_out_of_the_window_and_is_not_remembered(
    open_window: Open, library: RunLibrary, config: RunConfig
) -> None:
    interrupted_run(library, config, 7)
    driver = open_window(record=True)
    driver.window.resize(1280, 800)
    offered(driver)
    bar = driver.window.recovery.bar
    assert (driver.window.width(), driver.window.height()) == (1280, 800)
    driver.qtbot.waitUntil(lambda: bar.y() >= driver.window.toolbar.height())
    for widget in (bar.text, bar.open_button, bar.discard_button):
        assert widget.width() >= widget.sizeHint().width()
    driver.window.close()
    again = open_window()
    assert again.window.findChild(QToolBar, "recovery_bar") is None


def test_recent_names_files_that_are_there_the_newest_first(
    open_window: Open, settings: Settings, config: RunConfig, tmp_path: Path
) -> None:
    for number in range(12):
        (tmp_path / f"run{number}.tfviz").touch()
        settings.add_recent_file(str(tmp_path / f"run{number}.tfviz"))
    settings.add_recent_file(str(tmp_path / "run5.tfviz"))
    (tmp_path / "run10.tfviz").unlink()
    driver = open_window()
    names = [action.text().split(" ")[0] for action in entries(driver)]
    assert names == ["run5", "run11", "run9", "run8", "run7", "run6", "run4", "run3", "run2"]
    assert entries(driver)[0].toolTip() == str(tmp_path / "run5.tfviz")


def test_a_run_that_was_saved_or_opened_is_a_recent_one(
    open_window: Open, settings: Settings, store: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    driver = open_window()
    driver.train(3)
    path = tmp_path / "mine & yours.tfviz"
    driver.window.files.choose_to_save = lambda *asked: str(path)
    driver.press(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    driver.qtbot.waitUntil(lambda: settings.recent_files == [str(path)])
    old = driver.session
    driver.click("restart")
    driver.wait_for_new_session(old)
    old = driver.session
    (entry,) = entries(driver)
    assert entry.text().startswith("mine && yours")
    entry.trigger()
    driver.wait_for_new_session(old)
    assert driver.step == 3
    assert driver.window.windowTitle().startswith("mine & yours[*]")


def test_settings_state_folder_and_size_and_change_the_budget(
    open_window: Open, library: RunLibrary, settings: Settings, config: RunConfig
) -> None:
    for steps in (2, 3):
        library.keep(interrupted_run(library, config, steps))
    driver = open_window(record=True)
    shown = dialog(driver)
    size = sum(run.bytes for run in library.runs())
    assert shown.folder.text() == str(library.folder)
    assert shown.amount.text() == f"2 runs, {bytes_text(size)}"
    budget = driver.find(QDoubleSpinBox, "runs_budget")
    assert budget.value() == 2.0
    budget.setValue(3.5)
    assert settings.runs_budget == driver.window.keeper.library.budget == round(3.5 * (1 << 30))
    shown.close()


def test_deleting_all_takes_a_second_click_and_spares_the_run_that_is_open(
    open_window: Open, library: RunLibrary, config: RunConfig
) -> None:
    library.keep(interrupted_run(library, config, 2))
    driver = open_window(record=True)
    driver.train(2)
    driver.qtbot.waitUntil(lambda: driver.window.keeper.record.path is not None)
    shown = dialog(driver)
    assert shown.amount.text().endswith("(1 open)")
    driver.click_on(driver.find(QPushButton, "clear_runs"))
    driver.click_on(driver.find(QPushButton, "keep_runs"))
    driver.click_on(driver.find(QPushButton, "clear_runs"))
    assert len(library.runs()) == 2
    with driver.qtbot.waitSignal(shown.counted):
        driver.click_on(driver.find(QPushButton, "clear_runs_surely"))
    assert shown.amount.text().startswith("1 run,")
    assert not driver.find(QPushButton, "clear_runs").isEnabled()
    assert [run.path for run in library.runs()] == [driver.window.keeper.record.path]
    driver.window.close()
    assert len(library.runs()) == 1


def test_a_budget_that_makes_no_sense_counts_as_none(settings: Settings, store: Path) -> None:
    for text in ("", "-1", "99", "much", str(1 << 60)):
        settings._store.setValue("runs_budget", text)
        assert settings.runs_budget == 2 << 30


def test_moments_and_sizes_are_said_as_people_do() -> None:
    now = time.time()
    assert moment_text(now) == time.strftime("%H:%M", time.localtime(now))
    other = moment_text(time.mktime((2020, 3, 7, 14, 5, 0, 0, 0, -1)))
    assert other.endswith("2020, 14:05")
    assert other.startswith("7 ")
    assert [bytes_text(size) for size in (12, 2048, 312 << 20, 5 << 29)] == [
        "12 bytes",
        "2.0 kB",
        "312 MB",
        "2.5 GB",
    ]


def test_enter_in_the_settings_deletes_nothing(
    open_window: Open, library: RunLibrary, config: RunConfig
) -> None:
    library.keep(interrupted_run(library, config, 2))
    driver = open_window(record=True)
    shown = dialog(driver)
    focus = shown.focusWidget()
    assert isinstance(focus, QPushButton)
    assert focus.text() == "Close"
    driver.qtbot.keyClick(shown.budget, Qt.Key.Key_Return)
    assert not shown.sure_button.isVisible()
    assert len(library.runs()) == 1
