"""Where gradients go: the architecture as the paper draws it, each line as strong as the signal that it carries."""

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QStackedWidget, QVBoxLayout, QWidget

from tfviz.training.mailbox import Demand
from tfviz.training.snapshot import Snapshot
from tfviz.training.stepping.flow import Flow
from tfviz.training.stepping.step_places import Of
from tfviz.views.flow.flow_layout import SMALLEST_HEIGHT
from tfviz.views.flow.flow_legend import FlowLegend
from tfviz.views.flow.flow_plan import Place
from tfviz.views.flow.flow_view import FlowView
from tfviz.views.flow.flow_words import number, reading, summary
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.panel import EmptyState, Panel
from tfviz.views.parts.elided_label import ElidedLabel
from tfviz.views.parts.guarded import guarded
from tfviz.views.parts.plain_scroll_area import PlainScrollArea
from tfviz.views.parts.widgets import SegmentedButtons, Throttle
from tfviz.views.style.theme import Theme

TEXT_RATE = 4.0
SPOKEN_RATE = 1.0
SIGNALS: tuple[Of, ...] = ("gradient", "value")
EMPTY = "Press Space to train, or go to a step on the timeline: the flow of the watched sentence is measured there"


@guarded
class FlowPanel(Panel):
    """Encoder left, decoder right, data upward and gradients downward, for the sentence that is watched."""

    title = "Gradient flow"
    object_name = "flow_panel"
    rate = 10.0
    demand = Demand(flow=True)
    preferred_size = (930, 640)
    smallest_size = (470, 240)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = FlowView()
        self.legend = FlowLegend()
        self.step_label = ElidedLabel()
        self.readout = ElidedLabel()
        self.scroll_area = PlainScrollArea(self.view, "flow_scroll", sideways=True)
        self.signal = SegmentedButtons(("Gradient", "Activation"), "Signal shown")
        self.detail_button = QPushButton("Detail")
        self.fit_button = QPushButton("Fit")
        self._snapshot: Snapshot | None = None
        self._texts = Throttle(self._write, TEXT_RATE, self)
        self._spoken = Throttle(self._describe, SPOKEN_RATE, self)
        self._build()
        self._connect()
        self.recolour(self.theme)

    def _build(self) -> None:
        self.signal.setObjectName("flow_signal")
        self.signal.setToolTip("The gradients on their way down, or the activations on their way up")
        self.detail_button.setObjectName("flow_detail")
        self.detail_button.setAccessibleName("Show every sublayer at full size")
        self.detail_button.setToolTip(
            "Every sublayer at full size, to scroll through, instead of the whole at once"
        )
        self.detail_button.setCheckable(True)
        self.fit_button.setObjectName("flow_fit")
        self.fit_button.setAccessibleName("Fit the scale")
        self.fit_button.setToolTip("Fit the scale to what is shown now; by itself it only grows")
        for control in (self.detail_button, self.fit_button, self.signal):
            control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.add_control(control)
        self.step_label.setObjectName("flow_step_label")
        self.header.insertWidget(1, self.step_label, 20)
        self.readout.setObjectName("flow_readout")
        self.readout.setAccessibleName("Place in the flow map")
        self.view.setToolTip("Hover to read a place below, click to open its tensor in the inspector")
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.scroll_area, 1)
        column.addWidget(self.legend)
        column.addWidget(self.readout)
        self.stack = QStackedWidget()
        self.stack.addWidget(EmptyState(EMPTY))
        self.stack.addWidget(shown)
        self.body.addWidget(self.stack, 1)

    def _connect(self) -> None:
        self.signal.chosen.connect(self._choose_signal)
        self.detail_button.toggled.connect(self._show_detail)
        self.fit_button.clicked.connect(self._fit)
        self.view.place_changed.connect(self._read)
        self.view.opened.connect(self._open)

    # the panel's interface

    def show_snapshot(self, snapshot: Snapshot) -> None:
        if snapshot.flow is None:
            return
        self._snapshot = snapshot
        self.view.show_flow(snapshot.flow)
        if self.stack.currentIndex() == 0:
            self.stack.setCurrentIndex(1)
            self._show_detail(self.detail_button.isChecked())
        self._show_scale()
        self._texts.request()
        self._spoken.request()

    def show_chosen(self, chosen: Chosen | None) -> None:
        self.view.show_chosen(None if chosen is None else chosen.tensor)

    def recolour(self, theme: Theme) -> None:
        super().recolour(theme)
        self.view.recolour(theme)
        self.legend.recolour(theme)

    # texts

    def _write(self) -> None:
        snapshot = self._snapshot
        if snapshot is not None and snapshot.flow is not None:
            flow = snapshot.flow
            place = (
                f"step {snapshot.step:,} · seed {snapshot.seed} · loss {number(flow.loss)} · {flow.origin}"
            )
            whole = f"{place} · {flow.sentence}"
            self.step_label.say(whole, place)
            self.step_label.setToolTip(f"<p>{escape(whole)}</p>")
        self._read()

    def _read(self) -> None:
        if self.view.flow is not None:
            text = self._reading(self.view.flow) or summary(self.view.flow, self.view.of)
            self.readout.setText(text)
            self.readout.setToolTip(f"<p>{escape(text)}</p>")

    def _reading(self, flow: Flow) -> str:
        """Of the place that is pointed at; empty where there is none."""
        place = self.view.place
        return "" if place is None else reading(flow, place.title, place.tensor, place.junction)

    def _describe(self) -> None:
        flow = self.view.flow
        if flow is not None:
            texts = self._reading(flow), summary(flow, self.view.of)
            self.view.setAccessibleDescription(". ".join(filter(None, texts)))

    def _show_scale(self) -> None:
        scale = self.view.scales[self.view.of]
        self.legend.show_scale(self.view.of, scale.low, scale.high)

    # what the user does

    def _choose_signal(self, index: int) -> None:
        self.view.show_of(SIGNALS[index])
        self._show_scale()
        self._texts.now()
        self._spoken.now()

    def _fit(self) -> None:
        self.view.fit()
        self._show_scale()

    def _show_detail(self, detail: bool) -> None:
        self.view.setMinimumHeight(self.view.natural_height() if detail else int(SMALLEST_HEIGHT))
        self._offer_detail()

    def _offer_detail(self) -> None:
        """Where everything can be read at once there is nothing to choose."""
        fits = self.view.natural_height() <= self.scroll_area.viewport().height()
        self.detail_button.setVisible(self.detail_button.isChecked() or not fits)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._offer_detail()

    def _open(self, place: Place) -> None:
        of: Of = "value" if place.tensor == "loss" else self.view.of
        self.tensor_wished.emit(Chosen(place.tensor, of))
