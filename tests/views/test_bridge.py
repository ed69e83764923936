"""The bridge carries what is new, at each panel's rate, and asks the worker for what can be seen and no more."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.views.bridged import Curve, Picture, Words, look, small_session, snapshot, watch
from tfviz.training.events import Failed, Finished, Paused, Resumed, Stopped, Warned
from tfviz.training.mailbox import Demand
from tfviz.training.session import Session
from tfviz.views.bridge import LONGEST_WAIT, SHARE
from tfviz.views.feed import INTERVAL, Feed


@pytest.fixture
def session() -> Iterator[Session]:
    session = small_session()
    yield session
    session.close()


def test_a_picture_goes_to_the_panels_that_need_what_it_holds(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, words = Picture(), Words()
    bridge = watch(qtbot, session, picture, words)
    session.mailbox.put(snapshot(1, with_prediction=False))
    look(bridge, 100.0, monkeypatch)
    assert [s.step for s in picture.shown] == [1]
    assert words.shown == []
    session.mailbox.put(snapshot(2))
    look(bridge, 100.1, monkeypatch)
    assert [s.step for s in picture.shown] == [1, 2]
    assert [s.step for s in words.shown] == [2]


def test_each_panel_is_told_at_its_own_rate_and_last_of_all_the_newest(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, words = Picture(), Words()
    bridge = watch(qtbot, session, picture, words)
    for turn in range(60):
        session.mailbox.put(snapshot(turn + 1))
        look(bridge, 100 + turn * INTERVAL, monkeypatch)
    assert len(picture.shown) == 60
    assert 7 <= len(words.shown) <= 9
    look(bridge, 110, monkeypatch)
    assert words.shown[-1].step == 60


def test_curves_are_told_only_of_what_is_new(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    curve = Curve()
    bridge = watch(qtbot, session, curve)
    session.train(3)
    for turn in range(30):
        look(bridge, 100 + turn * INTERVAL, monkeypatch)
    assert curve.lengths == [3]
    session.train(2)
    look(bridge, 102, monkeypatch)
    assert curve.lengths == [3, 5]


def test_a_hidden_panel_is_not_told(qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = Picture()
    bridge = watch(qtbot, session, picture)
    picture.hide()
    session.mailbox.put(snapshot(1))
    look(bridge, 100, monkeypatch)
    assert picture.shown == []
    assert session.mailbox.wanted == Demand()
    picture.show()
    look(bridge, 101, monkeypatch)
    assert [s.step for s in picture.shown] == [1]
    assert session.mailbox.wanted == Demand(attention=True)


def test_events_become_signals_in_their_order(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge = watch(qtbot, session)
    heard: list[object] = []
    for signal in (
        bridge.resumed,
        bridge.paused,
        bridge.finished,
        bridge.warned,
        bridge.failed,
        bridge.stopped,
    ):
        signal.connect(heard.append)
    events = [
        Resumed(1), Warned(2, "careful"), Finished(3, "done"), Failed(3, "no", ""), Paused(2**40), Stopped(4),
    ]  # fmt: skip
    for event in events:
        session.mailbox.post(event)
    look(bridge, 100, monkeypatch)
    assert heard == events


def test_steps_are_told_four_times_a_second_and_states_at_once(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge = watch(qtbot, session)
    told: list[int] = []
    bridge.at_every_look(lambda: bridge.clock.observe(session.step, session.frontier))
    bridge.changed.connect(lambda: told.append(session.step))
    for turn in range(30):
        session.train(1)
        look(bridge, 100 + turn * INTERVAL, monkeypatch)
    assert 4 <= len(told) <= 5
    session.gate.run()
    look(bridge, 101, monkeypatch)
    count = len(told)
    session.gate.pause()
    look(bridge, 101.001, monkeypatch)
    assert len(told) == count + 1


def test_while_training_runs_it_looks_as_often_as_the_fastest_panel_on_the_screen_wants(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast, slow = Picture(), Words()
    fast.rate, slow.rate = 30.0, 10.0
    bridge = watch(qtbot, session, fast, slow)
    intervals: list[int] = []

    def after(change: Callable[[], object]) -> None:
        change()
        look(bridge, 100.0 + len(intervals), monkeypatch)
        intervals.append(bridge._timer.interval())

    for change in (session.gate.run, fast.hide, session.gate.pause, session.gate.run, fast.show):
        after(change)
    assert intervals == [33, 67, 33, 67, 33]


def test_slow_pictures_become_rarer_and_fast_ones_do_not(qtbot: QtBot, session: Session) -> None:
    bridge = watch(qtbot, session)
    bridge._cost = SHARE * INTERVAL * 0.9
    assert bridge.looks_per_picture == 1
    bridge._cost = SHARE * INTERVAL * 2.5
    assert bridge.looks_per_picture == 3
    bridge._cost = 1.0
    assert bridge.looks_per_picture == LONGEST_WAIT


def test_while_parked_no_picture_waits(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = Picture()
    bridge = watch(qtbot, session, picture)
    bridge._cost = 1.0
    for turn in range(5):
        session.mailbox.put(snapshot(turn))
        look(bridge, 100 + turn, monkeypatch)
    assert len(picture.shown) == 5


def test_another_session_starts_with_a_clean_sheet(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    curve = Curve()
    bridge = watch(qtbot, session, curve)
    session.train(3)
    look(bridge, 100, monkeypatch)
    with Session(session.config) as other:
        bridge.watch(other)
        look(bridge, 101, monkeypatch)
    assert curve.lengths == [3, 0]
    assert bridge.picture is None
    bridge.watch(None)
    assert not bridge.watching


def test_a_panel_outside_of_the_window_is_not_seen(qtbot: QtBot) -> None:
    window, panel = QWidget(), Picture()
    qtbot.addWidget(window)
    window.resize(300, 300)
    panel.setParent(window)
    panel.setGeometry(10, 10, 100, 100)
    window.show()
    feed = Feed(panel)
    feed.check()
    assert feed.seen
    panel.move(-500, -500)
    feed.check()
    assert not feed.seen
