"""What the widths, colours and marks of the flow map mean, in one line below it."""

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from tfviz.training.stepping.step_places import Of
from tfviz.views.flow.flow_marks import BRANCH, NEGATIVE, RESIDUAL
from tfviz.views.flow.flow_scale import LEVELS, line_colour, line_width
from tfviz.views.parts.guarded import guarded
from tfviz.views.style.fonts import interface_font, monospace_font
from tfviz.views.style.theme import DARK, Theme

HEIGHT = 36
WEDGE = 190.0
WIDEST = 9.0
_KEYS = ((RESIDUAL, "residual"), (BRANCH, "branch"), (NEGATIVE, "negative"))


@guarded
class FlowLegend(QWidget):
    """The scale as a row of strokes with powers of ten below, and the colours of the shares."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("flow_legend")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            "Width and colour of a line: root mean square of its signal, over all positions and features.\n"
            "Bars: which part of a sum came through the residual stream and which through the branch; where both\n"
            "pull in opposite directions, one is negative.\n"
            "Dashed: under a thousandth, or over a thousand times, of what the signal began with, or not finite."
        )
        self.setAccessibleName("Scale of the flow map")
        self._theme = DARK
        self._of: Of = "gradient"
        self._low, self._high = 0, 0

    def sizeHint(self) -> QSize:
        return QSize(500, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, HEIGHT)

    def show_scale(self, of: Of, low: int, high: int) -> None:
        """Powers of ten."""
        if (of, low, high) != (self._of, self._low, self._high):
            self._of, self._low, self._high = of, low, high
            self.setAccessibleDescription(f"From 10 to the power of {low} to 10 to the power of {high}")
            self.update()

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = self._theme
        words = interface_font(11)
        painter.setFont(words)
        painter.setPen(QColor(theme.dim))
        backward = self._of == "gradient"
        painter.drawText(QPointF(2, 14), "RMS of the gradient" if backward else "RMS of the activation")
        painter.drawText(QPointF(2, 29), "it flows down ↓" if backward else "it flows up ↑")
        left = QFontMetricsF(words).horizontalAdvance("RMS of the activation") + 14
        if self._low < self._high:
            self._paint_scale(painter, left)
        self._paint_keys(painter, left + WEDGE + 30)

    def _paint_scale(self, painter: QPainter, left: float) -> None:
        step = WEDGE / LEVELS
        for level in range(LEVELS):
            pen = QPen(line_colour(level, self._theme), line_width(level, WIDEST))
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            painter.setPen(pen)
            painter.drawLine(QLineF(left + level * step, 10, left + (level + 1) * step, 10))
        painter.setFont(monospace_font(10))
        painter.setPen(QColor(self._theme.dim))
        decades = self._high - self._low
        every = -(-decades // 5)
        for power in range(self._low, self._high + 1, every):
            x = left + WEDGE * (power - self._low) / decades
            painter.drawLine(QLineF(x, 17, x, 20))
            text = "1" if power == 0 else f"1e{power}".replace("-", "−")
            painter.drawText(QRectF(x - 20, 20, 40, 14), Qt.AlignmentFlag.AlignCenter, text)

    def _paint_keys(self, painter: QPainter, left: float) -> None:
        """As many as there is room for."""
        words = interface_font(11)
        painter.setFont(words)
        metrics = QFontMetricsF(words)
        theme = self._theme
        for token, name in (("", "shares in %"), *_KEYS, ("dashed", "vanishing, exploding or not finite")):
            width = metrics.horizontalAdvance(name)
            swatch = 0 if not token else 24 if token == "dashed" else 14
            if left + swatch + width > self.width():
                return
            if token == "dashed":
                pen = QPen(QColor(theme.text), 2)
                pen.setDashPattern([2.0, 1.5])
                painter.setPen(pen)
                painter.drawLine(QLineF(left, 10, left + 19, 10))
            elif token:
                painter.fillRect(QRectF(left, 6, 10, 8), QColor(getattr(theme, token)))
            painter.setPen(QColor(theme.dim))
            painter.drawText(QPointF(left + swatch, 14), name)
            left += swatch + width + 14
