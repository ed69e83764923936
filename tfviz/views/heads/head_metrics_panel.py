"""What every head does over training: all heads by two metrics, the chosen ones over the steps, the roles found."""

import math

import numpy
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QSizePolicy, QToolButton, QWidget

from tfviz.training.export.heads import Head
from tfviz.training.heads.head_history import HeadHistory
from tfviz.training.heads.head_metrics import column_name
from tfviz.training.mailbox import Demand
from tfviz.training.record.history import History
from tfviz.training.snapshot import Snapshot
from tfviz.views.heads.head_curves import HeadCurves
from tfviz.views.heads.head_measures import (
    MEASURES,
    MOST_CHOSEN,
    HeadPoints,
    Measure,
    heads_in,
    number_text,
    points_at,
)
from tfviz.views.heads.head_scatter import HeadScatter
from tfviz.views.heads.role_rows import RoleTable
from tfviz.views.panel import EmptyState, Panel, label
from tfviz.views.parts.elided_label import ElidedLabel
from tfviz.views.parts.guarded import guarded
from tfviz.views.style.icons import icon
from tfviz.views.style.theme import Theme

EMPTY = "No attention was measured yet.\nPress Space to train, or Right for one step."
NARROW_TABLE, WIDE_TABLE, WIDE, TALL = 200, 262, 780, 300
SHARE_STEP, ENTROPY_STEP = 0.25, 0.5
"""Parts of an axis, of which it has as many as the largest value needs."""


