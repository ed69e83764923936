"""The fields of the whole configuration: read, checked together, and compared with the run that is open."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QToolButton, QVBoxLayout, QWidget

from tfviz.training.config import RunConfig
from tfviz.training.rules import ConfigurationError
from tfviz.views.field_row import FieldRow
from tfviz.views.icons import icon
from tfviz.views.panel import label
from tfviz.views.run_fields import MAIN, SHOWN_FOR, UNDECISIVE, Section, more
from tfviz.views.theme import DARK, Theme

# Fields stand closer than elsewhere, so that a small window shows most of them.
COMPACT = "QLineEdit, QComboBox { min-height: 18px; padding-top: 2px; padding-bottom: 2px; }"
FORM_MARGIN = 6  # between the fields and a scroll bar
LARGEST_LABEL_SHARE = 0.46


class RunForm(QWidget):
    """Sections of labelled editors; the less used ones can be folded away. `checked` follows every edit."""

    checked = Signal()
    arranged = Signal()
    """The width of the form or of its labels became another one."""

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
        self._theme = DARK
        self.setProperty("scrolled", True)
        self.setStyleSheet(COMPACT)
        self._build()

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
        self._theme = theme
        for row in self.rows:
            row.recolour(theme)
        self._turn_fold()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width = self.label_width
        for row in self.rows:
            row.label.setFixedWidth(width)
        self.arranged.emit()

    @property
    def label_width(self) -> int:
        """Of the left column: that of the longest label, where there is room for it."""
        longest = max(row.label_width for row in self.rows)
        return min(longest, int(LARGEST_LABEL_SHARE * self.width()))

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, FORM_MARGIN, 0)
        column.setSpacing(3)
        for section in MAIN:
            column.addWidget(label(section.title.upper(), "caption"))
            column.addLayout(self._grid(section))
            column.addSpacing(5)
        self.fold = QToolButton()
        self.fold.setText("More")
        self.fold.setCheckable(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.setObjectName("run_more")
        self.fold.setToolTip("Less used settings")
        self.fold.setStyleSheet("QToolButton { padding: 3px 6px 3px 0; background: transparent; }")
        self.folded = QWidget()
        self.folded.setLayout(self._grid(more()))
        self.folded.hide()
        self.fold.toggled.connect(self.folded.setVisible)
        self.fold.toggled.connect(self._turn_fold)
        column.addWidget(self.fold)
        column.addWidget(self.folded)
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
        task, changes = self._written()["task.name"], self.changes()
        for row in self.rows:
            meaningful = all(SHOWN_FOR[path](task) for path in row.paths if path in SHOWN_FOR)
            wrong = any(path in self.errors for path in row.paths)
            row.set_visible(meaningful or wrong)
            row.show_errors(self.errors)
            row.show_changes(changes)
            if wrong and row.label.parent() is self.folded:
                self.fold.setChecked(True)
        self.checked.emit()

    def _turn_fold(self) -> None:
        self.fold.setIcon(icon("down" if self.fold.isChecked() else "right", self._theme.dim))
