"""What points at one cell of a grid: a frame, marks at its two labels, a lock where it is held."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPixmapItem, QGraphicsRectItem, QGraphicsScene

from tfviz.views.grids.grid_axes import AXIS_TITLE, LABEL, LINE, TICK, Axes, Geometry, tag_pixmap
from tfviz.views.style.fonts import monospace_font
from tfviz.views.style.icons import paint_icon
from tfviz.views.style.theme import DARK, Theme

BADGE = 16


class GridPointer:
    """Items of a scene, above those that were added before."""

    def __init__(self, scene: QGraphicsScene) -> None:
        self._row_mark, self._column_mark = QGraphicsRectItem(), QGraphicsRectItem()
        self._frame_edge, self._frame = QGraphicsRectItem(), QGraphicsRectItem()
        self._badge = QGraphicsPixmapItem()
        self._row_tag, self._column_tag = QGraphicsPixmapItem(), QGraphicsPixmapItem()
        self._items = (
            self._row_mark, self._column_mark, self._frame_edge, self._frame, self._badge, self._row_tag,
            self._column_tag,
        )  # fmt: skip
        for item in self._items:
            item.hide()
            scene.addItem(item)
        self._theme, self._ratio = DARK, 1.0

    @property
    def lowest(self) -> QGraphicsItem:
        """The item under all others."""
        return self._row_mark

    def recolour(self, theme: Theme, ratio: float) -> None:
        """Take the colours of a theme, and the device pixel ratio."""
        self._theme, self._ratio = theme, ratio
        self._frame_edge.setPen(_square_pen(theme.cell_frame_edge, 4))
        for mark in (self._row_mark, self._column_mark):
            mark.setPen(QPen(Qt.PenStyle.NoPen))
            mark.setBrush(theme.colour("accent", 0.35))
        self._badge.setPixmap(_badge(theme, ratio))

    def point(self, cell: tuple[int, int] | None, locked: bool, axes: Axes, place: Geometry) -> None:
        """Point at (row, column), or at nothing."""
        for item in self._items:
            item.setVisible(cell is not None)
        if cell is None:
            return
        area = QRectF(place.cell(*cell))
        self._frame.setRect(area.adjusted(1, 1, -1, -1) if area.width() > 6 else area)
        self._frame.setPen(_square_pen(self._theme.cell_frame, 2 if locked else 1))
        self._frame_edge.setRect(self._frame.rect())
        self._frame_edge.setVisible(locked)
        self._badge.setPos(_beside(area, place))
        self._badge.setVisible(locked)
        row, column = axes.rows[cell[0]], axes.columns[cell[1]]
        self._show_label(self._row_mark, self._row_tag, _beside_row(area, place), row, place.every_row, False)
        below = _below_column(area, place, column)
        self._show_label(
            self._column_mark, self._column_tag, below, column, place.every_column, place.upright
        )

    def _show_label(
        self,
        mark: QGraphicsRectItem,
        tag: QGraphicsPixmapItem,
        area: QRectF,
        text: str,
        every: int,
        upright: bool,
    ) -> None:
        """Mark a label; where not every one is written, lay this one over those beside it."""
        mark.setVisible(every == 1)
        tag.setVisible(every > 1)
        if every == 1:
            mark.setRect(area)
        else:
            tag.setPixmap(tag_pixmap(text, area.size().toSize(), upright, self._ratio, self._theme))
            tag.setPos(area.topLeft())


def _beside_row(cell: QRectF, place: Geometry) -> QRectF:
    """Where the label of a cell's row is."""
    width = place.plot.left() - TICK + 2 - AXIS_TITLE
    return QRectF(AXIS_TITLE - 2, cell.center().y() - LINE / 2, width, LINE)


def _below_column(cell: QRectF, place: Geometry, text: str) -> QRectF:
    """Where the label of a cell's column is."""
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
