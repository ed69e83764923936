"""The operations of a training step that is taken apart: where it stands, where it can go, and what each one reads."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from tfviz.training.stepping.step_places import Place
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.operations.operation_tensors import OperationTensors, sights
from tfviz.views.operations.operation_tree import OperationTree
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.panel import Panel, label, paragraph
from tfviz.views.parts.begin_step import BeginStep
from tfviz.views.parts.elided_label import ElidedLabel
from tfviz.views.parts.guarded import guarded
from tfviz.views.style.icons import icon
from tfviz.views.style.theme import Theme

EMPTY = "Press . to take the next step apart, one operation at a time"
NO_LOSS = "loss not computed yet"
PHASES = (
    ("run_to_loss", "To loss", "Loss", "Run to the end of the forward pass"),
    ("run_to_gradients", "To gradients", "Gradients", "Run to the end of the backward pass"),
    ("run_to_update", "To update", "Update", "Finish the step: clipping and update"),
)
PHASES_WIDTH = 214
"""Pixels from which on the longer words have room."""
LEAST_TENSORS = 46
"""Pixels of one tensor and the beginning of the next, which is scrolled to."""
MOVES = (
    ("step_operation_back", "step_back", "One operation back (,)"),
    ("step_operation", "step", "One operation on (.)"),
    ("leave_step", "cross", "Leave the step: it is taken apart no longer"),
)


@guarded
class OperationPanel(Panel):
    """The card "Inside a step"."""

    title = "Inside a step"
    object_name = "operation_panel"
    preferred_size = (250, 560)
    smallest_size = (200, 220)

    place_wished = Signal(int)
    """The number of a place to run to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stepper: Stepper | None = None
        self._place: Place | None = None  # whose tensors are shown
        self._build_moves()
        self._build_empty()
        self._build_step()
        self.recolour(self.theme)
        self._show_whether_open(False)

    def show_stepper(self, stepper: Stepper | None) -> None:
        another = stepper is not self._stepper
        self._stepper = stepper
        self._show_whether_open(stepper is not None)
        if stepper is None:
            self.show_opening("")
            return
        self.tree.show_places(stepper.places)
        if another:
            self.tree.search(self.search.text())
        place = stepper.last or stepper.next
        self.tree.show_position(stepper.position, place)
        self._moves["step_operation"].setEnabled(stepper.next is not None)
        self._moves["step_operation_back"].setEnabled(stepper.last is not None)
        self._say_where(stepper)
        self._show_tensors(place)

    def show_chosen(self, chosen: Chosen | None) -> None:
        self.tensors.show_chosen(chosen)

    def show_opening(self, text: str) -> None:
        """Say how far the step is on its way; with an empty text, what to press for one."""
        self._nothing.say(text)

    def forbid_step(self, reason: str) -> None:
        self._nothing.forbid(reason)

    def recolour(self, theme: Theme) -> None:
        super().recolour(theme)
        self.tree.recolour(theme)
        for name, picture, _ in MOVES:
            self._moves[name].setIcon(icon(picture, theme.text, theme.disabled))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.header_room >= PHASES_WIDTH
        for name, text, shorter, _ in PHASES:
            self._phases[name].setText(text if wide else shorter)

    # how it is built

    def _build_moves(self) -> None:
        self._moves: dict[str, QToolButton] = {}
        for name, _, help in MOVES:
            button = self._moves[name] = QToolButton()
            button.setProperty("slim", True)
            self._ask_for(button, name, help)
            self.add_control(button)

    def _build_empty(self) -> None:
        self._nothing = BeginStep(EMPTY, "begin_step")
        self._nothing.wished.connect(lambda: self.action_wished.emit("step_operation"))
        self.empty, self.begin = self._nothing.empty, self._nothing.button
        self.body.addWidget(self._nothing, 1)

    def _build_step(self) -> None:
        self._whole = QWidget()
        column = QVBoxLayout(self._whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.where, self.last, self.loss = (
            ElidedLabel(),
            ElidedLabel(elide=Qt.TextElideMode.ElideLeft),  # the layer is seen in the list below
            label("", "number"),
        )
        self.where.setProperty("role", None)
        self.where.setObjectName("operation_position")
        self.last.setObjectName("operation_last")
        self.loss.setObjectName("operation_loss")
        column.addWidget(self.where)
        column.addWidget(self.last)
        column.addWidget(self.loss)
        column.addLayout(self._phase_row())
        self._build_search()
        column.addWidget(self.search)
        column.addLayout(self._titles_row())
        self.tree = OperationTree()
        self.tree.place_chosen.connect(lambda place: self.place_wished.emit(place.number))
        self.tree.looked_at.connect(self._show_tensors)
        column.addWidget(self.tree, 6)
        self.tensors_title = ElidedLabel()
        self.tensors_title.setProperty("role", "caption")
        column.addWidget(self.tensors_title)
        self.tensors = OperationTensors()
        self.tensors.wished.connect(self.tensor_wished)
        self.tensors.setMinimumHeight(LEAST_TENSORS)
        column.addWidget(self.tensors, 2)
        self.clipping = paragraph("", "dim")
        self.clipping.setObjectName("operation_clipping")
        column.addWidget(self.clipping)
        self.body.addWidget(self._whole, 1)

    def _build_search(self) -> None:
        self.search = QLineEdit()
        self.search.setObjectName("operation_search")
        self.search.setAccessibleName("Search operations")
        self.search.setPlaceholderText("Search operations")
        self.search.setToolTip(
            "Show only operations whose name, kind or layer has these words; Enter runs to the first"
        )
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._search)
        self.search.returnPressed.connect(self._go_to_first)

    def _titles_row(self) -> QHBoxLayout:
        """What the columns of the tree are, and how many operations the search has found."""
        titles = QHBoxLayout()
        titles.addWidget(label("↓ FORWARD", "caption"))
        titles.addStretch(1)
        self.found = label("", "caption")
        titles.addWidget(self.found)
        titles.addStretch(1)
        titles.addWidget(label("BACKWARD ↑", "caption"))
        return titles

    def _phase_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        self._phases: dict[str, QPushButton] = {}
        for name, text, _, help in PHASES:
            button = self._phases[name] = QPushButton(text)
            button.setProperty("small", True)
            self._ask_for(button, name, help)
            row.addWidget(button, 1)
        return row

    def _ask_for(self, button: QAbstractButton, name: str, help: str) -> None:
        """Let a button ask for one of the window's actions."""
        button.setObjectName(f"{name}_in_panel")
        button.setAccessibleName(help)
        button.setToolTip(help)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self.action_wished.emit(name))

    # what is said

    def _show_whether_open(self, is_open: bool) -> None:
        self._whole.setVisible(is_open)
        self._nothing.setVisible(not is_open)
        for button in self._moves.values():
            button.setVisible(is_open)

    def _say_where(self, stepper: Stepper) -> None:
        last, of = stepper.last, len(stepper.places)
        if last is None:
            where, shorter = f"step {stepper.step:,}, before operation 1 of {of}:", f"before 1 of {of}:"
        else:
            number = f"{stepper.position} of {of}:"
            where, shorter = f"step {stepper.step:,}, after operation {number}", f"after {number}"
        what = _named(last or stepper.places[0])
        self.where.say(where, f"step {stepper.step:,}, {shorter}", shorter)
        self.last.setText(what)
        for part in (self.where, self.last):
            part.setAccessibleName(f"{where} {what}")
            part.setToolTip(f"{where} {what}")
        self.loss.setText(NO_LOSS if stepper.loss is None else f"loss {stepper.loss:.6g}")

    def _show_tensors(self, place: Place | None) -> None:
        stepper, self._place = self._stepper, place
        if stepper is None or place is None:
            return
        found = sights(stepper, place)
        self.tensors.setVisible(bool(found))
        self.tensors_title.setText(f"{place.kind}: {place.name}")
        self.tensors_title.setToolTip(f"What {place} reads and writes")
        self.tensors.show_sights(found)
        self.clipping.setVisible(not found)
        self.clipping.setText("" if found else _clipping_text(stepper))

    def _search(self, text: str) -> None:
        found = self.tree.search(text)
        self.found.setText("" if not text.strip() else f"{found} found" if found else "none found")

    def _go_to_first(self) -> None:
        place = self.tree.first_found()
        if place is not None and self.search.text().strip():
            self.place_wished.emit(place.number)


def _named(place: Place) -> str:
    return f"{place.name} ({place.phase})" if place.name != place.phase else place.name


def _clipping_text(stepper: Stepper) -> str:
    clipping = stepper.clipping
    if clipping is None:
        return "The norm of the gradients is not computed yet."
    clipped = f"scaled by {clipping.scale:.4g}" if clipping.scale != 1 else "not clipped"
    return f"gradient norm {clipping.norm:.4g}, {clipped}; learning rate {clipping.learning_rate:.4g}"
