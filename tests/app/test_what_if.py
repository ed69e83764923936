"""One thing is broken in the real window: in a branch, from where it says, or in a run of its own."""

import threading

import pytest
from PySide6.QtWidgets import QLabel, QMessageBox, QPushButton

from tests.app.changes import go_back_to, panel
from tests.app.conftest import Open
from tests.app.driving import Driver
from tfviz.training.config import RunConfig
from tfviz.training.session import Session


def test_one_thing_is_broken_in_a_branch_from_the_start_and_another_beside_it(driver: Driver) -> None:
    driver.train(60)
    shown = panel(driver, "Break")
    for number, name in enumerate(("no causal mask", "no positions"), start=1):
        button = shown.breaking.row(name).button
        assert button.text() == "Branch"
        button.click()
        driver.qtbot.waitUntil(lambda number=number: driver.session.line.branch.number == number)
        driver.qtbot.waitUntil(lambda: driver.session.frontier > 60, timeout=10_000)
        driver.click("play_pause")
        driver.settle()
        line = driver.session.line
        assert (line.branch.parent, line.branch.fork) == (0, 0)
    advice = driver.find(QLabel, "what_if_advice")
    assert advice.isVisible() and "Compare: Source tokens that are equal" in advice.text()
    assert driver.session.config.model.positions == "none" and driver.session.config.model.causal_mask
    row = shown.breaking.row("no causal mask")
    assert row.button.text() == "Go there"
    assert shown.breaking.row("no positions").button.text() == "Current"
    row.button.click()
    driver.qtbot.waitUntil(lambda: driver.session.line.branch.number == 1)
    driver.settle()


def test_one_thing_is_broken_once_however_often_its_button_is_pressed(driver: Driver) -> None:
    driver.train(4)
    button = panel(driver, "Break").breaking.row("learning rate times ten").button
    button.click()
    button.click()
    assert driver.window.status.currentMessage().startswith("The last change is still being made")
    driver.qtbot.waitUntil(lambda: driver.session.frontier > 6)
    driver.click("play_pause")
    driver.settle()
    assert [branch.fork for branch in driver.session.branches] == [0, 4]


def test_what_is_not_seen_in_a_shape_of_the_model_cannot_be_pressed_and_says_why(
    open_window: Open, config: RunConfig
) -> None:
    driver = open_window(config.replace("model.architecture", "decoder"))
    driver.train(2)
    rows = panel(driver, "Break").breaking
    row = rows.row("no positions")
    assert row.change.text() == "What “no positions” shows is not seen in a decoder alone"
    assert not row.button.isEnabled() and row.button.toolTip().endswith("a decoder alone")
    assert rows.row("no causal mask").button.isEnabled()


def test_a_run_that_has_ended_is_broken_from_an_earlier_step(open_window: Open, config: RunConfig) -> None:
    driver = open_window(config.replace("training.steps", 8))
    driver.train(8)
    button = panel(driver, "Break").breaking.row("learning rate times ten").button
    driver.click_on(button)
    assert driver.window.status.currentMessage() == (
        "All 8 steps are done, and “learning rate times ten” leaves from the step that is shown: go to an earlier one"
    )
    assert len(driver.session.branches) == 1
    go_back_to(driver, 5)
    driver.click_on(button)
    driver.qtbot.waitUntil(lambda: len(driver.session.branches) == 2)
    driver.qtbot.waitUntil(lambda: driver.session.frontier == 8, timeout=10_000)
    driver.settle()
    assert driver.session.line.branch.fork == 5


def test_what_cannot_be_a_branch_is_a_new_run_after_asking(driver: Driver) -> None:
    driver.train(3)
    old = driver.session
    button = panel(driver, "Break").breaking.row("zero initialisation").button
    assert button.text() == "New run…"
    button.click()
    driver.click_on(driver.find(QPushButton, "what_if_run_cancel"))
    assert driver.session is old
    driver.qtbot.waitUntil(lambda: driver.window.findChild(QMessageBox, "what_if_run") is None)
    button.click()
    driver.click_on(driver.find(QPushButton, "what_if_run_accept"))
    driver.qtbot.waitUntil(lambda: driver.window.runs.current is not old, timeout=10_000)
    driver.qtbot.waitUntil(lambda: driver.step > 2)
    assert driver.session.config.model.initialization == "zero"
    driver.click("play_pause")
    driver.settle()


