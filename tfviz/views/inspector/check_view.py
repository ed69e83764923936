"""The page "Check": is the gradient what a difference of losses says it is? Of one cell, or of a whole layer."""

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QPushButton, QVBoxLayout, QWidget

from tfviz.core.gradient_check import TOLERANCE
from tfviz.training.stepping.hand_check import CellCheck
from tfviz.training.stepping.step_operations import nearest_with_parameters, parameters_of
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.inspector.cell_text import breakable, cell_of, cell_text, number_text, power_text, short_name
from tfviz.views.inspector.check_layer_box import CheckLayerBox
from tfviz.views.inspector.check_run import layer_of
from tfviz.views.inspector.link_button import link_button
from tfviz.views.inspector.step_page import NO_STEP, StepPage
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.panel import label, paragraph
from tfviz.views.style.theme import Theme

NO_TENSOR = "Choose a parameter to check its gradient: a weight, a bias, an embedding."
NO_CELL = "Click a cell of its heat map to check the gradient of one number."
QUICK = 2e9
"""Products of a pass, about parameters times tokens, up to which a cell is checked without being asked: it takes up
to twenty passes, and the debugger's thread does nothing else meanwhile."""
ROWS = ("analytic gradient", "central difference", "step size h", "relative error")
DIFFERENCE = (
    "(4 D(h) − D(2h)) / 3, where D(h) = (L(+h) − L(−h)) / 2h and L(h) is the loss with this number moved by h. "
    "h is as large as no ReLU between the four losses switches."
)
ROUNDED = "Both are computed in float64: the float32 number on the map may differ from the sixth digit on."


