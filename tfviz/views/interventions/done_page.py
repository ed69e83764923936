"""The page "Done": everything that was done to the run on the way of the current branch, and how to undo it."""

from dataclasses import dataclass
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from tfviz.training.branching.branches import Line
from tfviz.views.curves.branch_texts import difference_text
from tfviz.views.panel import EmptyState, paragraph

NOTHING = "Nothing was done to this branch yet.\nRight-click a head, or break something."
ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Deed:
    """What was done at a step; `own` where this very branch did it."""

    step: int
    text: str
    own: bool


def deeds_of(line: Line) -> list[Deed]:
    """In the order of their steps."""
    own = line.intervention_steps
    deeds = [Deed(step, difference_text(changes), step in own) for step, changes in line.interventions]
    deeds += [Deed(step, str(edit), step in own) for step, edit in line.edits]
    return sorted(deeds, key=lambda deed: deed.step)


class DonePage(QWidget):
    """A click on a line goes to its step; the button undoes the chosen one, or the last."""

    step_clicked = Signal(int)
    undo_wished = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._deeds: list[Deed] = []
        self.empty = EmptyState(NOTHING)
        self.list = QListWidget()
        self.list.setObjectName("deeds")
        self.list.setAccessibleName("What was done to this branch")
        self.list.setWordWrap(True)
        self.list.setSpacing(3)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.note = paragraph("", "faint")
        self.undo_button = QPushButton("Undo")
        self.undo_button.setObjectName("undo_deed")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.empty, 1)
        column.addWidget(self.list, 1)
        column.addWidget(self.note)
        column.addWidget(self.undo_button)
        self.list.itemClicked.connect(lambda item: self.step_clicked.emit(item.data(ROLE).step))
        self.list.itemActivated.connect(lambda item: self.step_clicked.emit(item.data(ROLE).step))
        self.list.currentItemChanged.connect(lambda *_: self._enable())
        self.undo_button.clicked.connect(self._undo)
        self._enable()

    @property
    def chosen(self) -> Deed | None:
        item = self.list.currentItem()
        return None if item is None else item.data(ROLE)

    def show_line(self, line: Line) -> None:
        """What was done in a branch and, up to where it left, in those before it."""
        deeds = deeds_of(line)
        if deeds != self._deeds:
            self._deeds = deeds
            self.list.clear()
            for deed in deeds:
                item = QListWidgetItem(f"Step {deed.step:,}\n{deed.text}")
                item.setData(ROLE, deed)
                item.setToolTip(f"<p>{escape(deed.text)}</p><p>Click to go to step {deed.step:,}</p>")
                self.list.addItem(item)
            if deeds:
                self.list.setCurrentRow(len(deeds) - 1)
        self._enable()

    def _enable(self) -> None:
        deed, there = self.chosen, bool(self._deeds)
        for widget in (self.list, self.note, self.undo_button):
            widget.setVisible(there)
        self.empty.setVisible(not there)
        if deed is None:
            self.undo_button.setEnabled(False)
            self.undo_button.setToolTip("Choose a line first")
            return
        whose = "" if deed.own else "Done before this branch left the other. "
        self.note.setText(
            f"{whose}A new branch leaves without all that was done at step {deed.step:,}; nothing recorded is lost."
        )
        self.undo_button.setEnabled(True)
        self.undo_button.setToolTip(self.note.text())
        self.undo_button.setAccessibleName(f"Undo what was done at step {deed.step:,}")

    def _undo(self) -> None:
        if self.chosen is not None:
            self.undo_wished.emit(self.chosen.step)
