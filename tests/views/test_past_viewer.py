"""Pictures of the past are made beside the window's thread; the newest wish is the one that is answered."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from tests.views.hand_made import snapshot
from tfviz.training.mailbox import WHOLE, Demand
from tfviz.training.snapshot import Snapshot
from tfviz.training.stepping.stages import StagesWish
from tfviz.training.tasks import Example
from tfviz.views.past_viewer import PastViewer, Wish

PROBE = Example("how are you", "how are you", "validation 1/64")


class SlowSession:
    """Takes as long for a picture as the test wants: `steps` looks at the progress, each when `go` lets it."""

    def __init__(self, steps: int = 1) -> None:
        self.steps = steps
        self.go = threading.Semaphore(0)
        self.begun: list[int] = []
        self.given_up: list[int] = []

    def view(self, step: int, branch: int, progress: object, demand: Demand) -> Snapshot | None:
        self.begun.append(step)
        for done in range(self.steps):
            if not self.go.acquire(timeout=20):
                raise TimeoutError
            if not progress(done, self.steps):
                self.given_up.append(step)
                return None
        return snapshot(step)


class BrokenSession(SlowSession):
    def view(self, step: int, branch: int, progress: object, demand: Demand) -> Snapshot | None:
        super().view(step, branch, progress, demand)
        raise OSError(f"step {step} is broken")


@pytest.fixture
def viewer() -> Iterator[PastViewer]:
    made = PastViewer()
    yield made
    made.stop()


def wish(session: SlowSession, step: int, branch: int = 0) -> Wish:
    return Wish(session, branch, step, PROBE)


def taken(viewer: PastViewer, qtbot: QtBot) -> Snapshot:
    found: list[Snapshot] = []

    def take() -> bool:
        picture = viewer.take()
        if picture is not None:
            found.append(picture)
        return bool(found)

    qtbot.waitUntil(take)
    return found[0]


def test_a_wish_is_answered_once(viewer: PastViewer, qtbot: QtBot) -> None:
    session = SlowSession()
    assert not viewer.busy
    with qtbot.waitSignal(viewer.arrived):
        viewer.ask(wish(session, 37))
        assert viewer.busy
        session.go.release()
    assert taken(viewer, qtbot).step == 37
    assert not viewer.busy
    viewer.ask(wish(session, 37))
    assert not viewer.busy
    assert viewer.take() is None
    assert session.begun == [37]


def test_of_many_wishes_the_newest_is_answered_and_none_waits(viewer: PastViewer, qtbot: QtBot) -> None:
    session = SlowSession(steps=3)
    viewer.ask(wish(session, 1))
    qtbot.waitUntil(lambda: session.begun == [1])
    for step in range(2, 40):
        viewer.ask(wish(session, step))
    session.go.release(20)
    assert taken(viewer, qtbot).step == 39
    assert session.begun == [1, 39]
    assert session.given_up == [1]


def test_a_picture_that_is_as_good_as_done_is_still_shown_on_the_way(
    viewer: PastViewer, qtbot: QtBot
) -> None:
    session = SlowSession(steps=3)
    viewer.ask(wish(session, 1))
    session.go.release(2)
    qtbot.waitUntil(lambda: viewer._done == (1, 3))
    viewer.ask(wish(session, 2))
    viewer._began = float("inf")  # what is left takes no time
    session.go.release(1)
    assert taken(viewer, qtbot).step == 1
    assert viewer.busy
    session.go.release(3)
    assert taken(viewer, qtbot).step == 2
    assert not viewer.busy


def test_what_is_no_longer_wanted_is_given_up(viewer: PastViewer, qtbot: QtBot) -> None:
    session = SlowSession(steps=2)
    viewer.ask(wish(session, 5))
    qtbot.waitUntil(lambda: session.begun == [5])
    viewer.ask(None)
    assert not viewer.busy
    session.go.release()
    qtbot.waitUntil(lambda: session.given_up == [5])
    assert viewer.take() is None


def test_the_same_wish_after_another_is_answered_again(viewer: PastViewer, qtbot: QtBot) -> None:
    session = SlowSession(steps=0)
    for step in (5, 6, 5):
        viewer.ask(wish(session, step))
        assert taken(viewer, qtbot).step == step
    viewer.ask(None)
    viewer.ask(wish(session, 5))
    assert taken(viewer, qtbot).step == 5
    assert session.begun == [5, 6, 5, 5]


def test_another_branch_sentence_or_demand_is_another_picture(viewer: PastViewer, qtbot: QtBot) -> None:
    session = SlowSession(steps=0)
    other = PROBE._replace(source="who are you")
    head = replace(WHOLE, stages=StagesWish("cross L0H1"))
    for asked in (
        Wish(session, 0, 5, PROBE),
        Wish(session, 1, 5, PROBE),
        Wish(session, 1, 5, other),
        Wish(session, 1, 5, other, head),
    ):
        viewer.ask(asked)
        assert taken(viewer, qtbot).step == 5
    assert session.begun == [5, 5, 5, 5]


def test_an_error_is_raised_where_the_picture_is_taken_and_ends_nothing(
    viewer: PastViewer, qtbot: QtBot
) -> None:
    broken, whole = BrokenSession(steps=0), SlowSession(steps=0)
    with qtbot.waitSignal(viewer.arrived):
        viewer.ask(wish(broken, 5))
    with pytest.raises(OSError, match="step 5 is broken"):
        viewer.take()
    assert not viewer.busy
    assert viewer.take() is None
    viewer.ask(wish(whole, 6))
    assert taken(viewer, qtbot).step == 6


def test_progress_is_told_when_a_picture_takes_long(viewer: PastViewer, qtbot: QtBot) -> None:
    session = SlowSession(steps=4)
    viewer.ask(wish(session, 5))
    session.go.release(2)
    qtbot.waitUntil(lambda: viewer._done == (1, 4))
    viewer._began -= 10
    assert viewer.progress == (1, 4)
    session.go.release(2)
    taken(viewer, qtbot)
    assert viewer.progress is None


def test_stopping_in_the_middle_of_a_picture_joins_the_thread(viewer: PastViewer, qtbot: QtBot) -> None:
    session = SlowSession(steps=1000)
    viewer.ask(wish(session, 5))
    qtbot.waitUntil(lambda: session.begun == [5])
    session.go.release(1000)
    viewer.stop()
    assert not any(thread.name == "tfviz past" for thread in threading.enumerate())
    again = SlowSession(steps=0)
    viewer.ask(wish(again, 6))
    assert taken(viewer, qtbot).step == 6
