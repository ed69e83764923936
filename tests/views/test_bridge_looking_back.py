"""The bridge while the clock stands in the past or on another branch: its pictures, and when all is shown."""

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from tests.views.bridged import Curve, Picture, look_until, small_session, snapshot, watch
from tfviz.training.mailbox import Demand
from tfviz.training.session import Session
from tfviz.views.bridge import Bridge


@pytest.fixture
def session() -> Iterator[Session]:
    session = small_session()
    yield session
    session.close()


@pytest.fixture
def looking_back(qtbot: QtBot, session: Session) -> Iterator[tuple[Bridge, Picture, Curve]]:
    """A run of 20 steps of which the panels show the newest."""
    picture, curve = Picture(), Curve()
    session.train(20)
    bridge = watch(qtbot, session, picture, curve)
    bridge.at_every_look(lambda: bridge.clock.observe(session.step, session.frontier))
    session.mailbox.put(snapshot(20))
    look_until(bridge, qtbot, lambda: bool(picture.shown))
    yield bridge, picture, curve
    bridge.watch(None)


def test_a_pinned_clock_shows_the_past_and_no_picture_of_the_present(
    looking_back: tuple[Bridge, Picture, Curve], session: Session, qtbot: QtBot
) -> None:
    bridge, picture, curve = looking_back
    bridge.clock.pin(7)
    look_until(bridge, qtbot, lambda: picture.shown[-1].step == 7)
    session.mailbox.put(snapshot(21))
    session.train(1)
    look_until(bridge, qtbot, lambda: curve.lengths[-1] == 21)
    assert [shown.step for shown in picture.shown] == [20, 7]
    assert curve.steps[-1] == 7
    assert session.mailbox.taken and session.mailbox.wanted == Demand()
    look_until(bridge, qtbot, lambda: bridge.settled)


@pytest.fixture
def two_branches(session: Session) -> Session:
    """Two branches of eight steps that went different ways after the fourth, the second of them current."""
    session.train(8)
    session.go_to(4)
    session.intervene("training.learning_rate", 0.05)
    session.train(4)
    session.start()
    return session


def test_on_another_branch_nothing_is_settled_before_its_picture_is_shown(
    two_branches: Session, qtbot: QtBot
) -> None:
    session, picture = two_branches, Picture()
    bridge = watch(qtbot, session, picture)
    bridge.at_every_look(lambda: bridge.clock.observe(session.step, session.frontier))
    look_until(bridge, qtbot, lambda: bridge.settled)
    before = picture.shown[-1]
    session.gate.call(lambda: session.switch(0))
    look_until(bridge, qtbot, lambda: session.line.branch.number == 0 and bridge.settled)
    shown, expected = picture.shown[-1].attention, session.view(8, 0)
    assert picture.shown[-1].step == before.step == 8
    assert shown is not None and expected is not None and expected.attention is not None
    assert (shown.cross == expected.attention.cross).all()
    bridge.watch(None)


def test_nothing_is_settled_while_a_picture_that_was_asked_for_is_not_there(
    two_branches: Session, qtbot: QtBot
) -> None:
    session, go = two_branches, threading.Event()
    bridge = watch(qtbot, session, Picture())
    bridge.at_every_look(lambda: bridge.clock.observe(session.step, session.frontier))
    look_until(bridge, qtbot, lambda: bridge.settled)
    before = bridge.picture
    session.gate.call(lambda: go.wait(20))
    bridge.show_again()
    bridge.look()
    assert not bridge.settled
    go.set()
    look_until(bridge, qtbot, lambda: bridge.settled)
    assert bridge.picture is not before
    bridge.watch(None)


def test_following_again_asks_the_worker_for_pictures_at_once(
    looking_back: tuple[Bridge, Picture, Curve], session: Session, qtbot: QtBot
) -> None:
    bridge, picture, _ = looking_back
    bridge.clock.pin(7)
    look_until(bridge, qtbot, lambda: picture.shown[-1].step == 7)
    bridge.clock.follow()
    bridge.look()
    assert session.mailbox.wanted == Demand(attention=True)
    session.mailbox.put(snapshot(20))
    look_until(bridge, qtbot, lambda: picture.shown[-1].step == 20)


def test_a_replay_waits_for_its_pictures(
    looking_back: tuple[Bridge, Picture, Curve],
    session: Session,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bridge, picture, _ = looking_back
    go, view = threading.Event(), Session.view

    def slow(*arguments: object) -> object:
        go.wait(20)
        return view(*arguments)

    bridge.clock.pin(2)
    look_until(bridge, qtbot, lambda: picture.shown[-1].step == 2)
    with monkeypatch.context() as patch:
        patch.setattr(Session, "view", slow)
        bridge.clock.play()
        look_until(bridge, qtbot, lambda: bridge.clock.step > 2)
        there = bridge.clock.step
        for turn in range(20):
            monkeypatch.setattr("time.monotonic", lambda turn=turn: 1e6 + turn)
            bridge.look()
        assert bridge.clock.step == there
        monkeypatch.undo()
        go.set()
        look_until(bridge, qtbot, lambda: picture.shown[-1].step == there)
    look_until(bridge, qtbot, lambda: bridge.clock.following)


def test_where_no_panel_shows_pictures_none_is_computed(
    looking_back: tuple[Bridge, Picture, Curve],
    session: Session,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bridge, picture, curve = looking_back
    picture.hide()
    bridge._checked_at = 0.0
    bridge.look()
    asked: list[object] = []
    monkeypatch.setattr(Session, "view", lambda *arguments: asked.append(arguments))
    bridge.clock.pin(7)
    look_until(bridge, qtbot, lambda: curve.steps[-1] == 7)
    assert asked == []
    assert not bridge.past.busy
