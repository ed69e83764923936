"""The worker: it goes exactly as far as the gate says, and whatever is asked of it meanwhile changes nothing."""

from collections.abc import Iterator

import pytest

from tests.training.live_sessions import picture, run_steps, started
from tests.training.small_runs import (
    EVERYTHING,
    HARD,
    fields,
    in_worker,
    moment,
    same,
    worker_waits,
)
from tfviz.training.events import Paused, Resumed
from tfviz.training.gate import Gate
from tfviz.training.session import Session


@pytest.fixture
def session() -> Iterator[Session]:
    with started(HARD) as made:
        yield made


def test_a_worker_starts_paused_with_a_whole_picture_of_step_0() -> None:
    session = Session(HARD)
    session.mailbox.request(EVERYTHING)
    session.start()
    worker_waits(session)
    shown = session.mailbox.take()
    assert shown is not None and shown.step == 0
    assert fields(shown) == fields(in_worker(session, lambda: session.snapshot(EVERYTHING)))
    assert session.mailbox.events() == [Paused(0, "asked")] and session.step == 0 and session.running
    session.close()


@pytest.mark.parametrize("count", [1, 2, 13])
def test_so_many_steps_are_exactly_so_many_batches(session: Session, count: int) -> None:
    for done in range(1, 4):
        run_steps(session, count)
        assert session.step == session.frontier == len(session.history) == done * count
        assert session.mailbox.events() == [Resumed((done - 1) * count), Paused(done * count, "steps")]


def test_the_thread_computes_what_the_caller_would(session: Session) -> None:
    run_steps(session, 15)
    other = Session(HARD)
    other.train(15)
    assert in_worker(session, lambda: moment(session)) == moment(other)
    assert session.history["loss"].tolist() == other.history["loss"].tolist()


def test_a_pause_ends_at_a_step(session: Session) -> None:
    session.gate.run()
    picture_of_running(session, 20)
    session.gate.pause()
    worker_waits(session)
    assert session.frontier == session.step == len(session.history) >= 20
    assert session.gate.state == "paused"


def picture_of_running(session: Session, step: int) -> None:
    """Wait until a step is done, with a picture of it or a later one."""
    session.mailbox.request(EVERYTHING)
    picture(session, lambda snapshot: snapshot.step >= step)


def test_pictures_do_not_change_what_is_trained() -> None:
    with started(HARD) as seen, started(HARD) as unseen:
        steps: list[int] = []
        seen.mailbox.request(EVERYTHING)
        seen.gate.run()
        for _ in range(3):  # however few steps or many a busy machine takes between them
            shown = picture(seen, lambda snapshot: snapshot.step > max(steps, default=0))
            steps.append(shown.step)
        seen.gate.pause()
        worker_waits(seen)
        unseen.gate.run_until(step=seen.step)
        worker_waits(unseen)
        assert same(in_worker(seen, seen.trainer.state), in_worker(unseen, unseen.trainer.state))


def test_pictures_are_copies_that_training_leaves_alone(session: Session) -> None:
    session.mailbox.request(EVERYTHING)
    run_steps(session, 1)
    shown = picture(session)
    before = fields(shown)
    run_steps(session, 5)
    assert fields(shown) == before


def test_whatever_changes_the_run_waits_for_a_step_boundary() -> None:
    with started(HARD) as session:
        session.gate.run()
        picture_of_running(session, 30)
        session.go_to(10)
        assert session.branch("again").number == 1
        session.intervene("training.learning_rate", 0.002)
        session.switch(0)
        session.gate.pause()
        worker_waits(session)
        checked = {line.branch.number: line.history["loss"].tolist() for line in session.lines.values()}
        configs = [line.configs for line in session.lines.values()]
    alone = Session(HARD)
    alone.train(len(checked[0]))
    assert alone.history["loss"].tolist() == checked[0] and configs[0] == [(0, HARD)]


def test_a_view_while_the_worker_trains_is_the_step_as_it_was() -> None:
    with started(HARD) as session:
        run_steps(session, 30)
        expected = {}
        for step in (30, 17, 3):
            session.go_to(step)
            expected[step] = fields(in_worker(session, lambda: session.snapshot(EVERYTHING)))
        session.go_to(30)
        session.gate.run()
        assert session.view(29, progress=lambda done, of: False) is None
        for _ in range(3):
            for step, shown in expected.items():
                assert fields(session.view(step)) == shown
        session.gate.pause()
        worker_waits(session)
        steps = session.step
        state = in_worker(session, session.trainer.state)
    other = Session(HARD)
    other.train(steps)
    assert same(other.trainer.state(), state)


def test_calls_from_within_the_worker_do_not_wait_for_it(session: Session) -> None:
    run_steps(session, 5)

    def inside() -> tuple[int, str]:
        session.go_to(2)
        return session.step, session.predict("0 1")

    step, answer = in_worker(session, inside)
    assert step == 2 and answer == in_worker(session, lambda: session.predict("0 1"))


def test_the_gate_is_the_same_for_all_workers_of_a_session(session: Session) -> None:
    gate = session.gate
    assert isinstance(gate, Gate)
    session.close()
    session.start()
    assert session.gate is gate
