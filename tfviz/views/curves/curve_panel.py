"""Loss and accuracy over the steps: raw and smoothed, of training and validation, at any length of a run."""

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QToolButton, QWidget

from tfviz.training.branching.branches import Line
from tfviz.training.record.history import History
from tfviz.views.curves.branch_legend import BranchLegend
from tfviz.views.curves.curve_header import SmoothingSlider, value_text
from tfviz.views.curves.curve_legend import CurveLegend
from tfviz.views.curves.curve_picture import ACCURACY_RANGE, FREE, TRAINED, VALIDATED, CurvePicture
from tfviz.views.curves.curve_texts import summary
from tfviz.views.curves.step_card import StepCard
from tfviz.views.panel import CARD_MARGIN, EmptyState
from tfviz.views.parts.widgets import Throttle
from tfviz.views.plots.axes import TickAxis
from tfviz.views.plots.run_curves import RunCurves
from tfviz.views.plots.step_plot import LEAST_HEIGHT, StepPlot
from tfviz.views.plots.ticks import Tick, decade_ticks, value_ticks
from tfviz.views.style.icons import icon
from tfviz.views.style.theme import Theme


class CurvePanel(StepCard):
    """The card "Loss and accuracy". Loss is read at the left axis, accuracy at the right one, from 0 to 1."""

    title = "Loss and accuracy"
    object_name = "curve_panel"
    rate = 10.0
    preferred_size = (800, 190)

    step_clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.curves = RunCurves((*TRAINED, *VALIDATED, *FREE), smoothed=TRAINED)
        self.step: int | None = None
        self._hovered: int | None = None
        self._build_header()
        self._build_plot()
        self._fit_throttle = Throttle(self.picture.fit_and_draw, 2.0, self)
        self._text_throttle = Throttle(self._show_values, 4.0, self)
        self._summary_throttle = Throttle(self._summarise, 1.0, self)
        self._smooth_throttle = Throttle(self._smooth, 10.0, self)
        self.recolour(self.theme)
        self._show_what_there_is()

    def show_history(self, history: History) -> None:
        if not self.curves.update(history):
            return
        with QSignalBlocker(self.plot):
            self.plot.show_frontier(len(self.curves))
        self._show_what_there_is()
        if self.picture.is_stale:
            self.picture.draw()
        self._fit_throttle.request()
        self._text_throttle.request()
        self._summary_throttle.request()

    def show_branches(self, lines: Mapping[int, Line], current: int) -> None:
        """All branches of the run, and the one whose history is shown: the others are drawn behind it."""
        self.show_history(lines[current].history)
        self.branch_legend.show_branches(lines, current)
        taken = self.branch_legend.height() + self.body.spacing() if len(lines) > 1 else 0
        self.plot.setMinimumHeight(LEAST_HEIGHT - taken)  # the panel can be as low as without the legend
        self.legend["train"].show_branch(current)
        self.picture.branch = current
        self.picture.others.show(lines, current)
        self._choose_branches()

    def show_step(self, step: int | None) -> None:
        """The clock's step: the playhead stands there, and the legend reads the values recorded there."""
        if step != self.step:
            self.step = step
            self.plot.show_playhead(step)
            self._text_throttle.request()

    def recolour(self, theme: Theme) -> None:
        super().recolour(theme)
        self._accuracy_axis.text_token = theme.series[2]
        self.plot.recolour(theme)
        for button in self.legend.values():
            button.recolour(theme)
        self.branch_legend.recolour(theme)
        self.reset_button.setIcon(icon("solo", theme.dim))
        self.picture.theme = theme
        self.picture.draw()

    # what stands where

    def _build_plot(self) -> None:
        self._accuracy_axis = TickAxis("right", _accuracy_ticks, room=38, distance=30)
        self.plot = StepPlot(
            TickAxis("left", value_ticks, room=42, distance=24, grid=True),
            self._accuracy_axis,
            ACCURACY_RANGE,
        )
        self.plot.setObjectName("curve_plot")
        self.plot.setAccessibleName("Loss and accuracy over the steps")
        self.picture = CurvePicture(self.plot, self.curves)
        self.empty = EmptyState()
        self.branch_legend = BranchLegend()
        self.branch_legend.hidden_changed.connect(self._choose_branches)
        self.body.setSpacing(2)
        self.body.addWidget(self.branch_legend)
        self.body.addWidget(self.empty)
        self.body.addWidget(self.plot)
        self.plot.range_changed.connect(self._change_range)
        self.plot.zoomed_changed.connect(self._show_reset)
        self.plot.step_clicked.connect(self.step_clicked)
        self.plot.hovered.connect(self._hover)
        self.reset_button.clicked.connect(self.plot.reset_view)

    def _build_header(self) -> None:
        self.curve_legend = CurveLegend()
        self.legend = self.curve_legend.entries
        for button in self.legend.values():
            button.toggled.connect(self._switch_series)
        self.header.addWidget(self.curve_legend)
        self.slider = SmoothingSlider(self.curves.factor)
        self.slider.setObjectName("curve_smoothing")
        self.slider.valueChanged.connect(self._request_smoothing)
        self.log_button = QToolButton()
        self.log_button.setText("log")
        self.log_button.setCheckable(True)
        self.log_button.setObjectName("curve_log")
        self.log_button.setToolTip("Logarithmic loss axis")
        self.log_button.setAccessibleName("Logarithmic loss axis")
        self.log_button.toggled.connect(self._change_axis)
        self.reset_button = QToolButton()
        self.reset_button.setObjectName("curve_reset")
        self.reset_button.setToolTip("Show the whole run again (0)")
        self.reset_button.setAccessibleName("Reset view")
        self.reset_button.hide()
        for widget in (self.slider, self.log_button, self.reset_button):
            self.add_control(widget)

    def _arrange_header(self) -> None:
        """Leave out what the width has no room for: the legend's values, the title, then the slider.

        A legend that has no room beside the title stands below, with short names if need be.
        """
        spacing = self.header.spacing()
        controls = [widget for widget in (self.log_button, self.reset_button) if not widget.isHidden()]
        room = self.header_room - 8 - sum(_width(widget) + spacing for widget in controls)
        legend = self.curve_legend
        names = legend.width_needed(short=False)
        title = _width(self.title_label) + spacing if self._titled else 0
        below = names + title > room
        self._place_legend(below)
        self.title_label.setVisible(self._titled)
        room -= title if below else title + names
        self.slider.setVisible(room >= _width(self.slider) + spacing)
        if below:
            row = self.width() - 2 * CARD_MARGIN
            legend.fit(row, short=names > row)
        else:
            legend.fit(
                room + names - (0 if self.slider.isHidden() else _width(self.slider) + spacing), short=False
            )

    def _place_legend(self, below: bool) -> None:
        """In the header, or in a row of its own under it."""
        if below == (self.body.indexOf(self.curve_legend) >= 0):
            return
        if below:
            self.header.removeWidget(self.curve_legend)
            self.body.insertWidget(0, self.curve_legend)
        else:
            self.body.removeWidget(self.curve_legend)
            self.header.insertWidget(self.header.indexOf(self.slider), self.curve_legend)

    def _show_what_there_is(self) -> None:
        empty = not len(self.curves)
        self.empty.setVisible(empty)
        self.plot.setVisible(not empty)
        self._show_reset(self.plot.zoomed)
        for name, columns in (("validation", VALIDATED), ("free", FREE)):
            recorded = any(len(self.curves.recorded_steps(column)) for column in columns)
            if self.legend[name].isHidden() == recorded:
                self.legend[name].setVisible(recorded)
                self._arrange_header()

    def _show_reset(self, zoomed: bool) -> None:
        if self.reset_button.isHidden() == zoomed:
            self.reset_button.setVisible(zoomed)
            self._arrange_header()

    # what the controls and the mouse do

    def _switch_series(self) -> None:
        self.picture.shown = {name for name, button in self.legend.items() if button.isChecked()}
        self._fit_throttle.now()

    def _choose_branches(self) -> None:
        self.picture.others.hidden = self.branch_legend.hidden
        self.plot.show_reach(self.picture.others.reach)
        self._fit_throttle.now()

    def _change_axis(self, logarithmic: bool) -> None:
        self.picture.logarithmic = logarithmic
        self.plot.left.set_ticks(decade_ticks if logarithmic else value_ticks)
        self.plot.forget_values()
        self._fit_throttle.now()

    def _change_range(self) -> None:
        self.picture.draw()
        self._fit_throttle.request()

    def _request_smoothing(self) -> None:
        self._smooth_throttle.request()

    def _smooth(self) -> None:
        self.curves.set_factor(self.slider.factor)
        self.picture.others.set_factor(self.slider.factor)
        self.picture.draw()

    def _hover(self, step: int | None) -> None:
        if step != self._hovered:
            self._hovered = step
            self.plot.show_hover(step)
            for button in self.legend.values():
                button.point(step is not None)
            self._show_values()

    # what is written

    def _latest(self, name: str, step: int | None = None) -> float:
        return self.curves.envelopes[name].latest(len(self.curves) if step is None else step)

    def _show_values(self) -> None:
        asked = next((step for step in (self._hovered, self.step) if step is not None), len(self.curves))
        step = min(asked, len(self.curves))  # the clock may be ahead of the last look at the history
        self.legend["train"].set_value(value_text(self.curves.value("loss", step)))
        self.legend["validation"].set_value(value_text(self._latest("validation_loss", step)))
        self.legend["accuracy"].set_value(value_text(self.curves.value("token_accuracy", step)))
        self.legend["sequence"].set_value(value_text(self.curves.value("sequence_accuracy", step)))
        self.legend["free"].set_value("/".join(value_text(self._latest(name, step)) for name in FREE))

    def _summarise(self) -> None:
        self.plot.setAccessibleDescription(summary(self.curves))


def _accuracy_ticks(low: float, high: float, count: int) -> list[Tick]:
    marks = (0.0, 0.5, 1.0) if count < 4 else (0.0, 0.25, 0.5, 0.75, 1.0)
    return [(value, f"{value:.2f}".rstrip("0").rstrip(".") if value else "0") for value in marks]


def _width(widget: QWidget) -> int:
    """That it takes in the header."""
    return min(widget.sizeHint().width(), widget.maximumWidth())
