"""A small table of the roles that heads took on: a click goes to the step."""

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from tfviz.training.heads.head_roles import ENOUGH, RoleTaken
from tfviz.views.heads.head_measures import kind_colour, kind_of, short_name
from tfviz.views.heads.head_plane import shape_of
from tfviz.views.panel import paragraph
from tfviz.views.parts.guarded import guarded
from tfviz.views.parts.keys import ENTER
from tfviz.views.parts.plain_scroll_area import PlainScrollArea
from tfviz.views.parts.tipped_widget import TippedWidget
from tfviz.views.style.fonts import interface_font, monospace_font
from tfviz.views.style.theme import DARK, Theme

ROW, GAP, KIND_WIDTH = 17, 6, 13
HEAD_WIDTH, SINCE_WIDTH, VALUE_WIDTH = 56, 46, 34
LONG_ROLE = 104
"""Pixels from which a role is written out."""
ALIGN_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
ALIGN_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
NOTHING = "No head has taken on a role yet. Each that does is listed here, and marked on the timeline."


class RoleTable(QWidget):
    """Headings above the rows, which scroll; a sentence while there are none."""

    step_clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = RoleRows()
        self.rows.step_clicked.connect(self.step_clicked)
        self.heading = RoleHeading()
        self.nothing = paragraph(NOTHING, "faint")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.area = PlainScrollArea(self.rows)
        self.area.setMinimumHeight(2 * ROW)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.heading)
        column.addWidget(self.nothing)
        column.addWidget(self.area, 1)
        self.show_roles(())

    def show_roles(self, taken: tuple[RoleTaken, ...]) -> None:
        """In any order; the newest is shown first."""
        self.rows.show_roles(tuple(sorted(taken, key=lambda found: -found.step)))
        self.nothing.setVisible(not taken)
        self.heading.setVisible(bool(taken))
        self.area.setVisible(bool(taken))

    def recolour(self, theme: Theme) -> None:
        self.rows.recolour(theme)
        self.heading.recolour(theme)


@guarded
class RoleHeading(QWidget):
    """What the columns are."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(16)
        self._theme = DARK

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(interface_font(11))
        painter.setPen(self._theme.colour("dim"))
        for (left, right, align), text in zip(
            columns(self.width()), ("head", "role", "since", "value"), strict=True
        ):
            painter.drawText(QRectF(left, 0, right - left, 15), align, text)
        painter.fillRect(QRectF(0, 15, self.width(), 1), self._theme.colour("line"))


@guarded
class RoleRows(TippedWidget):
    """One row for each role; Up, Down and Return do what the mouse does."""

    step_clicked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("role_rows")
        self.setAccessibleName("Roles that heads took on")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self._theme = DARK
        self.taken: tuple[RoleTaken, ...] = ()
        self.chosen: tuple[str, ...] = ()
        """Heads whose rows are marked."""
        self._row: int | None = None

    def show_roles(self, taken: tuple[RoleTaken, ...]) -> None:
        if taken != self.taken:
            self.taken, self._row = taken, None
            self.setMinimumHeight(ROW * len(taken))
            self.setAccessibleDescription(
                "; ".join(f"step {found.step:,}: {found.sentence}" for found in taken)
            )
            self.update()

    def show_chosen(self, chosen: tuple[str, ...]) -> None:
        if chosen != self.chosen:
            self.chosen = chosen
            self.update()

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, ROW * max(len(self.taken), 1))

    def tip_at(self, position: QPointF) -> str:
        row = self._row_at(position.y())
        return "" if row is None else self._help(self.taken[row])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if move is not None and self.taken:
            row = 0 if self._row is None else self._row + move
            self._hover(min(max(row, 0), len(self.taken) - 1))
        elif event.key() in ENTER and self._row is not None:
            self.step_clicked.emit(self.taken[self._row].step)
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and row is not None:
            self.step_clicked.emit(self.taken[row].step)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._row_at(event.position().y()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    def _row_at(self, y: float) -> int | None:
        row = math.floor(y / ROW)
        return row if 0 <= row < len(self.taken) else None

    def _hover(self, row: int | None) -> None:
        if row != self._row:
            self._row = row
            self.setCursor(Qt.CursorShape.ArrowCursor if row is None else Qt.CursorShape.PointingHandCursor)
            self.update()

    @staticmethod
    def _help(found: RoleTaken) -> str:
        role = found.role
        return (
            f"Step {found.step:,}: {found.sentence}\nIt {role.name}: its {role.metric.replace('_', ' ')} was at least "
            f"{role.enter:g} in {ENOUGH} measurements, and below {role.leave:g} in none between them.\n"
            f"The role is lost after {ENOUGH} below {role.leave:g}. Click to go to that step"
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.fillRect(event.rect(), theme.colour("panel"))
        places = columns(self.width())
        role_width = places[1][1] - places[1][0]
        first = max(math.floor(event.rect().top() / ROW), 0)
        for row, found in list(enumerate(self.taken))[first : math.floor(event.rect().bottom() / ROW) + 1]:
            if row == self._row or found.head in self.chosen:
                ground = theme.colour("hover" if row == self._row else "selection")
                painter.fillRect(QRectF(0, row * ROW, self.width(), ROW), ground)
            metric = found.role.metric.replace("_", " ")
            role = metric if role_width >= LONG_ROLE else metric.partition(" ")[0]
            texts = (short_name(found.head), role, f"{found.step:,}", f"{found.value:.2f}")
            self._paint_kind(painter, kind_of(found.head), row)
            painter.setPen(theme.colour("text"))
            for number, ((left, right, align), text) in enumerate(zip(places, texts, strict=True)):
                painter.setFont(interface_font(12) if number == 1 else monospace_font(11))
                left += KIND_WIDTH if number == 0 else 0
                painter.drawText(QRectF(left, row * ROW, right - left, ROW), align, text)

    def _paint_kind(self, painter: QPainter, kind: str, row: int) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(kind_colour(self._theme, kind))
        painter.drawPath(shape_of(kind, 4.0).translated(QPointF(9, row * ROW + ROW / 2)))


def columns(width: float) -> list[tuple[float, float, int]]:
    """(left, right, alignment) of head, role, step and value."""
    value = width - 4 - VALUE_WIDTH
    since = value - GAP - SINCE_WIDTH
    return [
        (4, HEAD_WIDTH, ALIGN_LEFT),
        (HEAD_WIDTH + GAP, since, ALIGN_LEFT),
        (since, value - GAP, ALIGN_RIGHT),
        (value, width - 4, ALIGN_RIGHT),
    ]
