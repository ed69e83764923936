"""A plot over the steps of a run: it grows with the record until the user looks closer, and a click goes to a step."""

import math

import pyqtgraph
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent, MouseDragEvent
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QGraphicsSceneWheelEvent, QWidget

from tfviz.views.axes import TickAxis
from tfviz.views.panel import label
from tfviz.views.theme import DARK, Theme
from tfviz.views.ticks import step_ticks
from tfviz.views.widgets import Throttle

LEAST_STEPS = 20  # the range of a run that has hardly begun
HEADROOM = 1.03  # the range grows by this factor: the axis is redrawn now and then, not with every point
TOP = 7.0  # pixels above the view, for the half of a label at its edge
GROWTH_RATE = 2.0  # times a second, at most


class StepView(pyqtgraph.ViewBox):
    """The area of the curves: dragging and the wheel move along the steps, the wheel over an axis zooms that axis."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0.0)
        self.disableAutoRange()

    def wheelEvent(self, ev: QGraphicsSceneWheelEvent, axis: int | None = None) -> None:
        super().wheelEvent(ev, 0 if axis is None else axis)

    def mouseDragEvent(self, ev: MouseDragEvent, axis: int | None = None) -> None:
        super().mouseDragEvent(ev, 0 if axis is None else axis)


class StepPlot(pyqtgraph.GraphicsView):
    """One view with a value axis at the left, the step axis below and, if given, an axis at the right.

    The owner draws when `range_changed` is emitted: the range of steps or the size became another one.
    """

    step_clicked = Signal(int)
    hovered = Signal(object, float)
    """The step under the pointer, None where there is none, and the value at its height."""
    range_changed = Signal()
    zoomed_changed = Signal(bool)

    def __init__(self, left: TickAxis, right: TickAxis | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(160, 90)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.frontier = 0
        self.zoomed = False
        self.values_zoomed = False
        self._theme = DARK
        self._fitted = (0.0, 1.0)
        self.left, self.right, self.bottom = left, right, TickAxis("bottom", step_ticks, room=20, distance=95)
        self.view = StepView()
        for item in (self.view, *self._axes):
            self.addItem(item)
        for axis in self._axes:
            axis.setZValue(-1000)
        for axis in (left, self.bottom):
            axis.linkToView(self.view)
        self.flag = label(role="number")
        self.flag.setParent(self)
        self.flag.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.flag.hide()
        self.playhead = self._line(20)
        self.hover_line = self._line(10)
        self._growth = Throttle(self._grow, GROWTH_RATE, self)
        self.view.setLimits(xMin=0, minXRange=8)
        self._fit(LEAST_STEPS)
        self.fit_values(0.0, 1.0)
        self.view.sigXRangeChanged.connect(self.range_changed)
        self.view.sigRangeChangedManually.connect(self._zoomed_by_hand)
        self.scene().sigMouseClicked.connect(self._clicked)
        self.scene().sigMouseMoved.connect(self._moved)
        self.recolour(self._theme)

    @property
    def _axes(self) -> tuple[TickAxis, ...]:
        return (self.left, self.bottom) if self.right is None else (self.left, self.bottom, self.right)

    def arrange(self) -> None:
        """Give every part its place. A layout of Qt's would do, but crashes when Python collects a closed plot."""
        left, foot = self.left.maximumWidth(), self.bottom.maximumHeight()
        right = self.right.maximumWidth() + 4 if self.right is not None else 14
        width, height = max(self.width() - left - right, 1.0), max(self.height() - TOP - foot, 1.0)
        self.view.setGeometry(QRectF(left, TOP, width, height))
        self.left.setGeometry(QRectF(0, TOP, left, height))
        self.bottom.setGeometry(QRectF(left, TOP + height, width, foot))
        if self.right is not None:
            self.right.setGeometry(QRectF(left + width, TOP, right - 4, height))

    @property
    def first_step(self) -> float:
        return float(self.view.viewRange()[0][0])

    @property
    def last_step(self) -> float:
        return float(self.view.viewRange()[0][1])

    @property
    def columns(self) -> int:
        """How many pixels wide the curves are."""
        return max(int(self.view.width()), 1)

    @property
    def steps_per_pixel(self) -> float:
        return (self.last_step - self.first_step) / self.columns

    @property
    def value_range(self) -> tuple[float, float]:
        low, high = self.view.viewRange()[1]
        return float(low), float(high)

    def fit_values(self, low: float, high: float) -> None:
        """The range of the value axis, unless the user has chosen one."""
        if not self.values_zoomed:
            self._fitted = (low, high)
            self.view.setYRange(low, high, padding=0)

    def forget_values(self) -> None:
        """The value axis gets another meaning: whatever range comes next is taken."""
        self.values_zoomed = False
        self.fit_values(0.0, 1e-6)

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

    def show_playhead(self, step: int | None) -> None:
        """The line at the clock's step; None hides it."""
        self.playhead.setVisible(step is not None)
        if step is not None and step != self.playhead.value():
            self.playhead.setValue(step)

    def show_hover(self, step: int | None) -> None:
        """A fainter line with the step written at its foot, as under the pointer."""
        self.hover_line.setVisible(step is not None)
        self.flag.setVisible(step is not None)
        if step is not None:
            self.hover_line.setValue(step)
            self.flag.setText(f"{step:,}")
            self.flag.adjustSize()
            foot = self.mapFromScene(self.view.mapViewToScene(QPointF(step, self.value_range[0])))
            left = min(max(foot.x() - self.flag.width() // 2, 0), self.width() - self.flag.width())
            self.flag.move(left, foot.y() + 2)

    def show_range(self, first: float, last: float) -> None:
        """Look at these steps, as if the user had zoomed."""
        self._set_zoomed(True)
        self.view.setXRange(first, last, padding=0)

    def reset_view(self) -> None:
        """Show the whole record and grow with it again."""
        self.values_zoomed = False
        self.fit_values(*self._fitted)
        self._set_zoomed(False)
        self._fit(self.frontier * (1.01 if self.frontier > 1000 else HEADROOM))

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.setBackground(theme.panel)
        self.flag.setStyleSheet(
            f"background: {theme.raised}; border: 1px solid {theme.line}; border-radius: 3px;"
            " padding: 0 3px; font-size: 11px;"
        )
        for axis in (self.left, self.bottom):
            axis.recolour(theme)
        if self.right is not None:
            self.right.recolour(theme)
        self.playhead.setPen(QPen(theme.colour("text"), 0, Qt.PenStyle.DashLine))
        self.hover_line.setPen(QPen(theme.colour("faint"), 0))

    def keyPressEvent(self, ev: QKeyEvent) -> None:
        factors = {Qt.Key.Key_Plus: 0.5, Qt.Key.Key_Equal: 0.5, Qt.Key.Key_Minus: 2.0}
        if ev.key() in factors:
            self._zoom(factors[Qt.Key(ev.key())])
        elif ev.key() == Qt.Key.Key_0:
            self.reset_view()
        else:
            ev.ignore()  # Left, Right, Home and End are the clock's

    def leaveEvent(self, ev: QEvent) -> None:
        super().leaveEvent(ev)
        self.hovered.emit(None, 0.0)

    def resizeEvent(self, ev: QResizeEvent | None) -> None:
        super().resizeEvent(ev)
        if ev is not None:
            self.arrange()
            self.range_changed.emit()

    def step_at(self, position: QPointF) -> int | None:
        """The recorded step at a point of the scene."""
        inside = self.view.mapRectToScene(QRectF(self.view.boundingRect())).contains(position)
        if not inside or not self.frontier:
            return None
        step = math.floor(self.view.mapSceneToView(position).x() + 0.5)
        return min(max(step, 0), self.frontier) if step <= self.frontier * 1.05 + 1 else None

    def _line(self, depth: int) -> pyqtgraph.InfiniteLine:
        line = pyqtgraph.InfiniteLine(0, angle=90)
        line.setZValue(depth)
        line.setVisible(False)
        self.view.addItem(line, ignoreBounds=True)
        return line

    def _fit(self, last: float) -> None:
        self.view.setLimits(xMax=2.0 * max(last, LEAST_STEPS))
        self.view.setXRange(0, max(math.ceil(last), LEAST_STEPS) + 0.5, padding=0)

    def _grow(self) -> None:
        if not self.zoomed and self.frontier + 0.5 > self.last_step:
            self._fit(self.frontier * HEADROOM)

    def _zoom(self, factor: float) -> None:
        centre = (
            self.playhead.value() if self.playhead.isVisible() else (self.first_step + self.last_step) / 2
        )
        half = (self.last_step - self.first_step) * factor / 2
        self.show_range(centre - half, centre + half)

    def _zoomed_by_hand(self) -> None:
        low, high = self.value_range
        tolerance = 1e-6 * abs(high - low)
        if abs(low - self._fitted[0]) > tolerance or abs(high - self._fitted[1]) > tolerance:
            self.values_zoomed = True
        whole = self.first_step <= 1.0 and self.last_step >= self.frontier and not self.values_zoomed
        self._set_zoomed(not whole)

    def _set_zoomed(self, zoomed: bool) -> None:
        if zoomed != self.zoomed:
            self.zoomed = zoomed
            self.zoomed_changed.emit(zoomed)

    def _clicked(self, event: MouseClickEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not event.double():
            step = self.step_at(event.scenePos())
            if step is not None:
                event.accept()
                self.step_clicked.emit(step)

    def _moved(self, position: QPointF) -> None:
        step = self.step_at(position)
        self.hovered.emit(step, 0.0 if step is None else self.view.mapSceneToView(position).y())
