"""Numbers as a grid of coloured cells with labels on both axes: hover to read one, click to lock it."""

import math

import numpy
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QGraphicsPixmapItem, QWidget

from tfviz.views.grids import cells
from tfviz.views.grids.causal import Mask
from tfviz.views.grids.cells import Spread
from tfviz.views.grids.grid_axes import Axes, Geometry, axes_pixmap, geometry
from tfviz.views.grids.grid_pointer import GridPointer
from tfviz.views.parts.byte_image import ByteImage
from tfviz.views.parts.guarded import guarded
from tfviz.views.parts.item_view import ItemView
from tfviz.views.parts.keys import ENTER, MOVES
from tfviz.views.style.fonts import monospace_font
from tfviz.views.style.theme import DARK, Theme

Cell = tuple[int, int]


@guarded
class GridView(ItemView):
    """A frame writes one indexed image at the resolution of the screen; all else is painted when it changes."""

    own_keys = (*MOVES, *ENTER)
    cell_changed = Signal()
    """The cell to read (locked, else under the mouse) is another one."""
    lock_changed = Signal()
    """The user has locked another cell, or let go."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumSize(220, 200)
        self._theme = DARK
        self._table = cells.colour_table(DARK)
        self._still = QGraphicsPixmapItem()
        self._picture = QGraphicsPixmapItem()
        self._marks = QGraphicsPixmapItem()
        self._marks.hide()
        for item in (self._still, self._picture, self._marks):
            self.items_scene.addItem(item)
        self._pointer = GridPointer(self.items_scene)
        self._values: NDArray[numpy.floating] | None = None
        self._mask: Mask | None = None
        self._axes: Axes | None = None
        self._place: Geometry | None = None
        self._painted: tuple[QSize, float] | None = None
        self._hovered: Cell | None = None
        self._locked: Cell | None = None
        self.recolour(DARK)

    # what is shown

    def show_cells(self, values: NDArray[numpy.floating], mask: Mask | None, axes: Axes) -> None:
        """Show (row, column) values; `mask` is True where there is no number to show."""
        self._values = values
        if axes != self._axes or mask is not self._mask:
            self._axes, self._mask = axes, mask
            self._painted = None
        self._paint()

    @property
    def values(self) -> NDArray[numpy.floating] | None:
        """(row, column): what the cells show."""
        return self._values

    @property
    def axes(self) -> Axes | None:
        return self._axes

    @property
    def cell(self) -> Cell | None:
        """(row, column) of the cell to read: the locked one, else the one under the mouse; None beyond this grid."""
        cell = self._locked or self._hovered
        return cell if cell is not None and self._holds(cell) else None

    @property
    def locked(self) -> bool:
        return self._locked is not None

    @property
    def place(self) -> Geometry | None:
        """Where the cells stand, in the viewport's coordinates."""
        return self._place

    def lock(self, cell: Cell | None) -> None:
        """Hold a cell, or let go."""
        self._locked = cell
        self._point()

    def release(self) -> bool:
        """Unlock; True if a cell was locked."""
        was = self.locked
        if was:
            self.lock(None)
        return was

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        signed = self._axes is not None and self._axes.signed
        self._table = cells.colour_table(theme, signed)
        self.set_ground(theme.panel)
        self._pointer.recolour(theme, self.devicePixelRatioF())
        self._painted = None
        self._paint()

    # painting

    def _paint(self) -> None:
        if self._values is None or self._axes is None:
            return
        size, ratio = self.viewport().size(), self.devicePixelRatioF()
        if self._painted != (size, ratio):
            self._painted = (size, ratio)
            self._arrange(self._axes, size, ratio)
        self._write_bytes(self._values, self._axes)
        if self._mask is not None:
            numpy.copyto(self._bytes, cells.MASKED, where=self._mask)
        if not numpy.array_equal(self._padded, self._shown):
            self._shown[...] = self._padded
            self._image.bytes[...] = self._down(self._across(self._padded, 1), 0)
            if self._hatch is not None:
                numpy.copyto(self._image.bytes, cells.HATCH, where=self._hatch)
            self._picture.setPixmap(self._image.pixmap())
        self._mark(self._values)

    def _write_bytes(self, values: NDArray[numpy.floating], axes: Axes) -> None:
        cells.quantise(values, axes.scale, self._work, self._bytes)

    def _arrange(self, axes: Axes, size: QSize, ratio: float) -> None:
        """Everything that depends on the labels, the size, the mask or the theme, but not on the values."""
        place = self._place = geometry(axes, size)
        self.items_scene.setSceneRect(0, 0, size.width(), size.height())
        self._still.setPixmap(axes_pixmap(axes, place, size, ratio, self._theme))
        rows, columns = len(axes.rows), len(axes.columns)
        width, height = round(place.plot.width() * ratio), round(place.plot.height() * ratio)
        self._table = cells.colour_table(self._theme, axes.signed)
        self._image = ByteImage(width, height, self._table, ratio)
        self._padded = numpy.full((rows + 1, columns + 1), cells.GAP, numpy.uint8)
        self._bytes = self._padded[:-1, :-1]
        self._shown = numpy.zeros_like(self._padded)  # nothing yet: its last row is no gap
        self._work = numpy.empty((rows, columns), numpy.float32)
        self._down = Spread(rows, height, [0], height, axes.signed)
        self._across = Spread(columns, width, [0], width, axes.signed)
        self._picture.setPos(place.plot.topLeft())
        self._hatch = None if self._mask is None else self._hatched(self._mask, round(6 * ratio))
        self._marks.setVisible(False)
        self._point()

    def _hatched(self, mask: Mask, period: int) -> NDArray[numpy.bool_]:
        """The pixels of the diagonal lines that tell a masked cell from a value of zero."""
        self._padded[...] = 0
        self._bytes[...] = mask
        inside = self._down(self._across(self._padded, 1), 0).astype(numpy.bool_)
        row, column = numpy.ogrid[: inside.shape[0], : inside.shape[1]]
        lines: NDArray[numpy.bool_] = inside & ((row + column) % period < max(period // 6, 1))
        self._padded[...] = cells.GAP
        return lines

    def _mark(self, values: NDArray[numpy.floating]) -> None:
        """Write into the cells that are no number on the scale what they are, where there is room."""
        odd = self._odd_cells(values)
        self._marks.setVisible(odd is not None)
        if odd is None or self._place is None:
            return
        place, ratio = self._place, self.devicePixelRatioF()
        pixmap = QPixmap(self._picture.pixmap().size())
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        smallest = place.cell(0, 0).size()
        if smallest.width() >= 8 and smallest.height() >= 12:
            painter = QPainter(pixmap)
            painter.setFont(monospace_font(11))
            widest = QFontMetricsF(painter.font()).horizontalAdvance
            corner = place.plot.topLeft()
            for row, column in numpy.argwhere(odd).tolist():
                area, text = place.cell(row, column).translated(-corner), mark_text(values[row, column])
                if area.width() >= widest(text) + 2:
                    painter.setPen(_readable_on(self._table[self._bytes[row, column]]))
                    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
            painter.end()
        self._marks.setPos(place.plot.topLeft())
        self._marks.setPixmap(pixmap)

    def _odd_cells(self, values: NDArray[numpy.floating]) -> Mask | None:
        """True where a cell is no number on the scale; None where all are."""
        # Infinities of both signs have no sum, and large numbers one beyond their format.
        with numpy.errstate(invalid="ignore", over="ignore"):
            total = values.sum()
        if numpy.isfinite(total):
            return None
        odd: Mask = ~numpy.isfinite(values)
        return odd if self._mask is None else odd & ~self._mask

    def _holds(self, cell: Cell) -> bool:
        axes = self._axes
        return axes is not None and cell[0] < len(axes.rows) and cell[1] < len(axes.columns)

    def _point(self) -> None:
        """At the cell to read, or nowhere."""
        if self._axes is not None and self._place is not None:
            self._pointer.point(self.cell, self.locked, self._axes, self._place)
        self.cell_changed.emit()

    # mouse and keys

    def cell_at(self, position: QPointF) -> Cell | None:
        return None if self._place is None else self._place.cell_at(position.x(), position.y())

    def _hover(self, cell: Cell | None) -> None:
        if cell != self._hovered:
            self._hovered = cell
            if not self.locked:
                self._point()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.cell_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        cell = self.cell_at(event.position())
        self._hovered = cell
        self.lock(None if cell == self._locked else cell)
        self.lock_changed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in MOVES and self._axes is not None:
            row, column = self.cell or (0, -1)
            right, down = MOVES[key]
            row = min(max(row + down, 0), len(self._axes.rows) - 1)
            column = min(max(column + right, 0), len(self._axes.columns) - 1)
            self._hovered = (row, column)
            if self.locked:
                self.lock(self._hovered)
                self.lock_changed.emit()
            else:
                self._point()
        elif key in ENTER:
            self.lock(None if self.locked else self._hovered)
            self.lock_changed.emit()
        elif key == Qt.Key.Key_Escape and self.release():
            self.lock_changed.emit()
        else:
            event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._hover(None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._paint()


def mark_text(value: float) -> str:
    """What is written into a cell with this value, where it is no number on the scale."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return "▲" if value > 0 else "▼"


def _readable_on(colour: int) -> QColor:
    return QColor("#000000" if QColor(colour).lightnessF() > 0.45 else "#ffffff")
