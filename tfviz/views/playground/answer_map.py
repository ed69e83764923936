"""What every token of an answer looked at: one row a token, one column a key, tokens on both axes."""

import math
from dataclasses import dataclass

import numpy
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from tfviz.views.grids import cells
from tfviz.views.parts.byte_image import ByteImage
from tfviz.views.parts.guarded import guarded
from tfviz.views.parts.tipped_widget import TippedWidget
from tfviz.views.style.fonts import interface_font, monospace_font
from tfviz.views.style.theme import DARK, Theme

ROW, WIDEST_COLUMN, LABEL, HEAD, FOOT = 22, 84, 118, 22, 26
BAR_WIDTH, BAR_HEIGHT = 80, 8


@dataclass(frozen=True, eq=False)
class AnswerLooks:
    """`weights` (token, key); rows from `revealed` on are not shown yet."""

    weights: numpy.ndarray
    said: tuple[str, ...]
    fed: tuple[str, ...]
    keys: tuple[str, ...]
    hidden: frozenset[int] = frozenset()
    """Keys that are masked."""
    revealed: int | None = None
    title: str = ""

    @property
    def rows(self) -> int:
        return len(self.said) if self.revealed is None else min(self.revealed, len(self.said))

    def strongest(self, row: int) -> int | None:
        """The key that a token looked at most; None where the weights are no numbers."""
        weights = self.weights[row]
        return int(weights.argmax()) if numpy.isfinite(weights).all() else None


