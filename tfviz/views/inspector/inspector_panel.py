"""The inspector: any tensor of the step that is taken apart, its value and its gradient, and what is known of them."""

from dataclasses import dataclass, replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from tfviz.training.stepping.stepper import Stepper
from tfviz.views.inspector.check_view import CheckView
from tfviz.views.inspector.chosen_history import ChosenHistory
from tfviz.views.inspector.formula_view import FormulaView
from tfviz.views.inspector.numbers_page import NumbersPage
from tfviz.views.inspector.provenance_view import ProvenanceView
from tfviz.views.inspector.slice_bar import SliceBar
from tfviz.views.inspector.tensor_chooser import TensorChooser
from tfviz.views.inspector.tensor_list import Listed, tensors_of
from tfviz.views.inspector.tensor_maps import TensorMaps
from tfviz.views.inspector.tensor_reading import Reading, default_choice, read
from tfviz.views.inspector.tensor_scale import Reach
from tfviz.views.inspector.tensor_slice import Index, Slice
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.panel import Panel
from tfviz.views.parts.begin_step import BeginStep
from tfviz.views.parts.page_stack import Arrangement, PageStack
from tfviz.views.style.icons import icon
from tfviz.views.style.theme import Theme

EMPTY = (
    "Every number of a training step, value and gradient, and where it came from.\n"
    "Press . to take the next step apart."
)


@dataclass(frozen=True)
class Weight:
    """One number of a parameter as it is after `step` updates."""

    step: int
    name: str
    index: Index
    value: float

    @property
    def place(self) -> str:
        return f"{self.name}[{', '.join(map(str, self.index))}]"


