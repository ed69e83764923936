"""What the optimiser did: of every parameter group the gradient, the update it became, and Adam's moments."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QToolButton, QVBoxLayout, QWidget

from tfviz.training.mailbox import Demand
from tfviz.training.record.history import History
from tfviz.training.snapshot import OptimiserState, Snapshot
from tfviz.views.optimiser.update_columns import NARROW, optimiser_name
from tfviz.views.optimiser.update_history import UpdateHistory
from tfviz.views.optimiser.update_table import UpdateTable
from tfviz.views.panel import EmptyState, Panel, label
from tfviz.views.parts.elided_label import ElidedLabel
from tfviz.views.parts.guarded import guarded
from tfviz.views.plots.ticks import short_number
from tfviz.views.style.icons import icon
from tfviz.views.style.theme import Theme

BEGINNING = "No update has led to step 0.\nPress Space to train, or Right for one step."
WAITING = "The update of the next step will be shown here."
LOW = 200  # pixels of height below which the curves stand beside the table
FAIRLY_LOW, WIDE = 260, 640  # the same where there is width for it
WIDGET_SIZE_MAX = 2**24 - 1  # as Qt has it: no limit
HINT = "Click a group for its history"


@guarded
class OptimiserPanel(Panel):
    """The card "Optimiser": a row for each parameter group, and the history of the one that is chosen."""

    title = "Optimiser"
    object_name = "optimiser_panel"
    rate = 5.0
    demand = Demand(optimiser=True)
    preferred_size = (770, 260)
    smallest_size = (320, 150)

    step_clicked = Signal(int)
    breaks_wished = Signal()
    """The user wants to say when training is to stop."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state: OptimiserState | None = None
        self._state_step = 0
        self._history: History | None = None
        self._absent: str | None = None
        self._build_header()
        self.empty = EmptyState(BEGINNING)
        self.table = UpdateTable()
        self.table.setObjectName("update_table")
        self.curves = UpdateHistory()
        self.hint = label(HINT, "faint")
        self.content = QWidget()
        self._halves = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._halves.setSpacing(4)
        self._halves.addWidget(self.table, 3)
        self._halves.addWidget(self.curves, 2)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._halves, 1)
        column.addWidget(self.hint)
        self.body.addWidget(self.empty)
        self.body.addWidget(self.content)
        self.table.chosen.connect(self._choose)
        self.curves.step_clicked.connect(self.step_clicked)
        self.curves.hovered.connect(self._say)
        self.curves.zoomed_changed.connect(self.reset_button.setVisible)
        self.reset_button.clicked.connect(self.curves.plot.reset_view)
        self.curves.hide()
        self.recolour(self.theme)
        self._show_empty()

    def explain_absence(self, text: str | None) -> None:
        """Say why there is nothing to be seen at the newest step of a run that others train; None for one's own."""
        self._absent = text
        self.state = None
        self._show_empty()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        self.state, self._state_step = snapshot.optimiser, snapshot.step
        if self.state is not None:
            self.table.show_state(self.state)
        self._show_empty()
        self._say("")
        self._show_curves()

    def show_history(self, history: History) -> None:
        self._history = history
        if len(history) < self._state_step:
            self.state = None  # another run
        self._show_empty()
        self._show_curves()

    def show_step(self, step: int | None) -> None:
        """The clock's step: the playhead stands there."""
        self.curves.show_step(step)

    def recolour(self, theme: Theme) -> None:
        super().recolour(theme)
        self.table.recolour(theme)
        self.curves.recolour(theme)
        self.reset_button.setIcon(icon("solo", theme.dim))
        self.breaks_button.setIcon(icon("stop", theme.dim))

    def release(self) -> bool:
        chosen = self.table.group is not None
        if chosen:
            self.table.choose(None)
            self._choose(None)
        return chosen

    def _build_header(self) -> None:
        self.caption = ElidedLabel()
        self.caption.setObjectName("optimiser_readout")
        self.header.insertWidget(1, self.caption, 20)
        self.reset_button = QToolButton()
        self.reset_button.setObjectName("optimiser_reset")
        self.reset_button.setToolTip("Show the whole run again (0)")
        self.reset_button.setAccessibleName("Reset view")
        self.reset_button.hide()
        self.breaks_button = QToolButton()
        self.breaks_button.setObjectName("optimiser_breaks")
        self.breaks_button.setText("Stop when…")
        self.breaks_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.breaks_button.setIconSize(QSize(12, 12))
        self.breaks_button.setToolTip("Stop training before an update that meets a condition")
        self.breaks_button.setAccessibleName("Stop when…")
        self.breaks_button.clicked.connect(self.breaks_wished)
        self.add_control(self.reset_button)
        self.add_control(self.breaks_button)

    def _choose(self, group: str | None) -> None:
        self.curves.setVisible(group is not None)
        self.hint.setVisible(group is None)
        self.reset_button.setVisible(group is not None and self.curves.plot.zoomed)
        self._arrange()
        self._show_curves()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """The curves stand below the table, or beside fewer of its columns where the panel is low."""
        low = self.height() < LOW or (self.height() < FAIRLY_LOW and self.width() >= WIDE)
        beside = self.table.group is not None and low
        direction = QBoxLayout.Direction
        self._halves.setDirection(direction.LeftToRight if beside else direction.TopToBottom)
        self._halves.setSpacing(14 if beside else 4)
        self.table.setMinimumWidth(NARROW if beside else 0)
        self.table.setMaximumWidth(NARROW if beside else WIDGET_SIZE_MAX)
        layout = self.content.layout()
        assert layout is not None
        layout.activate()  # at once, so that the chosen row is not hidden behind the curves
        self.table.show_chosen()

    def _show_curves(self) -> None:
        if self.table.group is not None:
            self.curves.show_group(self.table.group, self._history)

    def _show_empty(self) -> None:
        there = self.state is not None
        steps = len(self._history) if self._history is not None else 0
        self.empty.set_text(self._absent or (WAITING if steps else BEGINNING))
        self.empty.setVisible(not there)
        self.content.setVisible(there)
        if not there:
            self.caption.say("")

    def _say(self, text: str) -> None:
        """What is under the pointer, else what all groups have in common."""
        if text:
            self.caption.say(text)
        elif self.state is not None:
            state = self.state
            clipped = (
                f"gradient × {state.clip_scale:.3g} by clipping" if state.clip_scale < 1 else "not clipped"
            )
            name, step = optimiser_name(state), f"update {self._state_step:,}"
            rate = f"learning rate {short_number(float(f'{state.learning_rate:.3g}'))}"
            self.caption.say(f"{step} · {name} · {rate} · {clipped}", f"{step} · {name} · {clipped}", step)
