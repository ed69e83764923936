"""Asks what to export and where to, and writes it while the window goes on."""

from collections.abc import Callable
from html import escape
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)

from tfviz.app.background import Background
from tfviz.app.dialogs.dialog_layout import button_row, dialog_column, say
from tfviz.app.dialogs.export_job import (
    ALL_HEADS,
    CHOICES,
    DIFFERENCE_FORMATS,
    MODEL,
    ONE_HEAD,
    SCALARS,
    Capture,
    Choice,
    GivenUpError,
    Job,
    file_name,
    suggested_steps,
)
from tfviz.training.export import Format, Head, Pinned, StepRange
from tfviz.training.export.comparison import obstacle
from tfviz.training.export.description import origin, sentence
from tfviz.training.export.heads import all_heads
from tfviz.training.record.opening import ShownRun
from tfviz.views.panel import label, paragraph

ChoosePath = Callable[[QWidget, str, str], str]
"""(parent, suggested path, filter) -> path, empty if the user thinks better of it."""

WHAT = {
    ALL_HEADS: "Attention, all heads",
    ONE_HEAD: "Attention, one head",
    SCALARS: "Scalars of all steps",
    MODEL: "Model (weights)",
}
FIRST_FORMAT = "png"


def ask_for_path(parent: QWidget, suggestion: str, kinds: str) -> str:
    """The system's own dialog."""
    return QFileDialog.getSaveFileName(parent, "Export", suggestion, kinds)[0]