class InspectorPanel(Panel):
    """What is looked at comes from outside (show_chosen); what the user picks here goes there first (tensor_wished).

    With nothing chosen it shows what the operation that was passed last has computed. Numbers are read in the
    stepper's thread: what is shown are copies.
    """

    title = "Inspector"
    object_name = "inspector_panel"
    preferred_size = (930, 640)
    smallest_size = (440, 240)

    weight_wished = Signal(object)
    """The user wants to give this Weight another value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.history = ChosenHistory()
        self.chooser = TensorChooser()
        self.back_button = _button("inspector_back", "Back", "Back to what was looked at before", "Alt+Left")
        self.forward_button = _button("inspector_forward", "Forward", "Forward again", "Alt+Right")
        self.slice_bar = SliceBar()
        self.maps = TensorMaps()
        self.cell_button = QPushButton("Where from?")
        self.edit_button = QPushButton("Edit this weight…")
        self.numbers = NumbersPage()
        self.cell, self.formula, self.check = ProvenanceView(), FormulaView(), CheckView()
        self._step_pages = (self.cell, self.formula, self.check)
        self.reading: Reading | None = None
        """What is shown: the heat maps take their numbers from it."""
        self.seen: Slice | None = None
        """The slice that is shown."""
        self._stepper: Stepper | None = None
        self._chosen: Chosen | None = None
        self._beside: Chosen | None = None  # a cell that arrow keys have gone to: no new place in the history
        self._reach = Reach.SLICE
        self._tensors: tuple[Listed, ...] = ()
        self._shown: Chosen | None = None
        self._asked = 0
        self._build()
        self._connect()

    def _build(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.slice_bar)
        column.addWidget(self.maps, 1)
        self.edit_button.setObjectName("edit_weight")
        self.edit_button.setAccessibleName("Edit this weight")
        self.edit_button.setToolTip("Give the locked weight another value, from this step on")
        self.cell_button.setObjectName("show_cell")
        self.cell_button.setAccessibleName("Where the locked cell came from")
        self.cell_button.setToolTip("Show the numbers that made the locked cell: the page Cell")
        for button in (self.cell_button, self.edit_button):
            button.setProperty("small", True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.hide()
            self.maps.foot.addWidget(button)
        self.pages = PageStack(left)
        titles = ("Numbers", "Cell", "Formula", "Check")
        for title, page in zip(titles, (self.numbers, *self._step_pages), strict=True):
            self.pages.add_page(title, page)
        self.stack = QStackedWidget()
        self._nothing = BeginStep(EMPTY, "begin_step_to_inspect")
        self._nothing.wished.connect(lambda: self.action_wished.emit("step_operation"))
        self.stack.addWidget(self._nothing)
        self.stack.addWidget(self.pages)
        # Where there is little room the title takes less of it than a name.
        self.title_label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        for control in (self.back_button, self.forward_button, self.chooser):
            self.add_control(control)
            control.hide()
        self.body.addWidget(self.stack, 1)

    def _connect(self) -> None:
        self.chooser.chosen.connect(self._pick)
        self.back_button.clicked.connect(lambda: self._walk(self.history.back()))
        self.forward_button.clicked.connect(lambda: self._walk(self.history.forward()))
        self.slice_bar.slice_changed.connect(self._show_slice)
        self.slice_bar.reach_changed.connect(self._choose_reach)
        self.maps.cell_locked.connect(self._lock)
        self.cell_button.clicked.connect(lambda: self.pages.show_page(self.cell))
        self.edit_button.clicked.connect(self._wish_weight)
        for page in self._step_pages:
            page.tensor_wished.connect(self._wish)
            page.work_wished.connect(self.work_wished)

    # the panel's interface

    @property
    def looked_at(self) -> Chosen | None:
        """What is chosen, else what the last operation has computed; None while no step is open."""
        stepper = self._stepper
        if stepper is None:
            return None
        chosen = self._chosen
        if chosen is not None and (chosen.tensor in stepper.tensors or chosen.tensor in stepper.parameters):
            return chosen
        return Chosen(*default_choice(stepper))

    @property
    def weight(self) -> Weight | None:
        """The locked cell, where it is a number of a parameter as it is before the update of the step."""
        stepper, reading, looked_at = self._stepper, self.reading, self.looked_at
        if stepper is None or reading is None or looked_at is None or looked_at.index is None:
            return None
        same = reading.tensor == looked_at.tensor and looked_at.tensor in stepper.parameters
        numbers = reading.value.numbers
        if not same or numbers is None or stepper.next is None or not _exists(looked_at.index, reading):
            return None
        return Weight(stepper.step - 1, reading.tensor, looked_at.index, float(numbers[looked_at.index]))

    def show_stepper(self, stepper: Stepper | None) -> None:
        if stepper is not None and stepper is not self._stepper:
            self._tensors = tensors_of(stepper)
        self._stepper = stepper
        for control in (self.back_button, self.forward_button, self.chooser):
            control.setVisible(stepper is not None)
        for page in self._step_pages:
            page.show_stepper(stepper)
        if stepper is None:
            self.history.clear()
            self.reading = self.seen = None
            self._ask()  # what is on its way is not wanted any more
            self.stack.setCurrentIndex(0)
            return
        self.chooser.show_list(self._tensors, stepper.position)
        self._ask()

    def show_chosen(self, chosen: Chosen | None) -> None:
        self._chosen = chosen
        if chosen is not None:
            if chosen == self._beside:
                self.history.replace(chosen)
            else:
                self.history.visit(chosen)
        self._beside = None
        self._ask()

    def forbid_step(self, reason: str) -> None:
        self._nothing.forbid(reason)

    def release(self) -> bool:
        chosen = self._chosen
        if chosen is None or chosen.index is None:
            return False
        self.tensor_wished.emit(replace(chosen, index=None))
        return True

    def recolour(self, theme: Theme) -> None:
        super().recolour(theme)
        self.back_button.setIcon(icon("left", theme.dim, theme.disabled))
        self.forward_button.setIcon(icon("right", theme.dim, theme.disabled))
        for part in (self.chooser, self.maps, self.numbers, *self._step_pages):
            part.recolour(theme)

    # reading and showing

    def _ask(self) -> None:
        """Have what is looked at read in the stepper's thread, unless it is the same as before at the same position."""
        looked_at = self.looked_at
        self._enable()
        for page in self._step_pages:
            page.show_chosen(looked_at)
        self._asked += 1
        if looked_at is None:
            return
        number = self._asked
        self.work_wished.emit(
            lambda stepper: read(stepper, looked_at.tensor),
            lambda reading: self._take(number, looked_at, reading),
        )

    def _take(self, number: int, looked_at: Chosen, reading: Reading) -> None:
        if number != self._asked:
            return  # something else is wanted by now
        self.reading = reading
        self.stack.setCurrentIndex(1)
        self.chooser.show_name(reading.tensor)
        fresh = Slice.of(reading.axes, reading.shape)
        seen = fresh if self.seen is None else self.seen.carried_to(reading.axes, reading.shape)
        index = looked_at.index
        # Sliders may have left a locked cell; only another one brings its slice into view.
        if index is not None and looked_at != self._shown and _exists(index, reading):
            seen = seen.moved_to(index)
        self._shown = looked_at
        self._show_slice(seen)

    def _show_slice(self, seen: Slice) -> None:
        reading, looked_at = self.reading, self.looked_at
        if reading is None or looked_at is None:
            return
        self.seen = seen
        self.slice_bar.show_slice(seen, reading.labels)
        index = looked_at.index if looked_at.index is not None and _exists(looked_at.index, reading) else None
        self.maps.show_slice(reading, seen, self._reach, index, looked_at.of)
        self.numbers.show_reading(reading, seen)
        self.edit_button.setVisible(self.weight is not None)
        # Where the maps take turns with the page, a click does not turn to it at once.
        self.cell_button.setVisible(index is not None and self.pages.arrangement is Arrangement.TABS)

    def _enable(self) -> None:
        self.back_button.setEnabled(self.history.before is not None)
        self.forward_button.setEnabled(self.history.after is not None)

    # what the user does

    def _wish_weight(self) -> None:
        if self.weight is not None:
            self.weight_wished.emit(self.weight)

    def _pick(self, tensor: str) -> None:
        looked_at, stepper = self.looked_at, self._stepper
        if stepper is None or looked_at is None:
            return
        has_gradient = stepper.complete_at(tensor, "gradient") is not None
        self._wish(Chosen(tensor, looked_at.of if has_gradient else "value"))

    def _lock(self, of: str, index: Index | None) -> None:
        looked_at = self.looked_at
        if looked_at is None:
            return
        wished = Chosen(looked_at.tensor, "gradient" if of == "gradient" else "value", index)
        before = looked_at.index
        if before is not None and index is not None and _neighbours(before, index):
            self._beside = wished
        self._wish(wished)
        in_sight = self.pages.arrangement is not Arrangement.TABS
        if index is not None and in_sight and self.pages.page is self.numbers:
            self.pages.show_page(self.cell)  # where the cell came from is what it was clicked for

    def _wish(self, wished: Chosen) -> None:
        """Ask for it; where nothing was chosen, what was seen instead can be gone back to."""
        if self._chosen is None and self.looked_at is not None:
            self.history.visit(self.looked_at)
        self.tensor_wished.emit(wished)

    def _choose_reach(self, reach: Reach) -> None:
        self._reach = reach
        if self.seen is not None:
            self._show_slice(self.seen)

    def _walk(self, chosen: Chosen | None) -> None:
        if chosen is not None:
            self.tensor_wished.emit(chosen)
        self._enable()


def _exists(index: Index, reading: Reading) -> bool:
    same_axes = len(index) == len(reading.shape)
    return same_axes and all(0 <= place < size for place, size in zip(index, reading.shape, strict=True))


def _neighbours(one: Index, other: Index) -> bool:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) == 1


def _button(name: str, accessible: str, tip: str, keys: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName(name)
    button.setAccessibleName(accessible)
    button.setShortcut(keys)
    button.setToolTip(f"{tip} ({keys})")
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
