"""One widget that paints rows of chips: hundreds of labels would cost hundreds of widgets."""

import html
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from tfviz.views.parts.guarded import guarded
from tfviz.views.parts.keys import MOVES, claims
from tfviz.views.predictions.chip_sprites import ChipSprites, look
from tfviz.views.predictions.chips import GAP, NOTE, Arrangement, ChipRow, PlacedRow, arrange
from tfviz.views.style.fonts import interface_font
from tfviz.views.style.theme import DARK, Theme

Place = tuple[str, int]


@guarded
class ChipBoard(QWidget):
    """Paints rows of chips in lines that fit its width; emits the row's key and the position of a chosen chip."""

    chip_clicked = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # else all that is behind is painted, too
        self._theme = DARK
        self._sprites = ChipSprites(DARK, 1.0)
        self._rows: tuple[ChipRow, ...] = ()
        self._arrangement = Arrangement()
        self._selected: Place | None = None
        self._hovered: Place | None = None

    @property
    def rows(self) -> tuple[ChipRow, ...]:
        return self._rows

    @property
    def arrangement(self) -> Arrangement:
        return self._arrangement

    @property
    def selected(self) -> Place | None:
        return self._selected

    def show_rows(self, rows: Sequence[ChipRow]) -> None:
        """Show these rows; nothing is painted where nothing has changed."""
        if tuple(rows) == self._rows:
            return
        before, self._rows = self._arrangement.rows, tuple(rows)
        self._arrange()
        after = self._arrangement.rows
        if [placed.outline for placed in before] != [placed.outline for placed in after]:
            self.update()
            return
        for old, new in zip(before, after, strict=True):
            if old.row != new.row and look(old.row) != look(new.row):
                self.update(new.area)

    def select(self, place: Place | None) -> None:
        """Mark a chip by the key of its row and its position."""
        if place != self._selected:
            self._selected = place
            self.update()

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def _arrange(self) -> None:
        before = self._arrangement.height
        self._arrangement = arrange(self._rows, max(self.width() - 2, 40))
        if self._arrangement.height != before:
            self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        if width == self.width():
            return self._arrangement.height + 2
        return arrange(self._rows, max(width - 2, 40)).height + 2

    def sizeHint(self) -> QSize:
        return QSize(200, self._arrangement.height + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        if (self._sprites.theme, self._sprites.ratio) != (self._theme, self.devicePixelRatioF()):
            self._sprites = ChipSprites(self._theme, self.devicePixelRatioF())
        painter = QPainter(self)
        exposed = event.region()
        painter.fillRect(exposed.boundingRect(), self._theme.colour("panel"))
        painter.translate(1, 1)
        for placed in self._arrangement.rows:
            if exposed.intersects(placed.area):
                self._paint_row(painter, placed)
        if self.hasFocus() and self._selected is None:
            painter.setPen(QPen(self._theme.colour("accent"), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(-1, -1, -2, -2))

    def _paint_row(self, painter: QPainter, placed: PlacedRow) -> None:
        row, theme = placed.row, self._theme
        if row.caption:
            self._paint_caption(painter, row, placed.caption)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for marked in row.marked:
            if marked < len(placed.chips):
                _paint_marker(painter, placed.chips[marked], theme.colour("warn"))
        sprites = self._sprites
        for chip, area in zip(row.chips, placed.chips, strict=True):
            x, y, width = area.x(), area.y(), area.width()
            painter.drawPixmap(x, y, sprites.face(chip, width))
            if chip.note:
                note = sprites.note(chip)
                middle = x + (width + 1) // 2 - note.width() / sprites.ratio / 2
                painter.drawPixmap(round(middle), y + area.height() + 1, note)
        for place in {self._selected, self._hovered}:
            if place is not None and place[0] == row.key and place[1] < len(placed.chips) and row.selectable:
                self._paint_selection(painter, QRectF(placed.chips[place[1]]), place == self._selected)

    def _paint_caption(self, painter: QPainter, row: ChipRow, area: QRect) -> None:
        key = (row.caption, row.note, row.note_tone, row.capitals, area.width())
        found = self._sprites.find(key) or self._sprites.make(
            key, area.width(), area.height(), lambda onto: self._write_caption(onto, row, area.size())
        )
        painter.drawPixmap(area.x(), area.y(), found)

    def _write_caption(self, painter: QPainter, row: ChipRow, size: QSize) -> None:
        theme = self._theme
        text = QRectF(0, 0, size.width(), size.height() - 4)
        painter.setFont(interface_font(11))
        width = QFontMetricsF(painter.font()).horizontalAdvance(row.note) if row.note else 0.0
        painter.setPen(QColor(getattr(theme, row.note_tone)))
        painter.drawText(text, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), row.note)
        painter.setFont(interface_font(11, QFont.Weight.DemiBold if row.capitals else QFont.Weight.Normal))
        painter.setPen(QColor(theme.faint if row.capitals else theme.dim))
        caption = row.caption.upper() if row.capitals else row.caption
        room = text.width() - width - 10
        caption = QFontMetricsF(painter.font()).elidedText(caption, Qt.TextElideMode.ElideRight, room)
        painter.drawText(text, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), caption)

    def _paint_selection(self, painter: QPainter, area: QRectF, selected: bool) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._theme.colour("accent"), 2 if selected else 1))
        painter.drawRoundedRect(area, 5, 5)
        if selected and self.hasFocus():
            painter.setPen(QPen(self._theme.colour("text"), 1, Qt.PenStyle.DotLine))
            painter.drawRoundedRect(area.adjusted(3.5, 3.5, -3.5, -3.5), 2, 2)

    # mouse, keys, tool tips

    def _place_at(self, position: QPointF) -> Place | None:
        return self._arrangement.chip_at(position.x() - 1, position.y() - 1)

    def _selectable(self, place: Place | None) -> bool:
        row = None if place is None else self._arrangement.find(place[0])
        return row is not None and row.row.selectable

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._place_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    def _hover(self, place: Place | None) -> None:
        if not self._selectable(place):
            place = None
        if place != self._hovered:
            self._hovered = place
            self.setCursor(Qt.CursorShape.PointingHandCursor if place else Qt.CursorShape.ArrowCursor)
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._place_at(event.position())
        if place is not None and event.button() == Qt.MouseButton.LeftButton and self._selectable(place):
            self.chip_clicked.emit(*place)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tip(event)
            return True
        return claims(event, MOVES) or super().event(event)

    def _show_tip(self, event: QHelpEvent) -> None:
        place = self._place_at(QPointF(event.pos()))
        placed = None if place is None else self._arrangement.find(place[0])
        if place is None or placed is None:
            QToolTip.hideText()
            return
        # Tokens such as <s> are no markup.
        lines = html.escape(placed.row.chips[place[1]].tip(place[1])).replace("\n", "<br>")
        area = placed.chips[place[1]].adjusted(-GAP // 2, 0, GAP // 2, NOTE)
        QToolTip.showText(event.globalPos(), f"<p style='white-space:pre'>{lines}</p>", self, area)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        rows = [row for row in self._rows if row.selectable and row.chips]
        if event.key() not in MOVES or not rows:
            event.ignore()
            return
        keys = [row.key for row in rows]
        if self._selected is None or self._selected[0] not in keys:
            self.chip_clicked.emit(keys[0], 0)
            return
        right, down = MOVES[Qt.Key(event.key())]
        number = min(max(keys.index(self._selected[0]) + down, 0), len(rows) - 1)
        position = min(max(self._selected[1] + right, 0), len(rows[number].chips) - 1)
        self.chip_clicked.emit(keys[number], position)


def _paint_marker(painter: QPainter, chip: QRect, colour: QColor) -> None:
    """A small triangle that points down at a chip."""
    x, y = chip.center().x() + 0.5, chip.top() - 2.0
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(QPolygonF([QPointF(x - 4.5, y - 5), QPointF(x + 4.5, y - 5), QPointF(x, y)]))
