"""One training step taken apart, as the window sees it: opened, moved and asked, and never waited for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from tfviz.training.stepping.step_places import Of, Phase
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.operations.step_thread import Move, Opening, Steppable, StepThread, Where, Work

Result = TypeVar("Result")


@dataclass(frozen=True)
class Chosen:
    """What is looked at: a tensor or parameter, its value or its gradient, and perhaps one cell of it."""

    tensor: str
    of: Of = "value"
    index: tuple[int, ...] | None = None
    """Of the cell, in the order of the tensor's axes."""


class StepDebugger(QObject):
    """Asked and read in the window's thread.

    Orders are carried out one after another, as they were given. The newest wish counts: opening and closing give up
    whatever was asked of another step, and of several moves only the last one's goal is gone to. A step stays open
    until the next one is there.
    """

    opened = Signal()
    """Another step is open, or none."""
    moved = Signal()
    """The position is another one, and rests."""
    chosen_changed = Signal()
    """Something else is looked at, or nothing."""
    failed = Signal(object)
    """An exception: the step cannot be opened, its update would spoil the parameters, or some work failed."""
    _arrived = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stepper: Stepper | None = None
        """The step that is open. Read it only in the window's thread, and only while it rests."""
        self.chosen: Chosen | None = None
        self.opening = False
        """Whether another step is being opened."""
        self.progress: tuple[int, int] | None = None
        """How many of how many steps are recomputed on the way to it."""
        self._thread = StepThread(self._arrived.emit)
        self._arrived.connect(self._thread.take, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether something that was asked for is still to be done."""
        return self._thread.busy

    @property
    def rests(self) -> bool:
        """Whether the step that is open stands still, and no other is being opened; work may be going on."""
        return not self._thread.moving

    def open(self, session: Steppable, branch: int | None, step: int) -> None:
        """Take apart the step that follows the recorded one `step`; what is asked from now on is asked of that one."""
        self._thread.drop()
        self.opening, self.progress = True, None
        self._thread.ask(Opening(session, branch, step, self._note, self._show, self._fail_to_open))

    def close(self) -> None:
        """Give up the step, and whatever was asked of it."""
        self._thread.drop()
        if self.stepper is not None or self.opening:
            self._show(None)

    def forward(self, n: int = 1) -> None:
        """Pass the next n places, or those that are left."""
        self._move(lambda stepper, position: position + n)

    def back(self, n: int = 1) -> None:
        """Go back by n places, or to the start."""
        self._move(lambda stepper, position: position - n)

    def run_to(self, place_number: int) -> None:
        """Go, forward or back, to where this place is the one that was passed last."""
        self._move(lambda stepper, position: place_number + 1)

    def run_to_loss(self) -> None:
        """Go to the end of the forward pass."""
        self._move(lambda stepper, position: _end_of("forward", stepper))

    def run_to_gradients(self) -> None:
        """Go to the end of the backward pass."""
        self._move(lambda stepper, position: _end_of("backward", stepper))

    def run_to_update(self) -> None:
        """Finish the step."""
        self._move(lambda stepper, position: _end_of("update", stepper))

    def choose(self, chosen: Chosen | None) -> None:
        """Look at something else, or at nothing."""
        if chosen != self.chosen:
            self.chosen = chosen
            self.chosen_changed.emit()

    def run(self, work: Callable[[Stepper], Result], done: Callable[[Result], object]) -> None:
        """Do some work in the thread, at the position that was asked for before; `done` gets its result in the
        window's thread. Work may read the stepper, and must not move it.

        Nothing is done for a step that is closed before, and nothing told; of work that fails only `failed` tells.
        """
        if self._present:
            self._thread.ask(Work(work, done, self.failed.emit))

    def stop(self) -> None:
        """Close, and join the thread. Asked again, the debugger begins again."""
        self.close()
        self._thread.stop()

    @property
    def _present(self) -> bool:
        return self.stepper is not None or self.opening

    def _move(self, where: Where) -> None:
        if self._present:
            self._thread.ask(Move(where, self.moved.emit, self._fail_to_move))

    def _note(self, done: int, of: int) -> None:
        """In the thread."""
        self.progress = done, of

    def _show(self, stepper: Stepper | None) -> None:
        self.stepper, self.opening, self.progress = stepper, False, None
        if stepper is None:
            self.choose(None)
        self.opened.emit()

    def _fail_to_open(self, error: Exception) -> None:
        self._thread.drop()
        self._show(None)
        self.failed.emit(error)

    def _fail_to_move(self, error: Exception) -> None:
        """It rests where it could not go on."""
        self.moved.emit()
        self.failed.emit(error)


def _end_of(phase: Phase, stepper: Stepper) -> int:
    return max(place.number for place in stepper.places if place.phase == phase) + 1
