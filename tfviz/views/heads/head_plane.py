"""The plane in which heads are dots: its axes, its lanes for heads without a metric, and the shapes of the kinds."""

from dataclasses import dataclass

import numpy
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPolygonF

from tfviz.views.heads.head_measures import Measure, kind_colour
from tfviz.views.plots.ticks import value_ticks
from tfviz.views.style.fonts import interface_font
from tfviz.views.style.theme import Theme

Range = tuple[float, float]

LEFT, TOP, RIGHT, BOTTOM = 34.0, 18.0, 8.0, 17.0  # room for ticks, for the kinds above, for half a dot
LANE = 15.0  # pixels of the lane for heads that do not have a metric
AIR = 0.04  # of the range beyond its ends, for dots there


@dataclass(frozen=True)
class Plane:
    """Of so many pixels. Everything in it comes in twos: of x and of y."""

    size: QSize
    ranges: tuple[Range, Range] = ((0.0, 1.0), (0.0, 1.0))
    lanes: tuple[bool, bool] = (False, False)
    """Whether there are heads without the metric."""

    @property
    def area(self) -> QRectF:
        """Where dots are that have both metrics."""
        beside, below = self.lanes
        left, bottom = LEFT + LANE * beside, BOTTOM + LANE * below
        width, height = self.size.width() - left - RIGHT, self.size.height() - TOP - bottom
        return QRectF(left, TOP, max(width, 1.0), max(height, 1.0))

    def places(self, x: numpy.ndarray, y: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
        """In pixels; what is not known lies in the lanes."""
        area = self.area
        (left, right), (low, high) = (_aired(*each) for each in self.ranges)
        across = area.left() + (numpy.clip(x, left, right) - left) / (right - left) * area.width()
        down = area.bottom() - (numpy.clip(y, low, high) - low) / (high - low) * area.height()
        return (
            numpy.where(numpy.isnan(x), area.left() - LANE / 2, across),
            numpy.where(numpy.isnan(y), area.bottom() + LANE / 2, down),
        )


def paint_plane(
    painter: QPainter, plane: Plane, theme: Theme, measures: tuple[Measure, Measure], focused: bool
) -> None:
    """Axes, grid and lanes."""
    area, flag = plane.area, Qt.AlignmentFlag
    painter.setFont(interface_font(11))
    grid, text = theme.mix("panel", "line", 0.55), theme.colour("dim")
    (left, right), (low, high) = (_aired(*each) for each in plane.ranges)
    foot = plane.size.height() - BOTTOM
    for value, written in value_ticks(*plane.ranges[0], max(int(area.width() / 45), 2)):
        x = area.left() + (value - left) / (right - left) * area.width()
        painter.setPen(grid)
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setPen(text)
        painter.drawText(QRectF(x - 22, foot + 2, 44, 14), int(flag.AlignHCenter), written)
    for value, written in value_ticks(*plane.ranges[1], max(int(area.height() / 22), 2)):
        y = area.bottom() - (value - low) / (high - low) * area.height()
        painter.setPen(grid)
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setPen(text)
        painter.drawText(QRectF(0, y - 7, LEFT - 5, 14), int(flag.AlignRight | flag.AlignVCenter), written)
    beside, below = plane.lanes
    lane = theme.colour("raised")
    if beside:
        painter.fillRect(QRectF(LEFT, area.top(), LANE - 1, area.height()), lane)
    if below:
        painter.fillRect(QRectF(area.left(), area.bottom() + 1, area.width(), LANE - 1), lane)
        painter.setPen(text)
        painter.drawText(
            QRectF(0, area.bottom(), LEFT - 5, LANE), int(flag.AlignRight | flag.AlignVCenter), "none"
        )
    painter.setPen(theme.colour("accent" if focused else "line"))
    painter.drawLine(area.bottomLeft(), area.bottomRight())
    painter.drawLine(area.topLeft(), area.bottomLeft())
    painter.setFont(interface_font(10))
    painter.setPen(theme.colour("faint"))
    inside = area.adjusted(4, 2, -3, -2)
    painter.drawText(inside, int(flag.AlignRight | flag.AlignBottom), f"{measures[0].title} →")
    painter.drawText(inside, int(flag.AlignLeft | flag.AlignTop), f"↑ {measures[1].title}")


def paint_kinds(painter: QPainter, theme: Theme, kinds: tuple[str, ...]) -> None:
    """What the shapes and colours mean, above the plane."""
    painter.setFont(interface_font(11))
    metrics, x = QFontMetricsF(painter.font()), 2.0
    for kind in kinds:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(kind_colour(theme, kind))
        painter.drawPath(shape_of(kind, 3.8).translated(QPointF(x + 4, 8)))
        painter.setPen(theme.colour("dim"))
        painter.drawText(QPointF(x + 11, 12), kind)
        x += metrics.horizontalAdvance(kind) + 19


def shape_of(kind: str, radius: float) -> QPainterPath:
    """A circle for the encoder, a square for the decoder, a diamond for cross attention; around the origin."""
    path = QPainterPath()
    if kind == "encoder":
        path.addEllipse(QPointF(0, 0), radius, radius)
    elif kind == "decoder":
        path.addRect(QRectF(-0.88 * radius, -0.88 * radius, 1.76 * radius, 1.76 * radius))
    else:
        reach = 1.25 * radius
        path.addPolygon(
            QPolygonF([QPointF(0, -reach), QPointF(reach, 0), QPointF(0, reach), QPointF(-reach, 0)])
        )
        path.closeSubpath()
    return path


def _aired(low: float, high: float) -> Range:
    air = AIR * (high - low)
    return low - air, high + air
