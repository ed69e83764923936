"""The cell that the mouse or the lock is on: where it is in words, and both of its numbers with all their digits."""

from dataclasses import dataclass

import numpy
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tfviz.views.inspector.tensor_reading import Half, Reading
from tfviz.views.inspector.tensor_slice import Index
from tfviz.views.parts.guarded import guarded
from tfviz.views.style.fonts import interface_font, monospace_font
from tfviz.views.style.icons import paint_icon
from tfviz.views.style.theme import DARK, Theme

HINT = "Click a cell to see where its number came from; hover to read it; arrows go on, Esc lets go"
LINE = 19
INDENT = 20
ONE_LINE = 560
"""Pixels of width from which on one line is enough."""
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


@dataclass(frozen=True)
class CellReading:
    """What is known of a cell."""

    place: str
    value: str
    gradient: str
    locked: bool

    def sentence(self) -> str:
        """For readers that cannot see the picture."""
        locked = ", locked" if self.locked else ""
        return f"{self.place}: value {self.value}, gradient {self.gradient}{locked}"


def read_cell(reading: Reading, index: Index, sentence: int | None, locked: bool) -> CellReading:
    """A cell of a tensor in words."""
    labels = reading.labels
    if "batch" in reading.axes:
        sentence = index[reading.axes.index("batch")]
    order = sorted(
        range(len(index)), key=lambda axis: reading.axes[axis] == "batch"
    )  # the longest words last
    place = " · ".join(labels.place(axis, index[axis], sentence) for axis in order)
    masked = reading.mask is not None and bool(reading.mask[index])
    value, gradient = (_number(half, index) for half in (reading.value, reading.gradient))
    token = None if reading.value.numbers is None else labels.token_of(float(reading.value.numbers[index]))
    value += f" ({token})" * (token is not None) + " (masked)" * masked
    return CellReading(place, value, gradient, locked)


def _number(half: Half, index: Index) -> str:
    """The shortest text that is this very number in its own precision."""
    if half.numbers is None:
        return "none" if "no gradient" in half.missing else "not computed yet"
    number = half.numbers[index]
    if numpy.isnan(number):
        return "NaN"
    if numpy.isinf(number):
        return "∞" if number > 0 else "−∞"
    return str(number).removesuffix(".0").replace("-", "−")


@guarded
class CellReadout(QWidget):
    """The numbers and where they stand, in two lines, or in one where it is wide."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("cell_readout")
        self.setAccessibleName("Cell of the tensor")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(2 * LINE)
        self._theme = DARK
        self._reading: CellReading | None = None

    @property
    def reading(self) -> CellReading | None:
        return self._reading

    def show_reading(self, reading: CellReading | None) -> None:
        if reading != self._reading:
            self._reading = reading
            self.setAccessibleDescription("no cell" if reading is None else reading.sentence())
            self.update()

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(300, 2 * LINE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        reading, words = self._reading, interface_font(12)
        if reading is None:
            self._write(painter, 0, (self.height() - LINE) / 2, words, self._theme.faint, HINT)
            return
        colour = QColor(self._theme.accent if reading.locked else self._theme.faint)
        name = "lock" if reading.locked else "unlock"
        paint_icon(painter, name, QRectF(0, LINE / 2 - 7, 14, 14), colour)
        x = float(INDENT)
        for caption, number in (("value", reading.value), ("gradient", reading.gradient)):
            x = self._write(painter, x, 0, words, self._theme.dim, caption) + 6
            x = self._write(painter, x, 0, monospace_font(12), self._theme.text, number) + 16
        start = (x, 0.0) if self.height() < 2 * LINE else (float(INDENT), float(LINE))
        self._write(painter, *start, words, self._theme.dim, reading.place)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setFixedHeight(LINE if self.width() >= ONE_LINE else 2 * LINE)

    def _write(self, painter: QPainter, x: float, y: float, font: QFont, colour: str, text: str) -> float:
        painter.setFont(font)
        painter.setPen(QColor(colour))
        metrics = QFontMetricsF(font)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(self.width() - x, 0))
        painter.drawText(QRectF(x, y, self.width() - x, LINE), _LEFT, shown)
        return x + metrics.horizontalAdvance(shown)
