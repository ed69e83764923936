"""Asks what to export and where to, and writes it while the window goes on."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from tfviz.app.background import Background
from tfviz.app.export_job import (
    ALL_HEADS,
    CHOICES,
    MODEL,
    ONE_HEAD,
    PICTURES,
    SCALARS,
    Capture,
    Choice,
    file_name,
    write,
)
from tfviz.training.export.description import origin, sentence
from tfviz.training.export.heads import Head, all_heads
from tfviz.training.session import Session
from tfviz.views.panel import label

ChoosePath = Callable[[QWidget, str, str], str]
"""(parent, suggested path, filter) -> path, empty if the user thinks better of it."""

WHAT = {
    ALL_HEADS: "Attention, all heads",
    ONE_HEAD: "Attention, one head",
    SCALARS: "Scalars of all steps",
    MODEL: "Model (weights)",
}
FORMAT_HELP = {
    "npz": "NumPy arrays (layer, head, query, key), tokens and configuration; loads into BertViz and CircuitsVis.",
    "json": "Numbers, tokens and configuration as text that any language reads.",
    "csv": "A table, one row for each number with its step, tokens and head.",
    "png": "A picture with tokens, colour bar and caption.",
    "svg": "A drawing that stays sharp at any size, with tokens, colour bar and caption.",
    "safetensors": "All weights under PyTorch's names, configuration and vocabularies in the metadata.",
}
SCALAR_HELP = {
    "csv": "A table, one row for each step: losses, accuracies, learning rate, gradient norms.",
    "json": "One list for each scalar: losses, accuracies, learning rate, gradient norms.",
}


def ask_for_path(parent: QWidget, suggestion: str, kinds: str) -> str:
    """The system's own dialog."""
    return QFileDialog.getSaveFileName(parent, "Export", suggestion, kinds)[0]


class ExportDialog(QDialog):
    """Exports the step at which it was opened, whatever training does meanwhile."""

    saved = Signal(str)

    def __init__(
        self,
        session: Session,
        head: Head | None,
        theme: str,
        folder: str,
        choose_path: ChoosePath,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("export_dialog")
        self.setWindowTitle("tfviz: export")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._folder, self._choose_path, self._preferred = folder, choose_path, head
        self.capture: Capture | None = None
        self._work: Background | None = None
        self.caption = label("Reading the step …", "dim")
        self.what, self.format, self.head, self.theme = QComboBox(), QComboBox(), QComboBox(), QComboBox()
        self.numbers = QCheckBox("Write the numbers into the cells")
        self.help = label("", "faint")
        self.error = label("", "error")
        self.save_button, self.cancel_button = QPushButton("Save as…"), QPushButton("Cancel")
        self._build(theme)
        self._connect()
        self._choose_what()
        self._read(session)

    @property
    def choice(self) -> Choice:
        """What the fields say."""
        what = self.what.currentData()
        head = self.head.currentData() if what == ONE_HEAD else None
        return Choice(
            what, self.format.currentText(), head, self.theme.currentText(), self.numbers.isChecked()
        )

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._work is not None and self._work.running:
            self._work.cancel()  # a file is written whole or not at all: its end is waited for
        super().closeEvent(event)

    def _build(self, theme: str) -> None:
        named = {"what": self.what, "format": self.format, "head": self.head, "theme": self.theme}
        for name, box in named.items():
            box.setObjectName(f"export_{name}")
        for what, text in WHAT.items():
            self.what.addItem(text, what)
        self.theme.addItems(["light", "dark"])
        self.theme.setCurrentText(theme)
        self.caption.setObjectName("export_caption")
        self.numbers.setObjectName("export_numbers")
        self.help.setWordWrap(True)
        self.help.setMinimumHeight(36)
        self.help.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.error.setObjectName("export_error")
        self.error.setWordWrap(True)
        self.error.hide()
        self.save_button.setObjectName("export_save")
        self.save_button.setProperty("primary", True)
        self.save_button.setDefault(True)
        self.save_button.setEnabled(False)
        self.cancel_button.setObjectName("export_cancel")
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        words = {"What": self.what, "Head": self.head, "Format": self.format, "Colours": self.theme}
        for word, field in words.items():
            field.setAccessibleName(word)
            form.addRow(label(word, "dim"), field)
        form.addRow("", self.numbers)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.save_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 16)
        column.setSpacing(12)
        column.addWidget(label("Export", "title"))
        column.addWidget(self.caption)
        column.addLayout(form)
        column.addWidget(self.help)
        column.addWidget(self.error)
        column.addLayout(buttons)
        self.setMinimumWidth(440)

    def _connect(self) -> None:
        self.what.currentIndexChanged.connect(self._choose_what)
        self.format.currentIndexChanged.connect(self._choose_format)
        self.save_button.clicked.connect(self._save)
        self.cancel_button.clicked.connect(self.close)

    def _read(self, session: Session) -> None:
        """Copy the step: between two steps of the worker, which may take as long as a step does."""
        self._work = Background(lambda: session.gate.call(lambda: Capture.of(session)).result(), self)
        self._work.done.connect(self._show_capture)
        self._work.failed.connect(self._show_error)
        self._work.start()

    def _show_capture(self, capture: Capture) -> None:
        self.capture = capture
        snapshot = capture.snapshot
        self.caption.setText(
            f"Step {snapshot.step:,} · seed {snapshot.seed} · {origin(snapshot)}: “{sentence(snapshot)}”"
        )
        assert snapshot.attention is not None
        for head in all_heads(snapshot.attention):
            self.head.addItem(head.label, head)
        self.head.setCurrentIndex(max(self.head.findData(self._preferred), 0))
        self.save_button.setEnabled(True)

    def _choose_what(self) -> None:
        formats = CHOICES[self.what.currentData()]
        wanted = (self.format.currentText(), "png")
        kept = next((format for format in wanted if format in formats), formats[0])
        self.format.clear()
        self.format.addItems(formats)
        self.format.setCurrentText(kept)
        self._choose_format()

    def _choose_format(self) -> None:
        what, format = self.what.currentData(), self.format.currentText()
        picture = format in PICTURES
        self.head.setEnabled(what == ONE_HEAD)
        self.theme.setEnabled(picture)
        self.numbers.setEnabled(picture and what == ONE_HEAD)
        self.help.setText((SCALAR_HELP if what == SCALARS else FORMAT_HELP).get(format, ""))

    def _save(self) -> None:
        capture, choice = self.capture, self.choice
        if capture is None:
            return
        kinds = f"{choice.format} (*.{choice.format})"
        chosen = self._choose_path(self, str(Path(self._folder) / file_name(capture, choice)), kinds)
        if not chosen:
            return
        path = Path(chosen)
        if path.suffix.lower() != f".{choice.format}":
            path = path.with_name(f"{path.name}.{choice.format}")
        self.save_button.setEnabled(False)
        self.error.hide()
        self._work = Background(lambda: write(capture, choice, path), self)
        self._work.done.connect(lambda _: self._finish(path))
        self._work.failed.connect(self._show_error)
        self._work.start()

    def _finish(self, path: Path) -> None:
        self.saved.emit(str(path))
        self.close()

    def _show_error(self, error: Exception) -> None:
        self.error.setText(f"Not saved: {error}" if self.capture else f"The step cannot be read: {error}")
        self.error.show()
        self.save_button.setEnabled(self.capture is not None)
