"""The colour bar beside a heat map: the scale, its marks, and caps for what lies outside of it."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from tfviz.views.parts.guarded import guarded
from tfviz.views.plots.heat_map import ABOVE, BELOW, LOWEST, colour_table
from tfviz.views.plots.ticks import value_ticks
from tfviz.views.style.fonts import interface_font
from tfviz.views.style.theme import DARK, Theme

CAP = 6.0


@guarded
class LevelBar(QWidget):
    """As high as the plot's view, given the margins above and below it."""

    def __init__(self, top: int, bottom: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._top, self._bottom = top, bottom
        self._low, self._high = 0.0, 1.0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setToolTip(
            "Power of ten of the gradient's L2 norm. Triangles: below and above the scale.\n"
            "Each column shows the largest norm of its steps."
        )
        self.recolour(DARK)

    def sizeHint(self) -> QSize:
        return QSize(46, 100)

    def show_levels(self, low: float, high: float) -> None:
        if (low, high) != (self._low, self._high):
            self._low, self._high = low, high
            self.setAccessibleDescription(f"Colours from 10 to the power of {low:g} to {high:g}")
            self.update()

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self._table = colour_table(theme)
        self._image = QImage(1, 256 - LOWEST, QImage.Format.Format_RGB32)
        for row in range(256 - LOWEST):
            self._image.setPixel(0, row, self._table[255 - row])
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(interface_font(11))
        area = QRectF(8.0, self._top + CAP, 10.0, self.height() - self._top - self._bottom - 2 * CAP)
        painter.drawImage(area, self._image)
        painter.setPen(QPen(self._theme.colour("dim")))
        for value, text in value_ticks(self._low, self._high, max(int(area.height() / 22), 2)):
            y = area.bottom() - (value - self._low) / (self._high - self._low) * area.height()
            painter.drawText(QRectF(area.right() + 6, y - 8, 30, 16), Qt.AlignmentFlag.AlignVCenter, text)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._theme.colour("faint"), 1))
        for index, edge, tip in (
            (ABOVE, area.top(), area.top() - CAP),
            (BELOW, area.bottom(), area.bottom() + CAP),
        ):
            painter.setBrush(self._theme.colour("cell_frame" if index == ABOVE else "masked"))
            corners = (area.left(), edge), (area.right(), edge), (area.center().x(), tip)
            painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))
