"""Asks when training is to stop: a row for each condition, with its numbers and what it does. Changes count at once."""

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDoubleSpinBox,
    QHBoxLayout,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from tfviz.app.dialogs.break_choices import BreakChoices
from tfviz.app.dialogs.dialog_layout import close_button, dialog_column
from tfviz.training.stepping.breaks import ENTROPY_EVERY
from tfviz.views.panel import label, paragraph
from tfviz.views.parts.widgets import give_arrows
from tfviz.views.style.restyle import restyle

INTRODUCTION = (
    "Training stops before the update of the step that meets a condition: parameters and optimiser are those of the "
    "step before, and the place is opened in the debugger. Play goes on past it."
)
ALWAYS = (
    "With none of these on, training still stops where the loss or the gradient is NaN or infinite, and names the "
    "operation where that arose."
)
SENTENCES = {
    "number": "Looks at every activation and every gradient, also where loss and gradient norm do not show it: a ReLU "
    "makes 0 of minus infinity. Takes a part of each step's time.",
    "loss": "Compares the loss of the batch with the mean of the steps before it.",
    "gradient": "Compares the length of the whole gradient, before it is clipped.",
    "entropy": "Finds heads that look at one key alone: the mean over the queries of the batch, nothing dropped. "
    f"Looked at every {ENTROPY_EVERY} steps, for it takes a forward pass of its own.",
    "ratio": "Compares the length of a group's change with that of its weights. Trying the update takes time at every "
    "step.",
}
TITLES = {"number": "Any number NaN or infinite", "loss": "Loss above",
          "gradient": "Gradient norm above", "entropy": "Entropy of a head below",
          "ratio": "Update ratio outside"}  # fmt: skip
WIDTH, MARGIN = 640, 22
SWITCH = 190
INDENT = 25  # pixels, as far as the text of a check box is from its edge


class BreakDialog(QDialog):
    """Rows with a check box each. Numbers that cannot be taken leave those in force that were there before."""

    changed = Signal(object)
    """The BreakChoices."""

    def __init__(self, choices: BreakChoices, parent: QWidget) -> None:
        super().__init__(parent)
        self.choices = self.taken = choices  # what stands in the fields, and what of it can be taken
        self.setObjectName("break_dialog")
        self.setAccessibleName("Stop when")
        self.setWindowTitle("tfviz: stop training when …")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.switches: dict[str, QCheckBox] = {}
        self.numbers: dict[str, QSpinBox | QDoubleSpinBox] = {}
        self.problem = paragraph("", "error")
        self.problem.setObjectName("break_problem")
        self._lay_out()
        self._show_state()

    def _lay_out(self) -> None:
        column = dialog_column(self, spacing=12)
        column.addWidget(label("Stop training when …", "title"))
        column.addWidget(paragraph(INTRODUCTION, "dim"))
        number = self._number
        self._add_row(column, "number")
        self._add_row(column, "loss", number("loss_factor", 1.01, 1000.0, 2, "times its mean over"),
                      self._count("loss_window", 2, 10_000, "steps"))  # fmt: skip
        self._add_row(column, "gradient", number("gradient_limit", 1e-3, 1e6, 3, "(L2 norm)"))
        self._add_row(column, "entropy", number("entropy_limit", 1e-3, 10.0, 3, "nats"))
        self._add_row(column, "ratio", label("10^", "dim"), number("ratio_low", -12.0, 3.0, 1, "to"),
                      label("10^", "dim"), number("ratio_high", -12.0, 3.0, 1, "of the weights"))  # fmt: skip
        column.addWidget(self.problem)
        column.addWidget(paragraph(ALWAYS, "dim"))
        button = close_button(self)
        button.setAutoDefault(False)  # Enter in a number takes it, and does not close the dialog
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignRight)
        self.setMinimumWidth(WIDTH)
        button.setFocus()

    def _add_row(self, column: QVBoxLayout, name: str, *parts: QWidget) -> None:
        switch = self.switches[name] = QCheckBox(TITLES[name])
        switch.setObjectName(f"break_{name}")
        switch.setAccessibleName(TITLES[name])
        switch.setToolTip(SENTENCES[name])
        switch.setMinimumWidth(SWITCH)
        switch.setChecked(getattr(self.choices, name))
        switch.toggled.connect(lambda on: self._take(name, on))
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(switch)
        for part in parts:
            line.addWidget(part)
            if isinstance(part, QSpinBox | QDoubleSpinBox):
                line.addWidget(label(str(part.property("unit")), "dim"))
        line.addStretch(1)
        sentence = paragraph(SENTENCES[name], "faint")
        sentence.setContentsMargins(INDENT, 0, 0, 0)
        sentence.setFixedWidth(WIDTH - 2 * MARGIN)
        row = QVBoxLayout()
        row.setSpacing(2)
        row.addLayout(line)
        row.addWidget(sentence)
        column.addLayout(row)

    def _number(self, name: str, low: float, high: float, decimals: int, unit: str) -> QDoubleSpinBox:
        field = QDoubleSpinBox()
        field.setDecimals(decimals)
        field.setRange(low, high)
        field.setStepType(
            QDoubleSpinBox.StepType.DefaultStepType
            if low < 0
            else QDoubleSpinBox.StepType.AdaptiveDecimalStepType
        )
        field.setSingleStep(0.5)
        field.setValue(getattr(self.choices, name))
        field.valueChanged.connect(lambda value: self._take(name, value))
        self._prepare(field, name, f"{low:g} to {high:g}", unit)
        return field

    def _count(self, name: str, low: int, high: int, unit: str) -> QSpinBox:
        field = QSpinBox()
        field.setRange(low, high)
        field.setValue(getattr(self.choices, name))
        field.valueChanged.connect(lambda value: self._take(name, value))
        self._prepare(field, name, f"{low:,} to {high:,}", unit)
        return field

    def _prepare(self, field: QSpinBox | QDoubleSpinBox, name: str, allowed: str, unit: str) -> None:
        self.numbers[name] = field
        field.setObjectName(f"break_{name}")
        field.setAccessibleName(f"{TITLES[name.partition('_')[0]]}: {name.partition('_')[2]} ({unit})")
        field.setToolTip(f"Allowed: {allowed}")
        field.setProperty("unit", unit)
        give_arrows(field)
        field.setFixedWidth(84)
        field.setKeyboardTracking(False)

    def _take(self, name: str, value: bool | float) -> None:
        self.choices = self.choices.with_value(name, value)
        taken = self.choices
        if taken.problem:
            taken = replace(taken, ratio_low=self.taken.ratio_low, ratio_high=self.taken.ratio_high)
        self._show_state()
        if taken != self.taken:
            self.taken = taken
            self.changed.emit(taken)

    def _show_state(self) -> None:
        """Numbers of what is off are dim; numbers that cannot be taken are said to be so."""
        taken = f"; {self.taken.ratio_low:g} to {self.taken.ratio_high:g} still counts"
        self.problem.setText(self.choices.problem + taken if self.choices.problem else "")
        for name, field in self.numbers.items():
            kind = name.partition("_")[0]
            field.setEnabled(getattr(self.choices, kind))
            restyle(field, "invalid", kind == "ratio" and bool(self.choices.problem))
