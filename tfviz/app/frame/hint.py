"""The first-run hint: what to press, and what there will be to see. Gone after the first step, or when closed."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from tfviz.views.panel import label, paragraph
from tfviz.views.style.icons import icon
from tfviz.views.style.theme import Theme

MARGIN = 8
WIDEST, WITH_PAIRS = 640, 320
"""Pixels in which all keys have room beside each other, and in which two have; one alone leaves no room for a goal."""
KEYS = (
    ("Space", "starts training"),
    ("→", "takes one step"),
    (".", "takes it apart"),
    ("?", "lists all keys"),
)


class Hint(QFrame):
    """Lies over the middle of a widget that has nothing to show before the first step."""

    dismissed = Signal()

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self.setObjectName("hint")
        self.setProperty("hint", True)
        self.setAccessibleName("Hint")
        self._keys = QGridLayout()
        self._keys.setHorizontalSpacing(6)
        self._keys.setVerticalSpacing(2)
        self._pairs = [(label(key, "key"), label(meaning)) for key, meaning in KEYS]
        self.goal = paragraph("", "dim")
        self.goal.setObjectName("hint_goal")
        self.goal.hide()
        self.close_button = QPushButton()
        self.close_button.setObjectName("close_hint")
        self.close_button.setAccessibleName("Close hint")
        self.close_button.setToolTip("Do not show this again")
        self.close_button.setProperty("flat", True)
        self.close_button.setFixedSize(26, 26)
        self.close_button.clicked.connect(self.dismissed)
        words = QVBoxLayout()
        words.setSpacing(5)
        words.addLayout(self._keys)
        words.addWidget(self.goal)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 6, 8)
        row.addLayout(words, 1)
        row.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        over.installEventFilter(self)

    def show_goal(self, text: str) -> None:
        """A sentence on what to look for in this task."""
        self.goal.setText(f"Look for: {text}" if text else "")
        self.place()

    def recolour(self, theme: Theme) -> None:
        self.close_button.setIcon(icon("cross", theme.dim))

    def place(self) -> None:
        """Stand in the middle of what it lies over."""
        width = max(min(self._over.width() - 2 * MARGIN, WIDEST), 200)
        columns = len(KEYS) if width == WIDEST else 2 if width >= WITH_PAIRS else 1
        self._lay_keys_out(columns)
        self.goal.setVisible(bool(self.goal.text()) and columns > 1)
        height = self.heightForWidth(width) if self.hasHeightForWidth() else self.sizeHint().height()
        self.setGeometry(
            (self._over.width() - width) // 2, (self._over.height() - height) // 2, width, height
        )
        self.raise_()

    def _lay_keys_out(self, columns: int) -> None:
        """So many of them beside each other."""
        for number, (key, meaning) in enumerate(self._pairs):
            row, column = divmod(number, columns)
            self._keys.addWidget(key, row, 2 * column, Qt.AlignmentFlag.AlignLeft)
            self._keys.addWidget(meaning, row, 2 * column + 1)
        for column in range(2 * len(KEYS)):
            self._keys.setColumnStretch(column, int(column == 2 * columns - 1))

    def remove(self) -> None:
        """Go away for good."""
        self._over.removeEventFilter(self)
        self.hide()
        self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show) and watched is self._over:
            self.place()
        return False
