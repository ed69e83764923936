"""How the window's dialogs are laid out, so that all look alike."""

from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from tfviz.views.style.restyle import restyle


def dialog_column(dialog: QDialog, spacing: int = 12) -> QVBoxLayout:
    """The dialog's parts from top to bottom."""
    column = QVBoxLayout(dialog)
    column.setContentsMargins(22, 18, 22, 16)
    column.setSpacing(spacing)
    return column


def button_row(*buttons: QPushButton) -> QHBoxLayout:
    """Buttons at the right, the one that does it last."""
    row = QHBoxLayout()
    row.addStretch(1)
    for button in buttons:
        row.addWidget(button)
    return row


def close_button(dialog: QDialog) -> QPushButton:
    """Ends a dialog that only shows something."""
    button = QPushButton("Close")
    button.setProperty("primary", True)
    button.clicked.connect(dialog.close)
    return button


def say(message: QLabel, text: str, role: str) -> None:
    """Show what there is to say of the fields, as "dim" or as an "error"."""
    restyle(message, "role", role)
    message.setText(text)
    message.show()
