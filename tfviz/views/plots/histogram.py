"""How the numbers of a tensor are distributed: a bar for each of 64 equal parts of their range."""

import numpy
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tfviz.views.inspector.tensor_statistics import BINS, Statistics
from tfviz.views.parts.guarded import guarded
from tfviz.views.plots.ticks import short_number
from tfviz.views.style.fonts import interface_font, monospace_font
from tfviz.views.style.theme import DARK, Theme

FOOT, HEAD = 16, 14


@guarded
class Histogram(QWidget):
    """Counts upwards, linear or logarithmic; the range below, zero marked where it lies in it."""

    def __init__(self, colour: str, parent: QWidget | None = None) -> None:
        """`colour` names the token of the bars."""
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 64)
        self._theme, self._colour = DARK, colour
        self._statistics: Statistics | None = None
        self._logarithmic, self._missing = False, ""

    def show_statistics(self, statistics: Statistics | None, logarithmic: bool, missing: str = "") -> None:
        """None where there are no numbers; `missing` says why."""
        self._statistics, self._logarithmic, self._missing = statistics, logarithmic, missing
        told = "nothing" if statistics is None else f"{statistics.least:.4g} to {statistics.most:.4g}"
        self.setAccessibleDescription(f"Numbers from {told}")
        self.update()

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(260, 90)

    def bars(self) -> list[QRectF]:
        """One rectangle for each part of the range, of height 0 where it is empty."""
        if self._statistics is None:
            return []
        counts = self._statistics.bins.astype(float)
        heights = numpy.log10(1 + counts) if self._logarithmic else counts
        top = heights.max() or 1.0
        width, height = self.width() / BINS, self.height() - FOOT - HEAD
        # A single number among millions is still a bar of one pixel.
        tall = [max(share * height, 1.0) if share else 0.0 for share in (heights / top).tolist()]
        return [
            QRectF(number * width, HEAD + height - high, max(width - 0.5, 0.5), high)
            for number, high in enumerate(tall)
        ]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme, floor = self._theme, self.height() - FOOT
        painter.fillRect(QRectF(0, floor, self.width(), 1), QColor(theme.line))
        statistics = self._statistics
        if statistics is None:
            painter.setFont(interface_font(11))
            painter.setPen(QColor(theme.faint))
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(QRectF(0, HEAD, self.width(), floor - HEAD), flags, self._missing)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(getattr(theme, self._colour)))
        painter.drawRects([bar for bar in self.bars() if bar.height()])
        painter.setFont(monospace_font(10))
        painter.setPen(QColor(theme.dim))
        most = f"{int(statistics.bins.max()):,}"
        painter.drawText(QRectF(0, 0, self.width(), HEAD), Qt.AlignmentFlag.AlignLeft, most)
        self._paint_range(painter, statistics, floor)

    def _paint_range(self, painter: QPainter, statistics: Statistics, floor: int) -> None:
        least, most = statistics.least, statistics.most
        if not least < most:
            which = "all finite ones" if statistics.left_out else "all"
            text = "" if numpy.isnan(least) else f"{which} {_text(least)}"
            painter.drawText(QRectF(0, floor + 2, self.width(), FOOT), Qt.AlignmentFlag.AlignHCenter, text)
            return
        ends = (Qt.AlignmentFlag.AlignLeft, _text(least)), (Qt.AlignmentFlag.AlignRight, _text(most))
        for align, text in ends:
            painter.drawText(QRectF(0, floor + 2, self.width(), FOOT), align, text)
        if least < 0 < most:
            x = -least / (most - least) * self.width()
            painter.fillRect(QRectF(x, HEAD, 1, floor - HEAD + 3), QColor(self._theme.dim))
            metrics = QFontMetricsF(painter.font())
            taken_left, taken_right = (metrics.horizontalAdvance(text) + 8 for _, text in ends)
            if taken_left < x < self.width() - taken_right:
                area = QRectF(x - 10, floor + 2, 20, FOOT)
                painter.drawText(area, Qt.AlignmentFlag.AlignHCenter, "0")


def _text(value: float) -> str:
    return short_number(float(f"{value:.3g}")).replace("-", "−")
