"""The gate: a worker thread goes exactly as far as others wish, and nobody waits for what will not come."""

import math
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tfviz.training.gate import Gate, GateChange

PATIENCE = 20.0  # seconds until a test gives up; nothing waits that long


class Worker:
    """A thread that counts steps behind a gate; its loss halves with every step."""

    def __init__(self) -> None:
        self.changes: list[GateChange] = []
        self.gate = Gate(self.changes.append)
        self.step = 0
        self.moved = threading.Condition()
        self.work: Callable[[int], None] = lambda step: None
        self.thread = threading.Thread(target=self._body)
        self.error: BaseException | None = None

    @property
    def loss(self) -> float:
        return 0.5**self.step if self.step else math.nan

    def _body(self) -> None:
        try:
            while self.gate.pass_step(self.step, self.loss):
                self.work(self.step + 1)
                with self.moved:
                    self.step += 1
                    self.moved.notify_all()
        except RuntimeError as error:
            self.error = error
        finally:
            self.gate.close()

    def wait_for_step(self, step: int) -> None:
        with self.moved:
            assert self.moved.wait_for(lambda: self.step >= step, PATIENCE), f"no step {step}"

    def wait_parked(self) -> None:
        assert self.gate.wait_parked(PATIENCE)

    def join(self) -> None:
        self.gate.stop()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker()
    made.thread.start()
    yield made
    made.join()


def test_a_gate_starts_paused(worker: Worker) -> None:
    worker.wait_parked()
    assert worker.gate.state == "paused" and worker.gate.parked and worker.step == 0
    assert worker.changes == [GateChange("paused", 0, "asked")]


def test_running_free_passes_until_paused(worker: Worker) -> None:
    worker.gate.run()
    worker.wait_for_step(1000)
    worker.gate.pause()
    worker.wait_parked()
    reached = worker.step
    assert worker.gate.state == "paused" and worker.gate.parked
    assert worker.gate.call(lambda: worker.step).result(PATIENCE) == reached


@pytest.mark.parametrize("count", [1, 2, 17])
def test_steps_are_counted_exactly(worker: Worker, count: int) -> None:
    for done in range(1, 4):
        worker.gate.run_steps(count)
        worker.wait_parked()
        assert worker.step == done * count
        assert worker.changes[-1] == GateChange("paused", done * count, "steps")


def test_no_click_is_lost_however_fast_they_come(worker: Worker) -> None:
    for _ in range(25):
        worker.gate.run_steps(1)
    worker.wait_parked()
    assert worker.step == 25


def test_a_step_asked_for_while_running_is_the_last(worker: Worker) -> None:
    worker.gate.run()
    worker.wait_for_step(10)
    worker.gate.run_steps(1)
    worker.wait_parked()
    assert worker.changes[-1].reason == "steps"


def test_a_run_until_a_step_ends_there(worker: Worker) -> None:
    worker.gate.run_until(step=500)
    worker.wait_parked()
    assert worker.step == 500 and worker.changes[-1] == GateChange("paused", 500, "step")


def test_a_run_until_a_loss_ends_at_the_first_step_that_has_it(worker: Worker) -> None:
    worker.gate.run_until(loss=0.01)
    worker.wait_parked()
    assert worker.step == 7 and worker.changes[-1] == GateChange("paused", 7, "loss")


def test_a_run_until_a_condition_asks_it_with_step_and_loss(worker: Worker) -> None:
    worker.gate.run_until(predicate=lambda step, loss: step > 3 and loss < 0.05)
    worker.wait_parked()
    assert worker.step == 5 and worker.changes[-1] == GateChange("paused", 5, "condition")


def test_of_several_ends_the_first_counts(worker: Worker) -> None:
    worker.gate.run_until(step=3, loss=1e-9)
    worker.wait_parked()
    assert worker.step == 3


def test_what_is_reached_already_parks_at_once_and_is_reported(worker: Worker) -> None:
    worker.gate.run_steps(5)
    worker.wait_parked()
    worker.gate.run_until(step=2)
    worker.wait_parked()
    assert worker.step == 5 and worker.changes[-1] == GateChange("paused", 5, "step")


def test_run_takes_an_end_away_and_pause_too(worker: Worker) -> None:
    worker.gate.run_until(step=10**9)
    worker.gate.pause()
    worker.wait_parked()
    worker.gate.run()
    worker.wait_for_step(worker.step + 10)
    worker.gate.run_until(step=10**9)
    worker.gate.run()
    worker.wait_for_step(worker.step + 10)
    assert worker.gate.state == "running"


def test_every_change_is_reported_once_in_order(worker: Worker) -> None:
    worker.wait_parked()
    worker.gate.run_steps(2)
    worker.wait_parked()
    worker.gate.pause()
    worker.gate.run_steps(1)
    worker.wait_parked()
    worker.join()
    assert worker.changes == [
        GateChange("paused", 0),
        GateChange("running", 0),
        GateChange("paused", 2, "steps"),
        GateChange("running", 2),
        GateChange("paused", 3, "steps"),
        GateChange("stopped", 3),
    ]


def test_the_speed_limits_the_steps_and_can_be_lifted(worker: Worker) -> None:
    worker.gate.speed = 200.0
    assert worker.gate.speed == 200.0
    begun = time.monotonic()
    worker.gate.run_until(step=21)
    worker.wait_parked()
    assert time.monotonic() - begun >= 20 / 200 * 0.99  # twenty gaps at least; later on a busy machine
    worker.gate.speed = None
    worker.gate.run_steps(5000)
    worker.wait_parked()
    assert worker.step == 5021


def test_a_first_step_does_not_wait_for_the_speed(worker: Worker) -> None:
    worker.gate.speed = 1e-6  # a step in eleven days
    worker.gate.run_steps(1)
    worker.wait_parked()
    assert worker.step == 1


@pytest.mark.parametrize("rescue", ["speed", "unlimited", "pause", "stop", "call"])
def test_a_slow_wait_is_ended_at_once_by_any_other_wish(worker: Worker, rescue: str) -> None:
    worker.gate.speed = 1e-6
    worker.gate.run()
    worker.wait_for_step(1)
    if rescue == "speed":
        worker.gate.speed = 1000.0
        worker.wait_for_step(20)
    elif rescue == "unlimited":
        worker.gate.speed = None
        worker.wait_for_step(1000)
    elif rescue == "pause":
        worker.gate.pause()
        worker.wait_parked()
        assert worker.step == 1
    elif rescue == "stop":
        worker.join()
        assert worker.step == 1
    else:
        assert worker.gate.call(lambda: worker.step).result(PATIENCE) == 1
        assert worker.gate.state == "running" and worker.step == 1


@pytest.mark.parametrize("speed", [0, -1.0, math.nan, math.inf])
def test_a_speed_that_is_none_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="allowed: steps per second above 0, or None"):
        Gate().speed = speed


def test_wishes_without_meaning_are_refused() -> None:
    gate = Gate()
    with pytest.raises(ValueError, match="0 steps cannot be run; allowed: at least 1"):
        gate.run_steps(0)
    with pytest.raises(ValueError, match="needs a step, a loss or a predicate"):
        gate.run_until()
    with pytest.raises(ValueError, match="cannot wait for the loss nan"):
        gate.run_until(loss=math.nan)
    assert gate.state == "paused"


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
    worker.thread = threading.Thread(target=worker._body)
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
