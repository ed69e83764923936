"""Run files of others in the window: followed while they are written, read-only, and taken over afterwards."""

from collections.abc import Callable
from pathlib import Path

import numpy
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QToolButton

from tests.app.driving import Driver
from tests.training.export.pages import Page
from tests.training.second_process import foreign_trainer, has_begun, tfviz_train
from tfviz.app.dialogs.export_dialog import ExportDialog
from tfviz.app.dialogs.export_job import ALL_HEADS, MODEL, Capture, Choice, Job
from tfviz.app.following import CHANGE, TRAIN
from tfviz.training.config import RunConfig
from tfviz.training.export import DESCRIPTIONS, StepRange
from tfviz.training.record.file_writer import Life
from tfviz.training.record.followed import FollowedRun
from tfviz.training.session import Session
from tfviz.views.panel import EMPTY_TEXT, EmptyState

PATIENCE = 30_000  # milliseconds


def wait(driver: Driver, condition: Callable[[], bool]) -> None:
    driver.qtbot.waitUntil(condition, timeout=PATIENCE)


def follow(driver: Driver, path: Path, steps: int = 1) -> FollowedRun:
    """Open a file that another process has begun to write."""
    window = driver.window
    wait(driver, lambda: has_begun(path))
    window.files.open_path(str(path))
    wait(
        driver, lambda: isinstance(window.runs.current, FollowedRun) and window.runs.current.frontier >= steps
    )
    run = window.runs.current
    assert isinstance(run, FollowedRun)
    return run


def text(driver: Driver, name: str) -> str:
    return driver.find(QLabel, name).text()


def enabled(driver: Driver, names: tuple[str, ...]) -> set[str]:
    return {name for name in names if driver.window.commands[name].isEnabled()}


def test_a_foreign_run_is_shown_as_it_grows(driver: Driver, tmp_path: Path) -> None:
    window, path = driver.window, tmp_path / "run.tfviz"
    with foreign_trainer(path):
        run = follow(driver, path, 40)
        before = window.bridge.clock.step
        wait(driver, lambda: window.bridge.clock.step >= before + 100)
        assert window.bridge.clock.following
        assert window.windowTitle() == "theirs · seed 5 · tfviz (following)"
        assert text(driver, "writer_label").startswith("written by PyTorch nn.Transformer, ")
        assert text(driver, "state_label").startswith("Following · step ")
        first = window.bridge.picture
        wait(driver, lambda: window.bridge.picture is not first and window.bridge.picture is not None)
        assert window.bridge.picture.attention.source_tokens == ("<s>", "how", "are", "you", "</s>")
        curves = window.panels["curve_panel"].curves
        wait(driver, lambda: len(curves) > 100)
        assert run.history["loss"][99] == 0.1


def test_what_would_train_or_change_a_followed_run_is_disabled_and_says_why(
    driver: Driver, config: RunConfig, tmp_path: Path
) -> None:
    window, path = driver.window, tmp_path / "run.tfviz"
    title = window.windowTitle()
    helps = {name: window.commands[name].toolTip() for name in (*TRAIN, *CHANGE)}
    with foreign_trainer(path):
        run = follow(driver, path, 20)
        wait(driver, lambda: enabled(driver, (*TRAIN, *CHANGE)) == set())
        for name in (*TRAIN, *CHANGE):
            assert "PyTorch nn.Transformer trains this run" in window.commands[name].toolTip()
        assert not driver.find(QLineEdit, "probe_edit").isEnabled()
        assert not window.commands["continue_training"].isVisible()
        for key in (Qt.Key.Key_Space, Qt.Key.Key_Right, Qt.Key.Key_B):
            driver.press(key)
        driver.click("restart")
        assert window.runs.current is run and not window.runs.opening
        assert window.problems.dialogs == []
    window.controls.start_run(config)
    wait(driver, lambda: isinstance(window.runs.current, Session))
    driver.settle()
    assert window.windowTitle() == title
    assert enabled(driver, TRAIN) == set(TRAIN)
    assert {name: window.commands[name].toolTip() for name in helps} == helps
    assert driver.find(QLineEdit, "probe_edit").isEnabled()
    assert not driver.find(QLabel, "writer_label").isVisible()
    driver.train(2)


def test_the_past_of_a_followed_run_can_be_gone_through(driver: Driver, tmp_path: Path) -> None:
    window, path = driver.window, tmp_path / "run.tfviz"
    clock = window.bridge.clock
    with foreign_trainer(path):
        run = follow(driver, path, 60)
        clock = window.bridge.clock
        window.timeline.step_requested.emit(25)
        wait(driver, lambda: window.bridge.picture is not None and window.bridge.picture.step == 20)
        assert (clock.step, clock.following) == (25, False)
        frontier = run.frontier
        wait(driver, lambda: run.frontier > frontier + 20)
        assert clock.step == 25
        wait(driver, lambda: enabled(driver, TRAIN) == set(TRAIN))
        driver.press(Qt.Key.Key_Right)
        assert clock.step == 26
        driver.press(Qt.Key.Key_Left)
        driver.press(Qt.Key.Key_Left)
        assert clock.step == 24
        driver.press(Qt.Key.Key_End)
        wait(driver, lambda: clock.following and clock.step >= frontier)