class CheckView(StepPage):
    """Analytic and numeric derivative side by side; all of it in float64, with the batch and masks of the step."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("check_view")
        self.setAccessibleName("Check a gradient")
        self.check: CellCheck | None = None
        self.offered: list[QPushButton] = []
        self.lay_out(self._build())

    def show_stepper(self, stepper: Stepper | None) -> None:
        if stepper is not self.stepper:
            self.layer.stop()
            self.check = None
        super().show_stepper(stepper)

    def recolour(self, theme: Theme) -> None:
        super().recolour(theme)
        self.layer.recolour(theme)
        if self.check is not None:
            self._show(self.check)

    def refresh(self) -> None:
        stepper, chosen = self.stepper, self.chosen
        if stepper is None or chosen is None:
            self.say(NO_STEP if stepper is None else NO_TENSOR)
            return
        self.show_content()
        if chosen.tensor in stepper.parameters:
            self._offer([])
            self.layer.show()
            self.layer.show_layer(stepper, layer_of(chosen.tensor))
            self._show_cell(stepper, chosen)
        else:
            self._show_no_parameter(stepper, chosen.tensor)

    def _show_no_parameter(self, stepper: Stepper, name: str) -> None:
        self.title.setText(breakable(name))
        self._show_result(False)
        self.button.hide()
        self.layer.hide()
        operations = nearest_with_parameters(stepper.model.program, name)
        if not operations:
            self.note.setText("No parameter leads to it. " + NO_TENSOR)
            self._offer([])
            return
        names = " and ".join(breakable(operation.name) for operation in operations)
        self.note.setText(
            "Only parameters can be moved a little to see how the loss changes; this tensor is computed from "
            f"them. The nearest that can be checked are the parameters of {names}:"
        )
        parameters = [each for operation in operations for each in parameters_of(operation)]
        self._offer(list(dict.fromkeys(parameters)))  # operations may read some rows each of the same ones

    def _show_cell(self, stepper: Stepper, chosen: Chosen) -> None:
        cell = cell_of(chosen)
        name = chosen.tensor if cell is None else cell_text(cell._replace(of="gradient"))
        self.title.setText(breakable(name))
        self.rounded.setVisible(stepper.config.training.dtype == "float32")
        self.button.setVisible(cell is not None)
        if cell is None:
            self._show_result(False)
            self.note.setText(NO_CELL)
        elif self.check is not None and (self.check.name, self.check.index) == (cell.tensor, cell.indices):
            self._show(self.check)
        elif _work(stepper) <= QUICK:
            self._check_cell()
        else:
            self._show_result(False)
            self.note.setText("Checking one cell of a model of this size takes a while.")

    def _check_cell(self) -> None:
        cell = cell_of(self.chosen)
        if cell is None or self.stepper is None:
            return
        self._show_result(False)
        self.note.setText("Comparing\N{HORIZONTAL ELLIPSIS}")
        self.ask(lambda stepper: stepper.check(cell.tensor, cell.indices), self._show)

    def _show(self, check: CellCheck) -> None:
        self.check = check
        self._show_result(True)
        texts = (
            number_text(check.analytic, 12),
            number_text(check.numeric, 12),
            f"{power_text(check.step)} = {number_text(check.step)}",
            number_text(check.error, 3),
        )
        for name, text in zip(ROWS, texts, strict=True):
            self.numbers[name].setText(text)
        if not check.smooth:
            token, verdict = (
                "warn",
                "A ReLU switches within the difference: it reaches over a kink and says little.",
            )
        elif check.error <= TOLERANCE:
            token, verdict = "good", f"\N{CHECK MARK} They agree within the tolerance of {TOLERANCE:g}."
        elif not check.counts:
            token, verdict = (
                "warn",
                "Apart by no more than the losses are rounded: the gradient is very small.",
            )
        else:
            token, verdict = "bad", f"\N{BALLOT X} They differ by more than the tolerance of {TOLERANCE:g}."
        self.note.setText(verdict)
        self.note.setStyleSheet(f"color: {getattr(self.theme, token)}")

    def _show_result(self, shown: bool) -> None:
        self.result.setVisible(shown)
        if not shown:
            self.note.setStyleSheet("")

    def _offer(self, names: list[str]) -> None:
        """Buttons that lead to parameters."""
        for button in self.offered:
            button.clearFocus()  # or it falls to another button of the window
            button.hide()
            button.deleteLater()  # not at once: it may be the one that was clicked
        self.offered = [
            link_button(short_name(name), f"parameter_{name}", f"Check {name}", f"Go to {name}") for name in names
        ]  # fmt: skip
        for name, button in zip(names, self.offered, strict=True):
            button.clicked.connect(lambda checked=False, name=name: self._go_to(name))
            self.offers.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    def _go_to(self, name: str) -> None:
        computed = self.stepper is not None and self.stepper.computed(name, "gradient")
        self.tensor_wished.emit(Chosen(name, "gradient" if computed else "value"))

    def _build(self) -> QWidget:
        content = QWidget()
        self.title = paragraph("", "number")
        self.note = paragraph("")
        self.note.setObjectName("check_note")
        self.result = QWidget()
        grid = QGridLayout(self.result)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setColumnStretch(1, 1)
        self.numbers = {name: label("", "number") for name in ROWS}
        for row, (name, number) in enumerate(self.numbers.items()):
            grid.addWidget(label(name, "dim"), row, 0)
            grid.addWidget(number, row, 1)
        for name in ROWS[1:3]:
            self.numbers[name].setToolTip(f"<p>{DIFFERENCE}</p>")
        self.rounded = paragraph(ROUNDED, "faint")
        grid.addWidget(self.rounded, len(ROWS), 0, 1, 2)
        self.button = QPushButton("Check this cell")
        self.button.setObjectName("check_cell")
        self.button.setAccessibleName("Check this cell")
        self.button.setToolTip("Move this number a little to either side and see how the loss changes")
        self.button.clicked.connect(self._check_cell)
        self.offers = QVBoxLayout()
        self.layer = CheckLayerBox()
        self.layer.work_wished.connect(self.work_wished)
        self.layer.tensor_wished.connect(self.tensor_wished)
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 4, 0)
        layout.setSpacing(8)
        for widget in (self.title, self.result, self.note, self.button):
            layout.addWidget(widget)
        layout.setAlignment(self.button, Qt.AlignmentFlag.AlignLeft)
        layout.addLayout(self.offers)
        layout.addSpacing(8)
        layout.addWidget(self.layer)
        layout.addStretch(1)
        return content


def _work(stepper: Stepper) -> float:
    batch = stepper.batch
    tokens = math.prod(batch.source.shape) + math.prod(batch.target_in.shape)
    return float(stepper.model.parameter_values.flat.size * tokens)
