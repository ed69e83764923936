"""The gradient norm of every parameter group over the steps as a heat map, or that of the whole gradient as a curve."""

import math
from functools import partial

import numpy
from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from tfviz.training.record.history import History
from tfviz.views.curves.step_card import StepCard
from tfviz.views.panel import EMPTY_TEXT, EmptyState
from tfviz.views.parts.elided_label import ElidedLabel
from tfviz.views.parts.widgets import SegmentedButtons, Throttle
from tfviz.views.plots.axes import TickAxis
from tfviz.views.plots.canvas import Canvas
from tfviz.views.plots.group_norms import GroupNorms, layer_names, short_name
from tfviz.views.plots.heat_map import HeatMap, indices
from tfviz.views.plots.level_bar import LevelBar
from tfviz.views.plots.run_curves import RunCurves
from tfviz.views.plots.step_plot import NO_RANGE, StepPlot
from tfviz.views.plots.ticks import Tick, decade_ticks, short_number
from tfviz.views.plots.value_range import padded, robust_range, settled
from tfviz.views.style.icons import icon
from tfviz.views.style.theme import Theme

MOST_COLUMNS = 1000
CAPTIONS = ("log10 of L2 norm, per parameter group", "log10 of L2 norm", "log10")
TOTAL_CAPTIONS = ("L2 norm of the whole gradient, before clipping", "L2 norm, before clipping", "L2")
NOT_RECORDED = "No gradient norm was recorded of this run.\nThe curves show what was."
HEAT_MAP, TOTAL = 0, 1
WITH_READING, WITH_WIDE_BUTTONS = 440, 280
"""Pixels of the header in which the title has room beside what is read at a step, and beside wide buttons."""
REACH = 0.5  # powers of ten by which the scale is lengthened for a few values beyond the others
LABEL_HEIGHT = 10  # pixels of a row below which rows are named by their layer only


