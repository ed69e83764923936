"""What the marks in a heat map mean, and how many cells have them: only those that are there."""

from dataclasses import dataclass

import numpy
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from tfviz.core.tensor import Array
from tfviz.views.grids import cells
from tfviz.views.grids.causal import Mask
from tfviz.views.grids.cells import Scale
from tfviz.views.inspector.tensor_map import hatch_missing
from tfviz.views.parts.guarded import guarded
from tfviz.views.style.fonts import interface_font
from tfviz.views.style.theme import DARK, Theme

HEIGHT, PATCH, GAP = 18, 12, 10
MISSING = "not computed yet"


@dataclass(frozen=True)
class Mark:
    """A mark and how many cells of the slice have it."""

    name: str
    byte: int
    count: int | None = None

    def __str__(self) -> str:
        return self.name if self.count is None else f"{self.name} {self.count:,}"


def marks_in(seen: Array, mask: Mask | None, scale: Scale) -> tuple[Mark, ...]:
    """The marks of a slice, what is least a number first."""
    numbers = seen if mask is None else seen[~mask]
    finite = numbers[numpy.isfinite(numbers)]
    counts = (
        ("NaN", cells.NOT_A_NUMBER, numpy.isnan(numbers).sum()),
        ("infinite", cells.INFINITE, numpy.isinf(numbers).sum()),
        ("masked", cells.MASKED, 0 if mask is None else mask.sum()),
        ("▲ above the scale", cells.ABOVE, (finite > scale.high).sum()),
        ("▼ below the scale", cells.BELOW, (finite < scale.low).sum()),
    )
    return tuple(Mark(name, byte, int(count)) for name, byte, count in counts if count)


NOT_COMPUTED = Mark(MISSING, cells.GAP)


@guarded
class MarkLegend(QWidget):
    """One line, right-aligned; a patch in each mark's colour and its name with the number of cells."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme, self._table = DARK, cells.colour_table(DARK)
        self.marks: tuple[Mark, ...] = ()

    def show_marks(self, marks: tuple[Mark, ...], table: list[int]) -> None:
        """`table`: the colours of the bytes in the heat map."""
        self.marks, self._table = marks, table
        self.setAccessibleName("Marks in the picture: " + (", ".join(map(str, marks)) or "none"))
        self.setToolTip(", ".join(map(str, marks)))
        self.update()

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(interface_font(11))
        metrics = QFontMetricsF(painter.font())
        x = float(self.width())
        for mark in reversed(self.marks):
            text = str(mark)
            width = metrics.horizontalAdvance(text)
            x -= width
            if x < PATCH:
                return
            painter.setPen(QColor(self._theme.dim))
            painter.drawText(QRectF(x, 0, width + 1, HEIGHT), Qt.AlignmentFlag.AlignVCenter, text)
            x -= PATCH + 4
            self._paint_patch(
                painter, mark, QRectF(x + 0.5, (HEIGHT - PATCH) / 2 + 0.5, PATCH - 1, PATCH - 1)
            )
            x -= GAP

    def _paint_patch(self, painter: QPainter, mark: Mark, area: QRectF) -> None:
        painter.fillRect(area, QColor(self._table[mark.byte]))
        if mark.byte == cells.MASKED:
            painter.setPen(QPen(QColor(self._table[cells.HATCH])))
            painter.drawLine(area.bottomLeft(), area.topRight())
        elif mark.byte == cells.GAP:
            hatch_missing(painter, area, self._theme)
        painter.setPen(QPen(QColor(self._theme.line)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area)
