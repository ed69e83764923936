"""Looking at the past while training goes on: the clock, the pictures and what is said of both."""

import numpy
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QLineEdit

from tests.app.driving import Driver
from tests.app.record_visits import state, train_on, type_step
from tests.training.small_runs import fields
from tfviz.training.events import Warned
from tfviz.training.mailbox import Demand
from tfviz.training.snapshot import Snapshot
from tfviz.views.clock import Mode

SHIFT = Qt.KeyboardModifier.ShiftModifier


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


def test_pause_training_parks_it_and_leaves_the_clock_where_it_is(driver: Driver) -> None:
    train_on(driver)
    type_step(driver, "9")
    driver.wait_shown(9)
    driver.click_on(driver.window.status.pause_button)
    driver.settle()
    assert (driver.clock.mode, driver.clock.step) == (Mode.PAUSED, 9)
    assert state(driver) == f"Looking at step 9 of {driver.step:,} recorded"


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


def test_changes_and_alerts_are_marked_on_the_timeline(driver: Driver) -> None:
    driver.train(10)
    driver.session.intervene("training.learning_rate", 0.0005)
    driver.session.mailbox.post(Warned(10, "the disk is full"))
    driver.train(10)
    timeline = driver.window.timeline
    driver.qtbot.waitUntil(lambda: len(timeline.markers) == 2, timeout=10_000)
    assert {(mark.step, mark.kind) for mark in timeline.markers} == {(10, "intervention"), (10, "alert")}
    assert "learning rate 0.002 → 0.0005 from here on" in [mark.text for mark in timeline.markers]


def test_restart_while_one_looks_back_shows_the_new_run(driver: Driver) -> None:
    train_on(driver)
    driver.press(Qt.Key.Key_Left, SHIFT)
    old = driver.session
    driver.click("restart")
    driver.wait_for_new_session(old)
    assert driver.clock.following
    assert driver.clock.step == 0
