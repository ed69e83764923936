"""The line above the curves that names the branches: the current one, and the others, which a click hides or shows."""

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from tfviz.training.branching.branches import Line
from tfviz.views.curves.branch_texts import branch_difference, origin_text
from tfviz.views.parts.guarded import guarded
from tfviz.views.style.fonts import interface_font
from tfviz.views.style.theme import DARK, Theme

HEIGHT = 20
INDENT = 16
GAP = 6  # between name and difference
RIGHT = 3
END = RIGHT + 3  # a fraction of a pixel too little would cost three letters
SHORTEST = 110  # pixels of a name, where it is longer and there is little room


@guarded
class BranchEntry(QAbstractButton):
    """A dot in the branch's colour (a ring while it is hidden), its name, and what is different in it.

    The current one is not to be hidden here: the legend of the curves does that."""

    def __init__(self, number: int, name: str, difference: str, current: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.number = number
        self.difference = difference
        self._theme = DARK
        self.setObjectName(f"branch_entry_{number}")
        self.setText(name)
        self.setFont(interface_font(12, QFont.Weight.DemiBold if current else QFont.Weight.Normal))
        self.setEnabled(not current)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setCheckable(True)
        self.setChecked(True)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        difference = metrics.horizontalAdvance(self.difference) + GAP if self.difference else 0
        return QSize(INDENT + metrics.horizontalAdvance(self.text()) + difference + END, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        name = self.fontMetrics().horizontalAdvance(self.text())
        return QSize(INDENT + min(name, SHORTEST) + END, HEIGHT)

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = self._theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.isEnabled() and (self.hasFocus() or self.underMouse()):
            painter.setPen(QPen(theme.colour("accent" if self.hasFocus() else "line")))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        colour = theme.colour(theme.branch(self.number))
        painter.setPen(QPen(colour, 1.6))
        painter.setBrush(colour if self.isChecked() else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QPointF(7.5, self.height() / 2), 3.6, 3.6)
        metrics, middle = painter.fontMetrics(), Qt.AlignmentFlag.AlignVCenter
        room = max(self.width() - INDENT - RIGHT, 0)
        name = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        painter.setPen(theme.colour("text" if self.isChecked() else "faint"))
        painter.drawText(self.rect().adjusted(INDENT, 0, 0, 0), middle, name)
        taken = metrics.horizontalAdvance(name) + GAP
        difference = metrics.elidedText(self.difference, Qt.TextElideMode.ElideRight, max(room - taken, 0))
        painter.setPen(theme.colour("dim" if self.isChecked() else "faint"))
        painter.drawText(self.rect().adjusted(INDENT + taken, 0, 0, 0), middle, difference)


class BranchLegend(QWidget):
    """Not there while there is only one branch."""

    hidden_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("branch_legend")
        self.setAccessibleName("Branches")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HEIGHT)
        self.entries: dict[int, BranchEntry] = {}
        self._theme = DARK
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(10)
        self._row.addStretch(1)
        self.hide()

    @property
    def hidden(self) -> set[int]:
        """The branches that are not wanted in the picture."""
        return {number for number, entry in self.entries.items() if not entry.isChecked()}

    def show_branches(self, lines: Mapping[int, Line], current: int) -> None:
        """These are all branches, and the one that is trained now, which the legend of the curves can hide."""
        hidden = self.hidden - {current}
        for entry in self.entries.values():
            self._row.removeWidget(entry)
            entry.hide()
            entry.deleteLater()
        self.entries = {}
        if len(lines) > 1:
            for number, line in lines.items():
                entry = self._entry(number, line, lines, current)
                entry.setChecked(number not in hidden)
                entry.toggled.connect(self.hidden_changed)
                self._row.insertWidget(len(self.entries), entry)
                self.entries[number] = entry
        self.setVisible(bool(self.entries))

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        for entry in self.entries.values():
            entry.recolour(theme)

    def _entry(self, number: int, line: Line, lines: Mapping[int, Line], current: int) -> BranchEntry:
        difference, origin = branch_difference(line), origin_text(line, lines)
        entry = BranchEntry(number, line.branch.name, difference, number == current, self)
        entry.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        entry.setCursor(Qt.CursorShape.PointingHandCursor)
        entry.setAccessibleName(f"Show branch {line.branch.name}")
        entry.setAccessibleDescription(f"left {origin}: {difference}" if origin else "")
        entry.recolour(self._theme)
        return entry
