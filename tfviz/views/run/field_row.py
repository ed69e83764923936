"""A line of the run panel: label, editors, and below them what is wrong with them."""

from collections.abc import Collection, Mapping
from html import escape
from typing import Any

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QWidget

from tfviz.training.config import RunConfig
from tfviz.training.rules import Rule
from tfviz.views.panel import paragraph
from tfviz.views.parts.elided_label import ElidedLabel
from tfviz.views.run.field_editors import Editor, PathEditor, create_editor, help_text, value_text
from tfviz.views.run.run_fields import CHOICE_TEXTS, EMPTY, Row
from tfviz.views.style.restyle import restyle
from tfviz.views.style.theme import DARK, Theme

CHANGED = " •"


class FieldRow:
    """The widgets of a row, placed in a grid of two columns: one line for the editors, one for an error."""

    def __init__(self, row: Row, rules: Mapping[str, Rule], grid: QGridLayout) -> None:
        self.row = row
        self.paths = row.paths
        self._names = (row.label, row.short)
        self._theme = DARK
        self._changed = False
        self.label = ElidedLabel(row.label)
        self._help = "".join(help_text(path, rules[path]) for path in row.paths)
        self.editors = {path: _editor(path, rules[path]) for path in row.paths}
        self.error = paragraph("", "error")
        self.error.setObjectName(f"error_{row.paths[0]}")
        self.error.hide()
        self._holder = QWidget()
        holder = QHBoxLayout(self._holder)
        holder.setContentsMargins(0, 0, 0, 0)
        holder.setSpacing(4)
        for path, editor in self.editors.items():
            editor.setAccessibleName(
                row.label if len(row.paths) == 1 else path.rpartition(".")[2].replace("_", " ")
            )
            holder.addWidget(editor)
        line = grid.rowCount()
        grid.addWidget(self.label, line, 0)
        grid.addWidget(self._holder, line, 1)
        grid.addWidget(self.error, line + 1, 0, 1, 2)
        self.label.setBuddy(next(iter(self.editors.values())))

    @property
    def widgets(self) -> tuple[QLabel, QWidget]:
        return self.label, self._holder

    def show_config(self, config: RunConfig) -> None:
        """The values of a configuration; nothing is emitted."""
        for path, editor in self.editors.items():
            editor.show_value(config.value(path))

    def show_fields(self, paths: Collection[str], name: str) -> None:
        """Show the editors that mean something now, under a name; none of them: hide the row."""
        shown = [path for path in self.paths if path in paths]
        for path, editor in self.editors.items():
            editor.setVisible(path in shown)
        for widget in self.widgets:
            widget.setVisible(bool(shown))
        alone = bool(self.row.short) and len(shown) < len(self.paths)
        self._names = (self.row.short, "") if alone else (name, self.row.short)

    def show_errors(self, errors: Mapping[str, str]) -> None:
        """Frame the editors whose path is among the errors, and write what is wrong below them."""
        for path, editor in self.editors.items():
            restyle(editor, "invalid", path in errors)
        text = "\n".join(errors[path] for path in self.paths if path in errors)
        self.error.setText(text)
        self.error.setVisible(bool(text))

    def show_changes(self, changes: Mapping[str, tuple[Any, Any]]) -> None:
        """Mark the label where a value differs from the run's, which the tool tip names."""
        mine = [path for path in self.paths if path in changes]
        if bool(mine) != self._changed:
            self._changed = bool(mine)
            self._colour_label()
        self.label.say(*(name + CHANGED if mine else name for name in self._names if name))
        before = [
            f"<p>{escape(path)} is {escape(value_text(changes[path][0])) or 'none'} in this run</p>"
            for path in mine
        ]
        self.label.setToolTip(self._help + "".join(before))

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        for editor in self.editors.values():
            if isinstance(editor, PathEditor):
                editor.recolour(theme)
        self._colour_label()

    def _colour_label(self) -> None:
        self.label.setStyleSheet(f"color: {self._theme.warn_text};" if self._changed else "")

    @property
    def label_width(self) -> int:
        """Enough for the name and the mark."""
        return self.label.fontMetrics().horizontalAdvance(self.row.label + CHANGED) + 2


def _editor(path: str, rule: Rule) -> Editor:
    texts = {choice: CHOICE_TEXTS[path, choice] for choice in rule.choices if (path, choice) in CHOICE_TEXTS}
    return create_editor(path, rule, EMPTY.get(path, "none"), texts)
