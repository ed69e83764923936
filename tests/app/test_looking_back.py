"""Looking at the past while training goes on: the clock, the pictures and what is said of both."""

import threading

import numpy
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QToolButton

from tests.app.conftest import Open
from tests.app.driving import Driver
from tests.training.small_runs import fields
from tfviz.training.config import RunConfig
from tfviz.training.events import Warned
from tfviz.training.mailbox import Demand
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot
from tfviz.views.clock import Mode

SHIFT = Qt.KeyboardModifier.ShiftModifier


def train_on(driver: Driver, steps: int = 40) -> None:
    """Press play and wait until so many steps are done; training goes on."""
    driver.click("play_pause")
    driver.qtbot.waitUntil(lambda: driver.step >= steps)


def type_step(driver: Driver, text: str) -> None:
    driver.press(Qt.Key.Key_G)
    entry = driver.find(QLineEdit, "step_entry")
    driver.qtbot.waitUntil(lambda: QApplication.focusWidget() is entry)
    driver.qtbot.keyClicks(entry, text)
    driver.press(Qt.Key.Key_Return)


def state(driver: Driver) -> str:
    return driver.find(QLabel, "state_label").text()


def test_training_goes_on_while_the_user_looks_back_and_the_clock_stands_still(driver: Driver) -> None:
    train_on(driver)
    type_step(driver, "17")
    driver.wait_shown(17)
    before = driver.step
    driver.qtbot.waitUntil(lambda: driver.step > before + 50)
    assert (driver.clock.mode, driver.clock.step) == (Mode.PAUSED, 17)
    assert driver.window.bridge.picture.step == 17
    assert driver.session.gate.state == "running"
    assert driver.clock.frontier > before
    driver.qtbot.waitUntil(lambda: state(driver).startswith("Looking at step 17 · training at "))
    assert driver.window.commands["pause_training"].isEnabled()


def test_what_is_shown_of_the_past_is_what_was_there(driver: Driver) -> None:
    driver.train(12)
    then = driver.session.snapshot()
    driver.train(20)
    losses = driver.session.history["loss"]
    type_step(driver, "12")
    driver.wait_shown(12)
    assert fields(driver.window.bridge.picture) == fields(then)
    attention = driver.window.panels["attention_panel"].step_label
    driver.qtbot.waitUntil(lambda: "step 12 " in attention.text())
    assert numpy.array_equal(driver.session.history["loss"], losses)
    assert driver.step == 32


