"""The window records what it trains, from the first step on, and says what is not saved."""

import errno
import os
from pathlib import Path

import numpy
import pytest
from PySide6.QtCore import Qt

from tests.app.conftest import Open
from tests.app.driving import Driver
from tests.training.small_runs import same
from tfviz.app import record_keeper
from tfviz.app.settings import Settings
from tfviz.training.config import RunConfig
from tfviz.training.record.run_library import RunLibrary
from tfviz.training.run_file import Recorder, RunReader
from tfviz.training.session import Session


@pytest.fixture
def library(own_folders: Path) -> RunLibrary:
    """Where the window of this test records."""
    return RunLibrary(own_folders / "data" / "tfviz" / "runs")


@pytest.fixture
def driver(open_window: Open) -> Driver:
    """A window with a run at step 0, which is recorded."""
    return open_window(record=True)


def wait_recorded(driver: Driver) -> Path:
    keeper = driver.window.keeper
    driver.qtbot.waitUntil(lambda: keeper.record is not None and keeper.record.path is not None)
    path = keeper.record and keeper.record.path
    assert path is not None
    return path


def save_as(driver: Driver, path: Path) -> None:
    driver.window.files.choose_to_save = lambda parent, suggestion, kinds: str(path)
    driver.press(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    driver.qtbot.waitUntil(lambda: driver.window.status.currentMessage() == f"Saved {path}")


def open_file(driver: Driver, path: Path) -> None:
    old = driver.session
    driver.window.files.open_path(str(path))
    driver.wait_for_new_session(old)


def saved_run(path: Path, config: RunConfig, steps: int = 10) -> Path:
    with Session(config) as session:
        session.train(steps)
        session.save(path)
    return path


def title(driver: Driver) -> tuple[str, bool]:
    return driver.window.windowTitle(), driver.window.isWindowModified()


def refuse(*arguments: object, **more: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_window_that_is_only_opened_leaves_no_file(driver: Driver, library: RunLibrary) -> None:
    driver.window.close()
    assert not library.folder.exists()


def test_the_record_is_there_after_the_first_step(driver: Driver, library: RunLibrary) -> None:
    assert title(driver) == ("identity[*] · seed 0 · tfviz", False)
    driver.click("step_batch")
    driver.wait_parked_at(1)
    path = wait_recorded(driver)
    assert library.owns(path)
    assert path.name.startswith("identity-")
    assert path.name.endswith("-seed0-1.tfviz")
    driver.qtbot.waitUntil(lambda: len(RunReader(path).history(0)) == 1, timeout=3000)
    assert title(driver) == ("identity[*] · seed 0 · tfviz", True)


def test_closing_while_it_trains_keeps_every_step(
    driver: Driver, library: RunLibrary, settings: Settings
) -> None:
    driver.click("play_pause")
    driver.qtbot.waitUntil(lambda: driver.step > 20)
    driver.window.close()
    session = driver.session
    (run,) = library.runs()
    assert not run.claimed
    assert library.interrupted() == []
    with Session.open(run.path) as again:
        assert again.step == session.step
        assert same(again.parameters, session.parameters)
        assert numpy.array_equal(again.history["loss"], session.history["loss"])
    assert not [path for path in library.folder.iterdir() if path != run.path]


def test_a_window_that_is_shown_again_goes_on_in_the_same_file(driver: Driver, library: RunLibrary) -> None:
    driver.train(3)
    wait_recorded(driver)
    driver.window.close()
    driver.window.show()
    driver.settle()
    driver.train(2)
    wait_recorded(driver)
    driver.window.close()
    (run,) = library.runs()
    assert len(RunReader(run.path).history(0)) == 5


def test_the_next_run_has_a_file_of_its_own_and_the_old_one_stays(
    driver: Driver, library: RunLibrary
) -> None:
    driver.train(3)
    wait_recorded(driver)
    old = driver.session
    driver.click("restart")
    driver.wait_for_new_session(old)
    assert not driver.window.isWindowModified()
    assert [run.claimed for run in library.runs()] == [False]
    driver.train(2)
    wait_recorded(driver)
    assert [run.claimed for run in library.runs()] == [True, False]
    driver.window.close()
    assert sorted(len(RunReader(run.path).history(0)) for run in library.runs()) == [2, 3]


def test_saving_gives_the_run_its_name_and_takes_the_mark_away(
    driver: Driver, library: RunLibrary, tmp_path: Path
) -> None:
    driver.train(4)
    wait_recorded(driver)
    save_as(driver, tmp_path / "mine.tfviz")
    assert title(driver) == ("mine[*] · seed 0 · tfviz", False)
    driver.train(1)
    driver.qtbot.waitUntil(driver.window.isWindowModified)
    driver.press(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    driver.qtbot.waitUntil(lambda: not driver.window.isWindowModified())
    assert len(RunReader(tmp_path / "mine.tfviz").history(0)) == 5
    driver.window.close()
    assert library.runs() == []


def test_a_run_of_a_file_goes_on_being_written_there(
    driver: Driver, library: RunLibrary, config: RunConfig, tmp_path: Path
) -> None:
    path = saved_run(tmp_path / "mine.tfviz", config)
    before = path.read_bytes()
    open_file(driver, path)
    assert title(driver) == ("mine[*] · seed 0 · tfviz", False)
    assert path.read_bytes() == before
    driver.train(5)
    assert wait_recorded(driver) == path
    driver.qtbot.waitUntil(lambda: not driver.window.isWindowModified())
    driver.window.close()
    assert len(RunReader(path).history(0)) == 15
    assert library.runs() == []


def test_where_the_file_cannot_be_gone_on_with_the_window_says_so(
    driver: Driver, library: RunLibrary, config: RunConfig, tmp_path: Path
) -> None:
    path = saved_run(tmp_path / "mine.tfviz", config)
    open_file(driver, path)
    path.unlink()
    driver.train(2)
    assert library.owns(wait_recorded(driver))
    driver.qtbot.waitUntil(lambda: "no longer there" in driver.window.status.currentMessage())
    assert "unsaved run" in driver.window.status.currentMessage()
    assert driver.window.isWindowModified()


def test_a_full_disk_is_said_once_and_training_goes_on(
    driver: Driver, library: RunLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    driver.window.bridge.warned.connect(lambda event: warnings.append(event.text))
    monkeypatch.setattr(record_keeper, "RETRY", 0.05)
    with monkeypatch.context() as disk:
        disk.setattr(Recorder, "create", refuse)
        driver.train(5)
        driver.qtbot.waitUntil(lambda: bool(warnings))
        for _ in range(4):
            driver.train(5)
        assert list(library.folder.iterdir()) == []
    assert driver.window.problems.dialogs == []
    path = wait_recorded(driver)
    driver.window.close()
    assert len(warnings) == 1
    assert "not recorded" in warnings[0]
    assert "No space left" in warnings[0]
    assert len(RunReader(path).history(0)) == 25


def test_a_folder_that_cannot_be_made_is_said_once_and_training_goes_on(
    open_window: Open, own_folders: Path
) -> None:
    (own_folders / "data").mkdir(parents=True)
    (own_folders / "data" / "tfviz").write_text("a file in the way")
    driver = open_window(record=True)
    warnings: list[str] = []
    driver.window.bridge.warned.connect(lambda event: warnings.append(event.text))
    driver.train(5)
    driver.qtbot.waitUntil(lambda: bool(warnings))
    driver.train(20)
    assert "not recorded" in warnings[0]
    assert "not recorded" in driver.window.status.currentMessage()
    assert driver.window.isWindowModified()
    driver.window.close()
    assert len(warnings) == 1


def test_a_record_that_is_removed_is_made_again(driver: Driver) -> None:
    driver.train(3)
    path = wait_recorded(driver)
    driver.qtbot.waitUntil(lambda: len(RunReader(path).history(0)) == 3, timeout=3000)
    os.unlink(path)
    driver.train(3)
    driver.qtbot.waitUntil(path.exists, timeout=3000)
    driver.window.close()
    assert len(RunReader(path).history(0)) == 6
    assert driver.window.problems.dialogs == []


def test_windows_side_by_side_record_to_files_of_their_own(open_window: Open, library: RunLibrary) -> None:
    one, other = open_window(record=True), open_window(record=True)
    one.train(2)
    other.train(3)
    assert wait_recorded(one) != wait_recorded(other)
    assert [run.claimed for run in library.runs()] == [True, True]
    assert library.interrupted() == []


def test_what_was_trained_before_the_window_was_shown_is_recorded(
    open_window: Open, library: RunLibrary
) -> None:
    driver = open_window(record=True, prepare=lambda window: window.session.train(4))
    path = wait_recorded(driver)
    driver.window.close()
    assert len(RunReader(path).history(0)) == 4


def test_the_file_that_the_window_records_is_not_opened_a_second_time(driver: Driver) -> None:
    driver.train(2)
    path = wait_recorded(driver)
    old = driver.session
    driver.window.files.open_path(str(path))
    driver.qtbot.waitUntil(lambda: bool(driver.window.problems.dialogs))
    assert "is what this window records" in driver.window.problems.dialogs[-1].text_label.text()
    assert driver.session is old
    driver.train(1)