def test_an_own_run_whose_writer_is_killed_can_be_continued_here(driver: Driver, tmp_path: Path) -> None:
    window, path = driver.window, tmp_path / "run.tfviz"
    with tfviz_train(path) as process:
        run = follow(driver, path, 20)
        assert not run.foreign
        wait(driver, lambda: "another tfviz" in text(driver, "writer_label"))
        assert not window.commands["continue_training"].isEnabled()
        process.kill()
        wait(driver, lambda: run.writer.life is Life.KILLED)
        button = driver.find(QToolButton, "continue_training_button")
        wait(driver, button.isVisible)
        assert "read-only" in window.windowTitle()
        wait(driver, lambda: f"ended without closing {path}" in window.status.currentMessage())
        losses = run.history["loss"]
        driver.click_on(button)
        wait(driver, lambda: isinstance(window.runs.current, Session))
        driver.settle()
        assert not run.running
        assert numpy.array_equal(driver.session.history["loss"][: len(losses)], losses)
        assert not button.isVisible()
        driver.train(3)


def test_a_file_that_goes_while_it_is_shown_is_told_of_and_the_picture_stays(
    driver: Driver, tmp_path: Path
) -> None:
    window, path = driver.window, tmp_path / "run.tfviz"
    with foreign_trainer(path, steps=40) as process:
        process.wait(30)
        run = follow(driver, path, 40)
        wait(driver, lambda: window.bridge.picture is not None)
        path.unlink()
        wait(driver, lambda: run.writer.life is Life.LOST)
        wait(driver, lambda: f"{path} is gone" in window.status.currentMessage())
        window.controls.go_to(10)
        wait(driver, lambda: window.bridge.clock.step == 10 and not window.bridge.past.busy)
        assert window.problems.dialogs == []
        assert text(driver, "writer_label").endswith("no longer readable")


def test_a_foreign_file_without_pictures_says_that_there_are_none(driver: Driver, tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with foreign_trainer(path, steps=5) as process:
        process.wait(30)
    follow(driver, path, 5)
    words = {empty.label.text() for empty in driver.window.findChildren(EmptyState)}
    assert "Nothing of this is recorded yet" in words
    assert EMPTY_TEXT not in words


def test_a_foreign_step_cannot_be_taken_apart_and_says_why_once(driver: Driver, tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with foreign_trainer(path, steps=5) as process:
        process.wait(30)
    follow(driver, path, 5)
    driver.press(Qt.Key.Key_Period)
    problems = driver.window.problems
    wait(driver, lambda: len(problems.dialogs) == 1)
    assert "cannot be computed here" in problems.dialogs[0].text_label.text()
    assert not driver.window.debugging.open
    problems.dialogs[0].close()


def test_a_foreign_run_is_exported_as_far_as_it_was_recorded(driver: Driver, tmp_path: Path) -> None:
    path, page = tmp_path / "run.tfviz", tmp_path / "page.html"
    with foreign_trainer(path, steps=35) as process:
        process.wait(30)
    run = follow(driver, path, 35)
    driver.press(Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    dialog = driver.find(ExportDialog, "export_dialog")
    wait(driver, lambda: dialog.capture is not None)
    assert dialog.caption.text().startswith("Step 30 · seed 5 · ")
    job = Job(
        dialog.capture, Choice(MODEL, DESCRIPTIONS["model"][0]), tmp_path / "m.safetensors", lambda *_: None
    )
    with pytest.raises(ValueError, match="only its own trainer knows"):
        job.run()
    html = next(format for format in DESCRIPTIONS["attention"] if format.name == "html")
    Job(Capture.of(run), Choice(ALL_HEADS, html, steps=StepRange(0, 35, 5)), page, lambda *_: None).run()
    assert [step["step"] for step in Page(page.read_text(encoding="utf-8")).data["steps"]] == [10, 20, 30]


def test_a_followed_run_can_be_saved_and_its_configuration_is_shown(driver: Driver, tmp_path: Path) -> None:
    window, path, copy = driver.window, tmp_path / "run.tfviz", tmp_path / "copy.tfviz"
    with foreign_trainer(path, steps=20) as process:
        process.wait(30)
    follow(driver, path, 20)
    shown = {label.text() for label in window.panels["run_panel"].foreign.findChildren(QLabel)}
    assert {"name", "theirs", "seed", "5"} <= shown
    window.files.choose_to_save = lambda parent, suggestion, kinds: str(copy)
    driver.press(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    wait(driver, lambda: window.status.currentMessage() == f"Saved {copy}")
    with FollowedRun(copy) as run:
        assert run.frontier == 20
