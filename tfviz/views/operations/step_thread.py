"""The thread in which a step is taken apart: a queue of orders, carried out one after another."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from tfviz.training.branching.past import Progress
from tfviz.training.stepping.stepper import Stepper

Where = Callable[[Stepper, int], int]
"""Which position is wanted, given the one that was wanted before."""


class Steppable(Protocol):
    """A run that can take any of its steps apart."""

    def stepper(
        self, step: int, branch: int | None = None, progress: Progress | None = None
    ) -> Stepper | None: ...


@dataclass(frozen=True, eq=False)
class Opening:
    """Take apart the step that follows a recorded one."""

    session: Steppable
    branch: int | None
    step: int
    progress: Callable[[int, int], object]
    """Told, in this thread, how many of how many steps are recomputed."""
    done: Callable[[Stepper], object]
    failed: Callable[[Exception], object]


@dataclass(frozen=True, eq=False)
class Move:
    """Go to another position; the last of several moves says where."""

    where: Where
    done: Callable[[], object]
    failed: Callable[[Exception], object]


@dataclass(frozen=True, eq=False)
class Work:
    """Find something out at the position that was reached."""

    work: Callable[[Stepper], Any]
    done: Callable[[Any], object]
    failed: Callable[[Exception], object]


Order = Opening | Move | Work
Tell = Callable[[], object]


class StepThread:
    """Asked in one thread, which takes the outcomes, too; `arrived` is called in the other when there are some."""

    def __init__(self, arrived: Callable[[], None]) -> None:
        self._arrived = arrived
        self._condition = threading.Condition()
        self._orders: deque[tuple[int, Order]] = deque()
        self._outcomes: deque[tuple[int, Tell]] = deque()
        self._asked = self._answered = self._dropped = 0  # the number of the last such order
        self._leading_on = 0  # that of the last opening or move
        self._stepper: Stepper | None = None
        self._wanted = 0  # the position that the last moves lead to
        self._ending = False
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether the outcome of an order has still to be taken."""
        return self._answered < self._asked

    @property
    def moving(self) -> bool:
        """Whether an opening or a move is among them; if not, the stepper rests."""
        return self._answered < self._leading_on

    def ask(self, order: Order) -> None:
        """Carry out an order after those that were given before."""
        with self._condition:
            self._asked += 1
            if not isinstance(order, Work):
                self._leading_on = self._asked
            self._orders.append((self._asked, order))
            self._condition.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="tfviz step", daemon=True)
            self._thread.start()

    def drop(self) -> None:
        """Nothing that was asked so far is wanted any more."""
        with self._condition:
            self._orders.clear()
            self._outcomes.clear()
            self._dropped = self._answered = self._asked
            self._stepper = None

    def take(self) -> None:
        """Tell, in the calling thread, what came of the orders."""
        while self._outcomes:
            self._answered, tell = self._outcomes.popleft()
            tell()

    def stop(self) -> None:
        """Drop everything and join the thread. Asked again, it begins again."""
        self.drop()
        if self._thread is not None:
            with self._condition:
                self._ending = True
                self._condition.notify()
            self._thread.join()
            self._thread, self._ending = None, False

    # in the thread

    def _serve(self) -> None:
        while self._serve_next():
            pass

    def _serve_next(self) -> bool:
        """Carry out the next order when there is one; False at the end. Nothing of it is kept while waiting."""
        with self._condition:
            self._condition.wait_for(lambda: self._ending or bool(self._orders))
            if self._ending:
                return False
            number, order = self._orders.popleft()
            stepper = self._stepper
        try:
            tell = self._carry_out(number, order, stepper)
        except Exception as error:  # whatever it is, the one who asked has to learn of it
            if stepper is not None:
                self._wanted = stepper.position
            tell = partial(order.failed, error)
        self._answer(number, tell)
        return True

    def _carry_out(self, number: int, order: Order, stepper: Stepper | None) -> Tell | None:
        """What to tell; None where a later order has the answer."""
        match order:
            case Opening():
                return self._open(number, order)
            case Move() if stepper is not None:
                self._wanted = min(max(order.where(stepper, self._wanted), 0), len(stepper.places))
                return order.done if self._go(number, stepper) else None
            case Work() if stepper is not None:
                return partial(order.done, order.work(stepper))
        return _nothing

    def _open(self, number: int, order: Opening) -> Tell | None:
        def goes_on(done: int, of: int) -> bool:
            order.progress(done, of)
            return number > self._dropped

        stepper = order.session.stepper(order.step, order.branch, goes_on)
        if stepper is None:
            return None
        with self._condition:
            if number > self._dropped:
                self._stepper, self._wanted = stepper, 0
        return partial(order.done, stepper)

    def _go(self, number: int, stepper: Stepper) -> bool:
        """Place by place, so that another wish need not wait; whether nobody wishes to be elsewhere now."""
        while stepper.position != self._wanted:
            if number <= self._dropped or self._elsewhere():
                return False
            if stepper.position > self._wanted:
                stepper.back(stepper.position)
            else:
                stepper.forward()
        return True

    def _elsewhere(self) -> bool:
        with self._condition:
            return bool(self._orders) and isinstance(self._orders[0][1], Move)

    def _answer(self, number: int, tell: Tell | None) -> None:
        with self._condition:
            if tell is None or number <= self._dropped:
                return
            self._outcomes.append((number, tell))
        self._arrived()


def _nothing() -> None:
    """What there is to tell of an order for a step that could not be opened."""
