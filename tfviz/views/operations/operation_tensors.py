"""What an operation reads and writes: a line for each tensor, with its axes and buttons for its value and gradient."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QPushButton, QVBoxLayout, QWidget

from tfviz.core.operation import Operation
from tfviz.core.tensor import Tensor
from tfviz.training.stepping.step_places import Of, Place, whole_name
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.operations.operation_rows import short_name
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.panel import label
from tfviz.views.parts.elided_label import ElidedLabel
from tfviz.views.parts.plain_scroll_area import PlainScrollArea
from tfviz.views.style.restyle import restyle

PARAMETER_PREFIX = "transformer."


@dataclass(frozen=True)
class Sight:
    """What is said of a tensor at a position."""

    name: str
    role: str
    """"reads", "writes" or "parameter"."""
    axes: str
    """Such as "batch 16 · position 9 · features 32"."""
    shape: str
    """The same without words."""
    value: str
    """Why the value is not there yet; empty where it is."""
    gradient: str | None
    """Likewise; None where there is none."""


def operation_of(stepper: Stepper, place: Place) -> Operation | None:
    """None for clipping and update."""
    if place.phase in ("clipping", "update"):
        return None
    return next(found for found in stepper.model.program.operations if found.name == place.name)


def sights(stepper: Stepper, place: Place) -> list[Sight]:
    """The tensors of an operation, in the order in which its constructor names them; each parameter whole."""
    operation = operation_of(stepper, place)
    if operation is None:
        return []
    named = [(tensor, "parameter" if tensor.kind == "parameter" else "reads") for tensor in operation.inputs]
    named += [(tensor, "writes") for tensor in operation.outputs]
    roles = {whole_name(tensor.name): role for tensor, role in named}
    return [_sight(stepper, name, role) for name, role in roles.items()]


def result_of(stepper: Stepper, place: Place) -> Chosen | None:
    """What a pass is for: the value that it writes, or the gradient of what it reads."""
    operation = operation_of(stepper, place)
    if operation is None:
        return None
    if place.phase == "forward":
        return Chosen(operation.outputs[-1].name)
    of_inputs = [whole_name(tensor.name) for tensor in operation.inputs]
    with_gradient = [name for name in of_inputs if stepper.complete_at(name, "gradient") is not None]
    return Chosen(with_gradient[0], "gradient") if with_gradient else None


def _sight(stepper: Stepper, name: str, role: str) -> Sight:
    tensor: Tensor = stepper.parameters[name] if name in stepper.parameters else stepper.tensors[name]
    shape = tensor.value.shape
    axes = " · ".join(f"{axis} {length}" for axis, length in zip(tensor.axes, shape, strict=True))
    lengths = " × ".join(map(str, shape))
    exists = stepper.complete_at(name, "gradient") is not None
    gradient = _absent(stepper, name, "gradient") if exists else None
    return Sight(name, role, axes, lengths, _absent(stepper, name, "value"), gradient)


def _absent(stepper: Stepper, name: str, of: Of) -> str:
    """Why it is not there; empty where it has been computed."""
    position = stepper.complete_at(name, of)
    if position is None or stepper.computed(name, of):
        return ""
    return f"not computed yet: complete after operation {position}, {stepper.places[position - 1]}"


class _Line(QWidget):
    """One tensor. Lines are made once, and shown with another tensor's words."""

    wished = Signal(object)

    def __init__(self, number: int) -> None:
        super().__init__()
        self.setObjectName(f"operation_tensor_{number}")
        self.role, self.name, self.axes = label("", "caption"), ElidedLabel(), ElidedLabel()
        self.name.setProperty("role", None)
        self.axes.setProperty("role", "faint")
        self.value_button = self._button("value", number)
        self.gradient_button = self._button("gradient", number)
        self.sight: Sight | None = None
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 2)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.name, 0, 0)
        grid.addWidget(self.role, 0, 1, 1, 2, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(self.axes, 1, 0)
        grid.addWidget(self.value_button, 1, 1)
        grid.addWidget(self.gradient_button, 1, 2)

    def show_sight(self, sight: Sight, chosen: Chosen | None) -> None:
        self.sight = sight
        self.role.setText(sight.role)
        name = short_name(sight.name.removeprefix(PARAMETER_PREFIX))
        last = name.rpartition(".")[2]
        self.name.say(name, name if last == name else f"…{last}")
        self.axes.say(sight.axes, sight.shape, sight.shape.replace(" ", ""))
        for part in (self.name, self.axes):
            part.setToolTip(f"{sight.name}: {sight.axes}")
        for of, button, absent in (
            ("value", self.value_button, sight.value),
            ("gradient", self.gradient_button, sight.gradient),
        ):
            button.setVisible(absent is not None)
            # A button without a number behind it looks like one: hollow, and its words say so.
            restyle(button, "absent", bool(absent))
            button.setAccessibleName(f"{sight.name}: {of}" + (", not computed yet" if absent else ""))
            button.setToolTip(f"Look at the {of} of {sight.name}" + (f" ({absent})" if absent else ""))
            with QSignalBlocker(button):
                button.setChecked(chosen is not None and (chosen.tensor, chosen.of) == (sight.name, of))

    def _button(self, of: Of, number: int) -> QPushButton:
        button = QPushButton(of)
        button.setObjectName(f"operation_tensor_{number}_{of}")
        button.setCheckable(True)
        button.setProperty("small", True)
        button.setProperty("tight", True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda _=False: self._wish(of))
        return button

    def _wish(self, of: Of) -> None:
        if self.sight is not None:
            self.wished.emit(Chosen(self.sight.name, of))


class OperationTensors(PlainScrollArea):
    """The lines of one operation."""

    wished = Signal(object)
    """A Chosen."""

    def __init__(self) -> None:
        holder = QWidget()
        super().__init__(holder, "operation_tensors")
        self.setAccessibleName("Tensors of the operation")
        self._column = QVBoxLayout(holder)
        self._column.setContentsMargins(0, 0, 6, 0)
        self._column.setSpacing(4)
        self._column.addStretch(1)
        self.lines: list[_Line] = []
        self._chosen: Chosen | None = None
        self._sights: Sequence[Sight] = ()

    def show_sights(self, sights: Sequence[Sight]) -> None:
        """Other tensors, or the same ones at another position."""
        self._sights = sights
        while len(self.lines) < len(sights):
            line = _Line(len(self.lines))
            line.wished.connect(self.wished)
            self._column.insertWidget(len(self.lines), line)
            self.lines.append(line)
        self._fill()

    def show_chosen(self, chosen: Chosen | None) -> None:
        """Mark the button of what is looked at."""
        self._chosen = chosen
        self._fill()

    def _fill(self) -> None:
        for number, line in enumerate(self.lines):
            line.setVisible(number < len(self._sights))
            if number < len(self._sights):
                line.show_sight(self._sights[number], self._chosen)
