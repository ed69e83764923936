"""One slice of a tensor, or of its gradient, as a heat map; hatched where it has not been computed yet."""

import numpy
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QGraphicsPixmapItem, QWidget

from tfviz.views.grids import cells
from tfviz.views.grids.causal import Mask
from tfviz.views.grids.cells import Scale
from tfviz.views.grids.grid_axes import Axes
from tfviz.views.grids.grid_view import GridView
from tfviz.views.inspector.cell_text import breakable
from tfviz.views.style.fonts import interface_font
from tfviz.views.style.theme import Theme

_WRAPPED = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap


class TensorMap(GridView):
    """Numbers beyond the scale have marks of their own."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._missing = ""
        self._notice = QGraphicsPixmapItem()
        self.items_scene.addItem(self._notice)
        self._notice.stackBefore(self._pointer.lowest)
        self.setMinimumSize(160, 90)
        # Arrow keys move the cell that a click has locked.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    @property
    def missing(self) -> str:
        """Why there are no numbers; empty where there are."""
        return self._missing

    def show_numbers(self, numbers: NDArray[numpy.floating], mask: Mask | None, axes: Axes) -> None:
        """Show (row, column) numbers, of any type; True in the mask where there is none to show."""
        self._say("")
        self.show_cells(numbers, mask, axes)

    def show_missing(self, sentence: str, axes: Axes) -> None:
        """Show the axes and, instead of cells, why there are none."""
        self._say(sentence)
        shape = len(axes.rows), len(axes.columns)
        self.show_cells(numpy.broadcast_to(numpy.float32(0), shape), None, axes)

    @property
    def table(self) -> list[int]:
        """The colours of the bytes of cells.py, as they are painted."""
        return self._table

    def _say(self, sentence: str) -> None:
        if sentence != self._missing:
            self._missing = sentence
            self._painted = None

    def _write_bytes(self, values: NDArray[numpy.floating], axes: Axes) -> None:
        # In units of the scale: gradients may be smaller than what single precision can divide by.
        with numpy.errstate(all="ignore"):
            shares = values / numpy.float64(axes.scale.high)
            cells.quantise(shares, Scale(-1.0 if axes.signed else 0.0, 1.0), self._work, self._bytes)
        cells.mark_beyond(values, axes.scale, self._bytes)

    def _odd_cells(self, values: NDArray[numpy.floating]) -> Mask | None:
        odd: Mask = (self._bytes == cells.BELOW) | (self._bytes == cells.ABOVE)
        unreal = super()._odd_cells(values)
        if unreal is not None:
            odd |= unreal
        return odd if odd.any() else None

    def _arrange(self, axes: Axes, size: QSize, ratio: float) -> None:
        super()._arrange(axes, size, ratio)
        self._picture.setVisible(not self._missing)
        self._notice.setVisible(bool(self._missing))
        if self._missing and self._place is not None:
            area = self._place.plot
            self._notice.setPos(area.topLeft())
            self._notice.setPixmap(_notice(self._missing, area.size(), ratio, self._theme))


def _notice(sentence: str, size: QSize, ratio: float, theme: Theme) -> QPixmap:
    """Wide hatching, and the sentence on a plate in its middle; long names in it may be broken."""
    sentence = breakable(sentence)
    pixmap = QPixmap(round(size.width() * ratio), round(size.height() * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(QColor(theme.panel))
    painter = QPainter(pixmap)
    area = QRectF(0, 0, size.width(), size.height())
    hatch_missing(painter, area, theme)
    painter.setPen(QPen(QColor(theme.line)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(area.adjusted(0, 0, -1, -1))
    painter.setFont(interface_font(12))
    room = area.adjusted(10, 6, -10, -6)
    text = QFontMetricsF(painter.font()).boundingRect(room, int(_WRAPPED), sentence)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.panel))
    painter.drawRoundedRect(text.adjusted(-8, -5, 8, 5), 4, 4)
    painter.setPen(QColor(theme.text))
    painter.drawText(room, int(_WRAPPED), sentence)
    painter.end()
    return pixmap


def hatch_missing(painter: QPainter, area: QRectF, theme: Theme) -> None:
    """What stands where nothing has been computed."""
    painter.fillRect(area, QBrush(theme.mix("panel", "faint", 0.35), Qt.BrushStyle.FDiagPattern))
