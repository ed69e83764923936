"""Pictures of the past that are late, or asked for faster than they are made: what is shown until they are there."""

import threading

import pytest
from PySide6.QtCore import QPoint, Qt

from tests.app.conftest import Open
from tests.app.driving import Driver
from tests.app.record_visits import state, train_on, type_step
from tfviz.training.config import RunConfig
from tfviz.training.mailbox import Demand
from tfviz.training.session import Session


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
