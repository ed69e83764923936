"""What is drawn between the axes of the loss and accuracy card."""

from collections.abc import Set
from typing import NamedTuple

import numpy
from PySide6.QtGui import QColor

from tfviz.training.run_file.branch import MAIN
from tfviz.views.plots.branch_curves import BranchCurves
from tfviz.views.plots.canvas import DASHED, DOTTED, MARK_DISTANCE, Canvas
from tfviz.views.plots.curve_data import block_size
from tfviz.views.plots.run_curves import RunCurves
from tfviz.views.plots.step_plot import StepPlot
from tfviz.views.plots.value_range import NO_LOGARITHM, Points, on_axis, padded, robust_range, settled
from tfviz.views.style.theme import DARK, Theme

Range = tuple[float, float]

TRAINED = ("loss", "token_accuracy", "sequence_accuracy")
VALIDATED = ("validation_loss", "validation_token_accuracy", "validation_sequence_accuracy")
FREE = ("validation_free_token_accuracy", "validation_free_sequence_accuracy")
SERIES = {"train": (0,), "validation": (1,), "accuracy": (2,), "sequence": (3,), "free": (2, 3)}
"""What can be shown or hidden, with the places of its colours in the theme's series."""

SPARSE = {"validation": "validation_loss", "free": "validation_free_token_accuracy"}
"""Series that have a value only now and then, with a column that says when."""

ACCURACY_RANGE = (-0.02, 1.06)
MOST_COLUMNS = 1000  # two points each
FEW_POINTS = 40


class Extent(NamedTuple):
    """Of a series that has a value only now and then."""

    points: int
    last: float
    """The step of the last one; 0 where there is none."""