class ExportDialog(QDialog):
    """Exports the step that was shown when it was opened, whatever training does meanwhile."""

    saved = Signal(str)
    _progressed = Signal(int, int)

    def __init__(
        self,
        session: ShownRun,
        head: Head | None,
        theme: str,
        folder: str,
        choose_path: ChoosePath,
        parent: QWidget,
        step: int | None = None,
        pinned: Pinned | None = None,
        difference: bool = False,
    ) -> None:
        """Of a recorded `step`; where none is named, of the one that training is at. With `pinned` the difference to
        that step can be exported; `difference` says that this is what is seen."""
        super().__init__(parent)
        self.setObjectName("export_dialog")
        self.setWindowTitle("tfviz: export")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._folder, self._choose_path, self._preferred = folder, choose_path, head
        self._pinned, self._obstacle = pinned, ""
        self.capture: Capture | None = None
        self._heads: list[Head] = []
        self._job: Job | None = None
        self._work: Background | None = None
        self.caption = label("Reading the step …", "dim")
        self.what, self.format, self.head, self.theme = QComboBox(), QComboBox(), QComboBox(), QComboBox()
        self.steps = QLineEdit()
        self.numbers = QCheckBox("Write the numbers into the cells")
        self.difference = QCheckBox(f"Difference to {pinned.label}" if pinned else "")
        self.difference.setChecked(difference)
        self.help = paragraph("", "faint")
        self.message = paragraph("", "error")
        self.save_button, self.cancel_button = QPushButton("Save as…"), QPushButton("Cancel")
        self._prepare(theme)
        self._arrange()
        self._connect()
        self._choose_what()
        self._read(session, step)

    @property
    def chosen_format(self) -> Format:
        return CHOICES[self.what.currentData()][max(self.format.currentIndex(), 0)]

    @property
    def choice(self) -> Choice:
        """What the fields say. ValueError where the steps cannot be."""
        what, format = self.what.currentData(), self.chosen_format
        head = self._heads[self.head.currentIndex()] if what == ONE_HEAD and self._heads else None
        steps = StepRange.parse(self.steps.text()) if format.several_steps and self.steps.text() else None
        if steps is not None and self.capture is not None:
            steps.within(self.capture.frontier)
        pinned = self._pinned if self.difference.isEnabled() and self.difference.isChecked() else None
        return Choice(what, format, head, self.theme.currentText(), self.numbers.isChecked(), steps, pinned)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._job is not None:
            self._job.cancel()
        if self._work is not None and self._work.running:
            self._work.cancel()  # a file is written whole or not at all: its end is waited for
        super().closeEvent(event)

    # what stands where

    def _prepare(self, theme: str) -> None:
        for name, box in {
            "what": self.what,
            "format": self.format,
            "head": self.head,
            "theme": self.theme,
        }.items():
            box.setObjectName(f"export_{name}")
        for what, text in WHAT.items():
            self.what.addItem(text, what)
        self.theme.addItems(["light", "dark"])
        self.theme.setCurrentText(theme)
        self.steps.setObjectName("export_steps")
        self.steps.setToolTip("first:last:distance, such as 0:500:10")
        self.numbers.setObjectName("export_numbers")
        self.difference.setObjectName("export_difference")
        self.difference.setVisible(self._pinned is not None)
        self.caption.setObjectName("export_caption")
        self.help.setMinimumHeight(36)
        self.help.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.message.setObjectName("export_message")
        self.message.hide()
        self.save_button.setObjectName("export_save")
        self.save_button.setProperty("primary", True)
        self.save_button.setDefault(True)
        self.save_button.setEnabled(False)
        self.cancel_button.setObjectName("export_cancel")

    def _arrange(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        fields = {
            "What": self.what,
            "Head": self.head,
            "Format": self.format,
            "Steps": self.steps,
            "Colours": self.theme,
        }
        for word, field in fields.items():
            field.setAccessibleName(word)
            form.addRow(label(word, "dim"), field)
        form.addRow("", self.numbers)
        if self._pinned is not None:
            form.addRow("", self.difference)
        column = dialog_column(self)
        column.addWidget(label("Export", "title"))
        column.addWidget(self.caption)
        column.addLayout(form)
        column.addWidget(self.help)
        column.addWidget(self.message)
        column.addLayout(button_row(self.cancel_button, self.save_button))
        self.setMinimumWidth(460)

    def _connect(self) -> None:
        self.what.currentIndexChanged.connect(self._choose_what)
        self.format.currentIndexChanged.connect(self._choose_format)
        self.save_button.clicked.connect(self._save)
        self.cancel_button.clicked.connect(self.close)
        self._progressed.connect(lambda done, count: say(self.message, f"{done:,} of {count:,} steps", "dim"))

    # what is chosen

    def _choose_what(self) -> None:
        formats = CHOICES[self.what.currentData()]
        names = [format.name for format in formats]
        before = self.format.currentText().partition(" ")[0]
        kept = next((name for name in (before, FIRST_FORMAT) if name in names), names[0])
        self.format.clear()
        self.format.addItems([f"{format.name} · {format.title}" for format in formats])
        self.format.setCurrentIndex(names.index(kept))
        self._choose_format()

    def _choose_format(self) -> None:
        what, format = self.what.currentData(), self.chosen_format
        self.head.setEnabled(what == ONE_HEAD)
        self.theme.setEnabled(format.picture)
        self.numbers.setEnabled(format.picture and what == ONE_HEAD)
        self.difference.setEnabled(
            what in (ALL_HEADS, ONE_HEAD) and format.name in DIFFERENCE_FORMATS and not self._obstacle
        )
        self.steps.setEnabled(format.several_steps)
        self.steps.setPlaceholderText("this step" if format.one_step else "")
        frontier = self.capture.frontier if self.capture is not None else 0
        self.steps.setText("" if format.one_step else str(suggested_steps(frontier)))
        self.help.setText(format.suits)
        self.message.hide()

    # reading and writing

    def _read(self, session: ShownRun, step: int | None) -> None:
        """Copy the step: between two steps of the worker, which may take as long as a step does; or compute it."""

        def read() -> Capture:
            if step is not None:
                return Capture.at(session, step)
            return session.gate.call(lambda: Capture.of(session)).result()

        self._work = Background(read, self)
        self._work.done.connect(self._show_capture)
        self._work.failed.connect(self._show_error)
        self._work.start()

    def _show_capture(self, capture: Capture) -> None:
        self.capture = capture
        snapshot = capture.snapshot
        place = f"{origin(snapshot)}: “{sentence(snapshot)}”"
        self.caption.setText(f"Step {snapshot.step:,} · seed {snapshot.seed} · {place}")
        assert snapshot.attention is not None
        if self._pinned is not None:
            before = self._pinned.snapshot.attention
            self._obstacle = obstacle(snapshot.attention, before) if before else "It is still being read"
            self.difference.setToolTip(f"<p>{escape(self._obstacle)}</p>" if self._obstacle else "")
        self._heads = all_heads(snapshot.attention)
        self.head.addItems([head.label for head in self._heads])
        if self._preferred in self._heads:
            self.head.setCurrentIndex(self._heads.index(self._preferred))
        self.save_button.setEnabled(True)
        self._choose_format()

    def _save(self) -> None:
        capture = self.capture
        if capture is None:
            return
        try:
            choice = self.choice
        except ValueError as error:
            self._show_error(error)
            return
        suggestion = str(Path(self._folder) / file_name(capture, choice))
        chosen = self._choose_path(self, suggestion, choice.format.file_filter)
        if not chosen:
            return
        path = Path(chosen)
        if path.suffix.lower() != choice.format.suffix:
            path = path.with_name(path.name + choice.format.suffix)
        self.save_button.setEnabled(False)
        self.message.hide()
        self._job = Job(capture, choice, path, self._progressed.emit)
        self._work = Background(self._job.run, self)
        self._work.done.connect(lambda _: self._finish(path))
        self._work.failed.connect(self._show_error)
        self._work.start()

    def _finish(self, path: Path) -> None:
        self.saved.emit(str(path))
        self.close()

    def _show_error(self, error: Exception) -> None:
        if not isinstance(error, GivenUpError):
            text = "Not saved" if self.capture else "The step cannot be read"
            say(self.message, f"{text}: {error}", "error")
        self.save_button.setEnabled(self.capture is not None)
