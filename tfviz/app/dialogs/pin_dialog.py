"""Asks which step of another run file to pin, and reads it while the window goes on."""

import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QPushButton,
    QSpinBox,
    QWidget,
)

from tfviz.app.background import Background
from tfviz.app.dialogs.dialog_layout import button_row, dialog_column, say
from tfviz.training.record.other_run import OtherRun
from tfviz.training.snapshot import Snapshot
from tfviz.training.tasks import Example
from tfviz.views.panel import label, paragraph

LARGEST_STEP = 2**31 - 1  # that a field can hold


class PinDialog(QDialog):
    """`read` hands the file over, with the branch, the step and its picture; otherwise the dialog closes the file."""

    read = Signal(object, object, object, object)

    def __init__(self, path: str, probe: Example, parent: QWidget) -> None:
        """The picture is of the sentence `probe`."""
        super().__init__(parent)
        self.setObjectName("pin_dialog")
        self.setWindowTitle("tfviz: pin a step of a file")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._probe = probe
        self._run: OtherRun | None = None
        self._given_up = threading.Event()
        self._work: Background | None = None
        self.caption = label("Opening the file …", "dim")
        self.branch, self.step = QComboBox(), QSpinBox()
        self.message = paragraph("", "error")
        self.pin_button, self.cancel_button = QPushButton("Pin"), QPushButton("Cancel")
        self._build()
        self._do(lambda: OtherRun(path), self._show_run)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._given_up.set()
        if self._work is not None and self._work.running:
            self._work.cancel()
        if self._run is not None:
            self._run.close()
            self._run = None
        super().closeEvent(event)

    def _build(self) -> None:
        self.caption.setObjectName("pin_caption")
        self.branch.setObjectName("pin_branch")
        self.branch.setAccessibleName("Branch")
        self.branch.currentIndexChanged.connect(self._choose_branch)
        self.step.setObjectName("pin_step_count")
        self.step.setAccessibleName("Step")
        self.step.setGroupSeparatorShown(True)
        self.message.setObjectName("pin_message")
        self.message.hide()
        self.pin_button.setObjectName("pin_accept")
        self.pin_button.setProperty("primary", True)
        self.pin_button.setDefault(True)
        self.pin_button.setEnabled(False)
        self.pin_button.clicked.connect(self._read)
        self.cancel_button.setObjectName("pin_cancel")
        self.cancel_button.clicked.connect(self.close)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.addRow(label("Branch", "dim"), self.branch)
        form.addRow(label("Step", "dim"), self.step)
        column = dialog_column(self)
        column.addWidget(label("Pin a step of a file", "title"))
        column.addWidget(self.caption)
        column.addLayout(form)
        column.addWidget(self.message)
        column.addLayout(button_row(self.cancel_button, self.pin_button))
        self.setMinimumWidth(420)

    def _show_run(self, run: OtherRun) -> None:
        self._run = run
        how = "any of its steps" if run.computable else "the last picture that was recorded by a step"
        self.caption.setText(f"{run.name}: {how}, beside the present one")
        with QSignalBlocker(self.branch):
            for branch in run.branches:
                self.branch.addItem(branch.name, branch.number)
        self._choose_branch()
        self.pin_button.setEnabled(True)
        self.step.setFocus()
        self.step.selectAll()

    def _choose_branch(self) -> None:
        if self._run is not None:
            last = min(self._run.last_step(self.branch.currentData()), LARGEST_STEP)
            self.step.setRange(0, last)
            self.step.setSuffix(f" of {last:,}")
            self.step.setValue(last)

    def _read(self) -> None:
        run = self._run
        if run is None:
            return
        branch, step = self.branch.currentData(), self.step.value()
        self.pin_button.setEnabled(False)
        say(self.message, "Reading the step …", "dim")
        self._do(
            lambda: run.view(step, branch, self._probe, lambda done, of: not self._given_up.is_set()),
            lambda snapshot: self._hand_over(run, branch, step, snapshot),
        )

    def _hand_over(self, run: OtherRun, branch: int, step: int, snapshot: Snapshot) -> None:
        self._run = None
        self.read.emit(run, branch, step, snapshot)
        self.close()

    def _do(self, function: Callable[[], Any], then: Callable[[Any], None]) -> None:
        self._work = Background(function, self)
        self._work.done.connect(then)
        self._work.failed.connect(self._show_error)
        self._work.start()

    def _show_error(self, error: Exception) -> None:
        say(self.message, f"Not pinned: {error}", "error")
        self.pin_button.setEnabled(self._run is not None)
