"""Sentences that are kept beside the one that is tried out, each with what was masked in it."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from tfviz.views.panel import label, paragraph
from tfviz.views.parts.keys import ENTER
from tfviz.views.playground.draft import Draft

EMPTY = "“Keep” puts the sentence on this list."
MOST_KEPT = 30
"""With one more the first one goes."""
HELP = (
    "Click, or press Enter, to try a sentence out again; Delete takes it off the list.\n"
    f"The last {MOST_KEPT} of each task stay here, also when the program is closed"
)


class KeptSentences(QWidget):
    """A click, or Enter, tries a sentence out again; Delete gives it up. They outlive a change of run."""

    activated = Signal(object)
    """A Draft."""
    changed = Signal(object)
    """All drafts, a list, after one was added or removed here."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = QListWidget()
        self.list.setObjectName("kept_sentences")
        self.list.setAccessibleName("Kept sentences")
        self.list.setToolTip(HELP)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setMinimumHeight(30)
        self.list.setSizeAdjustPolicy(QListWidget.SizeAdjustPolicy.AdjustIgnored)
        self.list.installEventFilter(self)
        self.remove_button = QPushButton("Remove")
        self.remove_button.setObjectName("remove_sentence")
        self.remove_button.setAccessibleName("Remove the selected sentence")
        self.remove_button.setToolTip("Take the selected sentence off the list")
        self.remove_button.setProperty("small", True)
        self.remove_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.empty = paragraph(EMPTY, "faint")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(label("KEPT", "caption"))
        head.addStretch(1)
        head.addWidget(self.remove_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.empty, 1)
        column.addWidget(self.list, 1)
        self.remove_button.clicked.connect(self.remove)
        self.list.itemClicked.connect(self._activate)
        self.list.itemSelectionChanged.connect(self._show_state)
        self._show_state()

    @property
    def drafts(self) -> list[Draft]:
        return [self.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(self.list.count())]

    def show_drafts(self, drafts: Sequence[Draft]) -> None:
        """These and no others."""
        blocker = QSignalBlocker(self.list)
        self.list.clear()
        for draft in drafts:
            self._add(draft)
        blocker.unblock()
        self._show_state()

    def keep(self, draft: Draft) -> None:
        """Add a sentence where it is not on the list yet, and select it."""
        new = draft not in self.drafts
        if new:
            self._add(draft)
            if self.list.count() > MOST_KEPT:
                self.list.takeItem(0)
        self.list.setCurrentRow(self.drafts.index(draft))
        self._show_state()
        if new:
            self.changed.emit(self.drafts)

    def mark(self, draft: Draft) -> None:
        """Select the sentence that is tried out, if it is on the list."""
        drafts = self.drafts
        row = drafts.index(draft) if draft in drafts else -1
        if row != self.list.currentRow():
            blocker = QSignalBlocker(self.list)
            self.list.setCurrentRow(row)
            blocker.unblock()
            self._show_state()

    def remove(self) -> None:
        """Take the selected sentence off the list."""
        if self.list.currentRow() >= 0:
            self.list.takeItem(self.list.currentRow())
            self._show_state()
            self.changed.emit(self.drafts)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Delete:
                self.remove()
                return True
            if event.key() in ENTER and self.list.currentItem():
                self._activate(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)

    def _add(self, draft: Draft) -> None:
        masked = f" · {len(draft.hidden)} masked" if draft.hidden else ""
        item = QListWidgetItem(f"{draft.text}{masked}")
        item.setData(Qt.ItemDataRole.UserRole, draft)
        self.list.addItem(item)

    def _activate(self, item: QListWidgetItem) -> None:
        self.activated.emit(item.data(Qt.ItemDataRole.UserRole))

    def _show_state(self) -> None:
        self.empty.setVisible(not self.list.count())
        self.list.setVisible(bool(self.list.count()))
        self.remove_button.setEnabled(self.list.currentRow() >= 0)
