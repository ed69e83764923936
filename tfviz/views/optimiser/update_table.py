"""A table of what the last update did to every parameter group; headings and rows."""

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tfviz.training.snapshot import OptimiserState
from tfviz.views.optimiser.update_columns import (
    COLUMNS,
    DECADE,
    FEW_MARKS,
    NAME,
    SCALE_MARKS,
    SCALE_PLACE,
    edges,
    help_of,
    unit_of,
)
from tfviz.views.optimiser.update_rows import GAP, LEFT, RIGHT, ROW, UpdateRows, column_at, scale_x
from tfviz.views.parts.guarded import guarded
from tfviz.views.parts.plain_scroll_area import PlainScrollArea
from tfviz.views.parts.tipped_widget import TippedWidget
from tfviz.views.style.fonts import interface_font
from tfviz.views.style.theme import DARK, Theme

HEAD = 30
CENTRE = int(Qt.AlignmentFlag.AlignCenter)


class UpdateTable(QWidget):
    """Headings above rows that scroll. A click on a row chooses its group, another one lets it go."""

    chosen = Signal(object)
    """The group, or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.head = UpdateHead()
        self.rows = UpdateRows()
        self.area = PlainScrollArea(self.rows)
        self.area.setMinimumHeight(2 * ROW)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self.area, 1)
        self.rows.chosen.connect(self._choose)
        self.rows.resized.connect(self.head.take_width)

    @property
    def group(self) -> str | None:
        """The chosen one."""
        return self.rows.group

    def show_state(self, state: OptimiserState) -> None:
        self.head.show_state(state)
        self.rows.show_state(state)

    def choose(self, group: str | None) -> None:
        """Choose as from the program: no signal."""
        self.rows.choose(group)

    def show_chosen(self) -> None:
        """Scroll to the chosen row."""
        if self.rows.row is not None:
            self.area.ensureVisible(0, self.rows.row * ROW + ROW // 2, 0, ROW)

    def recolour(self, theme: Theme) -> None:
        self.head.recolour(theme)
        self.rows.recolour(theme)

    def _choose(self, group: str | None) -> None:
        self.show_chosen()
        self.chosen.emit(group)


@guarded
class UpdateHead(TippedWidget):
    """What the columns are: two lines each, the scale of the mark's column among them."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(HEAD)
        self.setAccessibleName("Columns")
        self._theme = DARK
        self._state: OptimiserState | None = None
        self._width = 1.0

    def show_state(self, state: OptimiserState) -> None:
        another = self._state is None or self._state.optimizer != state.optimizer
        self._state = state
        if another:
            self.update()

    def take_width(self, width: int) -> None:
        """That of the rows, which a scroll bar may make narrower."""
        self._width = float(width)
        self.update()

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def tip_at(self, position: QPointF) -> str:
        return help_of(COLUMNS[column_at(position.x(), self._width)], self._state)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme, places = QPainter(self), self._theme, edges(self._width)
        painter.fillRect(event.rect(), QColor(theme.panel))
        painter.setPen(QColor(theme.line))
        painter.drawLine(QPointF(0, HEAD - 0.5), QPointF(self._width, HEAD - 0.5))
        for place, column in enumerate(COLUMNS[: len(places) - 1]):
            left, right = places[place], places[place + 1]
            middle = place == SCALE_PLACE
            align = LEFT if place == NAME else CENTRE if middle else RIGHT
            area = QRectF(left, 1, right - left - (0 if middle else GAP), HEAD / 2 - 2)
            painter.setFont(interface_font(11))
            painter.setPen(QColor(theme.dim))
            painter.drawText(area, align, column.heading)
            painter.setFont(interface_font(10))
            painter.setPen(QColor(theme.faint))
            area.translate(0, HEAD / 2 - 2)
            if middle:
                self._paint_scale(painter, left, right, area.center().y())
            elif self._state is not None:
                painter.drawText(area, align, unit_of(column, self._state))

    def _paint_scale(self, painter: QPainter, left: float, right: float, y: float) -> None:
        decade = scale_x(1, left, right) - scale_x(0, left, right)
        for mark in SCALE_MARKS if decade >= DECADE else FEW_MARKS:
            area = QRectF(scale_x(mark, left, right) - 12, y - 7, 24, 14)
            painter.drawText(area, CENTRE, str(mark).replace("-", "−"))
