"""The history of one parameter group: its gradient norm at every step, its update ratio where somebody looked."""

import numpy
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tfviz.training.record.history import GROUP_PREFIX, History
from tfviz.views.optimiser.update_columns import GUIDE, number_text
from tfviz.views.parts.elided_label import ElidedLabel
from tfviz.views.parts.widgets import Throttle
from tfviz.views.plots.axes import TickAxis
from tfviz.views.plots.canvas import DASHED, Canvas
from tfviz.views.plots.group_norms import short_name
from tfviz.views.plots.run_curves import RunCurves
from tfviz.views.plots.step_plot import StepPlot
from tfviz.views.plots.ticks import Tick, decade_ticks
from tfviz.views.plots.value_range import NO_LOGARITHM, Points, on_axis, padded, robust_range, settled
from tfviz.views.style.theme import DARK, Theme

MOST_COLUMNS = 1000
FEW_POINTS = 60
LEAST_DECADES = 0.6
AIR = 0.1  # decades above and below the curve


class UpdateHistory(QWidget):
    """Both curves over the steps on logarithmic axes: the norm's at the left, the ratio's at the right."""

    step_clicked = Signal(int)
    hovered = Signal(str)
    """What is under the pointer, in words; empty where nothing is."""
    zoomed_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = DARK
        self._history: History | None = None
        self._group: str | None = None
        self._curves = RunCurves(())
        self.norm_legend, self.ratio_legend = ElidedLabel(), ElidedLabel()
        self.ratio_legend.setAlignment(Qt.AlignmentFlag.AlignRight)
        for legend in (self.norm_legend, self.ratio_legend):
            legend.setProperty("role", "caption")
        self.plot = StepPlot(
            TickAxis("left", short_ticks, room=46, distance=20),
            TickAxis("right", short_ticks, room=48, distance=20),
            (GUIDE - 1, GUIDE + 1),
        )
        self.plot.setObjectName("update_history")
        self.plot.setAccessibleName("History of the chosen parameter group")
        self.canvas = Canvas(self.plot)
        legends = QHBoxLayout()
        legends.setSpacing(16)
        legends.addWidget(self.norm_legend, 1)
        legends.addWidget(self.ratio_legend)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(legends)
        column.addWidget(self.plot, 1)
        self._fit_throttle = Throttle(self.fit_and_draw, 2.0, self)
        self.plot.range_changed.connect(self._range_changed)
        self.plot.zoomed_changed.connect(self.zoomed_changed)
        self.plot.step_clicked.connect(self.step_clicked)
        self.plot.hovered.connect(self._hover)

    def show_group(self, group: str | None, history: History | None) -> None:
        """Show this group of this history as far as it goes now; the same again shows what is new."""
        another = (group, history) != (self._group, self._history)
        self._group, self._history = group, history
        if group is None or history is None:
            return
        if another:
            self._curves = RunCurves((GROUP_PREFIX + group,))
            self.plot.forget_values()
            self.norm_legend.say(
                f"{group}: gradient, L2 norm (left axis)", f"{short_name(group)}: gradient", short_name(group)
            )
            self.ratio_legend.say("update ÷ weights (right)")
        self._curves.update(history)
        with QSignalBlocker(self.plot):
            self.plot.show_frontier(len(history))
        if another:
            self.fit_and_draw()
        else:
            self.draw()
            self._fit_throttle.request()

    def show_step(self, step: int | None) -> None:
        self.plot.show_playhead(step)

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.plot.left.text_token, right = "gradient", self.plot.right
        assert right is not None
        right.text_token = "parameter"
        self.plot.recolour(theme)
        self.norm_legend.setStyleSheet(f"color: {theme.gradient}")
        self.ratio_legend.setStyleSheet(f"color: {theme.parameter}")
        self.draw()

    # drawing

    def fit_and_draw(self) -> None:
        """Choose the ranges anew if what is seen no longer fits them, then draw."""
        norms, ratios = self._norms()[1], self._ratios()[1]
        wanted = log_range(norms)
        if wanted is not None:
            self.plot.fit_values(*settled(self.plot.value_range, wanted))
        wanted = log_range(ratios)
        if wanted is not None:
            self.plot.fit_right(*settled(self.plot.right_range, wanted))
        self.draw()

    def draw(self) -> None:
        """Draw in the ranges that the axes have."""
        if self._group is None:
            return
        plot, scale = self.plot, self.plot.right_range
        norm_colour, ratio_colour = self._theme.colour("gradient"), self._theme.colour("parameter")
        norms, ratios = self._norms(), self._ratios()
        self.canvas.begin()
        ends = numpy.array([plot.first_step, plot.last_step])
        if scale[0] <= GUIDE <= scale[1]:
            self.canvas.line(
                ends, numpy.full(2, GUIDE), self._theme.colour("good"), strokes=DASHED, scale=scale
            )
        self.canvas.line(*norms, norm_colour)
        self.canvas.line(*ratios, ratio_colour, 1.5, scale=scale)
        number = numpy.isfinite(ratios[1])
        if number.sum() <= FEW_POINTS:
            self.canvas.dots(ratios[0][number], ratios[1][number], ratio_colour, scale)
        self._mark(*norms, norm_colour, plot.value_range)
        self._mark(*ratios, ratio_colour, scale)
        broken = self._curves.envelopes[GROUP_PREFIX + self._group].broken_between(*plot.view.steps)
        unknown = ~number & (ratios[1] != NO_LOGARITHM)
        for steps in (broken, ratios[0][unknown]):
            self.canvas.marks(steps, self._theme.colour("not_a_number"), "top", "down")
        self.canvas.end()

    def _mark(
        self, steps: numpy.ndarray, values: numpy.ndarray, colour: QColor, scale: tuple[float, float]
    ) -> None:
        """Triangles at the edges for what lies outside of the range."""
        self.canvas.marks(steps[(values > scale[1]) & (values < numpy.inf)], colour, "top", "up")
        self.canvas.marks(steps[values < scale[0]], colour, "bottom", "down")

    def _norms(self) -> Points:
        """In units of the left axis, two points for each pixel column at most."""
        if self._group is None or not len(self._curves):
            return numpy.empty(0), numpy.empty(0)
        envelope = self._curves.envelopes[GROUP_PREFIX + self._group]
        columns = min(self.plot.columns, MOST_COLUMNS)
        return on_axis(envelope.points(self.plot.first_step, self.plot.last_step, columns), True)

    def _ratios(self) -> Points:
        """In units of the right axis: those that are seen, and one more on either side; what is no number stays so."""
        if self._group is None or self._history is None:
            return numpy.empty(0), numpy.empty(0)
        steps, ratios = self._history.update_ratios.column(self._group)
        first, last = numpy.searchsorted(steps, (self.plot.first_step, self.plot.last_step))
        seen = slice(max(int(first) - 1, 0), int(last) + 1)
        return on_axis((steps[seen], ratios[seen]), True)

    def _range_changed(self) -> None:
        self.draw()
        self._fit_throttle.request()

    # what is read

    def _hover(self, step: int | None, value: float) -> None:
        self.plot.show_hover(step)
        if step is None or self._group is None or self._history is None:
            self.hovered.emit("")
            return
        norm = self._curves.value(GROUP_PREFIX + self._group, step)
        text = f"step {step:,}: gradient norm {norm:.3g}"
        steps, ratios = self._history.update_ratios.column(self._group)
        if len(steps):
            near = int(numpy.argmin(numpy.abs(steps - step)))
            text += f", update ratio {ratios[near]:.2e}"
            text += "" if steps[near] == step else f" at step {int(steps[near]):,}"
        self.hovered.emit(text)


def short_ticks(low: float, high: float, count: int) -> list[Tick]:
    """Decades and round parts of them, small ones as "2.0e-4": an axis has no room for many zeros."""
    return [(position, number_text(10.0**position)) for position, _ in decade_ticks(low, high, count)]


def log_range(exponents: numpy.ndarray) -> tuple[float, float] | None:
    """The range of a logarithmic axis for the bulk of what is seen, most of a decade at least."""
    found = robust_range(exponents[exponents > NO_LOGARITHM])
    if found is None:
        return None
    low, high = padded(*found, from_zero=False)
    short = max(LEAST_DECADES - (high - low), 0.0) / 2
    return low - short - AIR, high + short + AIR
