"""A field that shows the clock's step, and goes to the one that is typed into it."""

import re

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from tfviz.views.parts.guarded import guarded
from tfviz.views.style.restyle import restyle

SEPARATORS = re.compile(r"[,.'’_\s]")
"""What people write between thousands."""


@guarded
class StepEntry(QLineEdit):
    """Follows the clock until it gets the focus. Enter asks for what was typed; leaving it otherwise does nothing."""

    step_typed = Signal(int)
    """Any number of steps; the clock knows how many there are."""
    refused = Signal(str)
    """What was typed, which is no step."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("step_entry")
        self.setAccessibleName("Step to show")
        self.setToolTip("The step that is shown. Type another one and press Enter to go there (G)")
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setMaxLength(20)
        self._step = 0
        self.show_step(0)
        self.returnPressed.connect(self._enter)
        self.textEdited.connect(lambda: self._mark(False))

    def show_step(self, step: int) -> None:
        """The clock stands here; seen at once, unless somebody is typing."""
        self._step = step
        text = f"{step:,}"
        if not self.hasFocus() and text != self.text():
            self.setText(text)

    def begin(self) -> None:
        """Take the focus, ready for another number."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() != Qt.FocusReason.MouseFocusReason:
            self.selectAll()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._mark(False)
        self.show_step(self._step)

    def _enter(self) -> None:
        digits = SEPARATORS.sub("", self.text())
        if not (digits.isascii() and digits.isdecimal()):
            self._mark(True)
            self.refused.emit(self.text())
            return
        self.clearFocus()
        self.step_typed.emit(min(int(digits), 2**31 - 1))

    def _mark(self, wrong: bool) -> None:
        restyle(self, "invalid", wrong)
