"""A heat map over the steps as one indexed image; cells that are no number on the scale have colours of their own."""

import weakref
from typing import cast

import numpy
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from tfviz.views.step_plot import StepPlot
from tfviz.views.theme import Theme

NOTHING, BROKEN, BELOW, ABOVE, LOWEST = 0, 1, 2, 3, 4
COLOURS = 256 - LOWEST


def colour_table(theme: Theme) -> list[int]:
    """256 colours (ARGB): nothing recorded, NaN or infinite, below and above the scale, then the map."""
    special = [
        0,
        theme.colour("not_a_number").rgba(),
        theme.colour("masked").rgba(),
        theme.colour("cell_frame").rgba(),
    ]
    table = theme.lookup_table()
    places = numpy.linspace(0, len(table) - 1, COLOURS).round().astype(int)
    red, green, blue, alpha = table[places].astype(numpy.uint32).T
    return special + (alpha << 24 | red << 16 | green << 8 | blue).tolist()


def indices(values: numpy.ndarray, broken: numpy.ndarray, low: float, high: float) -> numpy.ndarray:
    """uint8 (row, column): each value's place in the colour table. NaN is nothing recorded, unless it is broken."""
    with numpy.errstate(invalid="ignore"):
        places = numpy.rint((values - low) * ((COLOURS - 1) / (high - low))) + LOWEST
        places = numpy.where(values < low, BELOW, numpy.where(values > high, ABOVE, places))
    places = numpy.where(numpy.isnan(places), NOTHING, places)
    return numpy.where(broken, BROKEN, places).astype(numpy.uint8)


class HeatMap(QGraphicsItem):
    """Lies in the plot's view; its image stays at its steps while the view moves."""

    def __init__(self, plot: StepPlot) -> None:
        super().__init__(plot.view)
        self.setZValue(-10)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        # A part of the scene that keeps its window alive is destroyed twice when Python collects both.
        self._plot = cast(StepPlot, weakref.proxy(plot))
        self._image = QImage()
        self._cells = numpy.zeros((1, 4), numpy.uint8)
        self._width = 0
        self._start, self._end = 0.5, 1.5
        self._table: list[int] = []

    def boundingRect(self) -> QRectF:
        return QRectF(0.0, 0.0, float(self._plot.view.width()), float(self._plot.view.height()))

    def recolour(self, theme: Theme) -> None:
        self._table = colour_table(theme)
        self._image.setColorTable(self._table)
        self.update()

    def show_cells(self, cells: numpy.ndarray, start: float, end: float) -> None:
        """uint8 (row, column), row 0 at the top, that reaches over the steps start..end."""
        rows, self._width = cells.shape
        self._start, self._end = start, end
        self.prepareGeometryChange()
        stride = (self._width + 3) // 4 * 4
        self._cells = numpy.zeros((rows, stride), numpy.uint8)  # kept: the image does not own its memory
        self._cells[:, : self._width] = cells
        self._image = QImage(self._cells.data, self._width, rows, stride, QImage.Format.Format_Indexed8)
        self._image.setColorTable(self._table)
        self.update()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if not self._width:
            return
        left = self._plot.view.mapFromView(QPointF(self._start, 0)).x()
        right = self._plot.view.mapFromView(QPointF(self._end, 0)).x()
        # The last block may not be full yet.
        end = self._plot.view.mapFromView(QPointF(min(self._end, self._plot.frontier + 0.5), 0)).x()
        painter.setClipRect(QRectF(left, 0.0, end - left, self.boundingRect().height()))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(QRectF(left, 0.0, right - left, self.boundingRect().height()), self._image)
