"""What the pages beside a step's heat maps share: they are told of the step and of what is chosen, and ask for work."""

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tfviz.training.stepping.stepper import Stepper
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.panel import EmptyState
from tfviz.views.parts.guarded import guarded
from tfviz.views.parts.plain_scroll_area import PlainScrollArea
from tfviz.views.style.theme import DARK, Theme

Result = TypeVar("Result")

NO_STEP = "No step is taken apart. Press . to stop inside the next step."


@guarded
class StepPage(QWidget):
    """Shows something of `chosen` in the step of `stepper`, or says why there is nothing to show.

    `refresh` is called only while the page is seen.
    """

    tensor_wished = Signal(object)
    """A Chosen that is to be looked at."""
    work_wished = Signal(object, object)
    """What is to be asked of the stepper in the debugger's thread, and what takes the answer in the window's."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stepper: Stepper | None = None
        self.chosen: Chosen | None = None
        self.theme = DARK
        self._outdated = True
        self._questions = 0

    def lay_out(self, *parts: QWidget) -> None:
        """From top to bottom; the last part is the content, which scrolls and takes turns with a sentence."""
        self.empty = EmptyState(NO_STEP)
        self.area = PlainScrollArea(parts[-1])
        self.area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # Up and Down scroll
        self.area.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
        for part in parts[:-1]:
            column.addWidget(part)
        column.addWidget(self.empty, 1)
        column.addWidget(self.area, 1)

    def show_stepper(self, stepper: Stepper | None) -> None:
        """The stepper rests at a new position, is another one, or there is none any more."""
        self.stepper = stepper
        self._refresh_if_seen()

    def show_chosen(self, chosen: Chosen | None) -> None:
        """Something else is looked at, or the same as before."""
        if chosen != self.chosen:
            self.chosen = chosen
            self._refresh_if_seen()

    def recolour(self, theme: Theme) -> None:
        """Take the colours of a theme; the application's palette and style sheet have changed already."""
        self.theme = theme

    def refresh(self) -> None:
        """Show what is to be shown now."""
        raise NotImplementedError

    def say(self, reason: str) -> None:
        """Show this sentence instead of the content."""
        self.empty.set_text(reason)
        self.area.hide()
        self.empty.show()

    def show_content(self) -> None:
        self.empty.hide()
        self.area.show()

    def ask(self, work: Callable[[Stepper], Result], done: Callable[[Result], None]) -> None:
        """Have some work done for what is shown now; its answer is dropped if something else is shown by then."""
        number = self._questions

        def take(answer: Any) -> None:
            if number == self._questions:
                done(answer)

        self.work_wished.emit(work, take)

    def forget(self) -> None:
        """Drop the answers to what was asked so far."""
        self._questions += 1

    def _refresh_if_seen(self) -> None:
        self.forget()
        self._outdated = not self.isVisible()
        if not self._outdated:
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._outdated:
            self._outdated = False
            self.refresh()
