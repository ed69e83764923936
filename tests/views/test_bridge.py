"""The bridge carries what is new, at each panel's rate, and asks the worker for what can be seen and no more."""

import threading
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.views.hand_made import attention, prediction
from tfviz.training.config import RunConfig
from tfviz.training.events import Failed, Finished, Paused, Resumed, Stopped, Warned
from tfviz.training.mailbox import Demand
from tfviz.training.record.history import History
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot
from tfviz.views.bridge import LONGEST_WAIT, SHARE, Bridge
from tfviz.views.feed import INTERVAL, Feed
from tfviz.views.panel import Panel


class Picture(Panel):
    title = object_name = "picture"
    rate = 30.0
    demand = Demand(attention=True)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown: list[Snapshot] = []

    def show_snapshot(self, snapshot: Snapshot) -> None:
        self.shown.append(snapshot)


class Words(Picture):
    title = object_name = "words"
    rate = 4.0
    demand = Demand(prediction=True)


class Curve(Panel):
    title = object_name = "curve"
    rate = 10.0

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lengths: list[int] = []
        self.steps: list[int] = []

    def show_history(self, history: History) -> None:
        self.lengths.append(len(history))

    def show_step(self, step: int) -> None:
        self.steps.append(step)


@pytest.fixture
def session() -> Iterator[Session]:
    small = {
        "model.d_model": 8,
        "model.nhead": 2,
        "model.num_encoder_layers": 1,
        "model.num_decoder_layers": 1,
        "model.dim_feedforward": 8,
    }
    session = Session(RunConfig.preset("tiny").with_values(small))
    yield session
    session.close()


def snapshot(step: int, with_attention: bool = True, with_prediction: bool = True) -> Snapshot:
    return Snapshot(
        step,
        0,
        RunConfig(),
        attention() if with_attention else None,
        prediction() if with_prediction else None,
    )


def watch(qtbot: QtBot, session: Session, *panels: Panel) -> Bridge:
    """A bridge over visible panels that looks only when told to."""
    for panel in panels:
        qtbot.addWidget(panel)
        panel.show()
        panel.resize(200, 150)
    bridge = Bridge(panels)
    bridge.watch(session)
    bridge._timer.stop()
    return bridge


def look(bridge: Bridge, now: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.monotonic", lambda: now)
    bridge.look()
    monkeypatch.undo()


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


def look_until(bridge: Bridge, qtbot: QtBot, condition: Callable[[], bool]) -> None:
    def looked() -> bool:
        bridge.look()
        return condition()

    qtbot.waitUntil(looked)


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
