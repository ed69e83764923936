"""The ways from the past back to the present: replay, the live picture, and training again from a recorded step."""

import numpy
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton

from tests.app.driving import Driver
from tests.app.record_visits import state, train_on, type_step
from tfviz.views.clock import Mode


def test_end_returns_to_live_pictures_while_training_runs(driver: Driver) -> None:
    train_on(driver)
    driver.press(Qt.Key.Key_Home)
    driver.wait_shown(0)
    there = driver.step
    driver.press(Qt.Key.Key_End)
    driver.qtbot.waitUntil(lambda: driver.window.bridge.picture.step > there)
    assert driver.clock.following
    assert driver.session.gate.state == "running"
    assert driver.window.timeline.live_chip.lit
    driver.qtbot.waitUntil(lambda: state(driver).startswith("Training · step"))


def test_the_live_chip_returns_too(driver: Driver) -> None:
    driver.train(30)
    driver.press(Qt.Key.Key_Home)
    driver.wait_shown(0)
    driver.click_on(driver.window.timeline.live_chip)
    driver.wait_parked_at(30)
    assert driver.clock.following


def test_play_in_the_past_replays_and_leaves_training_alone(driver: Driver) -> None:
    train_on(driver, 60)
    driver.press(Qt.Key.Key_Home)
    driver.wait_shown(0)
    assert driver.window.commands["play_pause"].text() == "Play"
    driver.press(Qt.Key.Key_Space)
    driver.qtbot.waitUntil(lambda: driver.clock.step >= 3)
    assert driver.clock.mode is Mode.PLAYING
    assert driver.window.commands["play_pause"].text() == "Pause"
    driver.qtbot.waitUntil(lambda: "Replaying step" in state(driver))
    driver.press(Qt.Key.Key_Space)
    there = driver.clock.step
    before = driver.step
    driver.wait_shown(there)
    driver.qtbot.waitUntil(lambda: driver.step > before + 20)
    assert driver.clock.step == there


def test_a_replay_shows_the_steps_between_and_ends_live(driver: Driver) -> None:
    driver.train(15)
    driver.press(Qt.Key.Key_Home)
    driver.wait_shown(0)
    shown = set()
    driver.window.bridge.at_every_look(lambda: shown.add(driver.window.bridge.picture.step))
    driver.press(Qt.Key.Key_Space)
    driver.wait_parked_at(15)
    driver.qtbot.waitUntil(lambda: driver.clock.following)
    assert len(shown) > 8
    assert driver.step == 15 == len(driver.session.history)


def test_the_replay_speed_is_chosen_beside_the_timeline(driver: Driver) -> None:
    box = driver.window.timeline.replay_speed
    box.setCurrentIndex(box.findText("5/s"))
    assert driver.clock.speed == 5
    old = driver.session
    driver.click("restart")
    driver.wait_for_new_session(old)
    assert driver.clock.speed == 5


def test_right_steps_through_the_record_and_trains_at_its_end(driver: Driver) -> None:
    driver.train(4)
    driver.press(Qt.Key.Key_Left)
    driver.press(Qt.Key.Key_Left)
    driver.wait_parked_at(2)
    driver.press(Qt.Key.Key_Right)
    driver.wait_parked_at(3)
    driver.press(Qt.Key.Key_Right)
    driver.wait_parked_at(4)
    assert driver.clock.following and len(driver.session.history) == 4
    driver.press(Qt.Key.Key_Right)
    driver.wait_parked_at(5)
    assert len(driver.session.history) == 5


def test_train_from_here_computes_the_same_future_and_then_goes_on(driver: Driver) -> None:
    driver.train(30)
    losses, parameters = driver.session.history["loss"], driver.session.parameters
    button = driver.find(QToolButton, "train_from_here_button")
    assert not button.isVisible()
    type_step(driver, "12")
    driver.wait_shown(12)
    driver.qtbot.waitUntil(button.isVisible)
    seen: list[int] = []
    driver.session.gate.speed = 200
    driver.window.bridge.at_every_look(lambda: seen.append(driver.clock.step))
    driver.click_on(button)
    assert driver.clock.following
    driver.qtbot.waitUntil(lambda: driver.step >= 35)
    driver.click("play_pause")
    driver.settle()
    assert 12 <= seen[0] < 30 and sorted(seen) == seen
    assert len(driver.session.history) == driver.step
    assert numpy.array_equal(driver.session.history["loss"][:30], losses)
    type_step(driver, "30")
    driver.wait_shown(30)
    driver.click_on(button)
    driver.session.gate.pause()
    driver.settle()
    driver.session.go_to(30)
    assert all(numpy.array_equal(driver.session.parameters[name], parameters[name]) for name in parameters)


def test_while_training_goes_again_through_the_record_that_is_said(driver: Driver) -> None:
    driver.train(200)
    type_step(driver, "12")
    driver.wait_shown(12)
    driver.session.gate.speed = 20
    driver.window.commands["train_from_here"].trigger()
    driver.qtbot.waitUntil(lambda: state(driver).startswith("Training · step 1"))
    assert state(driver).endswith(" of 200 recorded")
    driver.click("play_pause")
    driver.settle()
    driver.press(Qt.Key.Key_End)
    driver.wait_parked_at(200)
    assert driver.step == 200 == len(driver.session.history)


def test_train_from_here_is_there_only_where_it_means_something(driver: Driver) -> None:
    action = driver.window.commands["train_from_here"]
    driver.train(5)
    assert not action.isEnabled()
    driver.press(Qt.Key.Key_Home)
    driver.wait_shown(0)
    driver.qtbot.waitUntil(action.isEnabled)
    driver.press(Qt.Key.Key_End)
    driver.qtbot.waitUntil(lambda: not action.isEnabled())
