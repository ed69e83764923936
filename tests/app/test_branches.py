"""Branches in the real window: made from the past and at the newest step, switched to, deleted, and not to be seen
while there is only one."""

import numpy
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QMessageBox, QPushButton, QToolButton

from tests.app.driving import Driver
from tfviz.app.dialogs.branch_dialog import BranchDialog
from tfviz.views.curves.branch_legend import BranchLegend
from tfviz.views.curves.curve_panel import CurvePanel
from tfviz.views.curves.gradient_panel import GradientPanel
from tfviz.views.run.field_editors import TextEditor

RATE = "training.learning_rate"


def ask(driver: Driver) -> BranchDialog:
    """Press the key, and wait for the dialog."""
    driver.press(Qt.Key.Key_B)
    driver.qtbot.waitUntil(lambda: driver.window.findChild(BranchDialog) is not None)
    return driver.window.findChild(BranchDialog)


def branch(driver: Driver, step: int, rate: float) -> None:
    """Make a branch from a step with another learning rate, as a person would, and wait until it is current."""
    before = len(driver.session.branches)
    driver.window.controls.go_to(step)
    driver.qtbot.waitUntil(lambda: driver.window.bridge.clock.step == step)
    dialog = ask(driver)
    set_rate(dialog, rate)
    driver.click_on(dialog.accept_button)
    driver.qtbot.waitUntil(lambda: len(driver.session.branches) == before + 1)
    driver.settle()


def set_rate(dialog: BranchDialog, rate: float) -> None:
    editor = dialog.findChild(TextEditor, f"field_{RATE}")
    assert editor is not None
    editor.setText(str(rate))
    editor.edited.emit()


def curves(driver: Driver) -> CurvePanel:
    return driver.panel(CurvePanel)


def test_a_branch_from_a_past_step_is_current_and_its_parent_is_drawn_behind_it(driver: Driver) -> None:
    driver.train(30)
    record = driver.session.history["loss"]
    branch(driver, 12, 0.05)
    session, clock = driver.session, driver.window.bridge.clock
    assert [(b.number, b.name, b.parent, b.fork) for b in session.branches] == [
        (0, "main", None, 0),
        (1, "learning rate 0.05", 0, 12),
    ]
    assert session.line.branch.number == 1 and session.config.training.learning_rate == 0.05
    assert (clock.following, clock.step, clock.frontier) == (True, 12, 12)
    assert driver.window.status.currentMessage() == (
        "Branch learning rate 0.05 left main at step 12: learning rate 0.002 → 0.05"
    )
    driver.train(10)
    assert session.step == 22 and curves(driver).picture.others.begins == {0: 12}
    assert numpy.array_equal(session.lines[0].history["loss"], record)
    assert not numpy.array_equal(session.history["loss"][12:], record[12:22])


def test_the_settings_of_the_run_follow_the_branch(driver: Driver) -> None:
    driver.train(10)
    branch(driver, 5, 0.05)
    field = driver.find(QLineEdit, f"field_{RATE}")
    assert field.text() == "0.05"
    driver.window.branches.switch(0)
    driver.qtbot.waitUntil(lambda: field.text() == "0.002")


def test_a_change_at_the_newest_step_stays_in_the_branch(driver: Driver) -> None:
    driver.train(8)
    dialog = ask(driver)
    driver.click_on(dialog.where.button(1))
    set_rate(dialog, 0.05)
    driver.click_on(dialog.accept_button)
    driver.qtbot.waitUntil(lambda: driver.session.config.training.learning_rate == 0.05)
    driver.qtbot.waitUntil(
        lambda: driver.window.status.currentMessage() == "main goes on with learning rate 0.002 → 0.05"
    )
    assert len(driver.session.branches) == 1
    driver.train(2)
    warmed_up = driver.session.history["learning_rate"] / ([0.002] * 8 + [0.05] * 2)
    assert warmed_up == pytest.approx(numpy.arange(1, 11) / driver.session.config.training.warmup_steps)


def test_what_is_trained_goes_on_in_the_new_branch(driver: Driver) -> None:
    driver.train(10)
    driver.click("play_pause")
    driver.qtbot.waitUntil(lambda: driver.step > 20)
    dialog = ask(driver)
    set_rate(dialog, 0.05)
    driver.click_on(dialog.accept_button)
    driver.qtbot.waitUntil(lambda: len(driver.session.branches) == 2)
    fork = driver.session.line.branch.fork
    driver.qtbot.waitUntil(lambda: driver.session.frontier > fork + 5)
    driver.click("play_pause")
    driver.settle()
    assert driver.window.bridge.clock.following


def test_with_one_branch_nothing_speaks_of_branches_but_the_button_that_makes_one(driver: Driver) -> None:
    driver.train(5)
    assert not driver.window.branch_bar.branch_button.isVisible()
    assert not driver.find(BranchLegend, "branch_legend").isVisible()
    assert driver.find(QToolButton, "new_branch_button").isVisible()
    branch(driver, 3, 0.05)
    assert driver.find(QToolButton, "branch_button").isVisible()
    assert driver.find(BranchLegend, "branch_legend").isVisible()


