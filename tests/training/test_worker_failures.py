"""What goes wrong in the thread is told once, and training can go on."""

import math
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from tests.training.live_sessions import events_until, picture, run_steps, started
from tests.training.small_runs import (
    EVERYTHING,
    HARD,
    PATIENCE,
    SMALL,
    in_worker,
    same,
    worker_waits,
)
from tests.training.test_non_finite import models_of, writing_in_both
from tfviz.training.events import Failed, Finished, Paused, Stopped
from tfviz.training.mailbox import Demand
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot


@pytest.fixture
def session() -> Iterator[Session]:
    with started(HARD) as made:
        yield made


def test_an_exception_in_a_step_is_told_and_survived(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_steps(session, 3)
    session.mailbox.events()
    before = in_worker(session, session.trainer.state)
    original = session.trainer.train_batch

    def fail(*_: object) -> list[float]:
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
    models = models_of(session.trainer)
    twins = [
        next(each for each in model.program.operations if each.name == "decoder.layers.0.activation")
        for model in models
    ]
    arrays = tuple(operation.outputs[0].data for operation in twins)
    with writing_in_both(models, tuple(twins), "forward", arrays, math.nan):
        session.gate.run()
        found = events_until(session, Paused)
    failed = next(event for event in found if isinstance(event, Failed))
    assert failed.step == 4 and failed.traceback == ""
    assert failed.text.startswith("step 5 would spoil the parameters: loss nan")
    assert "arose in decoder.layers.0.activation (forward, ReLU)" in failed.text
    worker_waits(session)
    assert same(in_worker(session, session.trainer.state), before) and session.frontier == 4
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
