"""The loss of the branches beside the one that is trained: thin lines behind it, from where each one left.

They stand still while the current branch goes on, so they have a picture of their own, drawn when they or the ranges
change and copied to the screen otherwise.
"""

from collections.abc import Mapping

from tfviz.training.branching.branches import Line, shared_past
from tfviz.training.run_file.branch import MAIN
from tfviz.views.plots.canvas import Canvas
from tfviz.views.plots.run_curves import RunCurves
from tfviz.views.plots.step_plot import StepPlot
from tfviz.views.plots.value_range import Points, on_axis
from tfviz.views.style.theme import DARK

BEHIND = -11.0  # the picture of the current branch lies at -10
LOSS = ("loss",)


class BranchCurves:
    """Draws on a plot; `show` says which branches there are, `hidden` which of them are not wanted."""

    def __init__(self, plot: StepPlot, factor: float) -> None:
        self.plot = plot
        self.canvas = Canvas(plot)
        self.canvas.setZValue(BEHIND)
        self.theme = DARK
        self.logarithmic = False
        self.hidden: set[int] = set()
        self._factor = factor
        self._lines: dict[int, Line] = {}
        self._current = MAIN
        self._curves: dict[int, RunCurves] = {}
        self._read: tuple[object, dict[int, Points]] = (None, {})
        self._drawn: object = None

    def show(self, lines: Mapping[int, Line], current: int) -> None:
        """These are all branches, and the one that is trained now, which somebody else draws."""
        self._lines, self._current = dict(lines), current
        before = self._curves
        self._curves = {}
        for number, line in lines.items():
            if number != current:
                curves = before.get(number) or RunCurves(LOSS, smoothed=LOSS, factor=self._factor)
                curves.update(line.history)
                self._curves[number] = curves

    def set_factor(self, factor: float) -> None:
        """Smooth more or less, as the current branch."""
        self._factor = factor
        for curves in self._curves.values():
            curves.set_factor(factor)

    @property
    def begins(self) -> dict[int, int]:
        """Visible branch -> the step from which its line differs from all that is drawn before it."""
        branches = {number: line.branch for number, line in self._lines.items()}
        drawn, begins = [self._current], {}
        for number, curves in self._curves.items():
            if number not in self.hidden:
                begin = max(shared_past(branches, number, other) for other in drawn)
                drawn.append(number)
                if begin < len(curves):
                    begins[number] = begin
        return begins

    @property
    def reach(self) -> int:
        """The furthest step of a visible branch; 0 where there is none."""
        return max((len(self._curves[number]) for number in self.begins), default=0)

    def lines(self) -> dict[int, Points]:
        """What is drawn in the plot's range of steps, in units of its value axis."""
        state = (self.plot.view.steps, self.plot.columns, *self._state)
        if state != self._read[0]:
            self._read = (
                state,
                {number: self._points(number, begin) for number, begin in self.begins.items()},
            )
        return self._read[1]

    def draw(self) -> None:
        """Draw anew if anything is not as it was."""
        state = (self.canvas.geometry, self.theme.name, *self._state)
        if state == self._drawn:
            return
        self._drawn = state
        lines = self.lines()
        self.canvas.setVisible(bool(lines))
        if not lines:
            return
        self.canvas.begin()
        for number, (steps, values) in lines.items():
            colour = self.theme.colour(self.theme.branch(number))
            self.canvas.line(steps, values, colour, width=1.5)
            self.canvas.dots(steps[:1], values[:1], colour)
        self.canvas.end()

    @property
    def _state(self) -> tuple[object, ...]:
        parts = [
            (n, begin, len(self._curves[n]), self._curves[n].envelopes["loss"])
            for n, begin in self.begins.items()
        ]
        return self.logarithmic, self._factor, tuple(parts)

    def _points(self, number: int, begin: int) -> Points:
        """Smoothed as the current branch is; at most two points for each pixel column."""
        curves, plot, columns = self._curves[number], self.plot, self.plot.columns
        if self._factor:
            steps, values = curves.smoothed["loss"].means.points(
                plot.first_step, plot.last_step, columns // 2, begin
            )
        else:
            steps, values = curves.envelopes["loss"].points(plot.first_step, plot.last_step, columns, begin)
        own = steps >= begin
        return on_axis((steps[own], values[own]), self.logarithmic)
