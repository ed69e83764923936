"""The rows of the optimiser's table, painted as far as they are seen."""

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy

from tfviz.training.snapshot import OptimiserState
from tfviz.views.optimiser.update_columns import (
    COLUMNS,
    GUIDE,
    HEALTHY,
    SCALE,
    SCALE_PLACE,
    edges,
    help_of,
    log_ratio,
    logarithm_text,
    number_text,
)
from tfviz.views.parts.guarded import guarded
from tfviz.views.parts.tipped_widget import TippedWidget
from tfviz.views.plots.group_norms import short_name
from tfviz.views.style.fonts import interface_font, monospace_font
from tfviz.views.style.theme import DARK, Theme

ROW = 17
GAP = 6  # pixels between a number and the next column
INSET = 14  # pixels at the ends of the scale, for the marks of what lies outside
LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


@guarded
class UpdateRows(TippedWidget):
    """The rows: Up and Down choose one, a click chooses or lets go."""

    chosen = Signal(object)
    resized = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("update_rows")
        self.setAccessibleName("Updates of the parameter groups")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self._theme = DARK
        self.state: OptimiserState | None = None
        self.group: str | None = None
        self._hovered: int | None = None

    @property
    def row(self) -> int | None:
        """The chosen one."""
        groups = self.state.groups if self.state is not None else ()
        return groups.index(self.group) if self.group in groups else None

    def show_state(self, state: OptimiserState) -> None:
        if self.state is None or self.state.groups != state.groups:
            self.setMinimumHeight(ROW * len(state.groups))
        self.state = state
        self._log_ratios = log_ratio(state).tolist()
        self._texts = texts_of(state)
        self.update()

    def choose(self, group: str | None) -> None:
        if group != self.group:
            self.group = group
            self.setAccessibleDescription("" if self.row is None else self._description(self.row))
            self.update()

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(560, ROW * (len(self.state.groups) if self.state is not None else 1))

    def row_at(self, y: float) -> int | None:
        rows = len(self.state.groups) if self.state is not None else 0
        return math.floor(y / ROW) if 0 <= y < rows * ROW else None

    # mouse and keys

    def tip_at(self, position: QPointF) -> str:
        row = self.row_at(position.y())
        return "" if row is None else self._cell_help(row, column_at(position.x(), self.width()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if move is None or self.state is None:
            event.ignore()
            return
        last = len(self.state.groups) - 1
        row = (0 if move > 0 else last) if self.row is None else min(max(self.row + move, 0), last)
        self._choose(self.state.groups[row])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and row is not None and self.state is not None:
            group = self.state.groups[row]
            self._choose(None if group == self.group else group)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.row_at(event.position().y()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    def resizeEvent(self, event: QEvent) -> None:
        self.resized.emit(self.width())

    def _choose(self, group: str | None) -> None:
        self.choose(group)
        self.chosen.emit(group)

    def _hover(self, row: int | None) -> None:
        if row != self._hovered:
            self._hovered = row
            self.update()

    def _cell_help(self, row: int, place: int) -> str:
        assert self.state is not None
        column, text = COLUMNS[place], self._texts[place][row]
        first = f"{self.state.groups[row]}: {text}" if text else self.state.groups[row]
        return f"{first}\n{help_of(column, self.state)}"

    def _description(self, row: int) -> str:
        assert self.state is not None
        numbers = (
            f"{column.name} {self._texts[place][row]}"
            for place, column in enumerate(COLUMNS)
            if self._texts[place][row]
        )
        return ", ".join((self.state.groups[row], *numbers))

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme, state = QPainter(self), self._theme, self.state
        painter.fillRect(event.rect(), QColor(theme.panel))
        if state is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        places = edges(self.width())
        first = max(math.floor(event.rect().top() / ROW), 0)
        last = min(math.floor(event.rect().bottom() / ROW), len(state.groups) - 1)
        for row, token in ((self._hovered, theme.hover), (self.row, theme.selection)):
            if row is not None:
                painter.fillRect(QRectF(0, row * ROW, self.width(), ROW), QColor(token))
        self._paint_ground(painter, places, len(state.groups) * ROW)
        painter.setFont(interface_font(12))
        painter.setPen(QColor(theme.text))
        metrics, room = QFontMetricsF(painter.font()), places[1] - GAP
        whole = all(metrics.horizontalAdvance(name) <= room for name in state.groups)
        for row in range(first, last + 1):
            name = state.groups[row] if whole else short_name(state.groups[row])
            painter.drawText(QRectF(0, row * ROW, room, ROW), LEFT, name)
        painter.setFont(monospace_font(11))
        for place in range(1, len(places) - 1):
            right = places[place + 1] - GAP
            for row in range(first, last + 1):
                if place != SCALE_PLACE:
                    text = self._texts[place][row]
                    painter.setPen(self._ink(text))
                    painter.drawText(
                        QRectF(places[place], row * ROW, right - places[place], ROW), RIGHT, text
                    )
        for row in range(first, last + 1):
            self._paint_mark(painter, row, places[SCALE_PLACE], places[SCALE_PLACE + 1])

    def _ink(self, text: str) -> QColor:
        tokens = {"NaN": "not_a_number", "∞": "infinite", "−∞": "infinite", "none": "faint"}
        return self._theme.colour(tokens.get(text, "text"))

    def _paint_ground(self, painter: QPainter, places: list[float], height: float) -> None:
        """The healthy band and the guide line, through all rows."""
        left, right = places[SCALE_PLACE], places[SCALE_PLACE + 1]
        low, high = (scale_x(exponent, left, right) for exponent in HEALTHY)
        painter.fillRect(QRectF(low, 0, high - low, height), self._theme.colour("good", 0.14))
        x = round(scale_x(GUIDE, left, right)) + 0.5
        painter.setPen(QPen(QColor(self._theme.good), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, 0), QPointF(x, height))

    def _paint_mark(self, painter: QPainter, row: int, left: float, right: float) -> None:
        """A dot at the ratio, a triangle at the edge where it lies outside, a word where it is no number."""
        value, y = self._log_ratios[row], row * ROW + ROW / 2
        if math.isnan(value) or value == math.inf:
            text = number_text(value)
            painter.setPen(self._ink(text))
            painter.drawText(QRectF(left, row * ROW, right - left - INSET, ROW), RIGHT, text)
            return
        healthy = HEALTHY[0] <= value <= HEALTHY[1]
        colour = self._theme.colour("parameter" if healthy else "warn")
        painter.setBrush(colour)
        painter.setPen(Qt.PenStyle.NoPen)
        if SCALE[0] <= value <= SCALE[1]:
            x = scale_x(value, left, right)
            painter.fillRect(
                QRectF(QPointF(x, y - 1), QPointF(scale_x(GUIDE, left, right), y + 1)).normalized(),
                self._theme.colour("parameter" if healthy else "warn", 0.5),
            )
            painter.drawEllipse(QPointF(x, y), 3.5, 3.5)
            return
        tip_x, base = (left + 1, left + 7) if value < SCALE[0] else (right - 1, right - 7)
        painter.drawPolygon(QPolygonF([QPointF(base, y - 4), QPointF(base, y + 4), QPointF(tip_x, y)]))


def scale_x(exponent: float, left: float, right: float) -> float:
    """Where a power of ten stands in the column from `left` to `right`."""
    share = (exponent - SCALE[0]) / (SCALE[1] - SCALE[0])
    return left + INSET + share * (right - left - 2 * INSET)


def column_at(x: float, width: float) -> int:
    """The number of a column."""
    ends = edges(width)[1:]
    return next((place for place, end in enumerate(ends) if x < end), len(ends) - 1)


def texts_of(state: OptimiserState) -> list[list[str]]:
    """By column and row; "" where something else is painted, "none" where the optimiser has nothing to show."""
    texts = []
    for column in COLUMNS:
        if column.values is None:
            texts.append([""] * len(state.groups))
            continue
        values = column.values(state)
        write = logarithm_text if column.name == "ratio" else number_text
        texts.append(
            ["none"] * len(state.groups) if values is None else [write(value) for value in values.tolist()]
        )
    return texts
