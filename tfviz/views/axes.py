"""Axes of the plots: round numbers, thin type, a faint grid, redrawn only when the range changes."""

import pyqtgraph
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from tfviz.views.fonts import interface_font
from tfviz.views.theme import Theme
from tfviz.views.ticks import TickFinder

Line = tuple[QPen, QPointF, QPointF]
Text = tuple[QRectF, Qt.AlignmentFlag, str]


class TickAxis(pyqtgraph.AxisItem):
    """An axis whose marks come from a function (low, high, how many fit) -> [(position, text)]."""

    def __init__(
        self,
        orientation: str,
        ticks: TickFinder,
        room: int,
        distance: int,
        grid: bool = False,
        size: int = 11,
    ) -> None:
        """`room` is the width of a vertical axis or the height of a horizontal one, `distance` the space that one mark
        needs, `size` the height of the type; all in pixels."""
        super().__init__(orientation, maxTickLength=0)
        self.enableAutoSIPrefix(False)
        self.ticks = ticks
        self.distance = distance
        self.shows_grid = grid
        self._vertical = orientation in ("left", "right")
        self.setStyle(tickFont=interface_font(size))
        if self._vertical:
            self.setWidth(room)
        else:
            self.setHeight(room)
        if grid:
            self.setGrid(255)

    def recolour(self, theme: Theme, text: str = "dim") -> None:
        """Colours from the table; `text` names the token of the labels."""
        self._grid_pen = QPen(theme.mix("panel", "line", 0.55))
        self.setPen(QPen(theme.colour("line")))
        self.setTextPen(QPen(theme.colour(text)))

    def set_ticks(self, ticks: TickFinder) -> None:
        """Other marks on the same axis."""
        self.ticks = ticks
        self.picture = None
        self.update()

    def boundingRect(self) -> QRectF:
        # Labels at the ends of the axis reach beyond it; pyqtgraph forgets this where there is a grid.
        return super().boundingRect() | self.mapRectFromParent(self.geometry()).adjusted(-30, -12, 30, 12)

    def generateDrawSpecs(self, p: QPainter) -> tuple[Line, list[Line], list[Text]] | None:
        bounds = self.mapRectFromParent(self.geometry())
        length = bounds.height() if self._vertical else bounds.width()
        low, high = self.range
        if length < 1 or high == low:
            return None
        metrics = QFontMetricsF(self.style["tickFont"])
        lines, texts, taken = [], [], -1e9
        for value, text in sorted(
            self.ticks(min(low, high), max(low, high), max(int(length / self.distance), 3))
        ):
            share = (value - low) / (high - low)
            position = bounds.bottom() - share * length if self._vertical else bounds.left() + share * length
            lines.append(self._line_across(round(position)))
            size = (
                0.8 * self.style["tickFont"].pixelSize()
                if self._vertical
                else metrics.horizontalAdvance(text)
            )
            along = abs(position - bounds.bottom()) if self._vertical else position
            if along - size / 2 < taken:
                continue  # the label would run into the one before it
            taken = along + size / 2 + (0 if self._vertical else 8)
            texts.append(self._text_at(bounds, position, text, metrics))
        corner = {"left": bounds.topRight(), "right": bounds.topLeft()}.get(
            self.orientation, bounds.topLeft()
        )
        end = {"left": bounds.bottomRight(), "right": bounds.bottomLeft()}.get(
            self.orientation, bounds.topRight()
        )
        return (self.pen(), corner, end), lines if self.shows_grid else [], texts

    def _line_across(self, position: float) -> Line:
        view = self.linkedView()
        area = view.mapRectToItem(self, view.boundingRect()) if view is not None else QRectF()
        if self._vertical:
            return self._grid_pen, QPointF(area.left(), position), QPointF(area.right(), position)
        return self._grid_pen, QPointF(position, area.top()), QPointF(position, area.bottom())

    def _text_at(self, bounds: QRectF, position: float, text: str, metrics: QFontMetricsF) -> Text:
        flag, height = Qt.AlignmentFlag, metrics.height()
        if self.orientation == "left":
            rectangle = QRectF(bounds.left(), position - height / 2, bounds.width() - 6, height)
            return rectangle, flag.AlignRight | flag.AlignVCenter, text
        if self.orientation == "right":
            rectangle = QRectF(bounds.left() + 7, position - height / 2, bounds.width() - 7, height)
            return rectangle, flag.AlignLeft | flag.AlignVCenter, text
        width = metrics.horizontalAdvance(text) + 2
        rectangle = QRectF(position - width / 2, bounds.top() + 3, width, height)
        return rectangle, flag.AlignHCenter | flag.AlignTop, text
