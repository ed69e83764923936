"""What happened in a run, as marks on the timeline: their words, and how each kind is drawn."""

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPainterPath, QPolygonF

from tfviz.views.style.theme import Theme


@dataclass(frozen=True)
class Marker:
    """Something that happened at a step: an intervention (a flag), an alert (a triangle), a head that took on a role
    (an eye) or a branch that left (a stem below the track), and words that say what."""

    step: int
    kind: Literal["intervention", "alert", "role", "branch"]
    text: str
    branch: int = 0
    """The number of the branch, which decides the colour."""


def paint_marker(painter: QPainter, marker: Marker, x: float, bottom: float, theme: Theme) -> None:
    """At the place of its step. All lie above the track but those of branches, which hang from its edge at `bottom`."""
    match marker.kind:
        case "alert":
            painter.setBrush(theme.colour("bad"))
            polygon(painter, (x - 5, 12), (x + 5, 12), (x, 3))
        case "role":
            painter.setBrush(theme.colour("good"))
            painter.drawPath(_eye(x, 8.0))
            painter.setBrush(theme.colour("panel"))
            painter.drawEllipse(QPointF(x, 8.0), 1.6, 1.6)
        case "branch":
            colour = theme.colour(theme.branch(marker.branch))
            painter.fillRect(QRectF(x - 0.75, bottom - 1, 1.5, 5), colour)
            painter.setBrush(colour)
            painter.drawEllipse(QPointF(x, bottom + 5), 3.6, 3.6)
        case "intervention":
            painter.setBrush(theme.colour("parameter"))
            polygon(painter, (x - 1, 3), (x + 8, 6.5), (x + 1, 10), (x + 1, 14), (x - 1, 14))


def paint_keyframe(painter: QPainter, x: float, y: float) -> None:
    """A diamond around a place."""
    painter.translate(x, y)
    painter.drawPolygon(DIAMOND)
    painter.translate(-x, -y)


def polygon(painter: QPainter, *points: tuple[float, float]) -> None:
    painter.drawPolygon(_polygon(*points))


def _polygon(*points: tuple[float, float]) -> QPolygonF:
    return QPolygonF([QPointF(*point) for point in points])


def _eye(x: float, y: float) -> QPainterPath:
    path = QPainterPath(QPointF(x - 7, y))
    path.quadTo(x, y - 9, x + 7, y)
    path.quadTo(x, y + 9, x - 7, y)
    return path


DIAMOND = _polygon((0, -5.5), (4.5, 0), (0, 5.5), (-4.5, 0))
