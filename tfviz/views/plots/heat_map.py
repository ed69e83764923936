"""A heat map over the steps as one indexed image; cells that are no number on the scale have colours of their own."""

import weakref
from typing import cast

import numpy
from PySide6.QtCore import Qt
from PySide6.QtGui import QPen, QPixmap, QTransform
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPixmapItem, QGraphicsRectItem

from tfviz.views.parts.byte_image import ByteImage
from tfviz.views.plots.step_plot import StepPlot
from tfviz.views.style.theme import Theme

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


class HeatMap(QGraphicsRectItem):
    """Lies in the plot's view and clips its picture: the last block of steps may not be full yet."""

    def __init__(self, plot: StepPlot) -> None:
        super().__init__(plot.inside)
        self.setZValue(-10)
        self.setPen(QPen(Qt.PenStyle.NoPen))
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemClipsChildrenToShape)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        # A part of the scene that keeps its window alive is destroyed twice when Python collects both.
        self._plot = cast(StepPlot, weakref.proxy(plot))
        self._picture = QGraphicsPixmapItem(self)
        self._picture.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._cells = numpy.zeros((1, 0), numpy.uint8)
        self._table: list[int] = []

    def recolour(self, theme: Theme) -> None:
        self._table = colour_table(theme)
        self._show()

    def show_cells(self, cells: numpy.ndarray, start: float, end: float) -> None:
        """uint8 (row, column), row 0 at the top, that reaches over the steps start..end; the plot must not move."""
        self._cells = cells
        self._show()
        rows, columns = cells.shape
        if columns:
            view = self._plot.view
            left, right, reach = view.x(start), view.x(end), view.x(min(end, self._plot.frontier + 0.5))
            scale = QTransform((right - left) / columns, 0.0, 0.0, view.height() / rows, left, 0.0)
            self._picture.setTransform(scale)
            self.setRect(left, 0.0, reach - left, view.height())

    def _show(self) -> None:
        if not self._cells.size or not self._table:
            self._picture.setPixmap(QPixmap())
            return
        self._picture.setPixmap(ByteImage.of(self._cells, self._table).pixmap())