class CurvePicture:
    """Draws the curves of a run on a plot: the loss decides the value axis, accuracies fill its height from 0 to 1."""

    def __init__(self, plot: StepPlot, curves: RunCurves) -> None:
        self.plot, self.curves = plot, curves
        self.canvas = Canvas(plot)
        self.others = BranchCurves(plot, curves.factor)
        self.branch = MAIN
        """Whose curves these are; the loss is drawn in the colour of its branch."""
        self._theme = DARK
        self._logarithmic = False
        self.shown: Set[str] = set(SERIES)
        self._since = 0.0  # from which step on the lines of training are drawn
        self._sparse: Set[str] = set(SPARSE)  # which of the others are
        self._drawn_steps = 0
        self._drawn_range: Range = (0.0, 0.0)
        self._drawn_extents = dict.fromkeys(SPARSE, Extent(0, 0.0))
        self._drawn: tuple[object, ...] = ()

    @property
    def theme(self) -> Theme:
        return self._theme

    @theme.setter
    def theme(self, theme: Theme) -> None:
        self._theme = self.others.theme = theme

    @property
    def logarithmic(self) -> bool:
        return self._logarithmic

    @logarithmic.setter
    def logarithmic(self, logarithmic: bool) -> None:
        self._logarithmic = self.others.logarithmic = logarithmic

    @property
    def is_stale(self) -> bool:
        """Whether there is more to see than was drawn: half a pixel of new steps, another range, or another run."""
        if self._drawn[-1:] != (self.curves.envelopes,) or self._drawn_range != self.plot.view.steps:
            return True
        pixels = (len(self.curves) - self._drawn_steps) / self.plot.steps_per_pixel
        return pixels >= 0.5 or pixels < 0

    def fit_and_draw(self) -> None:
        """Choose the range of the loss anew if the lines no longer fit it, then draw."""
        self._since, self._sparse = 0.0, self.shown & set(SPARSE)
        lines = [*self._loss_lines().values(), *self.others.lines().values()]
        values = [y[y > NO_LOGARITHM] for _, y in lines if len(y)]
        wanted = robust_range(numpy.concatenate(values)) if values else None
        if wanted is not None:
            target = padded(*wanted, from_zero=not self.logarithmic)
            self.plot.fit_values(*settled(self.plot.value_range, target))
        self.draw()

    def draw(self) -> None:
        """Draw in the ranges that the axes have: only what is new where all else stands as it did."""
        self.others.draw()
        curves, extents = self.curves, {name: self._extent(column) for name, column in SPARSE.items()}
        state = (
            self.canvas.geometry, self.logarithmic, frozenset(self.shown), curves.factor, self.theme.name, self.branch,
            *(extent.points <= FEW_POINTS for extent in extents.values()), curves.envelopes,
        )  # fmt: skip
        goes_on = len(state) == len(self._drawn) and state[:-1] == self._drawn[:-1]
        left = 0.0
        if goes_on and state[-1] is self._drawn[-1] and len(curves) >= self._drawn_steps:
            if (len(curves), extents) == (self._drawn_steps, self._drawn_extents):
                return
            left = self._first_new_pixel(extents)
        self._drawn, self._drawn_extents = state, extents
        self._draw(left)

    def _extent(self, column: str) -> Extent:
        found = self.curves.recorded_steps(column), self.curves.envelopes[column].broken
        last = max((float(steps[-1]) for steps in found if len(steps)), default=0.0)
        return Extent(sum(map(len, found)), last)

    def _first_new_pixel(self, extents: dict[str, Extent]) -> float:
        """From where the picture differs from the one that was drawn last: where blocks were not full yet."""
        first, last = self.plot.first_step, self.plot.last_step
        size = block_size(last - first, self._columns // 2)
        step = float((self._drawn_steps // size - 2) * size)
        for name, drawn in self._drawn_extents.items():
            if extents[name] != drawn:
                step = min(step, drawn.last)
        left = self.plot.view.x(step) - MARK_DISTANCE
        return max(left // MARK_DISTANCE * MARK_DISTANCE, 0.0)

    def _draw(self, left: float) -> None:
        """Draw anew from pixel `left` on."""
        self._drawn_steps = len(self.curves)
        self._drawn_range = (self.plot.first_step, self.plot.last_step)
        # Marks of two neighbours to the left reach beyond it, and so do lines from the points before it.
        since = self.plot.first_step + (left - 2 * MARK_DISTANCE) * self.plot.view.steps_per_pixel
        self._since = since if left > 0 else 0.0
        self._sparse = {
            name
            for name, extent in self._drawn_extents.items()
            if name in self.shown and (left <= 0 or self.plot.view.x(extent.last) > left - MARK_DISTANCE)
        }
        lines = self._loss_lines()
        validation, token, sequence = (self.theme.colour(colour) for colour in self.theme.series[1:4])
        train = self.theme.colour(self.theme.branch(self.branch))
        faint = self.theme.mix("panel", self.theme.branch(self.branch), 0.42) if self.curves.factor else train
        self.canvas.begin(left)
        if "loss" in lines:
            self.canvas.line(*lines["loss"], faint)
        if "accuracy" in self.shown:
            self._draw_accuracy("token_accuracy", token)
        if "sequence" in self.shown:
            self._draw_accuracy("sequence_accuracy", sequence)
        if "validation_loss" in lines:
            self.canvas.line(*lines["validation_loss"], validation, width=1.5)
        if "smoothed" in lines:
            self.canvas.line(*lines["smoothed"], train, width=2.0)
        if "validation_loss" in lines:
            self._draw_dots("validation", lines["validation_loss"], validation)
        self._draw_marks(lines)
        self.canvas.end()

    def _loss_lines(self) -> dict[str, Points]:
        """The lines of the loss that are shown, in units of the axis."""
        lines: dict[str, Points] = {}
        if "train" in self.shown:
            lines["loss"] = self._on_axis(self._recorded("loss"))
            if self.curves.factor:
                lines["smoothed"] = self._on_axis(self._averaged("loss"))
        if "validation" in self._sparse:
            lines["validation_loss"] = self._on_axis(self._recorded("validation_loss"))
        return lines

    @property
    def _columns(self) -> int:
        return min(self.plot.columns, MOST_COLUMNS)

    def _recorded(self, name: str) -> Points:
        """At most two points for each pixel column; validations are few, and their lines long."""
        since = self._since
        if name in (*VALIDATED, *FREE) and since > 0:
            steps = self.curves.recorded_steps(name)
            since = float(steps[max(int(numpy.searchsorted(steps, since)) - 2, 0)]) if len(steps) else 0.0
        return self.curves.envelopes[name].points(
            self.plot.first_step, self.plot.last_step, self._columns, since
        )

    def _averaged(self, name: str) -> Points:
        """One point for two pixel columns of the smoothed curve; as recorded where nothing is smoothed."""
        if not self.curves.factor:
            return self._recorded(name)
        means = self.curves.smoothed[name].means
        return means.points(self.plot.first_step, self.plot.last_step, self._columns // 2, self._since)

    def _on_axis(self, points: Points) -> Points:
        return on_axis(points, self.logarithmic)

    def _draw_accuracy(self, name: str, colour: QColor) -> None:
        width = 1.5 if self.curves.factor else 1.0
        self.canvas.line(*self._averaged(name), colour, width, scale=ACCURACY_RANGE)
        for series, column, strokes in (
            ("validation", f"validation_{name}", DASHED),
            ("free", f"validation_free_{name}", DOTTED),
        ):
            if series in self._sparse:
                points = self._recorded(column)
                self.canvas.line(*points, colour, width=1.5, strokes=strokes, scale=ACCURACY_RANGE)
                self._draw_dots(series, points, colour, scale=ACCURACY_RANGE)

    def _draw_dots(self, series: str, points: Points, colour: QColor, scale: Range | None = None) -> None:
        """Dots on a line of few points: the first validation is seen although it makes no line yet."""
        if self._drawn_extents[series].points <= FEW_POINTS:
            steps, values = points
            number = numpy.isfinite(values)
            hollow = self.theme.colour("panel") if series == "free" else None
            self.canvas.dots(steps[number], values[number], colour, scale, hollow)

    def _draw_marks(self, lines: dict[str, Points]) -> None:
        """Triangles at the edges: losses outside of the range in their colour, NaN and infinity in theirs."""
        low, high = self.plot.value_range
        for name, colour in (
            ("loss", self.theme.branch(self.branch)),
            ("validation_loss", self.theme.series[1]),
        ):
            if name in lines:
                steps, values = lines[name]
                self.canvas.marks(steps[values > high], self.theme.colour(colour), "top", "up")
                self.canvas.marks(steps[values < low], self.theme.colour(colour), "bottom", "down")
                broken = self.curves.envelopes[name].broken_between(self.plot.first_step, self.plot.last_step)
                self.canvas.marks(broken, self.theme.colour("not_a_number"), "top", "down")
