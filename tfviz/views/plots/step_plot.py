"""A plot over the steps of a run: it grows with the record until the user looks closer, and a click goes to a step.

Everything in it is a pixmap or a line that C++ paints: Python paints the axes and the curves only when they change, and
then only what has changed. Painting code in Python would keep the training thread waiting.
"""

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QGraphicsItem, QGraphicsRectItem, QWidget

from tfviz.views.panel import label
from tfviz.views.parts.guarded import guarded
from tfviz.views.parts.item_view import ItemView
from tfviz.views.parts.widgets import Throttle
from tfviz.views.plots.axes import TickAxis
from tfviz.views.plots.plot_area import PlotArea
from tfviz.views.plots.step_line import StepLine
from tfviz.views.plots.ticks import step_ticks
from tfviz.views.style.theme import DARK, Theme

LEAST_HEIGHT = 90  # pixels, unless there is something beside it that is worth some of them
LEAST_STEPS = 20  # the range of a run that has hardly begun
HEADROOM = (
    1.09  # the range grows by this factor: the curves are drawn anew now and then, not with every point
)
TOP = 7.0  # pixels above the view, for the half of a label at its edge
GROWTH_RATE = 2.0  # times a second, at most
WHEEL = 1.02 ** (-1 / 8)  # range after a wheel's unit of an eighth of a degree over the range before
DRAG = 1.02  # the same for a pixel of a drag with the right button
NO_RANGE = (0.0, 1e-6)
"""Of a value axis that nothing was fitted to: any range that is wanted is another one."""


