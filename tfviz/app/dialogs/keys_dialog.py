"""The list of keys, made from the actions themselves so that it cannot be wrong."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QWidget

from tfviz.app.actions import ENTRIES
from tfviz.app.dialogs.dialog_layout import close_button, dialog_column
from tfviz.views.panel import label, paragraph

MOUSE = (
    ("Hover", "Read a cell or preview a head"),
    ("Click", "Lock a cell, select a head, go to a step of a curve"),
    ("Double-click", "Show one head alone"),
    ("Wheel", "Zoom along the steps"),
)


class KeysDialog(QDialog):
    """Keys, and right of each what it does, in two columns: as a list they would be higher than a small screen."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("keys_dialog")
        self.setWindowTitle("tfviz: keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(7)
        rows = [(_written(entry.keys), entry.help) for entry in ENTRIES if entry.keys]
        rows += MOUSE
        height = -(-len(rows) // 2)
        for place, (keys, meaning) in enumerate(rows):
            side, row = divmod(place, height)
            grid.addWidget(label(keys, "key"), row, 3 * side, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(label(meaning), row, 3 * side + 1)
        grid.setColumnMinimumWidth(2, 24)
        note = paragraph(
            "Text fields, sliders, lists and focused buttons keep the keys they need; Tab moves between them.",
            "dim",
        )
        button = close_button(self)
        column = dialog_column(self, spacing=14)
        column.addWidget(label("Keys and mouse", "title"))
        column.addLayout(grid)
        column.addWidget(note)
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignRight)


def _written(keys: tuple[str, ...]) -> str:
    return ", ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys)
