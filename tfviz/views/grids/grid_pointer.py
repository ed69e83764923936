"""What points at one cell of a grid: a frame, marks at its row and column and their labels, a lock where it is held."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPixmapItem, QGraphicsRectItem, QGraphicsScene

from tfviz.views.grids.grid_axes import AXIS_TITLE, LABEL, LINE, TICK, Axes, Geometry, tag_pixmap
from tfviz.views.style.fonts import monospace_font
from tfviz.views.style.icons import paint_icon
from tfviz.views.style.theme import DARK, Theme

BADGE = 16
BAR = TICK - 2
ROOMY = 10
"""Pixels from which on a cell has room for its frame, which else stands around it."""


class AxisPointer:
    """What marks one place of an axis: a bar beside the cells, and its label."""

    def __init__(self) -> None:
        self._mark, self._bar, self._cover = QGraphicsRectItem(), QGraphicsRectItem(), QGraphicsRectItem()
        self._tag = QGraphicsPixmapItem()
        self.items = (self._mark, self._bar, self._cover, self._tag)

    def recolour(self, theme: Theme) -> None:
        colours = theme.colour("accent", 0.35), theme.colour("accent"), theme.colour("panel")
        for item, colour in zip((self._mark, self._bar, self._cover), colours, strict=True):
            item.setPen(QPen(Qt.PenStyle.NoPen))
            item.setBrush(colour)

    def point(self, bar: QRectF, area: QRectF, written: Sequence[QRectF], tag: QPixmap | None) -> None:
        """Mark the label in an area. With a tag, which is this label where it is not written, that is laid over the
        `written` labels beside it: of these none is seen in part."""
        hidden = [label for label in written if label.intersects(area)]
        self._bar.setRect(bar)
        self._mark.setVisible(tag is None)
        self._tag.setVisible(tag is not None)
        self._cover.setVisible(bool(hidden))
        if tag is None:
            self._mark.setRect(area)
            return
        self._tag.setPixmap(tag)
        self._tag.setPos(area.topLeft())
        for label in hidden:
            area = area.united(label)
        self._cover.setRect(area)


class GridPointer:
    """Items of a scene, above those that were added before."""

    def __init__(self, scene: QGraphicsScene) -> None:
        self._row, self._column = AxisPointer(), AxisPointer()
        self._frame_edge, self._frame = QGraphicsRectItem(), QGraphicsRectItem()
        self._badge = QGraphicsPixmapItem()
        self._items: tuple[QGraphicsItem, ...] = (
            *self._row.items, *self._column.items, self._frame_edge, self._frame, self._badge
        )  # fmt: skip
        for item in self._items:
            item.hide()
            scene.addItem(item)
        self._theme, self._ratio = DARK, 1.0

    @property
    def lowest(self) -> QGraphicsItem:
        """The item under all others."""
        return self._items[0]

    def recolour(self, theme: Theme, ratio: float) -> None:
        """Take the colours of a theme, and the device pixel ratio."""
        self._theme, self._ratio = theme, ratio
        self._row.recolour(theme)
        self._column.recolour(theme)
        self._badge.setPixmap(_badge(theme, ratio))

    def point(self, cell: tuple[int, int] | None, locked: bool, axes: Axes, place: Geometry) -> None:
        """Point at (row, column), or at nothing."""
        for item in self._items:
            item.setVisible(cell is not None)
        if cell is None:
            return
        area = QRectF(place.cell(*cell))
        self._show_frame(area, locked)
        self._badge.setPos(_beside(area, place))
        self._badge.setVisible(locked)
        row, column = cell
        bar = QRectF(place.plot.left() - BAR - 1, area.top(), BAR, area.height())
        label, *written = (
            _beside_row(each, place) for each in _with_written(row, axes.rows, place.every_row)
        )
        self._row.point(bar, label, written, self._tag(axes.rows[row], label, place.every_row, False))
        bar = QRectF(area.left(), place.plot.bottom() + 2, area.width(), BAR)
        label, *written = (
            _below_column(each, place, axes.columns[each])
            for each in _with_written(column, axes.columns, place.every_column)
        )
        tag = self._tag(axes.columns[column], label, place.every_column, place.upright)
        self._column.point(bar, label, written, tag)

    def _show_frame(self, cell: QRectF, locked: bool) -> None:
        """Inside the cell or, where it is small, around it: the cell is seen, and no other one is framed with it."""
        if min(cell.width(), cell.height()) < ROOMY:
            frame, edge, widths = cell.adjusted(-1, -1, 0, 0), cell.adjusted(-2, -2, 1, 1), (1, 1)
        elif locked:
            frame = edge = cell.adjusted(2, 2, -2, -2)
            widths = (2, 4)
        else:
            frame = edge = cell.adjusted(0, 0, -1, -1)
            widths = (1, 1)
        self._frame.setRect(frame)
        self._frame.setPen(_square_pen(self._theme.cell_frame, widths[0]))
        self._frame_edge.setRect(edge)
        self._frame_edge.setPen(_square_pen(self._theme.cell_frame_edge, widths[1]))
        self._frame_edge.setVisible(locked)

    def _tag(self, text: str, area: QRectF, every: int, upright: bool) -> QPixmap | None:
        """The label itself, where only some are written."""
        return (
            None if every == 1 else tag_pixmap(text, area.size().toSize(), upright, self._ratio, self._theme)
        )


def _with_written(number: int, labels: Sequence[str], every: int) -> list[int]:
    """A place, and those before and after it whose labels are written, where its own is not."""
    before = number - number % every
    beside = [] if before == number else [each for each in (before, before + every) if each < len(labels)]
    return [number, *beside]


def _beside_row(row: int, place: Geometry) -> QRectF:
    """Where the label of a row is."""
    cell = QRectF(place.cell(row, 0))
    width = place.plot.left() - TICK + 2 - AXIS_TITLE
    return QRectF(AXIS_TITLE - 2, cell.center().y() - LINE / 2, width, LINE)


def _below_column(column: int, place: Geometry, text: str) -> QRectF:
    """Where the label of a column is."""
    cell = QRectF(place.cell(0, column))
    width = float(LINE)
    if not place.upright:
        needed = QFontMetricsF(monospace_font(LABEL)).horizontalAdvance(text) + 6
        width = needed if place.every_column > 1 else max(cell.width(), LINE)
    top = place.plot.bottom() + TICK + 2
    return QRectF(cell.center().x() - width / 2, top, width, place.column_label + 2)


def _beside(cell: QRectF, place: Geometry) -> QPointF:
    """Where the lock stands: at a corner of the cell, inside the plot."""
    fits = cell.right() + BADGE + 3 < place.plot.right()
    x = cell.right() + 3 if fits else cell.left() - BADGE - 3
    return QPointF(x, max(cell.top() - BADGE + 2, place.plot.top() + 1))


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