@guarded
class StepPlot(ItemView):
    """One view with a value axis at the left, the step axis below and, if given, an axis at the right.

    The owner draws when `range_changed` is emitted: the range of steps or the size became another one. What it draws
    are children of the item `inside`, in pixels of the view.
    """

    step_clicked = Signal(int)
    hovered = Signal(object, float)
    """The step under the pointer, None where there is none, and the value at its height."""
    range_changed = Signal()
    zoomed_changed = Signal(bool)

    def __init__(
        self,
        left: TickAxis,
        right: TickAxis | None = None,
        right_range: tuple[float, float] = (0.0, 1.0),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setMinimumSize(160, LEAST_HEIGHT)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.frontier = self.reach = 0
        self.zoomed = False
        self.values_zoomed = False
        self.values_move = True
        """Whether the wheel and dragging over the left axis change its range."""
        self._theme = DARK
        self._fitted = (0.0, 1.0)
        self._pressed: QPointF | None = None
        self._dragged: QPointF | None = None
        self.left, self.right, self.bottom = left, right, TickAxis("bottom", step_ticks, room=20, distance=95)
        self.right_range = right_range
        self.view = PlotArea()
        self.inside = QGraphicsRectItem()
        self.inside.setPen(QPen(Qt.PenStyle.NoPen))
        self.inside.setFlag(QGraphicsItem.GraphicsItemFlag.ItemClipsChildrenToShape)
        for item in (self.inside, *(axis.item for axis in self._axes)):
            self.items_scene.addItem(item)
        self.flag = label(role="number")
        self.flag.setParent(self)
        self.flag.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.flag.hide()
        self.playhead = StepLine(20, self.inside)
        self.hover_line = StepLine(10, self.inside)
        self.pinned_line = StepLine(15, self.inside)
        self._growth = Throttle(self._grow, GROWTH_RATE, self)
        self._fit(LEAST_STEPS)
        self.fit_values(0.0, 1.0)
        self.recolour(self._theme)

    @property
    def _axes(self) -> tuple[TickAxis, ...]:
        return (self.left, self.bottom) if self.right is None else (self.left, self.bottom, self.right)

    def arrange(self) -> None:
        """Give every part its place."""
        size = self.viewport().size()
        self.items_scene.setSceneRect(0, 0, size.width(), size.height())
        left, foot = self.left.room, self.bottom.room
        right = self.right.room + 4 if self.right is not None else 14
        width, height = max(size.width() - left - right, 1.0), max(size.height() - TOP - foot, 1.0)
        self.view.rectangle = QRectF(left, TOP, width, height)
        self.left.rectangle = QRectF(0, TOP, left, height)
        self.bottom.rectangle = QRectF(left, TOP + height, width, foot)
        if self.right is not None:
            self.right.rectangle = QRectF(left + width, TOP, right - 4, height)
        self.inside.setPos(left, TOP)
        self.inside.setRect(0.0, 0.0, width, height)
        self._show_axes()
        self._place_lines()

    @property
    def first_step(self) -> float:
        return self.view.steps[0]

    @property
    def last_step(self) -> float:
        return self.view.steps[1]

    @property
    def columns(self) -> int:
        """How many pixels wide the curves are."""
        return max(int(self.view.width()), 1)

    @property
    def steps_per_pixel(self) -> float:
        return (self.last_step - self.first_step) / self.columns

    @property
    def value_range(self) -> tuple[float, float]:
        return self.view.values

    def fit_values(self, low: float, high: float) -> None:
        """The range of the value axis, unless the user has chosen one."""
        if not self.values_zoomed:
            self._fitted = self.view.values = (low, high)
            self._show_left()

    def fit_right(self, low: float, high: float) -> None:
        """The range of the axis at the right."""
        self.right_range = (low, high)
        if self.right is not None:
            self.right.show(low, high, self.view.rectangle, self.devicePixelRatioF())

    def forget_values(self) -> None:
        """The value axis gets another meaning: whatever range comes next is taken."""
        self.values_zoomed = False
        self.fit_values(*NO_RANGE)

    def show_frontier(self, step: int) -> None:
        """The record reaches to this step; the range grows with it unless the user has chosen one."""
        if step < self.frontier:
            self.frontier = step
            self.reset_view()
            return
        self.frontier = step
        if step > 1.5 * self.last_step:
            self._growth.now()
        elif step + 0.5 > self.last_step:
            self._growth.request()

    def show_reach(self, step: int) -> None:
        """Something else than the record is drawn up to this step: the range has room for it."""
        if step != self.reach:
            self.reach = step
            if not self.zoomed:
                self.reset_view()

    def show_playhead(self, step: int | None) -> None:
        """The line at the clock's step; None hides it."""
        self.playhead.setVisible(step is not None)
        if step is not None:
            self.playhead.stand(step, self.view)

    def show_pinned(self, step: int | None) -> None:
        """A line at a step that others are compared with; None hides it."""
        self.pinned_line.setVisible(step is not None)
        if step is not None:
            self.pinned_line.stand(step, self.view)

    def show_hover(self, step: int | None) -> None:
        """A fainter line with the step written at its foot, as under the pointer."""
        self.hover_line.setVisible(step is not None)
        self.flag.setVisible(step is not None)
        if step is not None:
            self.hover_line.stand(step, self.view)
            self.flag.setText(f"{step:,}")
            self.flag.adjustSize()
            foot = self.mapFromScene(self.view.mapViewToScene(QPointF(step, self.value_range[0])))
            left = min(max(foot.x() - self.flag.width() // 2, 0), self.width() - self.flag.width())
            self.flag.move(left, foot.y() + 2)

    def show_range(self, first: float, last: float) -> None:
        """Look at these steps, as if the user had zoomed."""
        self._set_zoomed(True)
        self._show_steps(first, last)

    def reset_view(self) -> None:
        """Show the whole record and grow with it again."""
        self.values_zoomed = False
        self.fit_values(*self._fitted)
        self._set_zoomed(False)
        self._fit(self._end * (1.01 if self._end > 1000 else 1.03))

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.set_ground(theme.panel)
        self.flag.setStyleSheet(
            f"background: {theme.raised}; border: 1px solid {theme.line}; border-radius: 3px;"
            " padding: 0 3px; font-size: 11px;"
        )
        for axis in self._axes:
            axis.recolour(theme)
        self._show_axes()
        self.playhead.setPen(QPen(theme.colour("text"), 0, Qt.PenStyle.DashLine))
        self.hover_line.setPen(QPen(theme.colour("faint"), 0))
        self.pinned_line.setPen(QPen(theme.colour("accent"), 0))

    # mouse and keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        factors = {Qt.Key.Key_Plus: 0.5, Qt.Key.Key_Equal: 0.5, Qt.Key.Key_Minus: 2.0}
        if event.key() in factors:
            self._zoom(factors[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_0:
            self.reset_view()
        else:
            event.ignore()  # Left, Right, Home and End are the clock's

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms along the steps; over the left axis, the values."""
        factor, centre = WHEEL ** event.angleDelta().y(), self.view.mapSceneToView(event.position())
        if self._is_on_values(event.position()):
            low, high = self.value_range
            self._move_values(*(centre.y() + (end - centre.y()) * factor for end in (low, high)))
        elif self._is_on_steps(event.position()):
            self._move_steps(*(centre.x() + (end - centre.x()) * factor for end in self.view.steps))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed, self._dragged = event.position(), None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._pressed = self._dragged = None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place, start = event.position(), self._pressed
        if start is not None and event.buttons():
            far = (place - start).manhattanLength() >= QApplication.startDragDistance() // 2
            if self._dragged is not None or far:
                self._drag(start, self._dragged or start, place, event.buttons())
                self._dragged = place
                return
        step = self.step_at(place)
        self.hovered.emit(step, 0.0 if step is None else self.view.mapSceneToView(place).y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        clicked = self._pressed is not None and self._dragged is None
        self._pressed = self._dragged = None
        step = self.step_at(event.position())
        if clicked and step is not None and event.button() == Qt.MouseButton.LeftButton:
            self.step_clicked.emit(step)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.hovered.emit(None, 0.0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange()
        self.range_changed.emit()

    def step_at(self, position: QPointF) -> int | None:
        """The recorded step at a point of the scene."""
        if not self.view.rectangle.contains(position) or not self.frontier:
            return None
        step = math.floor(self.view.mapSceneToView(position).x() + 0.5)
        return min(max(step, 0), self.frontier) if step <= self.frontier * 1.05 + 1 else None

    def _is_on_values(self, position: QPointF) -> bool:
        return self.left.rectangle.contains(position)

    def _is_on_steps(self, position: QPointF) -> bool:
        return self.view.rectangle.contains(position) or self.bottom.rectangle.contains(position)

    def _drag(self, start: QPointF, before: QPointF, now: QPointF, buttons: Qt.MouseButton) -> None:
        """Move what is seen; with the right button, zoom around the point where the drag began."""
        old, new = self.view.mapSceneToView(before), self.view.mapSceneToView(now)
        if self._is_on_values(start):
            low, high = self.value_range
            self._move_values(low + old.y() - new.y(), high + old.y() - new.y())
        elif self._is_on_steps(start) and buttons & Qt.MouseButton.RightButton:
            centre, factor = self.view.mapSceneToView(start).x(), DRAG ** (before.x() - now.x())
            self._move_steps(*(centre + (end - centre) * factor for end in self.view.steps))
        elif self._is_on_steps(start):
            self._move_steps(self.first_step + old.x() - new.x(), self.last_step + old.x() - new.x())

    # ranges

    @property
    def _end(self) -> int:
        return max(self.frontier, self.reach)

    def _fit(self, last: float) -> None:
        self.view.most_steps = 2.0 * max(last, LEAST_STEPS)
        self._show_steps(0, max(math.ceil(last), LEAST_STEPS) + 0.5)

    def _grow(self) -> None:
        if not self.zoomed and self.frontier + 0.5 > self.last_step:
            self._fit(self.frontier * HEADROOM)

    def _zoom(self, factor: float) -> None:
        centre = (
            self.playhead.value() if self.playhead.isVisible() else (self.first_step + self.last_step) / 2
        )
        half = (self.last_step - self.first_step) * factor / 2
        self.show_range(centre - half, centre + half)

    def _show_steps(self, first: float, last: float) -> None:
        if self.view.show_steps(first, last):
            self.bottom.show(*self.view.steps, self.view.rectangle, self.devicePixelRatioF())
            self._place_lines()
            self.range_changed.emit()

    def _move_steps(self, first: float, last: float) -> None:
        self._show_steps(first, last)
        self._note_zoom()

    def _move_values(self, low: float, high: float) -> None:
        if self.values_move and high > low:
            self.view.values = (low, high)
            self._show_left()
            self._note_zoom()
            self.range_changed.emit()

    def _note_zoom(self) -> None:
        """The user has moved or scaled the view."""
        self.values_zoomed = self.values_zoomed or self.view.values != self._fitted
        whole = self.first_step <= 1.0 and self.last_step >= self._end and not self.values_zoomed
        self._set_zoomed(not whole)

    def _set_zoomed(self, zoomed: bool) -> None:
        if zoomed != self.zoomed:
            self.zoomed = zoomed
            self.zoomed_changed.emit(zoomed)

    # painting

    def _show_left(self) -> None:
        self.left.show(*self.view.values, self.view.rectangle, self.devicePixelRatioF())

    def _show_axes(self) -> None:
        self._show_left()
        self.bottom.show(*self.view.steps, self.view.rectangle, self.devicePixelRatioF())
        if self.right is not None:
            self.right.show(*self.right_range, self.view.rectangle, self.devicePixelRatioF())

    def _place_lines(self) -> None:
        for line in (self.playhead, self.hover_line, self.pinned_line):
            line.stand(line.value(), self.view)
