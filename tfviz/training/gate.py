"""The one place where training waits: paused, after some steps, at a chosen speed, or on a condition."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

State = Literal["paused", "running", "stopped"]
Predicate = Callable[[int, float], bool]
Result = TypeVar("Result")


@dataclass(frozen=True)
class GateChange:
    """What the worker met at a step boundary.

    The reason of a pause is "asked", "steps", "step", "loss" or "condition".
    """

    state: State
    step: int
    reason: str = "asked"


@dataclass
class _Goal:
    """Where a run ends by itself; whichever comes first."""

    steps: int | None = None  # still to go
    step: int | None = None
    loss: float | None = None
    predicate: Predicate | None = None

    def reached(self, step: int, loss: float) -> str | None:
        if self.steps is not None and self.steps <= 0:
            return "steps"
        if self.step is not None and step >= self.step:
            return "step"
        if self.loss is not None and loss <= self.loss:
            return "loss"
        return "condition" if self.predicate is not None and self.predicate(step, loss) else None


class Gate:
    """Lets a worker thread through from step to step, as other threads wish.

    The worker writes

        try:
            while gate.pass_step(session.step, session.loss):
                train one step
        finally:
            gate.close()

    Every other method may be called from any thread, at any time, and returns at once. A gate starts paused.
    Running free costs the worker a look at one attribute: whoever wants something else clears `_free` first.
    Smaller steps (operations, phases) would pass by the same waiting, with a boundary of their own.
    """

    def __init__(self, changed: Callable[[GateChange], None] | None = None) -> None:
        """`changed` is called by the worker, without the lock, when it resumes, parks or ends."""
        self._changed = changed or (lambda change: None)
        self._condition = threading.Condition()
        self._free = False  # the worker may pass without looking at anything else
        self._state: State = "paused"
        self._reason = "asked"
        self._reported: State | None = None
        self._goal: _Goal | None = None
        self._speed: float | None = None
        self._due = 0.0  # when the next step may start, on the monotonic clock
        self._parked = False
        self._closed = False
        self._worker: int | None = None
        self._calls: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._calling = False  # some that were among them are being run

    @property
    def state(self) -> State:
        """What was asked for last; the worker follows at its next boundary."""
        return self._state

    @property
    def parked(self) -> bool:
        """Whether the worker stands in a pause: no step is under way. Functions given to `call` may run."""
        return self._parked

    @property
    def busy(self) -> bool:
        """Whether functions given to `call` have still to be run, or are under way."""
        return bool(self._calls) or self._calling  # in this order: the worker writes them in the other one

    @property
    def speed(self) -> float | None:
        """Steps per second at most; None is as fast as it goes."""
        return self._speed

    @speed.setter
    def speed(self, steps_per_second: float | None) -> None:
        if steps_per_second is not None and not (steps_per_second > 0 and math.isfinite(steps_per_second)):
            raise ValueError(f"speed is {steps_per_second}; allowed: steps per second above 0, or None")
        with self._condition:
            if self._speed is None:
                self._due = time.monotonic()
            elif steps_per_second is not None:
                # The wait that is under way becomes as long as it would be at the new speed.
                self._due += 1 / steps_per_second - 1 / self._speed
            self._speed = steps_per_second
            self._wake()

    def run(self) -> None:
        """Go on until something else is asked for."""
        self._ask("running", None)

    def pause(self) -> None:
        """Park at the next boundary."""
        self._ask("paused", None)

    def run_steps(self, count: int) -> None:
        """Take this many steps, then park. Asked again meanwhile, the counts add up: no click is lost."""
        if count < 1:
            raise ValueError(f"{count} steps cannot be run; allowed: at least 1")
        with self._condition:
            if self._state == "running" and self._goal is not None and self._goal.steps is not None:
                count += self._goal.steps
            self._ask("running", _Goal(steps=count))

    def run_until(
        self, step: int | None = None, loss: float | None = None, predicate: Predicate | None = None
    ) -> None:
        """Park at the first boundary where the step is reached, the last loss is at most `loss`, or
        predicate(step, loss) is true (called by the worker). Whichever is true already parks at once."""
        if step is None and loss is None and predicate is None:
            raise ValueError("run_until needs a step, a loss or a predicate")
        if loss is not None and not math.isfinite(loss):
            raise ValueError(f"run_until cannot wait for the loss {loss}; allowed: a finite number")
        self._ask("running", _Goal(step=step, loss=loss, predicate=predicate))

    def stop(self) -> None:
        """End the worker at the next boundary: pass_step returns False. Only `open` takes this back."""
        with self._condition:
            self._state, self._goal, self._reason = "stopped", None, "asked"
            self._parked = False
            self._wake()

    def call(self, function: Callable[[], Result]) -> "Future[Result]":
        """Let the worker run a function between two steps, also while it is paused; its result or exception
        arrives in the future. Without a worker the function waits for one; where training has ended, the
        future fails with RuntimeError."""
        future: Future[Result] = Future()
        if threading.get_ident() == self._worker:
            _run(future, function)  # asked by the worker itself, which must not wait for itself
            return future
        with self._condition:
            if not self._closed:
                self._calls.append((future, function))
                self._wake()
                return future
        future.set_exception(RuntimeError("training has ended"))
        return future

    def wait_parked(self, timeout: float | None = None) -> bool:
        """Wait until the worker is parked; False where it ended instead, or after `timeout` seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self._parked or self._closed, timeout)
            return self._parked

    def pass_step(self, step: int, loss: float) -> bool:
        """The worker's question before each step: may I? Waits as long as needed; False ends the training.

        step is the number of steps done, loss that of the last one (NaN before the first).
        """
        if self._free:
            return True
        return self._pass_slowly(step, loss)

    def open(self) -> None:
        """Make a closed gate usable again, paused, for the next worker; called before that thread starts."""
        with self._condition:
            if self._closed:
                self._closed, self._state, self._goal, self._reported = False, "paused", None, None

    def close(self) -> None:
        """The worker's last word, whatever ended it: nobody waits any longer for what will not come."""
        with self._condition:
            if self._closed:
                return
            self._closed, self._free, self._state = True, False, "stopped"
            self._worker, self._parked = None, False
            calls, self._calls = self._calls, deque()
            self._condition.notify_all()
        for future, _ in calls:
            if future.set_running_or_notify_cancel():
                future.set_exception(RuntimeError("training has ended"))

    def _ask(self, state: State, goal: _Goal | None) -> None:
        with self._condition:
            if self._state == "stopped":
                return
            if self._state == "paused":
                self._due = time.monotonic()  # the first step after a pause comes at once
            self._state, self._goal, self._reason = state, goal, "asked"
            if state == "running":
                self._parked = False
            self._wake()

    def _wake(self) -> None:
        self._free = False
        self._condition.notify_all()

    def _pass_slowly(self, step: int, loss: float) -> bool:
        self._worker = threading.get_ident()
        while True:
            goal = self._goal
            reason = (
                goal.reached(step, loss) if goal is not None else None
            )  # without the lock: predicates may be slow
            with self._condition:
                if self._goal is not goal:
                    continue
                if reason is not None:  # a pause is news even where nobody heard of the run
                    self._state, self._goal, self._reason, self._reported = "paused", None, reason, None
                self._calling = bool(self._calls)
                calls, self._calls = self._calls, deque()
                change = self._unreported(step)
                if not calls and change is None:
                    if self._state == "stopped":
                        return False
                    if self._state == "running" and self._take_turn():
                        return True
                    self._wait()
            for future, function in calls:
                _run(future, function)
            if change is not None:
                self._changed(change)

    def _unreported(self, step: int) -> GateChange | None:
        if self._state == self._reported:
            return None
        self._reported = self._state
        return GateChange(self._state, step, self._reason)

    def _take_turn(self) -> bool:
        """Whether the next step may start now; counts it if so."""
        if self._speed is not None:
            now = time.monotonic()
            if now < self._due:
                return False
            # A steady beat; but steps that take longer than it are not made up for by a burst later.
            self._due = max(self._due + 1 / self._speed, now)
        if self._goal is not None and self._goal.steps is not None:
            self._goal.steps -= 1
        self._free = self._goal is None and self._speed is None
        return True

    def _wait(self) -> None:
        if self._state == "running":
            self._condition.wait(max(self._due - time.monotonic(), 0.0))
            return
        if not self._parked:
            self._parked = True
            self._condition.notify_all()
        self._condition.wait()


def _run(future: "Future[Any]", function: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(function())
    except BaseException as error:  # whatever it is, the one who asked has to learn of it
        future.set_exception(error)
