"""One metric of the chosen heads over the steps, as far as somebody looked."""

import math

import numpy
from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tfviz.training.heads.head_history import HeadHistory
from tfviz.training.heads.head_metrics import column_name
from tfviz.views.heads.head_measures import (
    MEASURES,
    MOST_CHOSEN,
    Measure,
    chosen_colour,
    number_text,
    short_name,
)
from tfviz.views.parts.elided_label import ElidedLabel
from tfviz.views.plots.axes import TickAxis
from tfviz.views.plots.canvas import Canvas
from tfviz.views.plots.step_plot import StepPlot
from tfviz.views.plots.ticks import value_ticks
from tfviz.views.style.theme import DARK, Theme

FEW_POINTS = 60
"""Looks up to which each is seen as a dot."""
LEAST_HEIGHT = 70


class HeadCurves(QWidget):
    """A curve for each chosen head, and a thin one of the head under the pointer; triangles where roles were taken."""

    step_clicked = Signal(int)
    pointed = Signal(str)
    """What is under the pointer, in words; empty where nothing is."""
    zoomed_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = DARK
        self._heads: HeadHistory | None = None
        self.measure = MEASURES[0]
        self.chosen: tuple[str, ...] = ()
        self.hovered: str | None = None
        self.legends = [ElidedLabel() for _ in range(MOST_CHOSEN)]
        row = QHBoxLayout()
        row.setSpacing(8)
        row.setContentsMargins(40, 0, 0, 0)
        for legend in self.legends:
            legend.setProperty("role", "caption")
            legend.hide()
            row.addWidget(legend, 1)
        self.plot = StepPlot(TickAxis("left", value_ticks, room=34, distance=22, grid=True))
        self.plot.setMinimumHeight(LEAST_HEIGHT)
        self.plot.setObjectName("head_curves")
        self.plot.setAccessibleName("A metric of the chosen heads over the steps")
        self.canvas = Canvas(self.plot)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.plot, 1)
        self.plot.range_changed.connect(self.draw)
        self.plot.step_clicked.connect(self.step_clicked)
        self.plot.hovered.connect(self._point)
        self.plot.zoomed_changed.connect(self.zoomed_changed)

    def show_heads(
        self,
        heads: HeadHistory,
        measure: Measure,
        scale: tuple[float, float],
        frontier: int,
    ) -> None:
        """Show this metric on an axis of this range, up to the newest step of the run."""
        another = (heads, measure) != (self._heads, self.measure)
        self._heads, self.measure = heads, measure
        if another:
            self.plot.forget_values()
        with QSignalBlocker(self.plot):
            self.plot.show_frontier(frontier)
            self.plot.fit_values(
                scale[0] - 0.03 * (scale[1] - scale[0]), scale[1] + 0.05 * (scale[1] - scale[0])
            )
        self.draw()

    def show_chosen(self, chosen: tuple[str, ...], hovered: str | None) -> None:
        if (chosen, hovered) != (self.chosen, self.hovered):
            self.chosen, self.hovered = chosen, hovered
            self.draw()

    def show_step(self, step: int | None) -> None:
        """The clock's step: the playhead stands there, and the legend says what was measured by then."""
        self.plot.show_playhead(step)
        self._write()

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.plot.recolour(theme)
        for number, legend in enumerate(self.legends):
            legend.setStyleSheet(f"color: {chosen_colour(theme, number).name()}")
        self.draw()

    def values(self, head: str) -> tuple[numpy.ndarray, numpy.ndarray]:
        """(steps, values) of the metric at every look; nothing where the head does not have it."""
        if self._heads is None:
            return numpy.empty(0), numpy.empty(0)
        return self._heads.record.column(column_name(head, self.measure.metric))

    def value_at(self, head: str, step: float) -> float:
        """At the last look up to a step; NaN where there is none."""
        steps, values = self.values(head)
        place = int(numpy.searchsorted(steps, step, side="right")) - 1
        return float(values[place]) if place >= 0 else math.nan

    def draw(self) -> None:
        self.canvas.begin()
        if self.hovered is not None and self.hovered not in self.chosen:
            self._draw_head(self.hovered, self._theme.colour("dim"), 1.0)
        for number, head in reversed(list(enumerate(self.chosen))):
            self._draw_head(head, chosen_colour(self._theme, number), 1.5)
        self.canvas.end()
        self._write()

    def _draw_head(self, head: str, colour: QColor, width: float) -> None:
        steps, values = self.values(head)
        first, last = numpy.searchsorted(steps, self.plot.view.steps)
        seen = slice(max(int(first) - 1, 0), int(last) + 1)
        steps, values = steps[seen], values[seen]
        self.canvas.line(steps, values, colour, width)
        known = ~numpy.isnan(values)
        if known.sum() <= FEW_POINTS:
            self.canvas.dots(steps[known], values[known], colour)
        taken = self._heads.taken if self._heads is not None else ()
        roles = [role.step for role in taken if role.head == head and role.role.metric == self.measure.metric]
        self.canvas.marks(numpy.array(roles, float), colour, "bottom", "up")

    def _write(self) -> None:
        """Names of the chosen heads in their colours, with what was measured by the clock's step."""
        step = self.plot.playhead.value() if self.plot.playhead.isVisible() else math.inf
        for number, legend in enumerate(self.legends):
            legend.setVisible(number < len(self.chosen))
            if number < len(self.chosen):
                head = self.chosen[number]
                value = number_text(self.value_at(head, step))
                legend.say(f"{head} {value}", f"{short_name(head)} {value}", short_name(head))
                legend.setToolTip(f"{head}: {self.measure.title} {value}\n{self.measure.explanation}")

    def _point(self, step: int | None, value: float) -> None:
        self.plot.show_hover(step)
        if step is None or not self.chosen:
            self.pointed.emit("")
            return
        steps = self.values(self.chosen[0])[0]
        past = steps[steps <= step]
        where = f"step {int(past[-1]):,}" if len(past) else "not measured before"
        found = (f"{short_name(head)} {number_text(self.value_at(head, step))}" for head in self.chosen)
        self.pointed.emit(f"{where}: {self.measure.title} " + ", ".join(found))
