"""Editors for fields of the configuration, made from the rule that a field carries."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QLineEdit, QSizePolicy, QWidget

from tfviz.training.rules import Rule
from tfviz.views.parts.keys import claims
from tfviz.views.style.icons import icon
from tfviz.views.style.theme import DARK, Theme

STEPS_OF_A_DECADE = (1.0, 2.0, 5.0)


class TextEditor(QLineEdit):
    """Numbers and words, typed; Up and Down change a number by one, or by 1-2-5 where it has decimals."""

    edited = Signal()

    def __init__(self, rule: Rule, empty: str = "none", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rule = rule
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(34)
        if rule.optional:
            self.setPlaceholderText(empty)
        self.textEdited.connect(self.edited)

    def written(self) -> str:
        """The value as text, which the rule parses."""
        return self.text()

    def show_value(self, value: Any) -> None:
        text = value_text(value)
        if text != self.text():
            self.setText(text)
            self.setCursorPosition(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        direction = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()), 0)
        changed = neighbour(self._rule, self.text(), direction) if direction else None
        if changed is None:
            super().keyPressEvent(event)
        else:
            self.setText(changed)
            self.edited.emit()


class PathEditor(TextEditor):
    """A file name, typed or chosen in a dialog."""

    def __init__(self, rule: Rule, empty: str = "", parent: QWidget | None = None) -> None:
        super().__init__(rule, empty, parent)
        self._choose = self.addAction(icon("open", DARK.dim), QLineEdit.ActionPosition.TrailingPosition)
        self._choose.setToolTip("Choose a file")
        self._choose.triggered.connect(self.choose)

    def show_value(self, value: Any) -> None:
        """The end of a path says more than its beginning."""
        super().show_value(value)
        self.setCursorPosition(len(self.text()))

    def choose(self) -> None:
        folder = str(Path(self.text()).parent) if self.text() else ""
        kinds = "Sentence pairs (*.tsv *.csv *.jsonl *.txt);;All files (*)"
        path, _ = QFileDialog.getOpenFileName(self, "Choose the data to learn", folder, kinds)
        if path:
            self.setText(path)
            self.edited.emit()

    def recolour(self, theme: Theme) -> None:
        self._choose.setIcon(icon("open", theme.dim))


class ChoiceEditor(QComboBox):
    """One of a few words. The wheel scrolls the panel, not the choice."""

    edited = Signal()

    def __init__(
        self, rule: Rule, texts: Mapping[str, str] = MappingProxyType({}), parent: QWidget | None = None
    ) -> None:
        """`texts` are what some of the choices are called on the screen; their tool tips have the full name."""
        super().__init__(parent)
        for choice in rule.choices:
            self.addItem(texts.get(choice, choice.replace("_", " ")), choice)
            if choice in texts:
                self.explain(choice, choice.replace("_", " "))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + 30)
        self.activated.connect(self.edited)

    def explain(self, choice: str, text: str) -> None:
        """Say more of a choice in its tool tip."""
        tip = f"<p>{escape(text)}</p>"
        self.setItemData(self.findData(choice), tip, Qt.ItemDataRole.ToolTipRole)

    def written(self) -> str:
        return str(self.currentData())

    def show_value(self, value: Any) -> None:
        self.setCurrentIndex(self.findData(value))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def event(self, event: QEvent) -> bool:
        return claims(event, (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Space)) or super().event(event)


class SwitchEditor(QCheckBox):
    """Yes or no."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.clicked.connect(self.edited)

    def written(self) -> str:
        return "true" if self.isChecked() else "false"

    def show_value(self, value: Any) -> None:
        self.setChecked(bool(value))

    def event(self, event: QEvent) -> bool:
        return claims(event, (Qt.Key.Key_Space,)) or super().event(event)


Editor = TextEditor | ChoiceEditor | SwitchEditor


def create_editor(
    path: str, rule: Rule, empty: str = "none", texts: Mapping[str, str] = MappingProxyType({})
) -> Editor:
    """The editor that fits a rule, with its help as tool tip; `texts` are shorter names of choices."""
    editor: Editor
    if rule.choices:
        editor = ChoiceEditor(rule, texts)
    elif rule.kind is bool:
        editor = SwitchEditor()
    elif path == "task.path":
        editor = PathEditor(rule)
    else:
        editor = TextEditor(rule, empty)
    editor.setObjectName(f"field_{path}")
    editor.setToolTip(help_text(path, rule))
    editor.setAccessibleDescription(rule.help)
    return editor


def help_text(path: str, rule: Rule) -> str:
    """What a field means and may be, for a tool tip: help may speak of "<s>", which must not be taken for markup."""
    return f"<p>{escape(rule.help)}</p><p>{escape(path)}: {escape(rule.allowed)}</p>"


def value_text(value: Any) -> str:
    """A value as one would type it."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(value_text(part) for part in value)
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def neighbour(rule: Rule, text: str, direction: int) -> str | None:
    """The next number up (1) or down (-1) that the rule allows; None where there is none."""
    try:
        value = rule.parse("", text)
        if value is None or rule.kind not in (int, float):
            return None
        changed = value + direction if rule.kind is int else _next_round(value, direction)
        return value_text(rule.check("", changed))
    except ValueError:
        return None


def _next_round(value: float, direction: int) -> float:
    if value == 0.0:
        return 0.1 if direction > 0 else 0.0
    exponent = int(f"{abs(value):e}".split("e")[1])
    ladder = [
        float(f"{step}e{power}") for power in range(exponent - 1, exponent + 2) for step in STEPS_OF_A_DECADE
    ]
    beyond = [
        step for step in ladder if (step > value * (1 + 1e-9) if direction > 0 else step < value * (1 - 1e-9))
    ]
    return min(beyond) if direction > 0 else max(beyond)