class GradientPanel(StepCard):
    """The card "Gradient norm": rows are parameter groups, columns are steps, colours are powers of ten."""

    title = "Gradient norm"
    object_name = "gradient_panel"
    rate = 5.0
    preferred_size = (750, 190)

    step_clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.norms = GroupNorms()
        self.total = RunCurves(("gradient_norm",), smoothed=("gradient_norm",), factor=0.9)
        self.step: int | None = None
        self.levels = (-2.0, 0.0)
        self._build_header()
        self._build_plot()
        self._fit_throttle = Throttle(self._fit_and_draw, 2.0, self)
        self._summary_throttle = Throttle(self._summarise, 1.0, self)
        self.recolour(self.theme)
        self._choose(HEAT_MAP)
        self._show_empty()

    def show_history(self, history: History) -> None:
        groups = self.norms.groups
        changed = self.norms.update(history)
        if not self.total.update(history) and not changed:
            return
        with QSignalBlocker(self.plot):
            self.plot.show_frontier(len(history))
        if len(history):
            self._offer_groups(bool(self.norms.groups))
        if self.norms.groups != groups:
            self._choose(self.mode.index)
        self._show_empty()
        self._draw()
        self._fit_throttle.request()
        self._summary_throttle.request()

    def show_step(self, step: int | None) -> None:
        """The clock's step: the playhead stands there."""
        if step != self.step:
            self.step = step
            self.plot.show_playhead(step)

    def recolour(self, theme: Theme) -> None:
        super().recolour(theme)
        self.plot.recolour(theme)
        self.heat_map.recolour(theme)
        self.level_bar.recolour(theme)
        self.reset_button.setIcon(icon("solo", theme.dim))
        self._draw()

    # what stands where

    def _build_header(self) -> None:
        self.caption = ElidedLabel()
        self.caption.setObjectName("gradient_readout")
        self.header.insertWidget(1, self.caption, 20)
        self.mode = SegmentedButtons(("Groups", "Total"), "Gradient norm as")
        self.mode.setObjectName("gradient_mode")
        self.mode.setToolTip(
            "All parameter groups as rows of a heat map, or the norm of the whole gradient as a curve"
        )
        self.mode.chosen.connect(self._choose)
        self.reset_button = QToolButton()
        self.reset_button.setObjectName("gradient_reset")
        self.reset_button.setToolTip("Show the whole run again (0)")
        self.reset_button.setAccessibleName("Reset view")
        self.reset_button.hide()
        self.add_control(self.reset_button)
        self.add_control(self.mode)

    def _build_plot(self) -> None:
        # The axis gets no method of this panel: a part of the scene that keeps its window alive is destroyed twice.
        self._name_rows = partial(row_names, self.norms)
        self.plot = StepPlot(TickAxis("left", self._name_rows, room=66, distance=1, size=10))
        self.plot.setObjectName("gradient_plot")
        self.plot.setAccessibleName("Gradient norms over the steps")
        self.heat_map = HeatMap(self.plot)
        self.canvas = Canvas(self.plot)
        self.level_bar = LevelBar(top=7, bottom=20)
        self.level_bar.setObjectName("gradient_levels")
        self.level_bar.setAccessibleName("Colour scale of the gradient norms")
        self.empty = EmptyState()
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.empty)
        row.addWidget(self.plot)
        row.addWidget(self.level_bar)
        self.body.addLayout(row)
        self.plot.range_changed.connect(self._range_changed)
        self.plot.zoomed_changed.connect(self.reset_button.setVisible)
        self.plot.step_clicked.connect(self.step_clicked)
        self.plot.hovered.connect(self._hover)
        self.reset_button.clicked.connect(self.plot.reset_view)

    @property
    def _recorded(self) -> bool:
        """Whether there is any norm, NaN among them: another trainer may have recorded none."""
        whole = self.total.envelopes["gradient_norm"]
        return (
            bool(self.norms.groups) or len(whole.broken) > 0 or math.isfinite(whole.latest(len(self.total)))
        )

    def _show_empty(self) -> None:
        empty = not len(self.total) or not self._recorded
        self.empty.set_text(NOT_RECORDED if len(self.total) else EMPTY_TEXT)
        self.empty.setVisible(empty)
        self.plot.setVisible(not empty)
        self.level_bar.setVisible(not empty and self._is_heat_map)
        self.reset_button.setVisible(self.plot.zoomed)

    @property
    def _is_heat_map(self) -> bool:
        return self.mode.index == HEAT_MAP

    def _offer_groups(self, offered: bool) -> None:
        """Another trainer may have recorded the norm of the whole gradient alone: then there is only the curve."""
        if offered != self.mode.button(HEAT_MAP).isEnabled():
            self.mode.button(HEAT_MAP).setEnabled(offered)
            self.mode.choose(HEAT_MAP if offered else TOTAL)
            self._choose(self.mode.index)

    def _choose(self, mode: int) -> None:
        """Show the heat map or the curve."""
        heat_map = mode == HEAT_MAP
        self._say_what_it_is()
        self.heat_map.setVisible(heat_map)
        self.canvas.setVisible(not heat_map)
        left = self.plot.left
        left.shows_grid = not heat_map
        left.distance = 1 if heat_map else 20
        left.room = 66 if heat_map else 42
        left.set_ticks(self._name_rows if heat_map else decade_ticks)
        self.plot.arrange()
        self.plot.forget_values()
        self.plot.values_move = not heat_map
        if heat_map:
            self.plot.fit_values(0.0, float(max(len(self.norms.groups), 1)))
        self._show_empty()
        self._fit_throttle.now()

    # drawing

    def _range_changed(self) -> None:
        self._draw()
        self._fit_throttle.request()

    def _columns(self) -> int:
        return min(self.plot.columns, MOST_COLUMNS)

    def _image(self) -> tuple[numpy.ndarray, numpy.ndarray, int, int]:
        return self.norms.image(self.plot.first_step, self.plot.last_step, self._columns())

    def _draw(self) -> None:
        if self._is_heat_map:
            exponents, broken, start, size = self._image()
            cells = indices(exponents, broken, *self.levels)
            self.heat_map.show_cells(cells, start + 0.5, start + size * cells.shape[1] + 0.5)
        else:
            self._draw_total()

    def _fit_and_draw(self) -> None:
        if self._is_heat_map:
            self.levels = fitting_levels(self.levels, self._image()[0])
            self.level_bar.show_levels(*self.levels)
        else:
            wanted = robust_range(self._total_line()[1])
            if wanted is None and self.plot.value_range == NO_RANGE:
                wanted = (
                    self.levels
                )  # no norm is a number: some powers of ten, so that the marks have an axis
            if wanted is not None:
                self.plot.fit_values(*settled(self.plot.value_range, padded(*wanted, from_zero=False)))
        self._draw()

    def _total_line(self) -> tuple[numpy.ndarray, numpy.ndarray]:
        envelope = self.total.envelopes["gradient_norm"]
        steps, norms = envelope.points(self.plot.first_step, self.plot.last_step, self._columns())
        return steps, numpy.log10(numpy.maximum(norms, 1e-300))

    def _draw_total(self) -> None:
        steps, exponents = self._total_line()
        means = self.total.smoothed["gradient_norm"].means
        smooth_steps, norms = means.points(self.plot.first_step, self.plot.last_step, self._columns() // 2)
        low, high = self.plot.value_range
        colour, first, last = self.theme.colour("gradient"), self.plot.first_step, self.plot.last_step
        self.canvas.begin()
        self.canvas.line(steps, exponents, self.theme.mix("panel", "gradient", 0.45))
        self.canvas.line(smooth_steps, numpy.log10(numpy.maximum(norms, 1e-300)), colour, width=2.0)
        self.canvas.marks(steps[exponents > high], colour, "top", "up")
        self.canvas.marks(steps[exponents < low], colour, "bottom", "down")
        broken = self.total.envelopes["gradient_norm"].broken_between(first, last)
        self.canvas.marks(broken, self.theme.colour("not_a_number"), "top", "down")
        self.canvas.end()

    # what is read

    def _hover(self, step: int | None, value: float) -> None:
        self.plot.show_hover(step)
        if step is None:
            self._say_what_it_is()
            return
        row = min(max(math.floor(len(self.norms.groups) - value), 0), max(len(self.norms.groups) - 1, 0))
        if self._is_heat_map and self.norms.groups:
            name, norm = self.norms.groups[row], self.norms.norm(row, step)
        else:
            name, norm = "whole gradient", self.total.value("gradient_norm", step)
        read = norm_text(norm)
        self.caption.say(
            f"{name} · step {step:,} · {read}", f"{short_name(name)} · step {step:,} · {read}", read
        )
        self._arrange_header()

    def _say_what_it_is(self) -> None:
        self.caption.say(*(CAPTIONS if self._is_heat_map else TOTAL_CAPTIONS))
        self._arrange_header()

    def _arrange_header(self) -> None:
        """In a narrow header the title gives way while a step is read, and in a very narrow one for good."""
        room, reading = self.header_room, self.plot.hover_line.isVisible()
        self.mode.tighten(room < WITH_WIDE_BUTTONS)
        self.title_label.setVisible(self._titled and room >= (WITH_READING if reading else WITH_WIDE_BUTTONS))

    def _summarise(self) -> None:
        steps = len(self.total)
        parts = [f"Gradient norm {norm_text(self.total.value('gradient_norm', steps))} at step {steps:,}"]
        last = [(self.norms.norm(row, steps), group) for row, group in enumerate(self.norms.groups)]
        finite = [pair for pair in last if math.isfinite(pair[0])]
        if finite:
            (least, smallest), (most, largest) = min(finite), max(finite)
            parts.append(
                f"largest in {largest}, {norm_text(most)}; smallest in {smallest}, {norm_text(least)}"
            )
        self.plot.setAccessibleDescription("; ".join(parts))


def row_names(norms: GroupNorms, low: float, high: float, pixels: int) -> list[Tick]:
    """The groups from top to bottom, or only their layers where the rows are too thin."""
    rows = len(norms.groups)
    if pixels >= LABEL_HEIGHT * rows:
        return [(rows - row - 0.5, short_name(group)) for row, group in enumerate(norms.groups)]
    return [(rows - centre, name) for name, centre in layer_names(norms.groups)]


def fitting_levels(current: tuple[float, float], exponents: numpy.ndarray) -> tuple[float, float]:
    """Levels in halves of a decade that hold all finite values, or nearly all where a few are far away; narrowed only
    when they are much too wide."""
    finite = exponents[numpy.isfinite(exponents)]
    if not len(finite):
        return current
    low, high = (float(value) for value in numpy.percentile(finite, (1, 99.5)))
    low, high = max(float(finite.min()), low - REACH), min(float(finite.max()), high + REACH)
    wanted = math.floor(low * 2) / 2, math.ceil(high * 2) / 2
    if wanted[1] - wanted[0] < 1.0:
        wanted = wanted[0] - 0.5, wanted[0] + 0.5
    holds = current[0] <= low and high <= current[1]
    return current if holds and wanted[1] - wanted[0] > 0.6 * (current[1] - current[0]) else wanted


def norm_text(norm: float) -> str:
    """A norm in three significant digits, or what is wrong with it."""
    if math.isnan(norm):
        return "NaN"
    return "infinite" if math.isinf(norm) else short_number(float(f"{norm:.3g}"))