@guarded
class HeadMetricsPanel(Panel):
    """The card "Head roles". A click on a dot chooses its head, which is enlarged elsewhere, too."""

    title = "Head roles"
    object_name = "head_metrics_panel"
    rate = 4.0
    demand = Demand(attention=True)
    preferred_size = (770, 190)
    smallest_size = (320, 150)

    step_clicked = Signal(int)
    head_wished = Signal(object)
    """A Head: enlarge it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._history: History | None = None
        self._step = 0
        self._selected: str | None = None
        self._chosen: tuple[str, ...] = ()
        self._axes_chosen = False
        self._largest: dict[str, float] = {}  # by metric, of all that was seen of this run: axes only grow
        self._shown: tuple[object, ...] = ()
        self._roles_below = False
        self._build_header()
        self.scatter = HeadScatter()
        self.curves = HeadCurves()
        self.table = RoleTable()
        self.empty = EmptyState(EMPTY)
        self.content = QWidget()
        self.table.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._grid = QGridLayout(self.content)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(8)
        self._grid.setColumnStretch(0, 10)
        self._grid.setColumnStretch(1, 11)
        self._grid.setRowStretch(0, 3)
        self._grid.setRowStretch(1, 2)
        self._grid.addWidget(self.scatter, 0, 0, 2, 1)
        self._grid.addWidget(self.curves, 0, 1, 2, 1)
        self._grid.addWidget(self.table, 0, 2, 2, 1)
        self.body.addWidget(self.empty)
        self.body.addWidget(self.content)
        self.scatter.head_clicked.connect(self._choose)
        self.scatter.head_hovered.connect(self._hover)
        self.curves.step_clicked.connect(self.step_clicked)
        self.curves.pointed.connect(self._say)
        self.curves.zoomed_changed.connect(self.reset_button.setVisible)
        self.reset_button.clicked.connect(self.curves.plot.reset_view)
        self.table.step_clicked.connect(self.step_clicked)
        self.recolour(self.theme)
        self._show()

    def _build_header(self) -> None:
        self.caption = ElidedLabel()
        self.caption.setObjectName("head_metrics_readout")
        self.header.insertWidget(1, self.caption, 20)
        self.reset_button = QToolButton()
        self.reset_button.setObjectName("head_metrics_reset")
        self.reset_button.setToolTip("Show the whole run again (0)")
        self.reset_button.setAccessibleName("Reset view")
        self.reset_button.hide()
        self.add_control(self.reset_button)
        self.boxes = {"y": QComboBox(), "x": QComboBox()}
        for axis, box in self.boxes.items():
            box.setObjectName(f"head_metric_{axis}")
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            for number, measure in enumerate(MEASURES):
                box.addItem(measure.title)
                box.setItemData(number, measure.explanation, Qt.ItemDataRole.ToolTipRole)
            box.currentIndexChanged.connect(self._change_axes)
            box.activated.connect(self._keep_axes)
            self.add_control(label(axis, "dim"))
            self.add_control(box)
        self.boxes["y"].setAccessibleName("Metric upwards, and of the curves")
        self.boxes["x"].setAccessibleName("Metric to the right")

    # what is shown

    @property
    def chosen(self) -> tuple[str, ...]:
        """The heads that have curves, as "cross L0H3"."""
        return self._chosen

    @property
    def measures(self) -> tuple[Measure, Measure]:
        """Of x and y."""
        return MEASURES[self.boxes["x"].currentIndex()], MEASURES[self.boxes["y"].currentIndex()]

    @property
    def points(self) -> HeadPoints | None:
        """Where all heads are at the clock's step."""
        return self.scatter.points

    def show_history(self, history: History) -> None:
        if history is not self._history:
            self._largest.clear()
        self._history = history
        self._show()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """What it shows is in the history already."""
        self._show()

    def show_step(self, step: int) -> None:
        self._step = step
        self.curves.show_step(step)
        self._show()

    def choose_head(self, head: Head) -> None:
        """Another head is enlarged elsewhere."""
        self._selected = head.label
        if head.label not in self._chosen:
            self._show_chosen((head.label,))
            self._shown = ()
            self._show()

    def recolour(self, theme: Theme) -> None:
        super().recolour(theme)
        self.scatter.recolour(theme)
        self.curves.recolour(theme)
        self.table.recolour(theme)
        self.reset_button.setIcon(icon("solo", theme.dim))

    def release(self) -> bool:
        """Heads that were added are let go of."""
        several = len(self._chosen) > 1
        if several:
            self._show_chosen(self._chosen[:1])
        return several

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """The roles beside the curves, or below them in a panel that is high rather than wide."""
        below = self.height() >= TALL and self.width() < WIDE
        width = 0 if below else WIDE_TABLE if self.width() >= WIDE else NARROW_TABLE
        self._grid.setColumnMinimumWidth(2, width)
        if below != self._roles_below:
            self._roles_below = below
            self._grid.addWidget(self.curves, 0, 1, 1 if below else 2, 1)
            self._grid.addWidget(self.table, *((1, 1, 1, 1) if below else (0, 2, 2, 1)))

    def _show(self) -> None:
        heads = self._history.heads if self._history is not None else None
        there = heads is not None and len(heads.record) > 0
        self.empty.setVisible(not there)
        self.content.setVisible(there)
        for box in self.boxes.values():
            box.setEnabled(there)
        if heads is None or self._history is None or not there:
            self._shown = ()
            self._say("")
            return
        state = heads.record, heads.record.changes, heads.taken, self._step, len(self._history), self.measures
        if state != self._shown:
            self._choose_axes(heads)
            self._shown = (*state[:-1], self.measures)
            self._draw(heads, len(self._history))

    def _draw(self, heads: HeadHistory, frontier: int) -> None:
        x, y = self.measures
        points = points_at(heads.record, self._step, x.metric, y.metric)
        known = heads_in(heads.record)
        kept = tuple(head for head in self._chosen if head in known)
        fallback = self._selected if self._selected in known else known[-1]
        chosen = kept or (fallback,)
        curves = [heads.record.column(column_name(head, y.metric))[1] for head in chosen]
        ranges = (
            self._range(x, [points.x] if points is not None else []),
            self._range(y, [points.y, *curves] if points is not None else curves),
        )
        self.scatter.show_points(points, (x, y), ranges)
        self.curves.show_heads(heads, y, ranges[1], frontier)
        self.table.show_roles(heads.taken)
        self._show_chosen(chosen)
        self._say("")

    def _range(self, measure: Measure, seen: list[numpy.ndarray]) -> tuple[float, float]:
        """From 0 to a round number, 1 at most for weights."""
        step = SHARE_STEP if measure.is_share else ENTROPY_STEP
        largest = self._largest.get(measure.metric, step)
        for values in seen:
            largest = max(largest, float(numpy.nanmax(values, initial=0.0)))
        self._largest[measure.metric] = largest
        return 0.0, step * math.ceil(largest / step - 1e-6)

    def _choose_axes(self, heads: HeadHistory) -> None:
        """Until the user chooses: entropy against source alignment where that is known, else against the diagonal."""
        if self._axes_chosen:
            return
        names = enumerate(heads.record.names)
        places = [place for place, name in names if name.endswith("/source_alignment")]
        known = not numpy.isnan(heads.record.rows(most=1)[1][-1, places]).all()
        titles = {"x": "entropy", "y": "source alignment" if known else "diagonal"}
        for axis, title in titles.items():
            with QSignalBlocker(self.boxes[axis]):
                self.boxes[axis].setCurrentText(title)
        self._explain_axes()

    def _keep_axes(self) -> None:
        self._axes_chosen = True

    def _change_axes(self) -> None:
        self._axes_chosen = True
        self._explain_axes()
        self._show()

    def _explain_axes(self) -> None:
        x, y = self.measures
        self.boxes["x"].setToolTip(f"To the right: {x.title}\n{x.explanation}")
        self.boxes["y"].setToolTip(f"Upwards, and over the steps: {y.title}\n{y.explanation}")

    # what the user does

    def _choose(self, head: str, beside: bool) -> None:
        """A click: one head alone or, beside the others, one more or one less."""
        chosen: tuple[str, ...] = (head,)
        if beside and head in self._chosen:
            chosen = tuple(other for other in self._chosen if other != head) or chosen
        elif beside:
            chosen = (*self._chosen[: MOST_CHOSEN - 1], head)
        self._show_chosen(chosen)
        self._shown = ()  # the axes have to hold the new curve
        self._show()
        if not beside:
            self.head_wished.emit(Head.parse(head))

    def _show_chosen(self, chosen: tuple[str, ...]) -> None:
        self._chosen = chosen
        self.scatter.show_chosen(chosen)
        self.curves.show_chosen(chosen, self.scatter.hovered)
        self.table.rows.show_chosen(chosen)

    def _hover(self, head: str | None) -> None:
        self.curves.show_chosen(self._chosen, head)
        points = self.points
        if head is None or points is None:
            self._say("")
            return
        number = points.heads.index(head)
        values = zip(self.measures, (points.x[-1, number], points.y[-1, number]), strict=True)
        words = [f"{measure.title} {number_text(float(value))}" for measure, value in values]
        self._say(f"{head}: {', '.join(words)}")

    def _say(self, text: str) -> None:
        """What is under the pointer, else when and with which sentence the heads were measured."""
        heads, points = self._history.heads if self._history is not None else None, self.points
        if text or heads is None or not len(heads.record):
            self.caption.say(text)
            self.caption.setToolTip("")
            return
        if points is None:
            short = f"not measured up to step {self._step:,}"
            self.caption.say(short, "not measured")
        else:
            short = f"measured at step {points.step:,}"
            self.caption.say(f"{short} · “{heads.sentence}”", short, f"step {points.step:,}")
        first = heads.record.steps[0]
        self.caption.setToolTip(
            f"{short[0].upper()}{short[1:]}, on “{heads.sentence}”, since step {first:,}.\n"
            "Another sentence gives other numbers, and begins a new record."
        )