@guarded
class AnswerMap(TippedWidget):
    """Weights from 0 to 1 in the theme's map; the row of the selected token has a frame and a pointer."""

    row_clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("playground_map")
        self.setAccessibleName("What every token of the answer looked at")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._theme = DARK
        self.looks: AnswerLooks | None = None
        self.selected: int | None = None
        self._picture = QPixmap()

    def show_looks(self, looks: AnswerLooks | None, selected: int | None) -> None:
        height = self.sizeHint().height()
        self.looks, self.selected = looks, selected
        self._picture = self._made()
        if self.sizeHint().height() != height:
            self.updateGeometry()
        self.update()

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self._picture = self._made()
        self.update()

    def sizeHint(self) -> QSize:
        rows = len(self.looks.said) if self.looks else 3
        return QSize(300, HEAD + ROW * rows + FOOT)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())

    @property
    def column(self) -> float:
        """Pixels of a key."""
        keys = len(self.looks.keys) if self.looks else 1
        return min((self.width() - LABEL - 4) / max(keys, 1), WIDEST_COLUMN)

    def cell(self, row: int, key: int) -> QRectF:
        return QRectF(LABEL + key * self.column, HEAD + row * ROW, self.column, ROW)

    def cell_at(self, position: QPointF) -> tuple[int, int | None] | None:
        """Row and key of a point; no key on the labels of a row."""
        looks = self.looks
        row = math.floor((position.y() - HEAD) / ROW)
        if looks is None or not 0 <= row < looks.rows:
            return None
        key = math.floor((position.x() - LABEL) / self.column)
        if key >= len(looks.keys):
            return None
        return row, key if key >= 0 else None

    def _made(self) -> QPixmap:
        """One pixel a cell."""
        looks = self.looks
        if looks is None or not looks.rows:
            return QPixmap()
        weights = numpy.asarray(looks.weights[: looks.rows], numpy.float32)
        out = numpy.empty(weights.shape, numpy.uint8)
        cells.quantise(weights, cells.Scale(), numpy.empty_like(weights), out)
        out[:, sorted(looks.hidden)] = cells.MASKED
        return ByteImage.of(out, cells.colour_table(self._theme)).pixmap()

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme, looks = QPainter(self), self._theme, self.looks
        painter.fillRect(event.rect(), QColor(theme.panel))
        if looks is None:
            return
        shown = QRectF(LABEL, HEAD, self.column * len(looks.keys), ROW * looks.rows)
        painter.drawPixmap(shown, self._picture, QRectF(self._picture.rect()))
        painter.setPen(QPen(QColor(theme.panel), 1))
        for row in range(looks.rows + 1):
            painter.drawLine(
                QPointF(shown.left(), HEAD + row * ROW), QPointF(shown.right(), HEAD + row * ROW)
            )
        self._write_keys(painter, looks)
        self._write_rows(painter, looks)
        if self.selected is not None and self.selected < looks.rows:
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.drawRect(QRectF(shown.left(), HEAD + self.selected * ROW, shown.width(), ROW))
        self._paint_scale(painter, looks)

    def _write_keys(self, painter: QPainter, looks: AnswerLooks) -> None:
        font = QFont(monospace_font(11))
        for key, token in enumerate(looks.keys):
            masked = key in looks.hidden
            font.setStrikeOut(masked)
            painter.setFont(font)
            painter.setPen(QColor(self._theme.faint if masked else self._theme.dim))
            area = QRectF(LABEL + key * self.column, 0, self.column - 1, HEAD)
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, _fitting(painter, token, area.width()))

    def _write_rows(self, painter: QPainter, looks: AnswerLooks) -> None:
        for row in range(looks.rows):
            chosen = row == self.selected
            painter.setFont(monospace_font(11))
            painter.setPen(QColor(self._theme.text if chosen else self._theme.dim))
            fed = _fitting(painter, looks.fed[row], 44)
            said = _fitting(painter, looks.said[row], 44)
            area = QRectF(0, HEAD + row * ROW, LABEL - 6, ROW)
            align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(area, int(align), f"{'▸ ' if chosen else ''}{fed} → {said}")

    def _paint_scale(self, painter: QPainter, looks: AnswerLooks) -> None:
        """Title and colour bar below."""
        theme, y = self._theme, HEAD + ROW * len(looks.said) + 6
        painter.setFont(interface_font(11))
        painter.setPen(QColor(theme.faint))
        metrics = QFontMetricsF(painter.font())
        right = self.width() - 4.0
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        ones = metrics.horizontalAdvance("1")
        bar = QRectF(right - ones - 4 - BAR_WIDTH, y + 5, BAR_WIDTH, BAR_HEIGHT)
        painter.drawText(QRectF(right - ones, y, ones + 2, 18), middle, "1")
        painter.drawText(QRectF(bar.left() - ones - 5, y, ones + 2, 18), middle, "0")
        area = QRectF(0, y, bar.left() - ones - 14, 18)
        title = metrics.elidedText(looks.title, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, middle, title)
        painter.drawImage(bar, cells.colour_bar(theme))

    # the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.cell_at(event.position())
        if place is not None and event.button() == Qt.MouseButton.LeftButton:
            self.row_clicked.emit(place[0])

    def tip_at(self, position: QPointF) -> str:
        place = self.cell_at(position)
        return "" if place is None or self.looks is None else reading(self.looks, *place)


def reading(looks: AnswerLooks, row: int, key: int | None) -> str:
    """A cell in words, or the strongest of a row."""
    key = looks.strongest(row) if key is None else key
    said = f"“{looks.said[row]}”, said at “{looks.fed[row]}”,"
    if key is None:
        return f"{said} has weights that are not finite"
    if key in looks.hidden:
        return f"{said} cannot look at “{looks.keys[key]}”: masked"
    weight = float(looks.weights[row, key])
    return f"{said} looks at “{looks.keys[key]}” with {weight:.3f}"


def _fitting(painter: QPainter, text: str, width: float) -> str:
    """As much of a text as fits; an ellipsis only where there is room for it and a letter."""
    metrics = QFontMetricsF(QFont(painter.font()))
    if metrics.horizontalAdvance(text) <= width:
        return text
    if width >= 24:
        return metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
    return text[: max(int(width // max(metrics.horizontalAdvance("m"), 1)), 1)]
