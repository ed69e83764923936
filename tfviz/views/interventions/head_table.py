"""The table of heads: what is done to each, and what it is worth; sorted by the column whose heading is clicked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from tfviz.training.export.heads import KINDS, Head
from tfviz.training.heads.head_importance import Importance
from tfviz.views.attention.head_signs import Done, change_by, change_text
from tfviz.views.parts.guarded import guarded
from tfviz.views.style.fonts import monospace_font
from tfviz.views.style.theme import DARK, Theme

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
Role = Qt.ItemDataRole
COLUMNS = ("Head", "Now", "Change", "Step")
WIDTHS = {1: 58, 2: 60, 3: 48}  # the names of the heads have the rest
NAME, DONE, CHANGE, STEP = range(4)
TIPS = (
    "Kind, layer and number, counted from 0",
    "Whether it is off or uniform",
    "Of the loss, by switching it off; of a uniform head, by that. Above 0: the head helps",
    "At which step it was measured",
)
UNKNOWN = "·"


class Worth(NamedTuple):
    """What was found of a head, and of which step."""

    found: Importance
    step: int


@dataclass(frozen=True)
class HeadRow:
    head: Head
    done: Done
    worth: Worth | None

    @property
    def change(self) -> float | None:
        return None if self.worth is None else change_by(self.done, self.worth.found)


class HeadModel(QAbstractTableModel):
    """A row for each head; those of which something is not known come last, whatever the order."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[HeadRow] = []
        self.theme = DARK
        self._sorted = (NAME, Qt.SortOrder.AscendingOrder)
        self._number = monospace_font(12)

    def show_heads(
        self, heads: Sequence[Head], done: Mapping[Head, Done], worths: Mapping[str, Worth]
    ) -> None:
        rows = [HeadRow(head, done.get(head, ""), worths.get(head.setting)) for head in heads]
        if set(rows) != set(self.rows):
            self.beginResetModel()
            self.rows = rows
            self._sort()
            self.endResetModel()

    def recolour(self, theme: Theme) -> None:
        self.theme = theme
        self.layoutChanged.emit()

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Role.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignVCenter | _side(section))
        return {Role.DisplayRole: COLUMNS, Role.ToolTipRole: TIPS}.get(Role(role), (None,) * 4)[section]

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        row, column = self.rows[index.row()], index.column()
        match role:
            case Role.DisplayRole:
                return self.text(row, column)
            case Role.TextAlignmentRole:
                return int(Qt.AlignmentFlag.AlignVCenter | _side(column))
            case Role.FontRole if column in (CHANGE, STEP):
                return self._number
            case Role.ForegroundRole:
                return QColor(self.theme.warn_text if column == DONE and row.done else self.theme.text)
        return None

    def text(self, row: HeadRow, column: int) -> str:
        match column:
            case 0:
                return row.head.label
            case 1:
                return row.done or "works"
            case 2:
                return UNKNOWN if row.change is None else change_text(row.change)
        return UNKNOWN if row.worth is None else f"{row.worth.step:,}"

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.beginResetModel()
        self._sorted = (column, order)
        self._sort()
        self.endResetModel()

    def _sort(self) -> None:
        column, order = self._sorted
        values: dict[int, Any] = {
            NAME: lambda row: _place(row.head),
            DONE: lambda row: row.done or None,
            CHANGE: lambda row: row.change,
            STEP: lambda row: None if row.worth is None else row.worth.step,
        }
        value = values[column]
        known = [row for row in self.rows if value(row) is not None]
        rest = [row for row in self.rows if value(row) is None]
        known.sort(key=value, reverse=order is Qt.SortOrder.DescendingOrder)
        self.rows = known + sorted(rest, key=lambda row: _place(row.head))


@guarded
class HeadTable(QTableView):
    """A click on a heading sorts, one on a row selects its head."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("head_table")
        self.setAccessibleName("Heads and what they are worth")
        self.setToolTip("Click a heading to sort by it, a row to choose a head")
        self.heads = HeadModel()
        self.setModel(self.heads)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(24)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(40)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in WIDTHS.items():
            header.resizeSection(column, width)
        header.setSortIndicator(NAME, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)

    @property
    def head(self) -> Head | None:
        """The chosen one."""
        rows = self.selectionModel().selectedRows()
        return self.heads.rows[rows[0].row()].head if rows else None

    def choose(self, head: Head | None) -> None:
        """Select the row of a head, wherever it stands now."""
        row = next((place for place, row in enumerate(self.heads.rows) if row.head == head), None)
        if row is not None:
            self.selectRow(row)


def _side(column: int) -> Qt.AlignmentFlag:
    return Qt.AlignmentFlag.AlignRight if column in (CHANGE, STEP) else Qt.AlignmentFlag.AlignLeft


def _place(head: Head) -> tuple[int, int, int]:
    return list(KINDS).index(head.kind), head.layer, head.head
