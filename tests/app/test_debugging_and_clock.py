"""The open step and the clock: when it is opened, finished, and left because training or the clock goes on."""

import pytest
from PySide6.QtCore import Qt

from tests.app.driving import Driver
from tests.app.step_window import WEIGHTS, Window, is_in_front
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
