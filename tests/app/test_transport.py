"""Playing, pausing, stepping and going back, by the buttons and keys of the real window."""

import numpy
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QSpinBox

from tests.app.conftest import Open
from tests.app.driving import Driver
from tfviz.app.frame.speed_slider import FREE
from tfviz.training.config import RunConfig
from tfviz.views.clock import Mode

SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_a_new_window_shows_the_untrained_model_and_waits(driver: Driver) -> None:
    assert driver.step == 0
    assert driver.session.gate.state == "paused"
    assert driver.window.bridge.picture.attention is not None
    assert driver.find(QLabel, "step_label").text() == "Step 0"


def test_play_trains_until_pause_is_clicked(driver: Driver) -> None:
    driver.click("play_pause")
    driver.qtbot.waitUntil(lambda: driver.step > 20)
    driver.qtbot.waitUntil(lambda: driver.window.commands["play_pause"].text() == "Pause")
    driver.click("play_pause")
    driver.qtbot.waitUntil(lambda: driver.session.gate.parked)
    there = driver.step
    driver.settle()
    driver.qtbot.wait(150)  # to see that nothing happens
    assert driver.step == there
    assert driver.window.commands["play_pause"].text() == "Play"
    assert driver.find(QLabel, "step_label").text() == f"Step {there:,}"


def test_space_plays_and_pauses(driver: Driver) -> None:
    driver.press(Qt.Key.Key_Space)
    driver.qtbot.waitUntil(lambda: driver.step > 5)
    driver.press(Qt.Key.Key_Space)
    driver.qtbot.waitUntil(lambda: driver.session.gate.parked)
    driver.settle()
    assert driver.session.gate.state == "paused"


def test_a_click_on_step_trains_exactly_one_batch(driver: Driver) -> None:
    for step in (1, 2, 3):
        driver.click("step_batch")
        driver.wait_parked_at(step)
        assert len(driver.session.history) == step


def test_no_click_on_step_is_lost(driver: Driver) -> None:
    for _ in range(5):
        driver.click("step_batch")
    driver.wait_parked_at(5)


def test_right_takes_one_step_and_shift_right_ten(driver: Driver) -> None:
    driver.press(Qt.Key.Key_Right)
    driver.wait_parked_at(1)
    driver.press(Qt.Key.Key_Right, SHIFT)
    driver.wait_parked_at(11)


def test_run_steps_trains_as_many_as_its_field_says(driver: Driver) -> None:
    driver.find(QSpinBox, "run_steps_count").setValue(17)
    driver.click("run_steps")
    driver.wait_parked_at(17)


def test_left_shows_the_step_before_and_end_returns(driver: Driver) -> None:
    driver.train(5)
    driver.press(Qt.Key.Key_Left)
    driver.wait_parked_at(4)
    clock = driver.window.bridge.clock
    assert (clock.mode, clock.step, clock.frontier) == (Mode.PAUSED, 4, 5)
    assert driver.window.bridge.picture.step == 4
    assert driver.step == 5  # training stays where it is
    driver.press(Qt.Key.Key_End)
    driver.wait_parked_at(5)
    assert clock.following
    assert len(driver.session.history) == 5


def test_a_step_that_was_recorded_since_the_last_look_can_be_gone_to(driver: Driver) -> None:
    driver.session.gate.run_steps(20)
    assert driver.session.gate.wait_parked(10)  # without a look of the window
    assert (driver.step, driver.clock.frontier) == (20, 0)
    driver.window.controls.go_to(8)
    assert driver.clock.step == 8


def test_stepping_in_the_past_shows_the_recorded_steps_and_trains_nothing_new(driver: Driver) -> None:
    driver.train(12)
    losses = driver.session.history["loss"]
    driver.press(Qt.Key.Key_Left, SHIFT)
    driver.wait_parked_at(2)
    driver.press(Qt.Key.Key_Right)
    driver.wait_parked_at(3)
    driver.press(Qt.Key.Key_Right, SHIFT)
    driver.wait_parked_at(12)
    assert driver.window.bridge.clock.following
    assert numpy.array_equal(driver.session.history["loss"], losses)


