"""The flow map itself: the architecture with every line as strong as its signal; hover to read, click to open."""

from functools import lru_cache

from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from tfviz.training.stepping.flow import Flow, Trouble
from tfviz.training.stepping.step_places import Of
from tfviz.views.flow.flow_layout import SMALLEST_HEIGHT, SMALLEST_WIDTH, natural_height, plan_of
from tfviz.views.flow.flow_marks import paint_shares, paint_troubles
from tfviz.views.flow.flow_plan import WIDEST_STREAM, Place, Plan
from tfviz.views.flow.flow_scale import Scale, line_colour, line_width
from tfviz.views.flow.flow_still import ground_pixmap, still_pixmap
from tfviz.views.flow.flow_words import tokens_read
from tfviz.views.parts.guarded import guarded
from tfviz.views.parts.keys import ENTER, MOVES, claims
from tfviz.views.style.theme import DARK, Theme

_Stroke = tuple[int, bool]
"""Level, and whether something is wrong there."""


@guarded
class FlowView(QWidget):
    """Paints a Flow, its lines in one call for each strength. Arrow keys move from block to block."""

    place_changed = Signal()
    """Another place is under the pointer, or has the keyboard."""
    opened = Signal(object)
    """A Place: it was clicked, or Enter was pressed there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("flow_view")
        self.setAccessibleName("Flow map: the architecture with the strength of its signals")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(int(SMALLEST_WIDTH), int(SMALLEST_HEIGHT))
        self.scales: dict[Of, Scale] = {"gradient": Scale(), "value": Scale()}
        self.of: Of = "gradient"
        self.flow: Flow | None = None
        self._theme = DARK
        self._plan: Plan | None = None
        self._pixmaps: tuple[QPixmap, QPixmap] | None = None
        self._hovered: Place | None = None
        self._chosen: str | None = None
        self._at: int | None = None  # the block that has the keyboard

    # what is shown

    def show_flow(self, flow: Flow) -> None:
        """Show these strengths; scales grow where they must."""
        before, self.flow = self.flow, flow
        if before is None or before.chart != flow.chart:
            self._plan, self._at, self._hovered = None, None, None
        if before is None or (before.sentence, before.target) != (flow.sentence, flow.target):
            self._pixmaps = None
        for of, scale in self.scales.items():
            scale.grow(flow.strengths(of).values())
        self.update()

    def show_of(self, of: Of) -> None:
        """Show the gradients, or the values of the activations."""
        self.of = of
        self.update()

    def fit(self) -> None:
        """Give the scale the decades that are needed now."""
        if self.flow is not None:
            self.scales[self.of].fit(self.flow.strengths(self.of).values())
            self.update()

    def show_chosen(self, tensor: str | None) -> None:
        """Mark the block whose tensor is looked at."""
        self._chosen = tensor
        self.update()

    def recolour(self, theme: Theme) -> None:
        self._theme, self._pixmaps = theme, None
        self.update()

    @property
    def plan(self) -> Plan | None:
        """Where everything stands."""
        if self._plan is None and self.flow is not None:
            self._plan = plan_of(self.flow.chart, self.width(), self.height())
            self._pixmaps = None
        return self._plan

    @property
    def place(self) -> Place | None:
        """What is to be read: what the pointer is at, else the block that has the keyboard."""
        if self._hovered is not None:
            return self._hovered
        plan = self.plan
        return None if self._at is None or plan is None else plan.boxes[self._at].place

    def natural_height(self) -> int:
        """What it would take to read everything."""
        return 0 if self.flow is None else int(natural_height(self.flow.chart))

    def sizeHint(self) -> QSize:
        return QSize(900, 500)

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        plan, flow, theme = self.plan, self.flow, self._theme
        if plan is None or flow is None:
            painter.fillRect(self.rect(), QColor(theme.panel))
            return
        ratio = self.devicePixelRatioF()
        if self._pixmaps is None or self._pixmaps[0].devicePixelRatio() != ratio:
            self._pixmaps = (
                ground_pixmap(plan, ratio, theme),
                still_pixmap(plan, tokens_read(flow), ratio, theme),
            )
        painter.drawPixmap(0, 0, self._pixmaps[0])
        troubles = flow.troubles(self.of)
        for ways, widest in ((plan.branches, plan.widest_branch), (plan.streams, WIDEST_STREAM)):
            strokes = self._strokes(ways, flow, troubles)
            for level, troubled in sorted(strokes):
                painter.setPen(line_pen(level, troubled, widest, theme))
                painter.drawLines(strokes[level, troubled])
        painter.drawPixmap(0, 0, self._pixmaps[1])
        paint_shares(painter, plan, flow, self.of, theme)
        paint_troubles(painter, plan, troubles, theme)
        self._paint_frames(painter, plan)

    def _strokes(
        self, ways: dict[str, list[QLineF]], flow: Flow, troubles: dict[str, Trouble]
    ) -> dict[_Stroke, list[QLineF]]:
        """The lines by how they are drawn."""
        scale, strengths = self.scales[self.of], flow.strengths(self.of)
        strokes: dict[_Stroke, list[QLineF]] = {}
        for tensor, lines in ways.items():
            strokes.setdefault((scale.level(strengths[tensor]), tensor in troubles), []).extend(lines)
        return strokes

    def _paint_frames(self, painter: QPainter, plan: Plan) -> None:
        """Around the block that is looked at, and the one that is pointed at."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        here = self.place
        for box in plan.boxes:
            if box.place.tensor == self._chosen:
                painter.setPen(QPen(QColor(self._theme.accent), 2))
                painter.drawRoundedRect(box.area.adjusted(-2, -2, 2, 2), 4, 4)
            if here is not None and box.place == here:
                painter.setPen(QPen(QColor(self._theme.cell_frame), 1))
                painter.drawRoundedRect(_crisp(box.area.adjusted(-2, -2, 2, 2)), 4, 4)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._plan = None

    # mouse and keys

    def _point_at(self, place: Place | None) -> None:
        if place != self._hovered:
            self._hovered = place
            self.setCursor(Qt.CursorShape.PointingHandCursor if place else Qt.CursorShape.ArrowCursor)
            self.place_changed.emit()
            self.update()

    def _under(self, position: QPointF) -> Place | None:
        plan = self.plan
        return None if plan is None else plan.place_at(position, self.of)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(self._under(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(None)
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._under(event.position())
        if place is not None and event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit(place)
        else:
            event.ignore()

    def event(self, event: QEvent) -> bool:
        return claims(event, (*MOVES, *ENTER)) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, plan = Qt.Key(event.key()), self.plan
        if plan is not None and key in MOVES:
            self._hovered = None
            self._at = next_box(plan, self._at, *MOVES[key])
            self.place_changed.emit()
            self.update()
        elif plan is not None and key in ENTER and self._at is not None:
            self.opened.emit(plan.boxes[self._at].place)
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._at is None and self.plan is not None:
            self._at = 0
        self.place_changed.emit()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._at = None
        self.place_changed.emit()
        self.update()


def next_box(plan: Plan, current: int | None, right: int, down: int) -> int:
    """The number of the nearest block in a direction; the same one where there is none."""
    if current is None:
        return 0
    here = plan.boxes[current].area.center()

    def distance(number: int) -> float:
        away = plan.boxes[number].area.center() - here
        along, beside = (away.x() * right, abs(away.y())) if right else (away.y() * down, abs(away.x()))
        return along + 4 * beside if along > 0.5 else float("inf")

    nearest = min(range(len(plan.boxes)), key=distance)
    return nearest if distance(nearest) < float("inf") else current


@lru_cache(maxsize=512)
def line_pen(level: int, troubled: bool, widest: float, theme: Theme) -> QPen:
    """Dashed where something is wrong with the signal."""
    pen = QPen(line_colour(level, theme), line_width(level, widest))
    pen.setCapStyle(Qt.PenCapStyle.FlatCap if troubled else Qt.PenCapStyle.SquareCap)
    if troubled:
        pen.setDashPattern([2.0, 1.5])
    return pen


def _crisp(area: QRectF) -> QRectF:
    return QRectF(area.toRect()).adjusted(0.5, 0.5, -0.5, -0.5)
