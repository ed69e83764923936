"""The operations of a step as a tree of two levels, for Qt's views: three columns, forward, name and backward."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from tfviz.training.stepping.step_places import Place
from tfviz.views.operations.operation_rows import Group, Row, grouped, mark_of, mark_of_group

FORWARD, NAME, BACKWARD = range(3)
MARK_ROLE = Qt.ItemDataRole.UserRole
"""Of a cell of the outer columns: its Mark, or None where there is no such pass."""

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class OperationModel(QAbstractItemModel):
    """Shows where a stepper is; it is told the places once a step, and the position whenever that changes."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.groups: tuple[Group, ...] = ()
        self.places: tuple[Place, ...] = ()
        self.position = 0

    def show_places(self, places: Sequence[Place]) -> None:
        """Of another step; nothing happens where its operations are the same."""
        if tuple(places) != self.places:
            self.beginResetModel()
            self.places, self.groups = tuple(places), grouped(places)
            self.endResetModel()

    def show_position(self, position: int) -> None:
        """So many places have been passed."""
        before, self.position = self.position, position
        if position == before:
            return
        first, last = min(before, position) - 1, max(before, position)
        for number, group in enumerate(self.groups):
            if any(first <= place.number <= last for row in group.rows for place in row.passes):
                self.dataChanged.emit(self.index(number, FORWARD), self.index(number, BACKWARD))
                parent = self.index(number, FORWARD)
                end = self.index(len(group.rows) - 1, BACKWARD, parent)
                self.dataChanged.emit(self.index(0, FORWARD, parent), end)

    def group(self, index: Index) -> Group | None:
        """Of a group's own row."""
        return self.groups[index.row()] if index.isValid() and index.internalId() == 0 else None

    def row(self, index: Index) -> Row | None:
        """Of an operation's row."""
        if not index.isValid() or index.internalId() == 0:
            return None
        return self.groups[index.internalId() - 1].rows[index.row()]

    def place(self, index: Index) -> Place | None:
        """What a click there runs to: the pass of that column; on a name the pass of the phase that is under way."""
        row = self.row(index)
        if row is None:
            return None
        return self._under_way(row) if index.column() == NAME else _pass(row, index.column())

    def index_of(self, place: Place) -> QModelIndex:
        """The cell of a place."""
        for number, group in enumerate(self.groups):
            for line, row in enumerate(group.rows):
                if place.number in (other.number for other in row.passes):
                    column = BACKWARD if place.phase == "backward" else FORWARD
                    return self.index(line, column, self.index(number, FORWARD))
        return QModelIndex()

    # what Qt asks

    def index(self, row: int, column: int, parent: Index = _ROOT) -> QModelIndex:
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else 0)

    def parent(self, index: Index = _ROOT) -> QModelIndex:  # type: ignore[override]
        if not index.isValid() or index.internalId() == 0:
            return QModelIndex()
        return self.createIndex(index.internalId() - 1, FORWARD, 0)

    def rowCount(self, parent: Index = _ROOT) -> int:
        if not parent.isValid():
            return len(self.groups)
        group = self.group(parent)
        return len(group.rows) if group is not None and parent.column() == FORWARD else 0

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 3

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        group, row = self.group(index), self.row(index)
        if group is not None:
            return self._of_group(group, index.column(), role)
        if row is not None:
            return self._of_row(row, index.column(), role)
        return None

    def _of_group(self, group: Group, column: int, role: int) -> Any:
        if column == NAME:
            return group.title if role in _WORDS else None
        places = [place for row in group.rows if (place := _pass(row, column)) is not None]
        if not places:
            return None
        passed = sum(place.number < self.position for place in places)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return f"{passed}/{len(places)}"
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return f"{group.title}: {passed} of {len(places)} {_phase(column)} done"
            case _ if role == MARK_ROLE:
                return mark_of_group(places, self.position)
        return None

    def _under_way(self, row: Row) -> Place:
        """The pass of the phase that is under way."""
        turned = self.position >= len(self.places) // 2 - 1
        return row.backward if turned and row.backward is not None else row.forward

    def _of_row(self, row: Row, column: int, role: int) -> Any:
        if column == NAME:
            return self._of_name(row, role)
        place = _pass(row, column)
        if place is None:
            return None
        mark = mark_of(place, self.position)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return str(place.number + 1)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{place}: {mark.value}"
            case Qt.ItemDataRole.ToolTipRole:
                return f"{place.number + 1} of {len(self.places)}: {place}, {mark.value}. Click: run to it"
            case _ if role == MARK_ROLE:
                return mark
        return None

    def _of_name(self, row: Row, role: int) -> str | None:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.short
            case Qt.ItemDataRole.AccessibleTextRole:
                return row.name
            case Qt.ItemDataRole.ToolTipRole:
                return f"{row.name}, {row.kind}. Click: run to {self._under_way(row)}"
        return None


_WORDS = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)


def _pass(row: Row, column: int) -> Place | None:
    return row.forward if column == FORWARD else row.backward


def _phase(column: int) -> str:
    return "forward" if column == FORWARD else "backward"
