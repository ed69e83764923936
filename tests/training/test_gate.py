"""The gate: a worker thread goes exactly as far, and as fast, as others wish."""

import math
import time
from collections.abc import Iterator

import pytest

from tests.training.counting_worker import PATIENCE, Worker
from tfviz.training.gate import Gate, GateChange


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