def test_the_list_names_every_branch_and_switches(driver: Driver) -> None:
    driver.train(20)
    branch(driver, 12, 0.05)
    driver.train(3)
    bar = driver.window.branch_bar
    assert bar.branch_button.text() == "learning rate 0.05"
    driver.click_on(bar.branch_button)
    assert bar.list.isVisible()
    texts = [made.text() for made in bar.list.findChildren(type(bar.list.message)) if made.isVisible()]
    for text in ("main", "main, step 12", "learning rate 0.002 → 0.05", "step 20", "step 15"):
        assert text in texts
    current = bar.list.findChild(QPushButton, "switch_branch_1")
    assert current.text() == "Current" and not current.isEnabled()
    driver.click_on(bar.list.findChild(QPushButton, "switch_branch_0"))
    driver.qtbot.waitUntil(lambda: driver.session.line.branch.number == 0)
    driver.settle()
    assert not bar.list.isVisible() and bar.branch_button.text() == "main"
    clock = driver.window.bridge.clock
    assert (clock.following, clock.step, clock.frontier) == (True, 20, 20)
    assert curves(driver).picture.others.begins == {1: 12}
    assert len(curves(driver).curves) == 20


@pytest.mark.parametrize("answer", ["Delete", "Keep"])
def test_deleting_asks_first(driver: Driver, answer: str) -> None:
    driver.train(20)
    branch(driver, 12, 0.05)
    driver.train(4)
    driver.window.branches.switch(0)
    driver.qtbot.waitUntil(lambda: driver.session.line.branch.number == 0)
    driver.settle()
    driver.click_on(driver.window.branch_bar.branch_button)
    driver.click_on(driver.window.branch_bar.list.findChild(QToolButton, "delete_branch_1"))
    question = driver.find(QMessageBox, "delete_branch")
    assert question.text() == "Delete the branch “learning rate 0.05”?"
    assert question.informativeText() == "The 4 steps that only it has will be lost; all others stay."
    assert len(driver.session.branches) == 2
    driver.click_on(next(button for button in question.buttons() if button.text() == answer))
    if answer == "Delete":
        driver.qtbot.waitUntil(lambda: not driver.window.branch_bar.branch_button.isVisible())
        assert driver.window.status.currentMessage() == "Deleted branch learning rate 0.05"
        assert not driver.find(BranchLegend, "branch_legend").isVisible()
    assert len(driver.session.branches) == (1 if answer == "Delete" else 2)


def test_what_cannot_be_deleted_is_refused_with_the_reason(driver: Driver) -> None:
    driver.train(10)
    branch(driver, 5, 0.05)
    bar = driver.window.branch_bar
    driver.click_on(bar.branch_button)
    driver.click_on(bar.list.findChild(QToolButton, "delete_branch_0"))
    assert bar.list.message.text() == "Branch 'main' cannot be deleted: learning rate 0.05 left it."
    assert driver.window.findChild(QMessageBox, "delete_branch") is None
    assert len(driver.session.branches) == 2


def test_b_in_a_text_field_is_a_letter(driver: Driver) -> None:
    edit = driver.find(QLineEdit, "probe_edit")
    edit.setFocus()
    driver.qtbot.keyClicks(edit, "bob")
    assert edit.text() == "bob" and driver.window.findChild(BranchDialog) is None


def test_restart_and_new_seed_begin_anew_and_say_the_seed(driver: Driver) -> None:
    driver.train(6)
    branch(driver, 3, 0.05)
    old = driver.session
    driver.click("restart")
    driver.wait_for_new_session(old)
    assert driver.window.status.currentMessage() == "Started again from step 0 with the same seed, 0"
    assert driver.session.seed == 0 and len(driver.session.branches) == 1
    assert not driver.window.branch_bar.branch_button.isVisible()
    old = driver.session
    driver.click("new_seed")
    driver.wait_for_new_session(old)
    assert driver.session.seed != 0
    assert driver.window.status.currentMessage() == (
        f"Started again from step 0 with a new seed, {driver.session.seed}"
    )


def test_the_clock_stands_still_while_a_branch_is_switched_to(driver: Driver) -> None:
    driver.train(40)
    branch(driver, 20, 0.05)
    driver.train(15)
    seen: list[tuple[int, int, int]] = []
    clock, panel = driver.window.bridge.clock, curves(driver)
    driver.window.bridge.changed.connect(
        lambda: seen.append((clock.step, driver.session.line.branch.number, panel.picture.branch))
    )
    driver.window.branches.switch(0)
    driver.qtbot.waitUntil(lambda: panel.picture.branch == 0)
    driver.settle()
    assert seen and {step for step, _, _ in seen} <= {35, 40}
    assert clock.step == 40 and len(panel.curves) == 40


def test_gradient_norms_are_those_of_the_current_branch_also_where_both_are_equally_long(
    driver: Driver,
) -> None:
    driver.train(20)
    branch(driver, 10, 0.05)
    driver.train(10)
    panel = driver.panel(GradientPanel)
    norms = {number: line.history["gradient_norm"] for number, line in driver.session.lines.items()}
    assert norms[0][19] != norms[1][19]
    driver.qtbot.waitUntil(lambda: panel.total.value("gradient_norm", 20) == norms[1][19])
    driver.window.branches.switch(0)
    driver.qtbot.waitUntil(lambda: panel.total.value("gradient_norm", 20) == norms[0][19])
