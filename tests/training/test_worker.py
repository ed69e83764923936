"""The worker: it goes exactly as far as the gate says, shows what is wanted, and survives what goes wrong."""

import math
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from tests.training.small_runs import (
    EVERYTHING,
    HARD,
    PATIENCE,
    SMALL,
    fields,
    in_worker,
    moment,
    same,
    worker_waits,
)
from tfviz.training import worker as worker_module
from tfviz.training.config import RunConfig
from tfviz.training.events import Event, Failed, Finished, Paused, Resumed, Stopped
from tfviz.training.gate import Gate
from tfviz.training.mailbox import Demand
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot


@pytest.fixture
def session() -> Iterator[Session]:
    with started(HARD) as made:
        yield made


def started(config: RunConfig) -> Session:
    """A session whose worker has parked for the first time; nothing of that is left in the mailbox."""
    session = Session(config)
    session.start()
    worker_waits(session)
    session.mailbox.take()
    session.mailbox.events()
    return session


def run_steps(session: Session, count: int) -> None:
    session.gate.run_steps(count)
    worker_waits(session)


def events_until(session: Session, kind: type[Event]) -> list[Event]:
    """All events up to the first of a kind."""
    found: list[Event] = []
    until = time.monotonic() + PATIENCE
    while not any(isinstance(event, kind) for event in found):
        assert time.monotonic() < until, f"no {kind.__name__}, but {found}"
        found += session.mailbox.events()
    return found


