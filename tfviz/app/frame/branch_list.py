"""The branches of the run in a small window of their own: what is different in each, how far it got, and to switch."""

import math
from collections.abc import Mapping
from html import escape

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from tfviz.app.frame.steady import steady_digits
from tfviz.training.branching.branches import Line
from tfviz.views.curves.branch_texts import branch_difference, origin_text
from tfviz.views.curves.curve_header import value_text
from tfviz.views.panel import label, paragraph
from tfviz.views.style.icons import icon
from tfviz.views.style.theme import DARK, Theme

COLUMNS = ("Branch", "Left at", "Difference", "Recorded", "Loss")
WIDEST = 260  # pixels of a name or a difference, which may be of any length
ABOVE = 6


class BranchList(QFrame):
    """Opens above a button; a click elsewhere or Esc closes it."""

    switch_wished = Signal(int)
    deletion_wished = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("branch_list")
        self.setAccessibleName("Branches")
        self.setProperty("card", True)
        self._theme = DARK
        self._lines: dict[int, Line] = {}
        self._current = 0
        self._numbers: dict[int, tuple[QLabel, QLabel]] = {}
        self._rows = QWidget()
        self.message = paragraph("", "warning")
        self.message.setObjectName("branch_message")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(label("Branches", "title"))
        self._place = QHBoxLayout()
        column.addLayout(self._place)
        self._place.addWidget(self._rows)
        column.addWidget(self.message)
        self.say("")

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self._fill()

    def show_branches(self, lines: Mapping[int, Line], current: int) -> None:
        """All branches, and the number of the one that is trained."""
        self._lines, self._current = dict(lines), current
        self._fill()

    def show_numbers(self) -> None:
        """How far each branch has got, and its last loss."""
        for number, (recorded, loss) in self._numbers.items():
            history = self._lines[number].history
            recorded.setText(f"step {len(history):,}")
            loss.setText(value_text(history.last("loss") if "loss" in history else math.nan))

    def say(self, text: str) -> None:
        """Below the list, until it is opened again."""
        self.message.setText(text)
        self.message.setVisible(bool(text))
        self.adjustSize()

    def open_above(self, button: QWidget) -> None:
        """Open, within the screen, over the button's right end."""
        self.say("")
        self.show_numbers()
        self.adjustSize()
        corner = button.mapToGlobal(QPoint(button.width() - self.width(), -self.height() - ABOVE))
        screen = button.screen() or QGuiApplication.primaryScreen()
        area = screen.availableGeometry()
        self.move(max(corner.x(), area.left()), max(corner.y(), area.top()))
        self.show()

    def _fill(self) -> None:
        rows = QWidget()
        grid = QGridLayout(rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        for column, word in enumerate(COLUMNS):
            grid.addWidget(label(word.upper(), "caption"), 0, column + 1)
        self._numbers = {}
        for row, (number, line) in enumerate(self._lines.items(), start=1):
            self._add(grid, row, number, line)
        self._place.replaceWidget(self._rows, rows)
        self._rows.hide()
        self._rows.deleteLater()
        self._rows = rows
        self.show_numbers()
        self.adjustSize()

    def _add(self, grid: QGridLayout, row: int, number: int, line: Line) -> None:
        name, is_current = line.branch.name, number == self._current
        dot = label()
        dot.setPixmap(icon("live", self._theme.branch(number)).pixmap(QSize(14, 14)))
        grid.addWidget(dot, row, 0)
        grid.addWidget(_shortened(name, "title" if is_current else None), row, 1)
        grid.addWidget(_shortened(origin_text(line, self._lines), "dim"), row, 2)
        grid.addWidget(_shortened(branch_difference(line)), row, 3)
        self._numbers[number] = label("", "dim"), label("", "number")
        for column, number_label in enumerate(self._numbers[number], start=4):
            steady_digits(number_label)
            grid.addWidget(number_label, row, column)
        switch = QPushButton("Current" if is_current else "Switch")
        switch.setObjectName(f"switch_branch_{number}")
        switch.setAccessibleName(f"Switch to {name}")
        switch.setToolTip("Training goes on here" if is_current else "Go on here, from its newest step")
        switch.setEnabled(not is_current)
        switch.clicked.connect(lambda: self.switch_wished.emit(number))
        grid.addWidget(switch, row, 6)
        delete = QToolButton()
        delete.setObjectName(f"delete_branch_{number}")
        delete.setAccessibleName(f"Delete {name}")
        delete.setToolTip("Delete this branch and its record")
        delete.setIcon(icon("cross", self._theme.dim))
        delete.clicked.connect(lambda: self.deletion_wished.emit(number))
        grid.addWidget(delete, row, 7)


def _shortened(text: str, role: str | None = None) -> QLabel:
    """A label of a bounded width; the whole text is its tool tip where it is longer."""
    made = label(text, role)
    made.ensurePolished()
    metrics = made.fontMetrics()
    if metrics.horizontalAdvance(text) > WIDEST:
        made.setText(metrics.elidedText(text, Qt.TextElideMode.ElideRight, WIDEST))
        made.setToolTip(f"<p>{escape(text)}</p>")
    return made
