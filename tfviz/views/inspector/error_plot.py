"""Errors of checked gradients against the size of the gradient, on logarithmic scales, with the tolerance as a line."""

import math

import numpy
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from tfviz.core.gradient_check import TOLERANCE
from tfviz.training.stepping.hand_check import CellCheck
from tfviz.views.parts.guarded import guarded
from tfviz.views.style.fonts import interface_font
from tfviz.views.style.theme import DARK, Theme

LEFT, RIGHT, TOP, BOTTOM = 46, 10, 8, 34
FLOOR = 1e-16
"""Errors and gradients below it, 0 among them, are drawn at the edge."""
DOT = 4.0


@guarded
class ErrorPlot(QWidget):
    """A dot for each entry: a ring where an error says nothing, at the top edge where it is NaN."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("error_plot")
        self.setAccessibleName("Relative errors against the size of the gradient")
        self.setToolTip(
            "Each dot is one entry: right means a larger gradient, up a larger error. Rings met a ReLU kink, or "
            "are apart by rounding alone."
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.theme = DARK
        self._cells: list[CellCheck] = []
        self._across = (-8.0, 0.0)
        self._up = (-14.0, -4.0)

    def sizeHint(self) -> QSize:
        return QSize(360, 170)

    def show_cells(self, cells: list[CellCheck]) -> None:
        self._cells = cells
        gradients = _logs(numpy.array([abs(cell.analytic) for cell in cells]))
        errors = _logs(numpy.array([cell.error for cell in cells]))
        if len(cells):
            self._across = _range(gradients, -4.0, -3.0)
            self._up = _range(errors, math.log10(TOLERANCE) - 1.0, math.log10(TOLERANCE) + 1.0)
        self.update()

    def recolour(self, theme: Theme) -> None:
        self.theme = theme
        self.update()

    def place(self, cell: CellCheck) -> QPointF:
        """Where an entry is drawn."""
        across, up = _logs(numpy.array([abs(cell.analytic), cell.error])).tolist()
        field = self._field()
        if math.isnan(up):
            up = self._up[1]
        x = field.left() + field.width() * (across - self._across[0]) / (self._across[1] - self._across[0])
        return QPointF(x, self._height_of(up))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(interface_font(11))
        field = self._field()
        painter.fillRect(field, self.theme.colour("raised"))
        self._paint_scales(painter, field)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        groups = {"good": QPolygonF(), "bad": QPolygonF(), "kink": QPolygonF()}
        for cell in self._cells:
            good = cell.error <= TOLERANCE
            kind = "good" if good and cell.smooth else "bad" if cell.counts else "kink"
            groups[kind].append(self.place(cell))
        for kind in ("good", "bad"):
            painter.setPen(QPen(self.theme.colour(kind), DOT, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPoints(groups[kind])
        painter.setPen(QPen(self.theme.colour("warn"), 1.2))
        for point in groups["kink"].toList():
            painter.drawEllipse(point, DOT - 1, DOT - 1)

    def _field(self) -> QRectF:
        return QRectF(LEFT, TOP, self.width() - LEFT - RIGHT, self.height() - TOP - BOTTOM)

    def _height_of(self, up: float) -> float:
        field = self._field()
        return field.bottom() - field.height() * (up - self._up[0]) / (self._up[1] - self._up[0])

    def _paint_scales(self, painter: QPainter, field: QRectF) -> None:
        painter.setPen(self.theme.colour("dim"))
        for number, end in enumerate(self._up):
            box = QRectF(0, self._height_of(end) - (14 if number == 0 else 0), LEFT - 6, 14)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"1e{end:.0f}")
        low = QRectF(field.left(), field.bottom() + 2, 120, 14)
        high = QRectF(field.right() - 120, field.bottom() + 2, 120, 14)
        painter.drawText(low, Qt.AlignmentFlag.AlignLeft, f"1e{self._across[0]:.0f}")
        painter.drawText(high, Qt.AlignmentFlag.AlignRight, f"1e{self._across[1]:.0f}")
        below = QRectF(field.left(), field.bottom() + 16, field.width(), 16)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, "size of the gradient; upward: relative error")
        line = self._height_of(math.log10(TOLERANCE))
        painter.setPen(QPen(self.theme.colour("warn"), 1.0, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(field.left(), line), QPointF(field.right(), line))
        painter.drawText(
            QPointF(field.left() + 6, line - 4), f"tolerance {TOLERANCE:.0e}".replace("e-0", "e-")
        )


def _logs(numbers: numpy.ndarray) -> numpy.ndarray:
    """Powers of ten, NaN where a number is none."""
    with numpy.errstate(all="ignore"):
        return numpy.log10(numpy.minimum(numpy.maximum(numbers, FLOOR), 1e16))


def _range(logs: numpy.ndarray, low: float, high: float) -> tuple[float, float]:
    """Whole decades that hold all, and `low` to `high` at least."""
    known = logs[numpy.isfinite(logs)]
    least, most = (float(known.min()), float(known.max())) if len(known) else (low, high)
    return math.floor(min(least, low)), math.ceil(max(most, high))
