"""Rows of tokens or of merges for a table that can be sorted and searched."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
Role = Qt.ItemDataRole
Cell = int | str
VALUE = Role.UserRole
"""The role of what is sorted by: numbers by their size."""


class TokenModel(QAbstractTableModel):
    """A title for each column, and a number or a text in each cell."""

    def __init__(self, titles: Sequence[str], rows: Sequence[Sequence[Cell]], parent: QObject) -> None:
        super().__init__(parent)
        self._titles, self._rows = titles, rows

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._titles)

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        value = self._rows[index.row()][index.column()]
        if role == Role.DisplayRole:
            return f"{value:,}" if isinstance(value, int) else value
        if role == VALUE:
            return value
        if role == Role.TextAlignmentRole and isinstance(value, int):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Role.TextAlignmentRole and self._rows and isinstance(self._rows[0][section], int):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return self._titles[section] if role == Role.DisplayRole else None


def sortable(model: TokenModel, parent: QObject) -> QSortFilterProxyModel:
    """The rows in any order, and those alone that a search finds in any column."""
    proxy = QSortFilterProxyModel(parent)
    proxy.setSourceModel(model)
    proxy.setSortRole(VALUE)
    proxy.setFilterKeyColumn(-1)
    proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    return proxy