def test_only_the_run_that_was_asked_for_trains_by_itself_and_not_one_that_was_on_its_way(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()

    def make(config: RunConfig) -> Session:
        asked.wait(10)
        return Session(config)

    old = driver.session
    monkeypatch.setattr("tfviz.app.controls.Session", make)
    panel(driver, "Break").breaking.row("zero initialisation").button.click()
    driver.window.commands["restart"].trigger()
    driver.click_on(driver.find(QPushButton, "what_if_run_accept"))
    asked.set()
    assert "Another run is being prepared" in driver.window.status.currentMessage()
    driver.wait_for_new_session(old)
    assert driver.step == 0 and driver.session.gate.state == "paused"
    assert driver.session.config.model.initialization != "zero"


def test_a_run_that_could_not_be_made_leaves_the_next_one_as_still_as_any(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(config: RunConfig) -> Session:
        raise ValueError("no room")

    old = driver.session
    panel(driver, "Break").breaking.row("zero initialisation").button.click()
    with monkeypatch.context() as refusing, driver.qtbot.waitSignal(driver.window.runs.refused):
        refusing.setattr("tfviz.app.controls.Session", refuse)
        driver.click_on(driver.find(QPushButton, "what_if_run_accept"))
    driver.window.problems.dialogs[0].close()
    driver.click("restart")
    driver.wait_for_new_session(old)
    assert driver.step == 0 and driver.session.gate.state == "paused"


def test_what_is_offered_is_what_the_step_that_is_shown_does_not_have_yet(driver: Driver) -> None:
    driver.train(4)
    driver.session.change({"model.scaled_scores": False})
    driver.train(4)
    row = panel(driver, "Break").breaking.row("no 1/sqrt(d)")
    already = "“no 1/sqrt(d)” is what this run has already"
    driver.qtbot.waitUntil(lambda: row.change.text() == already and not row.button.isEnabled())
    go_back_to(driver, 2)
    driver.qtbot.waitUntil(row.button.isEnabled)
    assert row.change.text() == "Scores / √d on → off, from this step on"
    go_back_to(driver, 6)
    driver.qtbot.waitUntil(lambda: not row.button.isEnabled())
    go_back_to(driver, 3)
    driver.qtbot.waitUntil(row.button.isEnabled)
    driver.click_on(row.button)
    driver.qtbot.waitUntil(lambda: len(driver.session.branches) == 2 and driver.session.frontier > 3)
    driver.click("play_pause")
    driver.settle()
    branch = driver.session.line.branch
    assert (branch.parent, branch.fork) == (0, 3)


def test_beside_a_broken_branch_another_leaves_the_healthy_one_at_the_step_that_is_shown(
    driver: Driver,
) -> None:
    driver.train(20)
    rows = panel(driver, "Break").breaking
    rows.row("no positions").button.click()
    driver.qtbot.waitUntil(lambda: driver.session.line.branch.number == 1 and driver.session.frontier > 12)
    driver.click("play_pause")
    driver.settle()
    go_back_to(driver, 12)
    rows.row("learning rate times ten").button.click()
    driver.qtbot.waitUntil(lambda: driver.session.line.branch.number == 2 and driver.session.frontier > 12)
    driver.click("play_pause")
    driver.settle()
    branch = driver.session.line.branch
    assert (branch.parent, branch.fork) == (0, 12) and driver.session.config.model.positions != "none"


def test_beside_a_broken_branch_a_run_of_its_own_has_one_thing_broken_and_not_two(driver: Driver) -> None:
    driver.train(2)
    rows = panel(driver, "Break").breaking
    rows.row("no positions").button.click()
    driver.qtbot.waitUntil(lambda: rows.row("no positions").button.text() == "Current")
    assert driver.session.config.model.positions == "none"
    old = driver.session
    rows.row("zero initialisation").button.click()
    driver.click_on(driver.find(QPushButton, "what_if_run_accept"))
    driver.qtbot.waitUntil(lambda: driver.window.runs.current is not old, timeout=10_000)
    model = driver.session.config.model
    assert model.initialization == "zero" and model.positions != "none"
