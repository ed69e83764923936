"""Your own data: chosen or pasted, looked at, split, and handed to the run panel."""

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QStackedWidget,
    QWidget,
)

from tfviz.app.background import Do
from tfviz.app.dialogs.data_look import Look, Wish, facts, look_at, save_place
from tfviz.app.dialogs.data_options import DataOptions
from tfviz.app.dialogs.dialog_layout import button_row, dialog_column, say
from tfviz.app.dialogs.pair_table import PairTable
from tfviz.training.data.data_import import save_pairs
from tfviz.views.panel import label, paragraph
from tfviz.views.parts.widgets import SegmentedButtons

FILE, PASTE = 0, 1
PAUSE = 250  # milliseconds without typing before the data are looked at
KINDS = "Sentence pairs (*.tsv *.csv *.jsonl *.ndjson *.json *.txt);;All files (*)"


class DataDialog(QDialog):
    """Reading and counting happen elsewhere: `do` sees to that. One look is under way at a time; the last wish wins."""

    used = Signal(object, bool)
    """Path -> value of the configuration's fields, and whether a run is to start at once."""
    looked = Signal()
    """What there is to say of the present wish is shown."""

    def __init__(self, do: Do, folder: Path, seed: int, parent: QWidget) -> None:
        """Pasted text is saved in the folder when it is used."""
        super().__init__(parent)
        self.setObjectName("data_dialog")
        self.setAccessibleName("Your own data")
        self.setWindowTitle("tfviz: your own data")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._do, self._folder = do, folder
        self.look: Look | None = None
        """What is shown; None where the data cannot be used."""
        self._earlier: Look | None = None
        self._busy = False
        self.closed = False
        self.origin = SegmentedButtons(("File", "Pasted text"), "Where the data are")
        self.path, self.choose_button = QLineEdit(), QPushButton("Choose…")
        self.text = QPlainTextEdit()
        self.options = DataOptions(seed)
        self.message = paragraph("", "dim")
        self.preview = PairTable()
        self.facts: dict[str, QLabel] = {}
        self.use_button, self.start_button = QPushButton("Use it"), QPushButton("Start run")
        self.cancel_button = QPushButton("Cancel")
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._pause.timeout.connect(self._start_look)
        self._build()
        self._lay_out()
        self._clear("Choose a file, or paste lines of source, tab, target")

    @property
    def wish(self) -> Wish | None:
        """What is asked for now; None where there is nothing to look at yet."""
        chosen = self.origin.index == FILE
        path, text = (self.path.text().strip(), "") if chosen else ("", self.text.toPlainText())
        if not path and not text.strip():
            return None
        return Wish(path, text, *self.options.values)

    def done(self, result: int) -> None:
        """What is still being read is told to nobody."""
        self.closed = True
        super().done(result)

    def choose(self) -> None:
        """Ask for a file."""
        folder = str(Path(self.path.text()).parent) if self.path.text() else ""
        path, _ = QFileDialog.getOpenFileName(self, "Choose the data to learn", folder, KINDS)
        if path:
            self.path.setText(path)
            self._start_look()

    # what stands where

    def _build(self) -> None:
        self.origin.setObjectName("data_origin")
        self.origin.setToolTip("Learn from a file, or from text that you paste here")
        self.origin.chosen.connect(self._show_origin)
        self.path.setObjectName("data_path")
        self.path.setAccessibleName("Data file")
        self.path.setToolTip("TSV, CSV or JSON lines, each with a source and a target")
        self.path.setPlaceholderText("a file of pairs: .tsv, .csv, .jsonl")
        self.path.textEdited.connect(self._wait)
        self.choose_button.setObjectName("data_choose")
        self.choose_button.setToolTip("Choose a file")
        self.choose_button.clicked.connect(self.choose)
        self.text.setObjectName("data_text")
        self.text.setAccessibleName("Pasted pairs")
        self.text.setToolTip("Lines of source, tab, target; CSV and JSON lines are seen from the first line")
        self.text.setPlaceholderText("source ⇥ target, a pair on each line")
        self.text.setTabChangesFocus(False)
        self.text.textChanged.connect(self._wait)
        self.options.changed.connect(self._wait)
        self.message.setObjectName("data_message")
        for button, name, help in (
            (self.cancel_button, "data_cancel", "Leave everything as it is"),
            (self.use_button, "data_use", "Fill the run panel with these data"),
            (self.start_button, "data_start", "Start a run that learns these data"),
        ):
            button.setObjectName(name)
            button.setToolTip(help)
            button.setAutoDefault(False)
        self.start_button.setProperty("primary", True)
        self.cancel_button.clicked.connect(self.close)
        self.use_button.clicked.connect(lambda: self._use(False))
        self.start_button.clicked.connect(lambda: self._use(True))

    def _lay_out(self) -> None:
        file = QWidget()
        row = QHBoxLayout(file)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.path, 1)
        row.addWidget(self.choose_button)
        self._origins = QStackedWidget()
        self._origins.addWidget(file)
        self._origins.addWidget(self.text)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        names = ("Pairs", "Longest source", "Longest target", "Vocabulary", "Repeated lines",
                 "Held out, but source is trained", "Unknown in training")  # fmt: skip
        for line, name in enumerate(names):
            self.facts[name] = label("")
            self.facts[name].setObjectName(f"data_fact_{line}")
            grid.addWidget(label(name, "dim"), line, 0)
            grid.addWidget(self.facts[name], line, 1)
        head = QHBoxLayout()
        head.addWidget(label("Your own data", "title"))
        head.addStretch(1)
        head.addWidget(self.origin)
        column = dialog_column(self, spacing=10)
        column.addLayout(head)
        column.addWidget(self._origins)
        column.addWidget(self.options)
        column.addWidget(self.message)
        column.addWidget(self.preview, 1)
        column.addLayout(grid)
        column.addLayout(button_row(self.cancel_button, self.use_button, self.start_button))
        self.resize(760, 660)
        self._show_origin()

    def _show_origin(self) -> None:
        pasted = self.origin.index == PASTE
        self._origins.setCurrentIndex(self.origin.index)
        self._origins.setFixedHeight(120 if pasted else self.path.sizeHint().height() + 4)
        (self.text if pasted else self.path).setFocus()
        self._wait()

    # the look

    def _wait(self) -> None:
        """Look once nothing has been typed for a while; until then nothing can be used."""
        self._allow(False)
        self._pause.start()

    def _start_look(self) -> None:
        self._pause.stop()
        self._allow(False)
        wish, earlier = self.wish, self._earlier
        if wish is None:
            self._clear("Choose a file, or paste lines of source, tab, target")
        elif not self._busy:
            self._busy = True
            say(self.message, "Reading …", "dim")
            self._do(
                lambda: look_at(wish, earlier),
                lambda found: self._end_look(wish, found),
                lambda error: self._end_look(wish, error),
            )

    def _end_look(self, wish: Wish, found: Look | Exception) -> None:
        self._busy = False
        if self.closed:
            return
        if isinstance(found, Look):
            self._earlier = found
        if wish != self.wish:
            self._start_look()
        elif isinstance(found, Look):
            self._show(found)
        else:
            told = str(found)
            self._clear(told[:1].upper() + told[1:], "error")

    def _show(self, look: Look) -> None:
        self.look = look
        shown, pairs = len(look.survey.preview), look.survey.pairs
        every = "The only pair" if pairs == 1 else f"All {pairs:,} pairs"
        count = f"The first {shown} of {pairs:,} pairs" if shown < pairs else every
        say(self.message, count, "dim")
        self.preview.show_pairs(look.survey.preview)
        for name, text in facts(look.survey):
            self.facts[name].setText(text)
        self._allow(True)
        self.looked.emit()

    def _clear(self, text: str, role: str = "dim") -> None:
        self.look = None
        say(self.message, text, role)
        self.preview.show_pairs(())
        for fact in self.facts.values():
            fact.setText("–")
        self._allow(False)
        self.looked.emit()

    def _allow(self, allowed: bool) -> None:
        self.use_button.setEnabled(allowed)
        self.start_button.setEnabled(allowed)

    def _use(self, start: bool) -> None:
        look = self.look
        if look is None:
            return
        path = look.wish.path
        if not path:
            try:
                place = save_place(self._folder)
                save_pairs(place, look.pairs)
            except OSError as error:
                say(self.message, f"The pasted text cannot be saved: {error}", "error")
                return
            path = str(place)
        self.used.emit(look.values(str(Path(path).absolute())), start)
        self.close()
