"""The cells through which one walked to the present one: a button for each that leads back, and where one is."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QWidget

from tfviz.core.provenance import Cell
from tfviz.views.inspector.cell_text import cell_text, short_cell_text
from tfviz.views.panel import label

LONGEST = 40
"""Cells remembered: the oldest are forgotten."""


class WalkBar(QScrollArea):
    """`walk` is where one has been, the present cell last; `gone_back` gives the place in it that was clicked."""

    gone_back = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("walk_bar")
        self.setAccessibleName("Cells walked through")
        self.setWidgetResizable(True)
        self.setFixedHeight(38)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        bar = self.horizontalScrollBar()
        bar.rangeChanged.connect(self._show_end)
        self.walk: tuple[Cell, ...] = ()
        self._show()

    def show_walk(self, walk: tuple[Cell, ...]) -> None:
        if walk != self.walk:
            self.walk = walk[-LONGEST:]
            self._show()

    def _show(self) -> None:
        row = QWidget()
        row.setProperty("scrolled", True)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.setSpacing(2)
        for place, cell in enumerate(self.walk):
            if place:
                layout.addWidget(label("\N{LEFTWARDS ARROW}", "faint"))
            present = place == len(self.walk) - 1
            layout.addWidget(_here(cell) if present else self._button(place, cell))
        layout.addStretch(1)
        old = self.takeWidget()
        if old is not None:
            old.deleteLater()  # not at once: the button that was clicked is in it
        self.setWidget(row)

    def _show_end(self, least: int, most: int) -> None:
        self.horizontalScrollBar().setValue(most)

    def _button(self, place: int, cell: Cell) -> QPushButton:
        button = QPushButton(short_cell_text(cell))
        button.setProperty("flat", True)
        button.setObjectName(f"walk_{place}")
        button.setAccessibleName(f"Back to {cell_text(cell)}")
        button.setToolTip(f"Back to {cell_text(cell)}")
        button.clicked.connect(lambda: self.gone_back.emit(place))
        return button


def _here(cell: Cell) -> QLabel:
    place = label(short_cell_text(cell), "here")
    place.setObjectName("walk_here")
    place.setAccessibleName(f"You are here: {cell_text(cell)}")
    place.setToolTip(f"You are here: {cell_text(cell)}")
    return place
