"""The open step and the clock: when it is opened, finished, and left because training or the clock goes on."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from tests.app.conftest import Open
from tests.app.driving import Driver
from tests.app.step_window import WEIGHTS, Window, is_in_front
from tfviz.training.config import RunConfig
from tfviz.views.operations.operation_panel import OperationPanel
from tfviz.views.operations.step_debugger import Chosen


@pytest.fixture
def window(driver: Driver) -> Window:
    driver.train(3)
    return Window(driver)


def test_a_dot_pauses_training_first(driver: Driver) -> None:
    window = Window(driver)
    driver.click("play_pause")
    driver.qtbot.waitUntil(lambda: driver.step > 5)
    window.begin()
    assert driver.session.gate.parked
    assert window.stepper.step == driver.step + 1 == driver.clock.step + 1


def test_right_finishes_the_step_and_opens_the_next_one(window: Window) -> None:
    window.begin()
    window.press(Qt.Key.Key_Period)
    window.press(Qt.Key.Key_Right)
    window.driver.wait_parked_at(4)
    window.settle()
    window.driver.qtbot.waitUntil(lambda: window.debugger.rests and window.stepper.step == 5)
    assert window.stepper.position == 0
    window.press(Qt.Key.Key_Right, Qt.Key.Key_Right)
    window.driver.wait_parked_at(6)
    window.driver.qtbot.waitUntil(lambda: window.debugger.rests and window.stepper.step == 7)


@pytest.fixture
def nearly_done(open_window: Open, config: RunConfig) -> Window:
    """One step before the end of a run, with the operations in front."""
    driver = open_window(config.replace("training.steps", 4))
    driver.train(3)
    driver.window.docks["operation_panel"].raise_()
    return Window(driver)


def test_after_the_last_step_none_is_offered_and_the_panels_say_why(nearly_done: Window) -> None:
    driver = nearly_done.driver
    buttons = [driver.find(QPushButton, name) for name in ("begin_step", "begin_step_to_inspect")]
    assert all(button.isEnabled() for button in buttons)
    driver.train(1)
    for button in buttons:
        assert not button.isEnabled()
        assert button.toolTip().startswith("All 4 steps are done: none follows")
    panel = driver.panel(OperationPanel)
    assert panel.empty.label.text() == buttons[0].toolTip()
    nearly_done.press(Qt.Key.Key_Period)
    assert not nearly_done.debugging.open
    assert driver.window.status.currentMessage() == buttons[0].toolTip()
    driver.window.controls.go_to(3)
    driver.wait_shown(3)
    assert buttons[0].isEnabled() and "Press ." in panel.empty.label.text()
    nearly_done.begin()
    assert nearly_done.stepper.step == 4


def test_right_finishes_the_last_step_and_leaves_it(nearly_done: Window) -> None:
    nearly_done.begin()
    nearly_done.press(Qt.Key.Key_Right)
    nearly_done.driver.wait_parked_at(4)
    nearly_done.wait_left()


def test_right_leaves_the_step_where_the_operations_are_not_in_view(window: Window) -> None:
    window.begin()
    window.driver.window.docks["run_panel"].raise_()
    window.driver.qtbot.waitUntil(lambda: not is_in_front(window.driver, "operation_panel"))
    window.press(Qt.Key.Key_Right)
    window.driver.wait_parked_at(4)
    window.wait_left()


def test_a_past_step_is_taken_apart_and_right_goes_on_in_the_record(window: Window) -> None:
    driver = window.driver
    driver.train(10)
    losses = driver.session.history["loss"]
    driver.window.controls.go_to(6)
    driver.wait_shown(6)
    driver.window.commands["run_to_loss"].trigger()
    window.settle()
    assert window.stepper.step == 7
    assert window.stepper.loss == losses[6]
    window.press(Qt.Key.Key_Right)
    driver.wait_shown(7)
    driver.qtbot.waitUntil(lambda: window.debugger.rests and window.stepper.step == 8)
    assert driver.step == 13


def test_a_past_step_is_taken_apart_while_training_goes_on(driver: Driver) -> None:
    window = Window(driver)
    driver.click("play_pause")
    driver.qtbot.waitUntil(lambda: driver.step > 20)
    driver.window.controls.go_to(8)
    driver.wait_shown(8)
    window.begin()
    before = driver.step
    driver.qtbot.waitUntil(lambda: driver.step > before + 10)
    assert window.stepper.step == 9


def test_the_step_is_left_when_the_clock_goes_elsewhere(window: Window) -> None:
    window.begin()
    window.press(Qt.Key.Key_Left)
    window.wait_left()
    assert not window.driver.window.commands["leave_step"].isEnabled()
    assert window.driver.window.panels["operation_panel"].empty.isVisible()


def test_the_step_is_left_when_training_resumes(window: Window) -> None:
    window.begin()
    window.press(Qt.Key.Key_Space)
    window.wait_left()
    window.press(Qt.Key.Key_Space)
    window.driver.settle()


def test_escape_lets_go_of_what_is_looked_at_first_and_then_of_the_step(window: Window) -> None:
    window.begin()
    window.debugger.choose(Chosen(WEIGHTS))
    window.press(Qt.Key.Key_Escape)
    assert window.debugger.chosen is None
    assert window.debugging.open
    window.press(Qt.Key.Key_Escape)
    assert not window.debugging.open
    assert window.debugger.stepper is None


def test_another_run_leaves_the_step(window: Window) -> None:
    window.begin()
    old = window.driver.session
    window.driver.window.commands["restart"].trigger()
    window.driver.wait_for_new_session(old)
    window.wait_left()


def test_closing_the_window_with_an_open_step_leaves_no_thread(window: Window) -> None:
    window.begin()
    window.press(*[Qt.Key.Key_Period] * 9)
    window.driver.window.close()
    assert window.debugger.stepper is None
    assert not window.debugger.busy
