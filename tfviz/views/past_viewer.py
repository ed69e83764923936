"""Pictures of past steps, made in a thread of their own: the newest wish counts, older ones are given up."""

import math
import threading
import time
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from tfviz.training.mailbox import WHOLE, Demand
from tfviz.training.record.opening import ShownRun
from tfviz.training.snapshot import Snapshot
from tfviz.training.tasks import Example

PATIENCE = 0.05
"""Seconds: a picture that will be there as soon as this is finished though another one is wanted, so that there is
something to see while the playhead is dragged."""

TELLING = 0.25
"""Seconds after which a picture is late enough for its progress to be shown."""


@dataclass(frozen=True)
class Wish:
    """The picture that is wanted: of this step, with this sentence."""

    session: ShownRun
    branch: int
    step: int
    probe: Example
    demand: Demand = WHOLE


class PastViewer(QObject):
    """Asked and read in the window's thread. No wish waits for another: there is the one at work, and the newest."""

    arrived = Signal()
    """There is something to take; emitted in the viewer's thread."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._condition = threading.Condition()
        self.wish: Wish | None = None
        """What is wanted now."""
        self._answered: Wish | None = None
        self._outcome: Snapshot | Exception | None = None
        self._ending = False
        self._began = math.inf
        self._done = (0, 0)
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether what is wanted has still to be made, or to be taken."""
        return self.wish is not None and (self.wish != self._answered or self._outcome is not None)

    @property
    def progress(self) -> tuple[int, int] | None:
        """How many of how many steps are recomputed, where that takes long; else None."""
        late = self.busy and time.monotonic() - self._began >= TELLING
        return self._done if late and self._done[1] else None

    @property
    def slow(self) -> bool:
        """Whether what is wanted is late, or will be as far as can be told."""
        passed, (done, of) = time.monotonic() - self._began, self._done
        return self.busy and (passed >= TELLING or (done > 0 and passed / done * of >= TELLING))

    def ask(self, wish: Wish | None) -> None:
        """Make this picture, or none any more. Asked for the same again, nothing happens."""
        if wish == self.wish:
            return
        with self._condition:
            self.wish, self._answered, self._outcome = wish, None, None
            self._condition.notify()
        if wish is not None and self._thread is None:
            self._thread = threading.Thread(target=self._work, name="tfviz past", daemon=True)
            self._thread.start()

    def take(self) -> Snapshot | None:
        """The picture, once; it may be of a step that was wanted a moment before. An error is raised, once."""
        with self._condition:
            outcome, self._outcome = self._outcome, None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def stop(self) -> None:
        """Give up what is at work, and join the thread. Asked again, the viewer begins again."""
        self.ask(None)
        if self._thread is not None:
            with self._condition:
                self._ending = True
                self._condition.notify()
            self._thread.join()
            self._thread, self._ending = None, False

    # in the viewer's thread

    def _work(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(
                    lambda: self._ending or (self.wish is not None and self.wish != self._answered)
                )
                if self._ending or self.wish is None:
                    return
                wish = self.wish
            outcome = self._answer(wish)
            with self._condition:
                wanted = self.wish
                if outcome is None or wanted is None or wanted.session is not wish.session:
                    continue
                if wanted == wish:
                    self._answered = wish
                elif isinstance(outcome, Exception):
                    continue
                self._outcome = outcome
            self.arrived.emit()

    def _answer(self, wish: Wish) -> Snapshot | Exception | None:
        self._began, self._done = time.monotonic(), (0, 0)
        try:
            return wish.session.view(
                wish.step, wish.branch, lambda done, of: self._goes_on(wish, done, of), wish.demand
            )
        except Exception as error:  # whatever it is, the window's thread has to learn of it
            return error
        finally:
            self._began = math.inf

    def _goes_on(self, wish: Wish, done: int, of: int) -> bool:
        self._done = done, of
        wanted = self.wish
        if wanted == wish:
            return True
        if wanted is None or wanted.session is not wish.session or not done:
            return False
        return (time.monotonic() - self._began) / done * (of - done) < PATIENCE