def picture(session: Session, condition: Callable[[Snapshot], bool] = lambda snapshot: True) -> Snapshot:
    """The next picture that fulfils a condition."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        snapshot = session.mailbox.take()
        if snapshot is not None and condition(snapshot):
            return snapshot
    raise AssertionError("no such picture")


def count_calls(session: Session, monkeypatch: pytest.MonkeyPatch) -> list[Demand]:
    """The demands of all pictures that are made from now on."""
    made: list[Demand] = []
    original = session.snapshot

    def snapshot(demand: Demand | None = None) -> Snapshot:
        made.append(demand or EVERYTHING)
        return original(demand)

    monkeypatch.setattr(session, "snapshot", snapshot)
    return made


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


@pytest.mark.parametrize("demand", [EVERYTHING, Demand(attention=True), Demand(prediction=True)])
def test_the_picture_of_a_pause_is_of_that_very_step_and_complete(session: Session, demand: Demand) -> None:
    session.mailbox.request(demand)
    for count in (1, 4):
        run_steps(session, count)
        shown = session.mailbox.take()
        assert shown is not None and shown.step == session.step
        assert fields(shown) == fields(in_worker(session, lambda: session.snapshot(demand)))
        if demand.prediction:
            assert shown.prediction is not None and shown.prediction.free_running is not None
        if demand.attention:
            assert shown.attention is not None


def test_without_a_viewer_no_pictures_are_made_while_training_runs(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = count_calls(session, monkeypatch)
    run_steps(session, 40)
    assert len(made) == 1 and session.step == 40  # that of the pause


def test_a_picture_that_was_not_taken_is_not_followed_by_another(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.mailbox.request(EVERYTHING)
    made = count_calls(session, monkeypatch)
    run_steps(session, 40)
    assert len(made) == 2  # one that waited for a viewer all the time, and that of the pause
    shown = session.mailbox.take()
    assert shown is not None and shown.step == 40


def test_a_viewer_that_looks_sees_ever_newer_steps(session: Session) -> None:
    session.mailbox.request(Demand(attention=True))
    session.gate.run()
    steps = [picture(session).step for _ in range(20)]
    session.gate.pause()
    worker_waits(session)
    assert steps == sorted(set(steps))


def test_free_running_is_decoded_a_few_times_a_second_and_attention_as_often_as_it_is_taken(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(worker_module, "time", clock)
    session.mailbox.request(EVERYTHING)
    run_steps(session, 1)
    session.gate.run()
    picture(session, lambda shown: shown.step > 1)
    pictures = [picture(session) for _ in range(10)]  # no time passes: attention alone
    assert all(
        shown.attention is not None and shown.prediction is None and not shown.samples for shown in pictures
    )
    clock.now += worker_module.DECODING_INTERVAL - 0.01
    assert [picture(session).prediction for _ in range(3)] == [None] * 3
    clock.now += 0.02
    decoded = picture(session, lambda shown: shown.prediction is not None)
    assert decoded.prediction is not None and decoded.prediction.free_running is not None and decoded.samples
    assert [picture(session).prediction for _ in range(3)] == [None] * 3
    session.gate.pause()
    worker_waits(session)
    last = picture(session, lambda shown: shown.step == session.step)
    assert last.prediction is not None  # a pause is worth one at any time


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


def test_predictions_alone_are_as_rare(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(worker_module, "time", clock)
    session.mailbox.request(Demand(prediction=True, samples=True))
    run_steps(session, 1)
    made = count_calls(session, monkeypatch)
    session.mailbox.take()
    run_steps(session, 20)
    assert len(made) == 1  # of the pause
    clock.now += 1
    session.mailbox.take()
    run_steps(session, 20)
    assert len(made) == 3


def test_every_prediction_that_is_shown_is_decoded_both_ways(session: Session) -> None:
    session.mailbox.request(EVERYTHING)
    session.gate.run()
    for _ in range(30):
        shown = picture(session).prediction
        if shown is not None:  # else a panel keeps the row it has: nothing blinks
            assert shown.free_running is not None and shown.teacher_forced is not None


def test_pictures_do_not_change_what_is_trained() -> None:
    with started(HARD) as seen, started(HARD) as unseen:
        seen.mailbox.request(EVERYTHING)
        for session in (seen, unseen):
            session.gate.run_until(step=60)
        pictures = 0
        while not seen.gate.parked:
            pictures += seen.mailbox.take() is not None
        for session in (seen, unseen):
            worker_waits(session)
        assert pictures > 1
        assert same(in_worker(seen, seen.trainer.state), in_worker(unseen, unseen.trainer.state))


def test_pictures_are_copies_that_training_leaves_alone(session: Session) -> None:
    session.mailbox.request(EVERYTHING)
    run_steps(session, 1)
    shown = picture(session)
    before = fields(shown)
    run_steps(session, 5)
    assert fields(shown) == before


def test_an_exception_in_a_step_is_told_and_survived(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_steps(session, 3)
    session.mailbox.events()
    before = in_worker(session, session.trainer.state)
    original = session.trainer.train_batch

    def fail() -> list[float]:
        raise OSError("the disk is on fire")

    monkeypatch.setattr(session.trainer, "train_batch", fail)
    session.gate.run()
    failed = next(event for event in events_until(session, Paused) if isinstance(event, Failed))
    assert (failed.step, failed.text) == (3, "OSError: the disk is on fire")
    assert "Traceback" in failed.traceback and "in fail" in failed.traceback
    worker_waits(session)
    assert session.running and session.gate.state == "paused"
    assert same(in_worker(session, session.trainer.state), before)
    monkeypatch.setattr(session.trainer, "train_batch", original)
    run_steps(session, 2)
    other = Session(HARD)
    other.train(5)
    assert same(in_worker(session, session.trainer.state), other.trainer.state())


def test_an_exception_in_a_picture_is_told_and_survived(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(demand: Demand | None = None) -> Snapshot:
        raise MemoryError("no room for a picture")

    with monkeypatch.context() as patched:
        patched.setattr(session, "snapshot", fail)
        run_steps(session, 2)
        failed = next(event for event in events_until(session, Failed) if isinstance(event, Failed))
        assert (failed.step, failed.text) == (2, "MemoryError: no room for a picture")
    session.mailbox.request(EVERYTHING)
    run_steps(session, 1)
    assert session.running and session.step == 3 and picture(session).step == 3


def test_an_exception_in_a_condition_is_told_and_survived(session: Session) -> None:
    session.gate.run_until(predicate=lambda step, loss: step // 0 > 1)
    failed = next(event for event in events_until(session, Failed) if isinstance(event, Failed))
    assert failed.text.startswith("ZeroDivisionError") and failed.step == 0
    run_steps(session, 2)
    assert session.step == 2


def test_a_nan_is_told_with_the_operation_and_the_state_before_it_is_there(session: Session) -> None:
    run_steps(session, 4)
    session.mailbox.events()
    before = in_worker(session, session.trainer.state)
    batch = session.task.batch(5, 0)
    model = session.trainer.models.training(4, *(ids.shape[1] for ids in (batch.source, batch.target_in)))
    program = model.program
    operation = next(each for each in program.operations if each.name == "decoder.layers.0.activation")
    original = operation.forward

    def spoil() -> None:
        original()
        operation.outputs[0].data[...] = math.nan

    operation.forward = spoil  # type: ignore[method-assign]
    program._forward = [each.forward for each in program.operations]
    session.gate.run()
    found = events_until(session, Paused)
    failed = next(event for event in found if isinstance(event, Failed))
    assert failed.step == 4 and failed.traceback == ""
    assert failed.text.startswith("step 5 would spoil the parameters: loss nan")
    assert "arose in decoder.layers.0.activation (forward, ReLU)" in failed.text
    worker_waits(session)
    assert same(in_worker(session, session.trainer.state), before) and session.frontier == 4
    operation.forward = original  # type: ignore[method-assign]
    program._forward = [each.forward for each in program.operations]
    run_steps(session, 1)
    assert session.step == 5 and np.isfinite(session.loss)


def test_a_finished_run_says_so_and_refuses_politely() -> None:
    with started(SMALL.replace("training.steps", 6)) as session:
        for ask in (session.gate.run, lambda: session.gate.run_steps(3), session.gate.run):
            ask()
            found = events_until(session, Paused)
            assert Finished(6, "all 6 steps are done") in found
            worker_waits(session)
            assert session.step == session.frontier == 6
        session.go_to(2)
        run_steps(session, 2)
        assert session.step == 4 and not any(
            isinstance(event, Finished) for event in session.mailbox.events()
        )


def test_closing_joins_the_thread_wherever_it_is() -> None:
    for running in (False, True):
        session = Session(HARD)
        session.start()
        threads = [thread for thread in threading.enumerate() if thread.name == "tfviz training"]
        if running:
            session.gate.run()
        session.close()
        assert len(threads) == 1 and not threads[0].is_alive() and not session.running
        assert isinstance(session.mailbox.events()[-1], Stopped)
        session.close()


def test_who_wants_the_worker_after_the_end_is_told_so(session: Session) -> None:
    session.close()
    with pytest.raises(RuntimeError, match="training has ended"):
        session.gate.call(lambda: None).result(PATIENCE)
    assert session.parameters  # without the worker


def test_a_closed_session_can_be_given_to_a_new_worker(session: Session) -> None:
    run_steps(session, 3)
    session.close()
    session.start()
    worker_waits(session)
    run_steps(session, 3)
    other = Session(HARD)
    other.train(6)
    assert same(in_worker(session, session.trainer.state), other.trainer.state())


def test_nobody_else_may_train_while_a_worker_owns_the_session(session: Session) -> None:
    with pytest.raises(RuntimeError, match="the session trains in its own thread"):
        session.train(1)
    with pytest.raises(RuntimeError, match="the session has a worker already"):
        session.start()
    assert session.step == 0


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
        for _ in range(3):
            for step, shown in expected.items():
                assert fields(session.view(step)) == shown
        assert session.view(29, progress=lambda done, of: False) is None
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
