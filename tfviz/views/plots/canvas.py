"""The picture of the curves: painted once when they change, then copied to the screen as often as the window likes.

Lines are one pixel wide and antialiased, thick ones drawn as several of them side by side: Qt needs 0.3 ms for a
noisy line of 1,400 points that way, and 30 ms for the same line with a pen two pixels wide.
"""

import math
import weakref
from typing import cast

import numpy
import pyqtgraph
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QGraphicsPixmapItem

from tfviz.views.plots.step_plot import StepPlot

Range = tuple[float, float]
Strokes = tuple[int, int]
"""Length of a dash and of the gap behind it, in pixels."""

# Where the passes of a line of one, one and a half and two pixels lie.
PASSES = {
    1.0: ((0.0, 0.0),),
    1.5: ((-0.25, -0.25), (0.25, 0.25)),
    2.0: ((-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5), (0.5, 0.5)),
}
# They lie in the grid of the canvas, so that they stand still while a line grows.
DASHED: Strokes = (5, 4)
DOTTED: Strokes = (2, 3)
MARK_DISTANCE = 7.0


class Canvas(QGraphicsPixmapItem):
    """Lies in the plot's view, in its pixels: call `begin`, what is to be seen from the bottom up, then `end`."""

    def __init__(self, plot: StepPlot) -> None:
        super().__init__(plot.inside)
        self.setZValue(-10)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        # A part of the scene that keeps its window alive is destroyed twice when Python collects both.
        self._plot = cast(StepPlot, weakref.proxy(plot))
        self._picture = QPixmap()
        self._painter = QPainter()
        self._size = (1.0, 1.0)

    @property
    def geometry(self) -> tuple[object, ...]:
        """What the places of all points depend on: where it has changed, all has to be drawn."""
        plot = self._plot
        return (
            plot.view.steps,
            plot.value_range,
            plot.view.width(),
            plot.view.height(),
            plot.devicePixelRatioF(),
        )

    def begin(self, left: float = 0.0) -> None:
        """Wipe the picture from pixel `left` on; nothing is drawn before it. Ranges and size of the view are taken now:
        they have to be as at the last time unless all is wiped."""
        view, ratio = self._plot.view, self._plot.devicePixelRatioF()
        self._size = (max(view.width(), 1.0), max(view.height(), 1.0))
        self._steps: Range = view.steps
        self._values: Range = view.values
        if left <= 0:
            self._picture = QPixmap(int(self._size[0] * ratio + 1), int(self._size[1] * ratio + 1))
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(Qt.GlobalColor.transparent)
        self._painter.begin(self._picture)
        if left > 0:
            changed = QRectF(math.floor(left), 0.0, self._size[0] + 1 - math.floor(left), self._size[1] + 1)
            self._painter.setClipRect(changed)
            self._painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            self._painter.fillRect(changed, Qt.GlobalColor.transparent)
            self._painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        self._painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def line(
        self,
        steps: numpy.ndarray,
        values: numpy.ndarray,
        colour: QColor,
        width: float = 1.0,
        strokes: Strokes | None = None,
        scale: Range | None = None,
    ) -> None:
        """A line with gaps where a value is NaN, or in strokes, which bridge them; `scale` is the range of its values,
        the plot's unless given."""
        if not len(steps):
            return
        x, y = self._x(steps), self._y(values, scale)
        self._painter.setPen(QPen(colour, 1))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        if strokes:
            shape = _path(*_strokes(x, y, self._size[0], *strokes), connect="pairs")
        elif numpy.isnan(y).any():
            shape = _path(x, y, connect="finite")
        else:
            shape = pyqtgraph.functions.arrayToQPolygonF(x, y)
        for offset in PASSES[width]:
            self._painter.translate(*offset)
            if isinstance(shape, QPainterPath):
                self._painter.drawPath(shape)
            else:
                self._painter.drawPolyline(shape)
            self._painter.translate(-offset[0], -offset[1])

    def dots(
        self,
        steps: numpy.ndarray,
        values: numpy.ndarray,
        colour: QColor,
        scale: Range | None = None,
        hollow: QColor | None = None,
    ) -> None:
        """Dots, or rings around the colour `hollow`; `scale` as for a line."""
        self._painter.setPen(QPen(colour, 1) if hollow else Qt.PenStyle.NoPen)
        self._painter.setBrush(hollow or colour)
        for x, y in zip(self._x(steps).tolist(), self._y(values, scale).tolist(), strict=True):
            self._painter.drawEllipse(QPointF(x, y), 2.6, 2.6)

    def marks(self, steps: numpy.ndarray, colour: QColor, edge: str, pointing: str) -> None:
        """Triangles at the edge "top" or "bottom", pointing "up" or "down", one for steps that are pixels apart."""
        if not len(steps):
            return
        x = self._x(steps)
        x = x[(x >= 0) & (x <= self._size[0])]
        _, first = numpy.unique(numpy.floor(x / MARK_DISTANCE), return_index=True)
        base, tip = (1.0, 7.0) if pointing == "down" else (7.0, 1.0)
        if edge == "bottom":
            base, tip = self._size[1] - 8.0 + base, self._size[1] - 8.0 + tip
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(colour)
        for centre in x[first].tolist():
            corners = (centre - 4.0, base), (centre + 4.0, base), (centre, tip)
            self._painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))

    def end(self) -> None:
        self._painter.end()
        self.setPixmap(self._picture)

    def _x(self, steps: numpy.ndarray) -> numpy.ndarray:
        first, last = self._steps
        return (numpy.asarray(steps, numpy.float64) - first) * (self._size[0] / (last - first))

    def _y(self, values: numpy.ndarray, scale: Range | None) -> numpy.ndarray:
        low, high = scale or self._values
        y = (high - values) * (self._size[1] / (high - low))
        return numpy.clip(
            y, -3 * self._size[1], 4 * self._size[1]
        )  # far outside is outside; the rasteriser has limits


def _path(x: numpy.ndarray, y: numpy.ndarray, connect: str) -> QPainterPath:
    path: QPainterPath = pyqtgraph.functions.arrayToQPath(x, y, connect=connect)
    return path


def _strokes(
    x: numpy.ndarray, y: numpy.ndarray, width: float, stroke: int, gap: int
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The two ends of every stroke of the line, one after the other."""
    finite = ~numpy.isnan(y)
    x, y = x[finite], y[finite]
    if not len(x):
        return x, y
    period = stroke + gap
    begins = period * numpy.arange(max(x[0], 0.0) // period, min(x[-1], width) // period + 1)
    ends = numpy.clip(numpy.stack((begins, begins + stroke), axis=1), x[0], x[-1]).ravel()
    return ends, numpy.interp(ends, x, y)
