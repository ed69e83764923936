"""The page "Heads": what is done to every head and what each is worth, and the buttons that change it."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from tfviz.training.counted import counted
from tfviz.training.export.heads import Head
from tfviz.training.model_settings import SOME_VOCABULARY, ModelSettings
from tfviz.views.attention.head_menu import LEADS_TO, TIPS, HeadWish, open_head_menu
from tfviz.views.attention.head_signs import Done, done_to
from tfviz.views.interventions.head_table import HeadTable, Worth
from tfviz.views.panel import paragraph
from tfviz.views.style.theme import Theme

HINT = "Right-click a head here or in the atlas to switch it off."


@dataclass(frozen=True)
class Measuring:
    """How far heads are measured."""

    done: int
    total: int
    step: int
    going: bool
    pairs: int = 0
    origin: str = ""
    loss: float | None = None
    """Of the model as it is."""
    problem: str = ""

    def sentence(self) -> str:
        if self.problem:
            return self.problem
        if self.loss is None:
            return f"Computing step {self.step:,}…"
        where = f"{counted(self.pairs, 'pair')} of {self.origin}, step {self.step:,}: loss {self.loss:.3f}"
        return f"{self.done} of {self.total} heads · {where}"


class HeadsPage(QWidget):
    """Shows the heads of a configuration; nothing is done here."""

    head_wished = Signal(object, object)
    """Head, HeadWish."""
    importance_wished = Signal()
    stop_wished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model: ModelSettings | None = None
        self._done: dict[Head, Done] = {}
        self._worths: Mapping[str, Worth] = {}
        self._going = False
        self.measure_button = QPushButton()
        self.measure_button.setObjectName("head_importance")
        self.progress = QProgressBar()
        self.progress.setObjectName("head_progress")
        self.progress.setAccessibleName("Heads measured")
        self.progress.setTextVisible(False)
        self.state = paragraph(HINT, "faint")
        self.state.setObjectName("head_state")
        self.table = HeadTable()
        self.buttons = {wish: QPushButton(wish.name.capitalize()) for wish in LEADS_TO}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.measure_button)
        column.addWidget(self.progress)
        column.addWidget(self.state)
        column.addWidget(self.table, 1)
        row = QHBoxLayout()
        row.setSpacing(6)
        for wish, button in self.buttons.items():
            button.setObjectName(f"head_button_{wish.name.lower()}")
            button.setAccessibleName(f"{wish.value}: the chosen head")
            button.clicked.connect(lambda _=False, wish=wish: self._wish(wish))
            row.addWidget(button, 1)
        column.addLayout(row)
        self.measure_button.clicked.connect(self._measure)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._enable())
        self.table.heads.modelReset.connect(self._enable)
        self.table.customContextMenuRequested.connect(self._open_menu)
        self.show_measuring(None)

    def show_model(self, model: ModelSettings) -> None:
        """The heads of a configuration."""
        if model != self._model:
            self._model = model
            self._show()

    def show_worths(self, worths: Mapping[str, Worth]) -> None:
        """What is known, by the names of the configuration."""
        self._worths = worths
        self._show()

    def show_measuring(self, measuring: Measuring | None) -> None:
        """How far it is; None where nothing has been measured."""
        self._going = measuring is not None and measuring.going
        self.progress.setVisible(self._going)
        self.measure_button.setText("Stop" if self._going else "Importance of every head")
        self.measure_button.setAccessibleName(self.measure_button.text())
        self.measure_button.setToolTip(
            "Keep what is measured, and measure no more"
            if self._going
            else "The loss on held-out pairs with each head off in turn; training goes on meanwhile"
        )
        self.state.setText(HINT if measuring is None else measuring.sentence())
        if measuring is not None:
            self.progress.setMaximum(max(measuring.total, 1))
            self.progress.setValue(measuring.done)
        self._enable()

    def recolour(self, theme: Theme) -> None:
        self.table.heads.recolour(theme)

    def _show(self) -> None:
        if self._model is None:
            return
        chosen = self.table.head
        config = self._model.model_config(SOME_VOCABULARY, SOME_VOCABULARY, shared=True)
        heads = [Head.from_setting(name) for name in config.heads]
        self._done = {head: done_to(head, self._model) for head in heads}
        self.table.heads.show_heads(heads, self._done, self._worths)
        self.table.choose(chosen)
        self._enable()

    def _enable(self) -> None:
        head = self.table.head
        self.measure_button.setEnabled(self._model is not None)
        for wish, button in self.buttons.items():
            able = head is not None and LEADS_TO[wish] != self._done.get(head, "")
            button.setEnabled(able)
            button.setToolTip(TIPS[wish] if head else "Choose a head in the table first")

    def _measure(self) -> None:
        if self._going:
            self.stop_wished.emit()
        else:
            self.importance_wished.emit()

    def _wish(self, wish: HeadWish) -> None:
        head = self.table.head
        if head is not None:
            self.head_wished.emit(head, wish)

    def _open_menu(self, place: QPoint) -> None:
        index = self.table.indexAt(place)
        if index.isValid():
            head = self.table.heads.rows[index.row()].head
            self.table.choose(head)
            where = self.table.viewport().mapToGlobal(place)
            open_head_menu(
                head,
                self._done[head],
                "",
                where,
                self,
                lambda wish: self.head_wished.emit(head, wish),
            )
