"""All heads of the model as dots by two metrics, with faint trails of where they came from."""

import math

import numpy
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from tfviz.views.heads.head_measures import (
    MEASURES,
    HeadPoints,
    Measure,
    chosen_colour,
    kind_colour,
    kind_of,
    number_text,
    short_name,
)
from tfviz.views.heads.head_plane import Plane, Range, paint_kinds, paint_plane, shape_of
from tfviz.views.parts.guarded import guarded
from tfviz.views.parts.tipped_widget import TippedWidget
from tfviz.views.style.fonts import monospace_font
from tfviz.views.style.theme import DARK, Theme

RADIUS = 4.5
REACH = 10.0  # pixels from a dot at which the pointer is on it


@guarded
class HeadScatter(TippedWidget):
    """A click chooses a head, with Ctrl one more or one less; Up and Down go through them.

    Heads of which one of the metrics is not known lie in a lane beside the axis, hollow.
    """

    head_clicked = Signal(str, bool)
    """The head, and whether it is to be added to those that are chosen, or taken from them."""
    head_hovered = Signal(object)
    """The head under the pointer, or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("head_scatter")
        self.setAccessibleName("All heads by two metrics")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self._theme = DARK
        self.points: HeadPoints | None = None
        self.measures: tuple[Measure, Measure] = (MEASURES[0], MEASURES[0])
        self.ranges: tuple[Range, Range] = ((0.0, 1.0), (0.0, 1.0))
        self.chosen: tuple[str, ...] = ()
        self.hovered: str | None = None
        self._ground: tuple[object, QPixmap] | None = None

    def show_points(
        self, points: HeadPoints | None, measures: tuple[Measure, Measure], ranges: tuple[Range, Range]
    ) -> None:
        """Measures and ranges are those of x and y."""
        self.points, self.measures, self.ranges = points, measures, ranges
        if points is None or self.hovered not in points.heads:
            self._hover(None)
        self.update()

    def show_chosen(self, chosen: tuple[str, ...]) -> None:
        if chosen != self.chosen:
            self.chosen = chosen
            self.setAccessibleDescription(", ".join(map(self._say, chosen)))
            self.update()

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(260, 240)

    def minimumSizeHint(self) -> QSize:
        return QSize(150, 90)

    # where things are

    @property
    def plane(self) -> Plane:
        if self.points is None:
            return Plane(self.size(), self.ranges)
        lanes = (bool(numpy.isnan(values[-1]).any()) for values in (self.points.x, self.points.y))
        return Plane(self.size(), self.ranges, (next(lanes), next(lanes)))

    def place_of(self, head: str) -> QPointF | None:
        """The middle of a head's dot; None where nothing is known of it."""
        if self.points is None or head not in self.points.heads:
            return None
        number = self.points.heads.index(head)
        x, y = self.plane.places(self.points.x[-1:, number], self.points.y[-1:, number])
        return QPointF(x[0], y[0])

    def head_at(self, position: QPointF) -> str | None:
        """The nearest head, if it is near."""
        if self.points is None:
            return None
        x, y = self.plane.places(self.points.x[-1], self.points.y[-1])
        away = numpy.hypot(x - position.x(), y - position.y())
        nearest = int(numpy.argmin(away))
        return self.points.heads[nearest] if away[nearest] <= REACH else None

    # mouse and keys

    def tip_at(self, position: QPointF) -> str:
        head = self.head_at(position)
        return "" if head is None else self._help(head)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if move is None or self.points is None:
            event.ignore()
            return
        heads = self.points.heads
        first = self.chosen[0] if self.chosen else None
        number = heads.index(first) + move if first in heads else 0
        self.head_clicked.emit(heads[min(max(number, 0), len(heads) - 1)], False)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        head = self.head_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and head is not None:
            self.head_clicked.emit(head, bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.head_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    def _hover(self, head: str | None) -> None:
        if head != self.hovered:
            self.hovered = head
            self.setCursor(Qt.CursorShape.ArrowCursor if head is None else Qt.CursorShape.PointingHandCursor)
            self.head_hovered.emit(head)
            self.update()

    def _values(self, head: str) -> tuple[float, float]:
        assert self.points is not None
        number = self.points.heads.index(head)
        return float(self.points.x[-1, number]), float(self.points.y[-1, number])

    def _say(self, head: str) -> str:
        if self.points is None or head not in self.points.heads:
            return head
        values = zip(self.measures, self._values(head), strict=True)
        return " ".join((head, *(f"{measure.title} {number_text(value)}" for measure, value in values)))

    def _help(self, head: str) -> str:
        lines = [
            f"{measure.title} {number_text(value)}: {measure.explanation}"
            for measure, value in dict(zip(self.measures, self._values(head), strict=True)).items()
        ]
        return "\n".join((head, *lines, "Click to choose it, with Ctrl beside the others"))

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._ground_picture())
        points = self.points
        if points is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x, y = self.plane.places(points.x, points.y)
        self._paint_trails(painter, points, x, y)
        marked = [head for head in points.heads if head in self.chosen or head == self.hovered]
        for head in [head for head in points.heads if head not in marked] + marked:
            number = points.heads.index(head)
            known = not (math.isnan(points.x[-1, number]) or math.isnan(points.y[-1, number]))
            self._paint_dot(painter, head, QPointF(x[-1, number], y[-1, number]), known)
        self._paint_labels(painter, marked)

    def _paint_trails(
        self, painter: QPainter, points: HeadPoints, x: numpy.ndarray, y: numpy.ndarray
    ) -> None:
        known = ~(numpy.isnan(points.x) | numpy.isnan(points.y))
        for number, head in enumerate(points.heads):
            places = zip(
                x[known[:, number], number].tolist(), y[known[:, number], number].tolist(), strict=True
            )
            colour = QColor(kind_colour(self._theme, kind_of(head)))
            colour.setAlphaF(0.7 if head in self.chosen or head == self.hovered else 0.35)
            painter.setPen(QPen(colour, 1))
            painter.drawPolyline(QPolygonF([QPointF(*place) for place in places]))

    def _paint_dot(self, painter: QPainter, head: str, place: QPointF, known: bool) -> None:
        theme, kind = self._theme, kind_of(head)
        colour = kind_colour(theme, kind)
        if head in self.chosen:
            painter.setPen(QPen(chosen_colour(theme, self.chosen.index(head)), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(place, RADIUS + 4, RADIUS + 4)
        painter.setPen(QPen(theme.colour("panel"), 1) if known else QPen(colour, 1.4))
        painter.setBrush(colour if known else Qt.BrushStyle.NoBrush)
        size = RADIUS + (1.0 if head == self.hovered else 0.0)
        painter.drawPath(shape_of(kind, size if known else size - 1.2).translated(place))

    def _paint_labels(self, painter: QPainter, marked: list[str]) -> None:
        painter.setFont(monospace_font(11))
        metrics = QFontMetricsF(painter.font())
        taken: list[QRectF] = []
        for head in marked:
            place = self.place_of(head)
            if place is None:
                continue
            width = metrics.horizontalAdvance(short_name(head)) + 6
            right = place.x() + RADIUS + 6
            left = right if right + width <= self.width() else place.x() - RADIUS - 6 - width
            label = QRectF(left, min(max(place.y() - 7, 0.0), self.height() - 14.0), width, 14)
            while any(label.intersects(other) for other in taken) and label.bottom() + 14 <= self.height():
                label.translate(0, 14)
            taken.append(label)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("panel", 0.8))
            painter.drawRoundedRect(label, 3, 3)
            painter.setPen(self._theme.colour("text"))
            painter.drawText(label, Qt.AlignmentFlag.AlignCenter, short_name(head))

    def _ground_picture(self) -> QPixmap:
        """Axes, grid and kinds, painted when one of their causes has changed."""
        kinds = self.points.kinds if self.points is not None else ()
        ratio, focused = self.devicePixelRatioF(), self.hasFocus()
        causes = (self.plane, ratio, self._theme.name, kinds, self.measures, focused)
        if self._ground is None or self._ground[0] != causes:
            pixmap = QPixmap(self.size() * ratio)
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(self._theme.colour("panel"))
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint_kinds(painter, self._theme, kinds)
            paint_plane(painter, self.plane, self._theme, self.measures, focused)
            painter.end()
            self._ground = causes, pixmap
        return self._ground[1]
