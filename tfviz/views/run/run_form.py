"""The fields of the whole configuration: read, checked together, and compared with the run that is open."""

from html import escape
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from tfviz.training.config import RunConfig
from tfviz.training.rules import ConfigurationError
from tfviz.training.tasks import TASKS
from tfviz.views.panel import label
from tfviz.views.parts.fold import Fold
from tfviz.views.run.field_editors import ChoiceEditor, help_text
from tfviz.views.run.field_row import FieldRow
from tfviz.views.run.run_fields import BREAKS, MAIN, UNDECISIVE, Section, is_shown, more, row_label
from tfviz.views.style.theme import Theme

# Fields stand closer than elsewhere, so that a small window shows most of them.
COMPACT = (
    "QLineEdit, QComboBox { min-height: 18px; padding: 2px 3px 2px 5px; } QComboBox { padding-right: 0; } "
    "QComboBox::drop-down { width: 18px; }"
)
FORM_MARGIN = 6  # between the fields and a scroll bar
LARGEST_LABEL_SHARE = 0.46


class RunForm(QWidget):
    """Sections of labelled editors; the less used ones can be folded away. `checked` follows every edit."""

    checked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.running: RunConfig | None = None
        self.edited: RunConfig | None = None
        """What the fields say; None while any of them is wrong."""
        self.errors: dict[str, str] = {}
        """Path -> what is wrong there."""
        self.rows: list[FieldRow] = []
        self._base = RunConfig()
        self._rules = RunConfig.rules()
        self._values: dict[str, Any] = {}
        self.setStyleSheet(COMPACT)
        self._build()
        task = next(row for row in self.rows if "task.name" in row.paths).editors["task.name"]
        assert isinstance(task, ChoiceEditor)
        self._task = task
        for name, kind in TASKS.items():
            task.explain(name, kind.what_to_look_for)

    def show_values(self, config: RunConfig) -> None:
        """Fill the fields, as from a preset."""
        self._base = config
        for row in self.rows:
            row.show_config(config)
        self.check()

    def changes(self) -> dict[str, tuple[Any, Any]]:
        """Path -> (value of the run, value of the field) where they differ; fields that cannot be read are left out."""
        if self.running is None:
            return {}
        pairs = {path: (self.running.value(path), value) for path, value in self._values.items()}
        return {path: pair for path, pair in pairs.items() if pair[0] != pair[1] and path not in UNDECISIVE}

    def check(self) -> None:
        """Read all fields, and show at each what is wrong or has changed."""
        texts = self._written()
        self.errors, self._values, self.edited = {}, {}, None
        for path, rule in self._rules.items():
            try:
                self._values[path] = rule.parse(path, texts[path])
            except ConfigurationError as error:
                self.errors[path] = str(error)
        if not self.errors:
            try:
                self.edited = self._base.with_values(self._values)
            except ConfigurationError as error:
                self.errors[error.path] = str(error)
        self._show_state()

    def refuse(self, path: str, message: str) -> None:
        """Somebody else found a field wrong; this stands until the next edit."""
        self.errors[path] = message
        self.edited = None
        self._show_state()

    def recolour(self, theme: Theme) -> None:
        for row in self.rows:
            row.recolour(theme)
        for fold in (self.breaks, self.more):
            fold.recolour(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width = self.label_width
        for row in self.rows:
            row.label.setFixedWidth(width)

    @property
    def label_width(self) -> int:
        """Of the left column: that of the longest label, where there is room for it."""
        longest = max(row.label_width for row in self.rows)
        return min(longest, int(LARGEST_LABEL_SHARE * self.width()))

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, FORM_MARGIN, 0)
        column.setSpacing(3)
        self.data_button = QPushButton("Your own data…")
        self.data_button.setObjectName("own_data_button")
        self.data_button.setToolTip("Learn from a file or from pasted text: look at it first")
        self.data_button.setProperty("small", True)
        for section in MAIN:
            caption = QHBoxLayout()
            caption.addWidget(label(section.title.upper(), "caption"), 1)
            if section is MAIN[0]:
                caption.addWidget(self.data_button)
            column.addLayout(caption)
            column.addLayout(self._grid(section))
            column.addSpacing(5)
        self.breaks = Fold(
            BREAKS.title,
            "run_breaks",
            "Take out one part of the model, and see what it is for",
            self._grid(BREAKS),
        )
        self.more = Fold("More", "run_more", "Less used settings", self._grid(more()))
        column.addWidget(self.breaks)
        column.addWidget(self.more)
        column.addStretch(1)

    def _grid(self, section: Section) -> QGridLayout:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        for row in section.rows:
            fields = FieldRow(row, self._rules, grid)
            self.rows.append(fields)
            for editor in fields.editors.values():
                editor.edited.connect(self.check)
        return grid

    def _written(self) -> dict[str, str]:
        """Path -> text of every field. Only the task that reads a file has a path."""
        texts = {path: editor.written() for row in self.rows for path, editor in row.editors.items()}
        if texts["task.name"] != "file":
            texts["task.path"] = ""
        return texts

    def _show_state(self) -> None:
        written, changes = self._written(), self.changes()
        shown = {path for path in self._rules if is_shown(path, written)} | self.errors.keys()
        for row in self.rows:
            row.show_fields(shown, row_label(row.row, written["task.name"]))
            row.show_errors(self.errors)
            row.show_changes(changes)
            if any(path in self.errors for path in row.paths):
                for fold in (self.breaks, self.more):
                    if fold.holds(row.label):
                        fold.unfold()
        broken = [path for row in BREAKS.rows for path in row.paths if self._is_unusual(path)]
        self.breaks.count(len(broken))
        self._explain_task(written["task.name"])
        self.checked.emit()

    def _is_unusual(self, path: str) -> bool:
        return path in self._values and self._values[path] != self._rules[path].default

    def _explain_task(self, task: str) -> None:
        """The tool tip of the task says what to look for in it."""
        rule = self._rules["task.name"]
        self._task.setToolTip(f"<p>{escape(TASKS[task].what_to_look_for)}</p>" + help_text("task.name", rule))
