"""The card "Run" on the screen, and its fields filled in as a person would."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tfviz.training.config import RunConfig
from tfviz.views.run.run_panel import RunPanel


def open_run_panel(qtbot: QtBot) -> RunPanel:
    made = RunPanel()
    qtbot.addWidget(made)
    made.resize(260, 640)
    made.show()
    qtbot.waitExposed(made)
    made.show_config(RunConfig.preset("identity"))
    return made


def field(panel: RunPanel, path: str) -> QWidget:
    found = panel.findChild(QWidget, f"field_{path}")
    assert isinstance(found, QWidget)
    return found


def enter(qtbot: QtBot, panel: RunPanel, path: str, text: str) -> None:
    """Type into a field, as a person would."""
    editor = field(panel, path)
    assert isinstance(editor, QLineEdit)
    editor.selectAll()
    qtbot.keyClicks(editor, text) if text else qtbot.keyClick(editor, Qt.Key.Key_Delete)


def choose(qtbot: QtBot, panel: RunPanel, path: str, word: str) -> None:
    editor = field(panel, path) if path != "preset" else panel.findChild(QComboBox, "run_preset")
    assert isinstance(editor, QComboBox)
    editor.setCurrentIndex(editor.findData(word))
    editor.activated.emit(editor.currentIndex())


def button(panel: RunPanel) -> QPushButton:
    found = panel.findChild(QPushButton, "new_run_button")
    assert isinstance(found, QPushButton)
    return found


def error_below(panel: RunPanel, path: str) -> str:
    """Of the row that the field stands in."""
    row = next(row for row in panel.form.rows if path in row.paths)
    found = panel.findChild(QLabel, f"error_{row.paths[0]}")
    assert isinstance(found, QLabel)
    return found.text() if not found.isHidden() else ""