def test_keys_pressed_faster_than_steps_can_be_shown_all_count(driver: Driver) -> None:
    driver.train(20)
    for _ in range(8):
        driver.press(Qt.Key.Key_Left)
    driver.wait_parked_at(12)


def test_space_in_the_past_replays_up_to_the_newest_step(driver: Driver) -> None:
    driver.train(30)
    driver.press(Qt.Key.Key_Home)
    driver.wait_parked_at(0)
    driver.press(Qt.Key.Key_Space)
    driver.wait_parked_at(30)
    driver.qtbot.waitUntil(lambda: driver.window.bridge.clock.following)
    assert len(driver.session.history) == 30


def test_a_replay_can_be_paused_in_the_past(driver: Driver) -> None:
    driver.train(40)
    driver.press(Qt.Key.Key_Home)
    driver.wait_parked_at(0)
    driver.window.timeline.replay_speed.choose(10)
    driver.press(Qt.Key.Key_Space)
    driver.qtbot.waitUntil(lambda: driver.clock.step >= 2)
    assert driver.window.commands["play_pause"].text() == "Pause"
    driver.click("play_pause")
    driver.settle()
    assert driver.clock.mode is Mode.PAUSED
    assert 2 <= driver.clock.step < 40
    assert driver.window.commands["play_pause"].text() == "Play"
    assert driver.step == 40


def test_pause_training_parks_and_is_only_enabled_while_something_runs(driver: Driver) -> None:
    pause = driver.window.commands["pause_training"]
    assert not pause.isEnabled()
    driver.click("play_pause")
    driver.qtbot.waitUntil(pause.isEnabled)
    driver.click_on(driver.window.status.pause_button)
    driver.settle()
    assert not pause.isEnabled()


def test_the_speed_slider_holds_training_back_and_lets_it_go(driver: Driver) -> None:
    slider = driver.window.toolbar.speed_slider
    assert driver.session.gate.speed is None
    slider.setValue(20)
    assert driver.session.gate.speed == 10
    assert driver.find(QLabel, "speed_label").text() == "10/s"
    slider.setValue(0)
    assert driver.session.gate.speed == 1
    slider.setValue(FREE)
    assert driver.session.gate.speed is None
    assert driver.find(QLabel, "speed_label").text() == "max"


def test_a_click_on_the_timeline_goes_there(driver: Driver) -> None:
    driver.train(50)
    timeline = driver.window.timeline
    place = QPoint(round(timeline.position(20)), round(timeline.track.center().y()))
    driver.click_on(timeline, place)
    driver.wait_parked_at(20)
    assert timeline.step == 20
    assert driver.find(QLabel, "step_label").text() == "Step 20"
    assert driver.find(QLabel, "state_label").text() == "Looking at step 20 of 50 recorded"
    assert not timeline.following
    driver.click_on(timeline.live_chip)
    driver.wait_parked_at(50)
    assert timeline.following


def test_a_bounded_run_stops_at_its_end_and_says_so(open_window: Open, config: RunConfig) -> None:
    driver = open_window(config.replace("training.steps", 12))
    driver.click("play_pause")
    driver.wait_parked_at(12)
    assert driver.find(QLabel, "step_label").text() == "Step 12 / 12"
    assert driver.window.toolbar.progress.value() == driver.window.toolbar.progress.maximum()
    assert driver.window.status.currentMessage() == "Finished: all 12 steps are done"
    driver.click("step_batch")
    assert driver.window.status.currentMessage().startswith("All 12 steps are done.")
    assert driver.step == 12


def test_the_toolbar_says_epoch_batch_and_speed(driver: Driver) -> None:
    driver.train(8)
    facts = driver.find(QLabel, "facts")
    driver.qtbot.waitUntil(lambda: facts.text() == "epoch 2 · batch 2/6 · paused")
    driver.click("play_pause")
    driver.qtbot.waitUntil(lambda: "steps/s" in facts.text() and "–" not in facts.text())


def test_closing_in_the_middle_of_training_joins_the_thread(driver: Driver) -> None:
    driver.click("play_pause")
    driver.qtbot.waitUntil(lambda: driver.step > 5)
    driver.window.close()
    assert not driver.session.running