def test_no_picture_of_the_present_is_made_or_shown_meanwhile(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_on(driver)
    driver.press(Qt.Key.Key_Home)
    driver.wait_shown(0)
    driver.qtbot.waitUntil(lambda: driver.session.mailbox.wanted == Demand())
    shown: list[Snapshot] = []
    for name in ("attention_panel", "prediction_panel"):
        monkeypatch.setattr(driver.window.panels[name], "show_snapshot", shown.append)
    before = driver.step
    driver.qtbot.waitUntil(lambda: driver.step > before + 50)
    assert shown == []


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
    driver.window.bridge.looked.connect(lambda: shown.add(driver.window.bridge.picture.step))
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


def test_pause_training_parks_it_and_leaves_the_clock_where_it_is(driver: Driver) -> None:
    train_on(driver)
    type_step(driver, "9")
    driver.wait_shown(9)
    driver.click_on(driver.window.status.pause_button)
    driver.settle()
    assert (driver.clock.mode, driver.clock.step) == (Mode.PAUSED, 9)
    assert state(driver) == f"Looking at step 9 of {driver.step:,} recorded"


def test_the_last_of_many_steps_asked_for_is_the_one_that_is_shown(driver: Driver) -> None:
    train_on(driver, 80)
    for step in range(60):
        driver.window.controls.go_to(step)
    driver.wait_shown(59)
    for step in range(60, 10, -1):
        driver.window.controls.go_to(step)
    driver.wait_shown(11)


def test_the_last_picture_stays_until_the_next_one_is_there(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.train(20)
    type_step(driver, "5")
    driver.wait_shown(5)
    go, view = threading.Event(), Session.view

    def slow(session: Session, *arguments: object) -> object:
        go.wait(20)
        return view(session, *arguments)

    monkeypatch.setattr(Session, "view", slow)
    type_step(driver, "10")
    driver.qtbot.waitUntil(lambda: driver.window.timeline.step == 10)
    attention = driver.window.panels["attention_panel"].step_label
    assert driver.window.bridge.picture.step == 5
    driver.qtbot.waitUntil(lambda: "step 5 " in attention.text())
    go.set()
    driver.wait_shown(10)
    driver.qtbot.waitUntil(lambda: "step 10 " in attention.text())


def test_a_step_that_takes_long_says_how_far_it_is(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.train(20)
    go, view = threading.Event(), Session.view

    def slow(session: Session, step: int, branch: int, progress: object, demand: Demand) -> object:
        progress(30, 100)
        go.wait(20)
        return view(session, step, branch, progress)

    monkeypatch.setattr(Session, "view", slow)
    type_step(driver, "10")
    driver.qtbot.waitUntil(lambda: state(driver) == "Computing step 10 · 30 % (Esc gives up) of 20 recorded")
    go.set()
    driver.wait_shown(10)
    driver.qtbot.waitUntil(lambda: state(driver) == "Looking at step 10 of 20 recorded")


def test_a_late_step_is_stood_in_for_by_the_nearest_that_was_seen_and_can_be_given_up(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.train(8)
    driver.train(22)
    given_up, view = threading.Event(), Session.view

    def endless(session: Session, step: int, branch: int, progress: object, demand: Demand) -> object:
        while progress(30, 100):
            given_up.wait(0.01)
        given_up.set()
        return None

    monkeypatch.setattr(Session, "view", endless)
    type_step(driver, "10")
    driver.qtbot.waitUntil(lambda: driver.window.bridge.picture.step == 8)
    driver.qtbot.waitUntil(lambda: "Computing step 10" in state(driver))
    driver.press(Qt.Key.Key_Escape)
    assert given_up.wait(20)
    assert driver.window.status.currentMessage() == "Given up: the picture is that of step 8"
    assert driver.clock.step == 10
    driver.qtbot.waitUntil(lambda: driver.window.bridge.settled)
    monkeypatch.setattr(Session, "view", view)
    type_step(driver, "11")
    driver.wait_shown(11)
    type_step(driver, "10")
    driver.wait_shown(10)


def test_another_sentence_is_shown_at_the_step_one_looks_at(driver: Driver) -> None:
    driver.train(20)
    type_step(driver, "5")
    driver.wait_shown(5)
    edit = driver.find(QLineEdit, "probe_edit")
    edit.setText("how are you")
    driver.qtbot.keyClick(edit, Qt.Key.Key_Return)

    def shown() -> bool:
        picture = driver.window.bridge.picture
        return picture.step == 5 and picture.attention.origin == "typed"

    driver.qtbot.waitUntil(shown)
    assert driver.clock.step == 5


def test_a_step_is_typed_exactly(driver: Driver) -> None:
    driver.train(50)
    type_step(driver, "37")
    driver.wait_parked_at(37)
    assert driver.find(QLabel, "step_label").text() == "Step 37"
    assert driver.find(QLineEdit, "step_entry").text() == "37"
    driver.press(Qt.Key.Key_Right)  # the keys are the clock's again
    driver.wait_parked_at(38)


def test_a_step_beyond_the_record_shows_the_newest_and_says_so(driver: Driver) -> None:
    driver.train(5)
    type_step(driver, "1,000")
    driver.wait_parked_at(5)
    assert driver.window.status.currentMessage() == "Step 1,000 is not recorded yet: the newest is 5"


def test_what_is_no_step_moves_nothing(driver: Driver) -> None:
    driver.train(5)
    type_step(driver, "five")
    assert driver.window.status.currentMessage() == "“five” is no step: type a whole number"
    driver.press(Qt.Key.Key_Escape)
    driver.wait_parked_at(5)


def test_the_playhead_stands_in_every_plot_and_in_the_timeline(driver: Driver) -> None:
    train_on(driver)
    type_step(driver, "23")
    driver.wait_shown(23)
    plots = [driver.window.panels[name].plot for name in ("curve_panel", "gradient_panel")]
    driver.qtbot.waitUntil(lambda: all(plot.playhead.value() == 23 for plot in plots))
    assert all(plot.playhead.isVisible() for plot in plots)
    assert driver.window.timeline.step == 23
    before = driver.step
    driver.qtbot.waitUntil(lambda: driver.step > before + 50)
    assert all(plot.playhead.value() == 23 for plot in plots)


@pytest.mark.parametrize("name", ["curve_panel", "gradient_panel"])
def test_a_click_on_a_curve_or_a_heat_map_goes_to_its_step(driver: Driver, name: str) -> None:
    driver.train(40)
    plot = driver.window.panels[name].plot
    driver.qtbot.waitUntil(lambda: plot.frontier == 40)
    x = plot.view.rectangle.left() + plot.view.x(25)
    place = QPoint(round(x), round(plot.view.rectangle.center().y()))
    driver.click_on(plot.viewport(), place)
    driver.qtbot.waitUntil(lambda: not driver.clock.following)
    assert abs(driver.clock.step - 25) <= 1
    driver.wait_shown(driver.clock.step)
    assert driver.step == 40


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
    driver.window.bridge.looked.connect(lambda: seen.append(driver.clock.step))
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


def test_changes_and_alerts_are_marked_on_the_timeline(driver: Driver) -> None:
    driver.train(10)
    driver.session.intervene("training.learning_rate", 0.0005)
    driver.session.mailbox.post(Warned(10, "the disk is full"))
    driver.train(10)
    timeline = driver.window.timeline
    driver.qtbot.waitUntil(lambda: len(timeline.markers) == 2, timeout=10_000)
    assert {(mark.step, mark.kind) for mark in timeline.markers} == {(10, "intervention"), (10, "alert")}
    assert "learning rate 0.002 → 0.0005 from here on" in [mark.text for mark in timeline.markers]


def test_closing_while_a_picture_of_the_past_is_made_joins_all_threads(
    open_window: Open, config: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = open_window()
    train_on(driver)
    begun = threading.Event()

    def endless(session: Session, step: int, branch: int, progress: object, demand: Demand) -> object:
        begun.set()
        done = 0
        while progress(done, 10**9):
            done += 1
        return None

    monkeypatch.setattr(Session, "view", endless)
    driver.press(Qt.Key.Key_Home)
    assert begun.wait(20)
    driver.window.close()
    assert not driver.session.running
    assert not any(thread.name == "tfviz past" for thread in threading.enumerate())


def test_restart_while_one_looks_back_shows_the_new_run(driver: Driver) -> None:
    train_on(driver)
    driver.press(Qt.Key.Key_Left, SHIFT)
    old = driver.session
    driver.click("restart")
    driver.wait_for_new_session(old)
    assert driver.clock.following
    assert driver.clock.step == 0


def test_a_drag_over_the_record_ends_at_its_last_place(driver: Driver) -> None:
    driver.train(100)
    timeline = driver.window.timeline
    middle = round(timeline.track.center().y())
    places = [QPoint(round(timeline.position(step)), middle) for step in (80, 60, 40, 20, 33)]
    driver.qtbot.mousePress(timeline, Qt.MouseButton.LeftButton, pos=places[0])
    for place in places[1:]:
        driver.qtbot.mouseMove(timeline, place)
    driver.qtbot.mouseRelease(timeline, Qt.MouseButton.LeftButton, pos=places[-1])
    step = timeline.step_at(places[-1].x())
    driver.wait_shown(step)
    assert abs(step - 33) <= 1
