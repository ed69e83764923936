"""Axes of the plots: round numbers, thin type, a faint grid; pictures that are painted only when they become others."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QGraphicsPixmapItem

from tfviz.views.plots.ticks import TickFinder
from tfviz.views.style.fonts import interface_font
from tfviz.views.style.theme import DARK, Theme

Label = tuple[QRectF, Qt.AlignmentFlag, str]
Marks = tuple[list[int], list[Label]]

OVERHANG_X, OVERHANG_Y = 30, 12  # pixels by which labels at the ends of an axis may reach beyond it


class TickAxis:
    """An axis whose marks come from a function (low, high, how many fit) -> [(position, text)].

    `item` shows it; positions are pixels of the scene.
    """

    def __init__(
        self,
        orientation: str,
        ticks: TickFinder,
        room: int,
        distance: int,
        grid: bool = False,
        size: int = 11,
    ) -> None:
        """`orientation` is "left", "right" or "bottom", `room` the width of a vertical axis or the height of a
        horizontal one, `distance` the space that one mark needs, `size` the height of the type; all in pixels."""
        self.item = QGraphicsPixmapItem()
        self.item.setZValue(-1000)
        self.item.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self.orientation = orientation
        self.ticks = ticks
        self.room, self.distance = room, distance
        self.shows_grid = grid
        self.rectangle = QRectF()
        """Where the axis stands, without the overhang of its labels."""
        self._font = interface_font(size)
        self._vertical = orientation in ("left", "right")
        self._range = (0.0, 1.0)
        self._painted: object = None
        self.text_token = "dim"
        """Names the colour of the labels."""
        self.recolour(DARK)

    def recolour(self, theme: Theme) -> None:
        """Colours from the table, to be seen with the next `show`."""
        self._grid_pen = QPen(theme.mix("panel", "line", 0.55))
        self._line_pen = QPen(theme.colour("line"))
        self._text_pen = QPen(theme.colour(self.text_token))
        self._painted = None

    def set_ticks(self, ticks: TickFinder) -> None:
        """Other marks on the same axis, with the next `show`."""
        self.ticks = ticks

    def show(self, low: float, high: float, view: QRectF, ratio: float) -> None:
        """Show this range beside (or below) the view; nothing is painted where that is what is seen already."""
        self._range = low, high
        lines, labels = self.marks()
        written = [(area.x(), area.y(), text) for area, _, text in labels]
        key = (lines, written, self.rectangle.getRect(), view.getRect(), ratio, self.shows_grid)
        if key != self._painted:
            self._painted = key
            self._paint(lines, labels, view, ratio)

    def marks(self) -> Marks:
        """Where the marks are along the axis, and the labels, as many as there is room for."""
        bounds = self.rectangle
        length = bounds.height() if self._vertical else bounds.width()
        low, high = self._range
        if length < 1 or high == low:
            return [], []
        metrics = QFontMetricsF(self._font)
        lines: list[int] = []
        labels: list[Label] = []
        taken = -1e9
        for value, text in sorted(
            self.ticks(min(low, high), max(low, high), max(int(length / self.distance), 3))
        ):
            share = (value - low) / (high - low)
            position = bounds.bottom() - share * length if self._vertical else bounds.left() + share * length
            lines.append(round(position))
            size = 0.8 * self._font.pixelSize() if self._vertical else metrics.horizontalAdvance(text)
            along = abs(position - bounds.bottom()) if self._vertical else position
            if along - size / 2 < taken:
                continue  # the label would run into the one before it
            taken = along + size / 2 + (0 if self._vertical else 8)
            labels.append(self._label_at(position, text, metrics))
        return lines, labels

    def _label_at(self, position: float, text: str, metrics: QFontMetricsF) -> Label:
        bounds, flag, height = self.rectangle, Qt.AlignmentFlag, metrics.height()
        if self.orientation == "left":
            rectangle = QRectF(bounds.left(), position - height / 2, bounds.width() - 6, height)
            return rectangle, flag.AlignRight | flag.AlignVCenter, text
        if self.orientation == "right":
            rectangle = QRectF(bounds.left() + 7, position - height / 2, bounds.width() - 7, height)
            return rectangle, flag.AlignLeft | flag.AlignVCenter, text
        width = metrics.horizontalAdvance(text) + 2
        rectangle = QRectF(position - width / 2, bounds.top() + 3, width, height)
        return rectangle, flag.AlignHCenter | flag.AlignTop, text

    def _paint(self, lines: list[int], labels: list[Label], view: QRectF, ratio: float) -> None:
        area = self.rectangle | view if self.shows_grid else self.rectangle
        area = area.adjusted(-OVERHANG_X, -OVERHANG_Y, OVERHANG_X, OVERHANG_Y)
        pixmap = QPixmap(int(area.width() * ratio + 1), int(area.height() * ratio + 1))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.translate(-area.topLeft())
        painter.setPen(self._line_pen)
        bounds = self.rectangle
        inner = {"left": bounds.right(), "right": bounds.left()}.get(self.orientation)
        if inner is None:
            painter.drawLine(bounds.topLeft(), bounds.topRight())
        else:
            painter.drawLine(QPointF(inner, bounds.top()), QPointF(inner, bounds.bottom()))
        if self.shows_grid:
            painter.setPen(self._grid_pen)
            for position in lines:
                if self._vertical:
                    painter.drawLine(QPointF(view.left(), position), QPointF(view.right(), position))
                else:
                    painter.drawLine(QPointF(position, view.top()), QPointF(position, view.bottom()))
        painter.setFont(self._font)
        painter.setPen(self._text_pen)
        for rectangle, flags, text in labels:
            painter.drawText(rectangle, int(flags), text)
        painter.end()
        self.item.setPos(area.topLeft())
        self.item.setPixmap(pixmap)
