"""What stands where a step would be taken apart, while none is: what to do, and the button that does it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from tfviz.views.panel import EmptyState

WORDS = "Take the next step apart"
TIP = "Training is paused, and the step that follows opens at its first operation (.)"


class BeginStep(QWidget):
    """A sentence with a button below it."""

    wished = Signal()
    """A step is to be taken apart."""

    def __init__(self, sentence: str, name: str, parent: QWidget | None = None) -> None:
        """`name` is the button's."""
        super().__init__(parent)
        self._sentence, self._reason = sentence, ""
        self.empty = EmptyState(sentence)
        self.button = QPushButton(WORDS)
        self.button.setObjectName(name)
        self.button.setAccessibleName(WORDS)
        self.button.setToolTip(TIP)
        self.button.setProperty("primary", True)
        self.button.clicked.connect(self.wished)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addStretch(1)
        column.addWidget(self.empty)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)

    def say(self, progress: str) -> None:
        """Say how far a step is on its way; with an empty text, what to do for one or why there is none."""
        self.empty.set_text(progress or self._reason or self._sentence)
        self.button.setVisible(not progress)

    def forbid(self, reason: str) -> None:
        """Say why no step can be taken apart, until the reason is empty again."""
        self._reason = reason
        self.button.setEnabled(not reason)
        self.button.setToolTip(reason or TIP)
        self.say("")
