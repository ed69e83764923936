"""How an error reaches the user: one dialog that does not block, plain words above, details to copy below."""

import platform

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

import tfviz
from tfviz.views.panel import label, paragraph
from tfviz.views.style.fonts import monospace_font

WIDE = 680


class ErrorDialog(QDialog):
    """Says what happened and what can be done; details are folded away."""

    def __init__(self, title: str, text: str, details: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("error_dialog")
        self.setWindowTitle(f"tfviz: {title}")
        self.setAccessibleName(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self.title_label = label(title, "title")
        self.title_label.setObjectName("error_title")
        self.text_label = paragraph(text)
        self.text_label.setObjectName("error_text")
        self.text_label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.details = QPlainTextEdit(f"{title}\n{text}\n\n{details}\n\n{versions()}".strip())
        self.details.setObjectName("error_details")
        self.details.setAccessibleName("Details")
        self.details.setReadOnly(True)
        self.details.setFont(monospace_font(11))
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.details.setMinimumHeight(220)
        self.details.hide()
        self.details_button = QPushButton("Show details")
        self.details_button.setCheckable(True)
        self.details_button.toggled.connect(self._unfold)
        self.copy_button = QPushButton("Copy details")
        self.copy_button.setObjectName("copy_details")
        self.copy_button.clicked.connect(self.copy)
        self.close_button = QPushButton("Close")
        self.close_button.setObjectName("close_error")
        self.close_button.setDefault(True)
        self.close_button.setProperty("primary", True)
        self.close_button.clicked.connect(self.close)
        self._lay_out()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.details_button)
        buttons.addWidget(self.copy_button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addWidget(self.title_label)
        column.addWidget(self.text_label)
        column.addWidget(self.details, 1)
        column.addLayout(buttons)
        self.setMinimumWidth(460)

    def copy(self) -> None:
        """Everything into the clipboard."""
        QGuiApplication.clipboard().setText(self.details.toPlainText())
        self.copy_button.setText("Copied")

    def _unfold(self, shown: bool) -> None:
        self.details.setVisible(shown)
        self.details_button.setText("Hide details" if shown else "Show details")
        self.resize(max(self.width(), WIDE) if shown else self.minimumWidth(), self.sizeHint().height())


def versions() -> str:
    """What a report of an error has to say about the machine."""
    import numpy
    import PySide6

    return (
        f"tfviz {tfviz.__version__}, Python {platform.python_version()}, NumPy {numpy.__version__}, "
        f"PySide6 {PySide6.__version__}, {platform.platform()}"
    )
