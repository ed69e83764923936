"""Calls through the gate and its end: a call runs between two steps, and nobody waits for what will not come."""

import threading
from collections.abc import Iterator

import pytest

from tests.training.counting_worker import PATIENCE, Worker


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker()
    made.thread.start()
    yield made
    made.join()


def test_a_call_runs_in_the_worker_between_two_steps(worker: Worker) -> None:
    under_way = threading.Event()

    def train_a_step(step: int) -> None:
        under_way.set()
        sum(range(100))
        under_way.clear()

    worker.work = train_a_step
    worker.gate.run()
    for _ in range(30):
        future = worker.gate.call(lambda: (threading.get_ident(), under_way.is_set()))
        assert future.result(PATIENCE) == (worker.thread.ident, False)


def test_a_call_is_answered_while_paused_and_leaves_the_pause(worker: Worker) -> None:
    worker.wait_parked()
    assert worker.gate.call(lambda: "done").result(PATIENCE) == "done"
    assert worker.gate.parked and worker.step == 0 and len(worker.changes) == 1


def test_an_exception_in_a_call_reaches_who_asked_and_nobody_else(worker: Worker) -> None:
    def fail() -> None:
        raise KeyError("nothing here")

    future = worker.gate.call(fail)
    assert isinstance(future.exception(PATIENCE), KeyError)
    worker.gate.run_steps(1)
    worker.wait_parked()
    assert worker.step == 1


def test_a_call_made_by_the_worker_itself_runs_at_once(worker: Worker) -> None:
    answer = worker.gate.call(lambda: worker.gate.call(lambda: 42).result(0))
    assert answer.result(PATIENCE) == 42


def test_a_cancelled_call_is_not_run(worker: Worker) -> None:
    entered, leave, ran = threading.Event(), threading.Event(), []

    def hold() -> None:
        entered.set()
        leave.wait(PATIENCE)

    first = worker.gate.call(hold)
    assert entered.wait(PATIENCE)
    second = worker.gate.call(lambda: ran.append(1))
    assert second.cancel()
    leave.set()
    first.result(PATIENCE)
    worker.gate.call(lambda: None).result(PATIENCE)
    assert ran == []


def test_a_gate_is_busy_until_the_last_call_is_done(worker: Worker) -> None:
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        leave.wait(PATIENCE)

    worker.wait_parked()
    assert not worker.gate.busy
    held = worker.gate.call(hold)
    assert worker.gate.busy
    assert entered.wait(PATIENCE) and worker.gate.busy
    waiting = worker.gate.call(lambda: worker.gate.busy)
    leave.set()
    held.result(PATIENCE)
    assert waiting.result(PATIENCE)
    worker.gate.run_steps(1)
    worker.wait_parked()
    assert not worker.gate.busy


def test_calls_wait_for_a_worker_and_keep_their_order() -> None:
    worker, order = Worker(), []
    futures = [worker.gate.call(lambda number=number: order.append(number)) for number in range(5)]
    worker.thread.start()
    for future in futures:
        future.result(PATIENCE)
    assert order == [0, 1, 2, 3, 4]
    worker.join()


def test_a_call_after_the_end_fails_instead_of_waiting_for_ever(worker: Worker) -> None:
    worker.join()
    assert worker.gate.state == "stopped" and not worker.gate.parked
    with pytest.raises(RuntimeError, match="training has ended"):
        worker.gate.call(lambda: 1).result(PATIENCE)
    assert worker.gate.wait_parked(PATIENCE) is False


def test_calls_that_wait_when_the_worker_dies_fail_too(worker: Worker) -> None:
    entered, leave = threading.Event(), threading.Event()

    def die(step: int) -> None:
        entered.set()
        leave.wait(PATIENCE)
        raise RuntimeError("broken step")

    worker.work = die
    worker.gate.run()
    assert entered.wait(PATIENCE)
    waiting = worker.gate.call(lambda: 1)
    leave.set()
    assert isinstance(waiting.exception(PATIENCE), RuntimeError)
    worker.thread.join(PATIENCE)
    assert str(worker.error) == "broken step"


def test_calls_asked_for_before_a_stop_are_still_answered() -> None:
    worker = Worker()
    future = worker.gate.call(lambda: "in time")
    worker.gate.stop()
    worker.thread.start()
    assert future.result(PATIENCE) == "in time"
    worker.join()


def test_a_stopped_gate_ignores_wishes_until_it_is_opened_again(worker: Worker) -> None:
    worker.join()
    for wish in (worker.gate.run, worker.gate.pause, lambda: worker.gate.run_steps(3)):
        wish()
        assert worker.gate.state == "stopped"
    assert worker.gate.pass_step(0, 0.0) is False
    worker.gate.open()
    assert worker.gate.state == "paused"
    worker.thread = threading.Thread(target=worker.body)
    worker.thread.start()
    worker.gate.run_steps(2)
    worker.wait_parked()
    assert worker.step == 2


def test_many_threads_may_wish_at_the_same_time(worker: Worker) -> None:
    answers: list[int] = []

    def wish(number: int) -> None:
        for turn in range(50):
            (worker.gate.run, worker.gate.pause, lambda: worker.gate.run_steps(2))[(number + turn) % 3]()
            worker.gate.speed = None if turn % 2 else 1e5
            answers.append(worker.gate.call(lambda: number).result(PATIENCE))

    threads = [threading.Thread(target=wish, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(answers) == sorted([0, 1, 2, 3] * 50)
    worker.gate.pause()
    worker.wait_parked()
