"""Asks what to change and from which step on: in a new branch, under which name, or in the one that is trained."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from tfviz.app.dialogs.dialog_layout import button_row, dialog_column
from tfviz.training.branching.branches import CHANGEABLE, Line, changed_together
from tfviz.training.config import RunConfig, difference
from tfviz.training.rules import ConfigurationError
from tfviz.views.curves.branch_texts import difference_text, field_name, proposed_name
from tfviz.views.interventions.parts_tree import PartsTree
from tfviz.views.panel import label, paragraph
from tfviz.views.parts.widgets import SegmentedButtons
from tfviz.views.run.field_row import FieldRow
from tfviz.views.run.run_fields import Row, is_shown
from tfviz.views.style.theme import Theme

NEW, HERE = 0, 1
LONGEST_NAME = 80

OPTIMIZER, FROZEN = "training.optimizer", "training.frozen"
SECTIONS = {"Optimiser and batches": "training.", "Model": "model."}
"""Title -> how the paths of its fields begin. The frozen parts have a place of their own."""
RESET = "The new optimiser starts anew: its moments and last updates are 0."


@dataclass(frozen=True)
class BranchWish:
    """What the dialog asks for."""

    step: int
    name: str | None
    """Of the new branch; None for a change in the present one, after its newest step."""
    values: Mapping[str, Any]
    """Path -> new value."""


class BranchDialog(QDialog):
    """Speaks of the step at which it was opened, whatever training does meanwhile."""

    wished = Signal(object)  # BranchWish

    def __init__(
        self, lines: Mapping[int, Line], current: int, step: int, newest: bool, theme: Theme, parent: QWidget
    ) -> None:
        """`newest` says whether the clock follows: only there the branch itself can be changed."""
        super().__init__(parent)
        self.setObjectName("branch_dialog")
        self.setWindowTitle("tfviz: branch")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(True)
        self._line, self._step, self._newest = lines[current], step, newest
        self._taken = {line.branch.name for line in lines.values()}
        self._before = self._line.config_after(step)
        self._after: RunConfig | None = self._before
        self._named = False  # by the user
        self.where = SegmentedButtons(("New branch", "Change this branch"), "What to do")
        self.name = QLineEdit()
        self.name_error = paragraph("", "error")
        self.effect, self.difference = paragraph("", "dim"), paragraph()
        self.accept_button, self.cancel_button = QPushButton("Branch"), QPushButton("Cancel")
        self.rows: list[FieldRow] = []
        self.parts = PartsTree(self._before.model)
        self._prepare()
        self._arrange(theme)
        self._check()
        self.name.setFocus()

    @property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        """Path -> (before, after); nothing while a field is wrong."""
        return {} if self._after is None else difference(self._before, self._after)

    # what stands where

    def _prepare(self) -> None:
        self.where.setObjectName("branch_where")
        self.where.button(NEW).setObjectName("branch_new")
        self.where.button(HERE).setObjectName("branch_change")
        self.where.button(HERE).setEnabled(self._newest)
        self.where.button(HERE).setToolTip(
            "Use other settings from the next step on, in the same branch"
            if self._newest
            else f"Step {self._step:,} lies in the past: what is recorded stays, so a change makes a branch"
        )
        self.where.chosen.connect(lambda _: self._check())
        self.name.setObjectName("branch_name")
        self.name.setAccessibleName("Name of the branch")
        self.name.setMaxLength(LONGEST_NAME)
        self.name.textEdited.connect(self._take_name)
        self.name_error.setObjectName("branch_name_error")
        self.effect.setObjectName("branch_effect")
        self.effect.setMinimumHeight(36)
        self.effect.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.difference.setObjectName("branch_difference")
        self.accept_button.setObjectName("branch_accept")
        self.accept_button.setProperty("primary", True)
        self.accept_button.setDefault(True)
        self.accept_button.clicked.connect(self._accept)
        self.cancel_button.setObjectName("branch_cancel")
        self.cancel_button.clicked.connect(self.close)

    def _arrange(self, theme: Theme) -> None:
        head = QHBoxLayout()
        head.addWidget(label(f"Step {self._step:,} of {self._line.branch.name}", "title"), 1)
        head.addWidget(self.where)
        fields = QGridLayout()
        fields.setHorizontalSpacing(16)
        fields.setVerticalSpacing(6)
        fields.setColumnStretch(1, 1)
        self.name_label = label("Name", "dim")
        fields.addWidget(self.name_label, 0, 0)
        fields.addWidget(self.name, 0, 1)
        fields.addWidget(self.name_error, 1, 0, 1, 2)
        sections = QHBoxLayout()
        sections.setSpacing(28)
        for title, beginning in SECTIONS.items():
            paths = [path for path in CHANGEABLE if path.startswith(beginning) and path != FROZEN]
            sections.addLayout(self._section(title, paths, theme), 1)
        sections.addLayout(self._frozen_parts(), 1)
        column = dialog_column(self)
        column.addLayout(head)
        column.addLayout(fields)
        column.addLayout(sections)
        column.addWidget(self.difference)
        column.addWidget(self.effect)
        column.addLayout(button_row(self.cancel_button, self.accept_button))
        self.setMinimumWidth(860)

    def _section(self, title: str, paths: list[str], theme: Theme) -> QVBoxLayout:
        """A row for each field under a title."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for path in paths:
            name = field_name(path)
            row = FieldRow(Row(name[:1].upper() + name[1:], (path,)), RunConfig.rules(), grid)
            row.show_config(self._before)
            row.recolour(theme)
            row.editors[path].edited.connect(self._check)
            self.rows.append(row)
        column = QVBoxLayout()
        column.setSpacing(6)
        column.addWidget(label(title.upper(), "caption"))
        column.addLayout(grid)
        column.addStretch(1)
        return column

    def _frozen_parts(self) -> QVBoxLayout:
        """What no update changes, as a check list."""
        self.parts.setObjectName(f"field_{FROZEN}")
        self.parts.setAccessibleName("Frozen parts")
        self.parts.setToolTip(f"<p>{RunConfig.rules()[FROZEN].help}</p>")
        self.parts.show_value(self._before.training.frozen)
        self.parts.edited.connect(self._check)
        column = QVBoxLayout()
        column.setSpacing(6)
        column.addWidget(label("FROZEN PARTS", "caption"))
        column.addWidget(self.parts, 1)
        return column

    def _show_meaningful(self) -> None:
        """Fields that neither the chosen optimiser nor a model of this shape reads are not shown."""
        written = {path: str(self._before.value(path)) for path in RunConfig.rules()}
        written |= {path: editor.written() for row in self.rows for path, editor in row.editors.items()}
        for row in self.rows:
            row.show_fields(tuple(path for path in row.paths if is_shown(path, written)), row.row.label)

    # what is typed

    def _take_name(self) -> None:
        self._named = bool(self.name.text().strip())
        self._check()

    def _check(self) -> None:
        """Read all fields, and say at each what is wrong or has changed, and below what that will do."""
        self._show_meaningful()
        errors = self._read()
        changes, new = self.changes, self.where.index == NEW
        for row in self.rows:
            row.show_errors(errors)
            row.show_changes(changes)
        if not self._named:
            self.name.setText(proposed_name(changes, self._step, self._taken))
        for widget in (self.name_label, self.name):
            widget.setEnabled(new)
        taken = new and self.name.text().strip() in self._taken
        self.name_error.setText(f"There is a branch “{self.name.text().strip()}” already" if taken else "")
        self.name_error.setVisible(taken)
        self.difference.setText(_sentence(difference_text(changes)) if changes else "")
        self.difference.setVisible(bool(changes))
        reset = f" {RESET}" if OPTIMIZER in changes else ""
        self.effect.setText(self._effect(bool(changes)) + reset)
        self.accept_button.setText("Branch" if new else "Change")
        self.accept_button.setEnabled(not errors and not taken and (new or bool(changes)))

    def _read(self) -> dict[str, str]:
        """Path -> what is wrong there."""
        rules = RunConfig.rules()
        errors: dict[str, str] = {}
        values: dict[str, Any] = {FROZEN: self.parts.written()}
        for row in self.rows:
            for path, editor in row.editors.items():
                try:
                    values[path] = rules[path].parse(path, editor.written())
                except ConfigurationError as error:
                    errors[path] = str(error)
        self._after = None
        if not errors:
            try:
                self._after = changed_together(self._before, values)
            except ConfigurationError as error:
                errors[error.path] = str(error)
        return errors

    def _effect(self, changes: bool) -> str:
        name, step = self._line.branch.name, self._step
        if self.where.index == HERE:
            if not changes:
                return "Nothing is changed yet."
            return f"It holds from the next step on. What is recorded of {name} stays as it is."
        shared = f"Steps 0 to {step:,} are shared, and {name} keeps its own future."
        if changes:
            return f"{shared} The new branch goes on from step {step:,} with the change."
        return f"{shared} Without a change the new branch repeats it, to the last bit."

    def _accept(self) -> None:
        self._check()
        if not self.accept_button.isEnabled():
            return
        name = self.name.text().strip() if self.where.index == NEW else None
        self.wished.emit(
            BranchWish(self._step, name, {path: after for path, (_, after) in self.changes.items()})
        )
        self.close()


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
