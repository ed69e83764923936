"""A question that stands before something that cannot be taken back."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

DESTROYS = QMessageBox.ButtonRole.DestructiveRole
ACCEPTS = QMessageBox.ButtonRole.AcceptRole


def ask(
    window: QWidget,
    name: str,
    *,
    title: str,
    question: str,
    consequence: str,
    answers: tuple[str, str],
    role: QMessageBox.ButtonRole,
    act: Callable[[], object],
) -> None:
    """Open it and return; the first of the two `answers` acts, the other one, which Enter gives, does nothing."""
    box = QMessageBox(window)
    box.setObjectName(name)
    box.setWindowTitle(f"tfviz: {title}")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(question)
    box.setInformativeText(consequence)
    accept = box.addButton(answers[0], role)
    accept.setObjectName(f"{name}_accept")
    cancel = box.addButton(answers[1], QMessageBox.ButtonRole.RejectRole)
    cancel.setObjectName(f"{name}_cancel")
    box.setDefaultButton(cancel)
    accept.clicked.connect(act)
    box.open()
