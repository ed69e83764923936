"""What may be done to a run in the real window: noise, single weights, and undoing it."""

from pathlib import Path

import numpy
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton

from tests.app.changes import HEAD, go_back_to, panel, right_click, wait_measured
from tests.app.conftest import Open
from tests.app.driving import Driver
from tfviz.app.dialogs.weight_dialog import WeightDialog
from tfviz.training.config import RunConfig
from tfviz.training.session import Session
from tfviz.views.inspector.inspector_panel import InspectorPanel
from tfviz.views.interventions.intervention_panel import InterventionPanel
from tfviz.views.operations.step_debugger import Chosen


def test_what_was_done_is_listed_leads_to_its_step_and_is_undone_in_a_branch(driver: Driver) -> None:
    driver.train(10)
    right_click(driver, HEAD, "head_off")
    driver.qtbot.waitUntil(lambda: bool(driver.session.config.model.heads_off))
    driver.settle()
    driver.train(10)
    shown = panel(driver, "Done").done
    assert [shown.list.item(row).text() for row in range(shown.list.count())] == [
        "Step 10\nheads off none → cross.0.1"
    ]
    marks = [mark.text for mark in driver.window.timeline.markers if mark.kind == "intervention"]
    assert marks == ["heads off none → cross.0.1 from here on"]
    place = shown.list.visualItemRect(shown.list.item(0)).center()
    driver.qtbot.mouseClick(shown.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert driver.clock.step == 10
    driver.click_on(shown.undo_button)
    driver.qtbot.waitUntil(lambda: len(driver.session.branches) == 2)
    driver.settle()
    assert driver.session.step == 10 and driver.session.config.model.heads_off == ()
    assert driver.session.lines[0].frontier == 20
    assert shown.empty.isVisible()
    wait_measured(driver)


def test_one_thing_is_undone_once_however_often_the_button_is_pressed(driver: Driver) -> None:
    driver.train(4)
    shown = panel(driver, "Change")
    driver.click_on(shown.change.noise_button)
    driver.qtbot.waitUntil(lambda: shown.done.list.count() == 1)
    driver.settle()
    shown.done.undo_button.click()
    shown.done.undo_button.click()
    driver.qtbot.waitUntil(lambda: shown.done.list.count() == 0)
    driver.settle()
    assert (
        driver.window.status.currentMessage() == "Left from just before what was done at step 4; main stays"
    )
    assert len(driver.session.branches) == 2


def test_two_things_are_undone_one_after_the_other(driver: Driver) -> None:
    driver.train(4)
    right_click(driver, HEAD, "head_off")
    driver.qtbot.waitUntil(lambda: bool(driver.session.config.model.heads_off))
    wait_measured(driver)
    driver.train(4)
    shown = panel(driver, "Change")
    driver.click_on(shown.change.noise_button)
    driver.qtbot.waitUntil(lambda: bool(driver.session.line.edits))
    driver.settle()
    driver.click_on(driver.find(QPushButton, "intervention_done"))
    for left, step in ((1, 8), (0, 4)):
        driver.click_on(shown.done.undo_button)
        driver.qtbot.waitUntil(lambda left=left: shown.done.list.count() == left)
        driver.settle()
        assert driver.session.step == step
    assert driver.session.config.model.heads_off == () and shown.done.empty.isVisible()


def test_noise_is_added_and_wrong_numbers_are_named(driver: Driver) -> None:
    driver.train(5)
    shown = panel(driver, "Change").change
    before = driver.session.parameters
    scale, seed = driver.find(QLineEdit, "noise_scale"), driver.find(QLineEdit, "noise_seed")
    for field, text, problem in (
        (scale, "-1", "Scale is -1.0; allowed: a number of at least 0"),
        (seed, "x", "Seed is 'x'; allowed: a whole number of at least 0 and of at most 9007199254740991"),
    ):
        right = field.text()
        field.selectAll()
        driver.qtbot.keyClicks(field, text)
        assert shown.error.text() == problem and not shown.noise_button.isEnabled()
        field.selectAll()
        driver.qtbot.keyClicks(field, right)
    shown.part.setCurrentIndex(shown.part.findData("generator"))
    driver.click_on(shown.noise_button)
    driver.qtbot.waitUntil(lambda: bool(driver.session.line.edits))
    driver.settle()
    after = driver.session.parameters
    changed = {name for name in before if not numpy.array_equal(before[name], after[name])}
    assert changed == {"generator.weight", "generator.bias"}
    assert [mark.text for mark in driver.window.timeline.markers if mark.kind == "intervention"] == [
        "noise 0.01 on generator, seed 0"
    ]


@pytest.mark.parametrize("past", [False, True])
def test_a_locked_weight_is_edited(driver: Driver, past: bool) -> None:
    driver.train(6)
    if past:
        go_back_to(driver, 4)
    step = 4 if past else 6
    inspector = driver.bring_to_front(InspectorPanel)
    driver.press(Qt.Key.Key_Period)
    debugger = driver.window.debugging.debugger
    driver.qtbot.waitUntil(lambda: debugger.stepper is not None)
    debugger.choose(Chosen("generator.bias", "value", (3,)))
    driver.qtbot.waitUntil(inspector.edit_button.isVisible)
    old = float(driver.session.parameters_at(step)["generator.bias"][3])
    driver.click_on(inspector.edit_button)
    dialog = driver.find(WeightDialog, "weight_dialog")
    assert dialog.old.text() == repr(old)
    dialog.new.selectAll()
    driver.qtbot.keyClicks(dialog.new, "much")
    assert dialog.error.text() == "New value is 'much'; allowed: a finite number"
    assert not dialog.accept_button.isEnabled()
    dialog.new.selectAll()
    driver.qtbot.keyClicks(dialog.new, "0.75")
    driver.click_on(dialog.accept_button)
    driver.qtbot.waitUntil(lambda: bool(driver.session.line.edits))
    driver.settle()
    assert driver.session.parameters["generator.bias"][3] == 0.75
    assert len(driver.session.branches) == 1 + past and driver.session.step == step
    assert driver.session.line.branch.fork == (4 if past else 0)


def test_a_run_that_others_train_says_why_nothing_can_be_changed(
    open_window: Open, tmp_path: Path, config: RunConfig
) -> None:
    path = tmp_path / "run.tfviz"
    with Session(config) as writer:
        writer.record(path)
        writer.train(5)
        driver = open_window()
        driver.window.files.open_path(path)
        driver.qtbot.waitUntil(lambda: driver.window.runs.current.step == 5, timeout=10_000)
        found = driver.find(InterventionPanel, "intervention_panel")
        assert "trains this run: it cannot be changed here" in found.obstacle.label.text()
        assert not found.obstacle.isHidden() and found.stack.isHidden()
