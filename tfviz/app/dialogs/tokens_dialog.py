"""The tokens of a run: which there are, how often each occurs, and how pieces of words came about."""

from collections.abc import Sequence

from PySide6.QtCore import QSortFilterProxyModel, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableView,
    QWidget,
)

from tfviz.app.background import Do
from tfviz.app.dialogs.dialog_layout import dialog_column
from tfviz.app.dialogs.token_model import Cell, TokenModel, sortable
from tfviz.training.counted import counted
from tfviz.training.tasks import Task
from tfviz.training.tokens.byte_pair_tokenizer import BytePairTokenizer
from tfviz.training.tokens.token_table import TokenCount, token_counts
from tfviz.views.panel import label, paragraph
from tfviz.views.parts.widgets import SegmentedButtons
from tfviz.views.style.fonts import monospace_font

TOKENS, MERGES = ("Id", "Token", "Count"), ("Merge", "Left", "Right", "Piece")
NUMBERS, NUMBER_WIDTH = ("Id", "Count", "Merge"), 92
Page = tuple[str, Sequence[str], list[tuple[Cell, ...]]]
"""Its name, the titles of its columns, its rows."""


def token_pages(task: Task) -> tuple[list[Page], str]:
    """What the dialog shows, and what was counted. This takes a while where there are many pairs."""
    table = token_counts(task)
    pages: list[Page] = [
        ("Source", TOKENS, _rows(table.source)),
        ("Target", TOKENS, _rows(table.target)),
    ]
    source, target = task.source_tokenizer, task.target_tokenizer
    if source == target and isinstance(source, BytePairTokenizer):
        pages.append(("Merges", MERGES, _merges(source)))
    else:
        for side, tokenizer in (("Source", source), ("Target", target)):
            if isinstance(tokenizer, BytePairTokenizer):
                pages.append((f"{side} merges", MERGES, _merges(tokenizer)))
    pairs = f"{'all' if table.complete else 'the first'} {counted(table.pairs, 'training pair')}"
    return pages, f"{source.kind} tokens, counted in {pairs}"


class TokensDialog(QDialog):
    """A table that is sorted by a click on a title. Counting is done elsewhere: `do` sees to that."""

    def __init__(self, task: Task, do: Do, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("tokens_dialog")
        self.setAccessibleName("Tokens")
        self.setWindowTitle("tfviz: tokens")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.closed = False
        self._names = ("Source", "Target", "Source merges", "Target merges")
        self._tables: dict[str, QSortFilterProxyModel] = {}
        self.pages = SegmentedButtons(self._names, "Tokens of")
        self.search, self.table = QLineEdit(), QTableView()
        self.message, self.close_button = paragraph("Counting …", "dim"), QPushButton("Close")
        self._counted = ""
        self._build()
        do(lambda: token_pages(task), self._show_pages, self._show_error)

    def done(self, result: int) -> None:
        """What is still being counted is told to nobody."""
        self.closed = True
        super().done(result)

    def _build(self) -> None:
        self.pages.setObjectName("token_pages")
        self.pages.setToolTip("Whose tokens, and the merges that pieces of words came from")
        self.pages.chosen.connect(self._choose)
        self.pages.offer((0, 1))
        self.search.setObjectName("token_search")
        self.search.setAccessibleName("Search tokens")
        self.search.setToolTip("Show the rows that contain this")
        self.search.setPlaceholderText("Search")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.message.setObjectName("token_message")
        self.close_button.setObjectName("token_close")
        self.close_button.setToolTip("Close this window")
        self.close_button.setProperty("primary", True)
        self.close_button.setAutoDefault(False)
        self.close_button.clicked.connect(self.close)
        self._build_table()
        self._lay_out()

    def _build_table(self) -> None:
        self.table.setObjectName("token_table")
        self.table.setAccessibleName("Tokens")
        self.table.setToolTip("Click a title to sort")
        self.table.setSortingEnabled(True)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(24)
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(True)
        self.table.setWordWrap(False)
        self.table.setFont(monospace_font(12))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(label("Tokens", "title"))
        head.addStretch(1)
        head.addWidget(self.pages)
        foot = QHBoxLayout()
        foot.addWidget(self.message, 1)
        foot.addWidget(self.close_button)
        column = dialog_column(self, spacing=10)
        column.addLayout(head)
        column.addWidget(self.search)
        column.addWidget(self.table, 1)
        column.addLayout(foot)
        self.resize(560, 620)
        self.search.setFocus()

    def _show_pages(self, found: tuple[list[Page], str]) -> None:
        if self.closed:
            return
        pages, self._counted = found
        for name, titles, rows in pages:
            self._tables[name] = sortable(TokenModel(titles, rows, self), self)
        if "Merges" in self._tables:  # one vocabulary for both sides
            self._names = ("Source", "Target", "Merges", "")
            self.pages.button(2).setText("Merges")
        self.pages.offer([index for index, name in enumerate(self._names) if name in self._tables])
        self._choose()

    def _show_error(self, error: Exception) -> None:
        if not self.closed:
            self.message.setText(f"The tokens cannot be counted: {error}")

    def _choose(self) -> None:
        table = self._tables.get(self._names[self.pages.index])
        if table is not None:
            self.table.setModel(table)
            header = self.table.horizontalHeader()
            for column in range(table.columnCount()):
                narrow = table.headerData(column, Qt.Orientation.Horizontal) in NUMBERS
                modes = QHeaderView.ResizeMode
                header.setSectionResizeMode(column, modes.Fixed if narrow else modes.Stretch)
                if narrow:
                    header.resizeSection(column, NUMBER_WIDTH)
            self.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
            self._filter()

    def _filter(self) -> None:
        table = self._tables.get(self._names[self.pages.index])
        if table is not None:
            table.setFilterFixedString(self.search.text())
            shown, all_rows = table.rowCount(), table.sourceModel().rowCount()
            rows = counted(all_rows, "row") if shown == all_rows else f"{shown:,} of {all_rows:,} rows"
            self.message.setText(f"{rows} · {self._counted}")


def _rows(counts: Sequence[TokenCount]) -> list[tuple[Cell, ...]]:
    return [tuple(count) for count in counts]


def _merges(tokenizer: BytePairTokenizer) -> list[tuple[Cell, ...]]:
    return [(number, *merge) for number, merge in enumerate(tokenizer.merges(), start=1)]
