"""One attention head enlarged: every weight a cell, tokens on both axes, hover to read, click to lock."""

from collections.abc import Iterable

import numpy
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QGraphicsPixmapItem,
    QGraphicsRectItem,
    QWidget,
)

from tfviz.views import cells
from tfviz.views.causal import Mask
from tfviz.views.cells import ByteImage, Spread
from tfviz.views.fonts import monospace_font
from tfviz.views.guarded import guarded
from tfviz.views.head_axes import AXIS_TITLE, LINE, TICK, Axes, Geometry, axes_pixmap, geometry
from tfviz.views.icons import paint_icon
from tfviz.views.item_view import MOVES, ItemView
from tfviz.views.theme import DARK, Theme

Cell = tuple[int, int]
BADGE = 16


@guarded
class HeadView(ItemView):
    """Emits cell_changed when the cell to read (locked, else under the mouse) is another one, and soloed on a double
    click. A frame writes one indexed image at the resolution of the screen; all else is painted when it changes."""

    own_keys = (*MOVES, Qt.Key.Key_Return, Qt.Key.Key_Enter)
    cell_changed = Signal()
    soloed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("head_view")
        self.setAccessibleName("Attention of one head")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumSize(220, 200)
        self._theme = DARK
        self._table = cells.colour_table(DARK)
        self._still = QGraphicsPixmapItem()
        self._picture = QGraphicsPixmapItem()
        self._marks = QGraphicsPixmapItem()
        self._row_mark, self._column_mark = QGraphicsRectItem(), QGraphicsRectItem()
        self._frame_edge, self._frame = QGraphicsRectItem(), QGraphicsRectItem()
        self._badge = QGraphicsPixmapItem()
        pointers = (self._row_mark, self._column_mark, self._frame_edge, self._frame, self._badge)
        for item in (self._still, self._picture, self._marks, *pointers):
            item.setVisible(item in (self._still, self._picture))
            self.items_scene.addItem(item)
        self._weights: NDArray[numpy.floating] | None = None
        self._mask: Mask | None = None
        self._axes: Axes | None = None
        self._place: Geometry | None = None
        self._painted: tuple[QSize, float] | None = None
        self._marked = False
        self._hovered: Cell | None = None
        self._locked: Cell | None = None
        self._locked_before_click: Cell | None = None
        self.recolour(DARK)

    # what is shown

    def show_head(self, weights: NDArray[numpy.floating], mask: Mask | None, axes: Axes) -> None:
        """Show (query, key) weights; `mask` is True where a query cannot see a key."""
        self._weights = weights
        if axes != self._axes or mask is not self._mask:
            self._axes, self._mask = axes, mask
            self._painted = None
        self._paint()

    @property
    def cell(self) -> Cell | None:
        """(query, key) of the cell to read: the locked one, else the one under the mouse; None beyond this head."""
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
        self._frame.setPen(_square_pen(theme.cell_frame, 2))
        self._frame_edge.setPen(_square_pen(theme.cell_frame_edge, 4))
        for mark in (self._row_mark, self._column_mark):
            mark.setPen(QPen(Qt.PenStyle.NoPen))
            mark.setBrush(theme.colour("accent", 0.35))
        self._badge.setPixmap(_badge(theme, self.devicePixelRatioF()))
        self._painted = None
        self._paint()

    # painting

    def _paint(self) -> None:
        if self._weights is None or self._axes is None:
            return
        size, ratio = self.viewport().size(), self.devicePixelRatioF()
        if self._painted != (size, ratio):
            self._painted = (size, ratio)
            self._arrange(self._axes, size, ratio)
        cells.quantise(self._weights, self._axes.scale, self._work, self._bytes)
        if self._mask is not None:
            numpy.copyto(self._bytes, cells.MASKED, where=self._mask)
        if not numpy.array_equal(self._padded, self._shown):
            self._shown[...] = self._padded
            self._image.bytes[...] = self._down(self._across(self._padded, 1), 0)
            if self._hatch is not None:
                numpy.copyto(self._image.bytes, cells.HATCH, where=self._hatch)
            self._picture.setPixmap(self._image.pixmap())
        self._mark_not_finite(self._weights)

    def _arrange(self, axes: Axes, size: QSize, ratio: float) -> None:
        """Everything that depends on the tokens, the size, the mask or the theme, but not on the weights."""
        place = self._place = geometry(axes, size)
        self.items_scene.setSceneRect(0, 0, size.width(), size.height())
        self._still.setPixmap(axes_pixmap(axes, place, size, ratio, self._theme))
        queries, keys = len(axes.queries), len(axes.keys)
        width, height = round(place.plot.width() * ratio), round(place.plot.height() * ratio)
        self._table = cells.colour_table(self._theme, axes.signed)
        self._image = ByteImage(width, height, ratio, self._table)
        self._padded = numpy.full((queries + 1, keys + 1), cells.GAP, numpy.uint8)
        self._bytes = self._padded[:-1, :-1]
        self._shown = numpy.zeros_like(self._padded)  # nothing yet: its last row is no gap
        self._work = numpy.empty((queries, keys), numpy.float32)
        self._down = Spread(queries, height, [0], height, axes.signed)
        self._across = Spread(keys, width, [0], width, axes.signed)
        self._picture.setPos(place.plot.topLeft())
        self._hatch = None if self._mask is None else self._hatched(self._mask, round(6 * ratio))
        self._marked = False
        self._marks.setVisible(False)
        self._point()

    def _hatched(self, mask: Mask, period: int) -> NDArray[numpy.bool_]:
        """The pixels of the diagonal lines that tell a masked cell from a weight of zero."""
        self._padded[...] = 0
        self._bytes[...] = mask
        inside = self._down(self._across(self._padded, 1), 0).astype(numpy.bool_)
        row, column = numpy.ogrid[: inside.shape[0], : inside.shape[1]]
        lines: NDArray[numpy.bool_] = inside & ((row + column) % period < max(period // 6, 1))
        self._padded[...] = cells.GAP
        return lines

    def _mark_not_finite(self, weights: NDArray[numpy.floating]) -> None:
        finite = bool(numpy.isfinite(weights.sum()))
        if finite and not self._marked:
            return
        self._marked = not finite
        self._marks.setVisible(not finite)
        if not finite and self._place is not None:
            ratio = self.devicePixelRatioF()
            pixmap = QPixmap(self._picture.pixmap().size())
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setFont(monospace_font(11))
            painter.setPen(QColor("#000000"))
            corner = self._place.plot.topLeft()
            for row, column in zip(*numpy.nonzero(~numpy.isfinite(weights)), strict=True):
                area = self._place.cell(int(row), int(column)).translated(-corner)
                if area.width() >= 22 and area.height() >= 12:
                    text = "NaN" if numpy.isnan(weights[row, column]) else "∞"
                    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
            painter.end()
            self._marks.setPos(corner)
            self._marks.setPixmap(pixmap)

    def _holds(self, cell: Cell) -> bool:
        axes = self._axes
        return axes is not None and cell[0] < len(axes.queries) and cell[1] < len(axes.keys)

    def _point(self) -> None:
        """Frames around the cell to read, and marks at its two tokens."""
        cell, place = self.cell, self._place
        shown = cell is not None and place is not None
        _show((self._frame, self._frame_edge, self._row_mark, self._column_mark), shown)
        self._badge.setVisible(shown and self.locked)
        if cell is not None and place is not None:
            area = QRectF(place.cell(*cell))
            self._frame.setRect(area.adjusted(1, 1, -1, -1) if area.width() > 6 else area)
            self._frame_edge.setRect(self._frame.rect())
            self._frame_edge.setVisible(self.locked)
            self._frame.setPen(_square_pen(self._theme.cell_frame, 2 if self.locked else 1))
            middle = area.center()
            self._row_mark.setRect(
                AXIS_TITLE - 2, middle.y() - LINE / 2, place.plot.left() - TICK + 2 - AXIS_TITLE, LINE
            )
            below = place.plot.bottom() + TICK + 2
            width = LINE if place.upright else max(area.width(), LINE)
            self._column_mark.setRect(middle.x() - width / 2, below, width, place.column_label + 2)
            self._badge.setPos(self._beside(area))
        self.cell_changed.emit()

    def _beside(self, area: QRectF) -> QPointF:
        """Where the lock stands: at a corner of the cell, inside the plot."""
        assert self._place is not None
        x = (
            area.right() + 3
            if area.right() + BADGE + 3 < self._place.plot.right()
            else area.left() - BADGE - 3
        )
        return QPointF(x, max(area.top() - BADGE + 2, self._place.plot.top() + 1))

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
        self._locked_before_click = self._locked
        cell = self.cell_at(event.position())
        self._hovered = cell
        self.lock(None if cell == self._locked else cell)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # The first of the two clicks has locked a cell: a double click means something else.
        self.lock(self._locked_before_click)
        self.soloed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in MOVES and self._axes is not None:
            row, column = self.cell or (0, -1)
            right, down = MOVES[key]
            row = min(max(row + down, 0), len(self._axes.queries) - 1)
            column = min(max(column + right, 0), len(self._axes.keys) - 1)
            self._hovered = (row, column)
            if self.locked:
                self._locked = self._hovered
            self._point()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.lock(None if self.locked else self._hovered)
        elif key == Qt.Key.Key_Escape and self.release():
            return
        else:
            event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._hover(None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._paint()


def _show(items: Iterable[QGraphicsRectItem], shown: bool) -> None:
    for item in items:
        item.setVisible(shown)


def _square_pen(colour: str, width: int) -> QPen:
    return QPen(
        QColor(colour), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin
    )


def _badge(theme: Theme, ratio: float) -> QPixmap:
    """A closed lock on a disc of the accent colour."""
    pixmap = QPixmap(round(BADGE * ratio), round(BADGE * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.accent_fill))
    painter.drawEllipse(QRectF(0, 0, BADGE, BADGE))
    paint_icon(painter, "lock", QRectF(3, 2.5, 10, 10), QColor(theme.on_accent))
    painter.end()
    return pixmap
