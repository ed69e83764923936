"""The first rows of the user's data: as they stand there, whatever they are written in."""

import unicodedata
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from tfviz.training.data.pair_formats import NumberedPair

COLUMNS = ("Line", "Source", "Target")
NUMBER = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class PairTable(QTableWidget):
    """Line, source and target. What is read from right to left begins at the right."""

    def __init__(self) -> None:
        super().__init__(0, len(COLUMNS))
        self.setObjectName("data_preview")
        self.setAccessibleName("First pairs of the data")
        self.setToolTip("The first pairs, as they will be learned")
        self.setHorizontalHeaderLabels(list(COLUMNS))
        self.verticalHeader().hide()
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setWordWrap(False)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)

    def show_pairs(self, pairs: Sequence[NumberedPair]) -> None:
        """Replace what is shown."""
        self.setRowCount(len(pairs))
        for row, (line, *sides) in enumerate(pairs):
            for column, text in enumerate((f"{line:,}", *sides)):
                item = QTableWidgetItem(text)
                item.setTextAlignment(alignment(text) if column else NUMBER)
                self.setItem(row, column, item)
        self.resizeRowsToContents()


def alignment(text: str) -> Qt.AlignmentFlag:
    """Right where the first letter belongs to a script that runs from right to left."""
    kinds = (unicodedata.bidirectional(character) for character in text)
    first = next((kind for kind in kinds if kind in ("L", "R", "AL")), "L")
    side = Qt.AlignmentFlag.AlignLeft if first == "L" else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter
