"""Asks for the new value of one weight."""

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QGridLayout, QLineEdit, QPushButton, QWidget

from tfviz.app.dialogs.dialog_layout import button_row, dialog_column
from tfviz.views.inspector.inspector_panel import Weight
from tfviz.views.panel import label, paragraph


class WeightDialog(QDialog):
    """Old value, new value, and where the change will hold."""

    wished = Signal(float)

    def __init__(self, weight: Weight, branch: str, newest: bool, parent: QWidget) -> None:
        """`newest` says whether the branch itself is changed, or a new one leaves it."""
        super().__init__(parent)
        self.setObjectName("weight_dialog")
        self.setWindowTitle("tfviz: edit a weight")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(True)
        self._weight = weight
        self.old = label(f"{weight.value!r}", "number")
        self.old.setObjectName("weight_old")
        self.new = QLineEdit(f"{weight.value!r}")
        self.new.setObjectName("weight_new")
        self.new.setAccessibleName("New value")
        self.new.setToolTip("Any finite number")
        self.error = paragraph("", "error")
        self.error.setObjectName("weight_error")
        self.accept_button, self.cancel_button = QPushButton("Set"), QPushButton("Cancel")
        self.accept_button.setObjectName("weight_accept")
        self.accept_button.setProperty("primary", True)
        self.accept_button.setDefault(True)
        self.accept_button.setToolTip("Change the weight")
        self.cancel_button.setObjectName("weight_cancel")
        self.cancel_button.setToolTip("Leave it as it is")
        self._lay_out(
            f"It holds from step {weight.step:,} on, in {branch}."
            if newest
            else f"A new branch leaves {branch} at step {weight.step:,}; {branch} keeps its own future."
        )
        self.new.textEdited.connect(self._check)
        self.accept_button.clicked.connect(self._accept)
        self.cancel_button.clicked.connect(self.close)
        self._check()
        self.new.setFocus(Qt.FocusReason.OtherFocusReason)
        self.new.selectAll()

    def _lay_out(self, effect: str) -> None:
        fields = QGridLayout()
        fields.setHorizontalSpacing(16)
        fields.setColumnStretch(1, 1)
        for row, (text, widget) in enumerate((("Old value", self.old), ("New value", self.new))):
            fields.addWidget(label(text, "dim"), row, 0)
            fields.addWidget(widget, row, 1)
        column = dialog_column(self)
        column.addWidget(label("Edit a weight", "title"))
        column.addWidget(paragraph(self._weight.place, "number"))
        column.addLayout(fields)
        column.addWidget(self.error)
        column.addWidget(paragraph(effect, "dim"))
        column.addLayout(button_row(self.cancel_button, self.accept_button))
        self.setMinimumWidth(420)

    def _value(self) -> float | None:
        try:
            value = float(self.new.text())
        except ValueError:
            return None
        return value if math.isfinite(value) else None

    def _check(self) -> None:
        value = self._value()
        self.error.setText(
            "" if value is not None else f"New value is {self.new.text()!r}; allowed: a finite number"
        )
        self.error.setVisible(value is None)
        self.accept_button.setEnabled(value is not None and value != self._weight.value)

    def _accept(self) -> None:
        value = self._value()
        if value is not None:
            self.wished.emit(value)
            self.close()
