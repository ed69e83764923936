"""The terms of a cell as a table: a row for each, its product first, then its factors; what is long is folded.

The numbers that lead on stand beside the product, where a narrow page still shows them; words come last.
"""

import math
from typing import Any, NamedTuple

import numpy
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont

from tfviz.core.provenance import Cell, Explanation, Factor, Term
from tfviz.views.inspector.cell_text import LINK, cell_text, number_text
from tfviz.views.inspector.term_columns import Column, alignment, columns_of, percent
from tfviz.views.style.fonts import monospace_font
from tfviz.views.style.theme import DARK, Theme

SHOWN = 12
"""Terms above the fold."""
Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
Role = Qt.ItemDataRole
BAR = Role.UserRole
"""The role of a share's bar: the term's product over the largest of all, -1 to 1; None where there is none."""


TIPS = {
    "product": "All factors of the term multiplied",
    "share": "What the term contributes to the sum of all terms, in percent",
    "factor": "Underlined numbers lead to the cell that they were read from",
}


class Writing(NamedTuple):
    """How numbers are shown: with how many digits, and whether with an arrow where they lead on."""

    digits: int = 6
    arrows: bool = True
    bars: bool = True
    """Whether there are bars beside the shares."""
    symbols: bool = True
    """Whether a number that is called otherwise than its column says so; its tool tip does in any case."""


class TermModel(QAbstractTableModel):
    """The rows are the terms in the order chosen, the first ones if `folded`, and then the fold if there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.terms: tuple[Term, ...] = ()
        self.columns: list[Column] = []
        self.largest_first = True
        self.folded = True
        self.writing = Writing()
        self.theme = DARK
        self._order: list[int] = []
        self._products = numpy.zeros(0)
        self._link_font, self._font = QFont(monospace_font(12)), monospace_font(12)
        self._link_font.setUnderline(True)

    def show_terms(self, explanation: Explanation | None) -> None:
        """Of another explanation, folded again."""
        self.beginResetModel()
        self.terms = explanation.terms if explanation else ()
        self.folded = True
        self._products = numpy.array([term.product for term in self.terms], numpy.float64)
        self.columns = columns_of(self.terms)
        self._arrange()
        self.endResetModel()

    def arrange(self, largest_first: bool) -> None:
        """By the size of their products, or as the formula has them."""
        self.beginResetModel()
        self.largest_first = largest_first
        self._arrange()
        self.endResetModel()

    def fold(self, folded: bool) -> None:
        self.beginResetModel()
        self.folded = folded
        self.endResetModel()

    def write(self, writing: Writing) -> None:
        """Write the same numbers in another way."""
        self.writing = writing
        self.layoutChanged.emit()

    def recolour(self, theme: Theme) -> None:
        self.theme = theme
        self.layoutChanged.emit()

    @property
    def has_fold(self) -> bool:
        """Whether there are so many terms that some are folded; one alone never is."""
        return len(self.terms) > SHOWN + 1

    @property
    def fold_row(self) -> int | None:
        """The row that folds and unfolds."""
        if not self.has_fold:
            return None
        return SHOWN if self.folded else len(self.terms)

    @property
    def fold_text(self) -> str:
        if not self.folded:
            return f"show only the first {SHOWN} terms"
        rest = self._products[self._order[SHOWN:]]
        return f"{len(rest)} more terms, together {number_text(float(rest.sum()))} - show them"

    def term(self, row: int) -> Term | None:
        """The term of a row; None in that of the fold."""
        return None if row == self.fold_row else self.terms[self._order[row]]

    def link(self, index: Index) -> Cell | None:
        """Where the number at this place was read."""
        factor = self._factor(index)
        return None if factor is None else factor.cell

    def rowCount(self, parent: Index = NOWHERE) -> int:
        if parent.isValid():
            return 0
        return SHOWN + 1 if self.has_fold and self.folded else len(self.terms) + self.has_fold

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            column = self.columns[section]
            if role == Role.DisplayRole:
                return column.title
            if role == Role.TextAlignmentRole:
                return alignment(column)
            if role == Role.ToolTipRole and column.kind in TIPS:
                return TIPS[column.kind]
            return None
        if role == Role.DisplayRole:
            return "" if section == self.fold_row else str(self._order[section])
        return None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        column, term = self.columns[index.column()], self.term(index.row())
        if term is None:
            return self._fold_data(index, role)
        match role:
            case Role.DisplayRole:
                return self._text(term, index)
            case Role.ToolTipRole:
                return self._tip(term, index)
            case Role.FontRole:
                return self._link_font if self.link(index) else self._number_font(column)
            case Role.ForegroundRole:
                return self._colour(column, self.link(index) is not None)
            case Role.TextAlignmentRole:
                return alignment(column)
            case _ if role == BAR and column.kind == "share" and self.writing.bars:
                return self._bar(term)
        return None

    def share(self, term: Term) -> float | None:
        """Of the sum of all terms; None where that is none, or not a number."""
        total = float(self._products.sum())
        share = term.product / total if total else math.nan
        return share if math.isfinite(share) else None

    def _arrange(self) -> None:
        order = numpy.arange(len(self.terms))
        if self.largest_first:
            with numpy.errstate(invalid="ignore"):
                size = numpy.where(numpy.isnan(self._products), numpy.inf, numpy.abs(self._products))
            order = numpy.argsort(-size, kind="stable")
        self._order = order.tolist()

    def _factor(self, index: Index) -> Factor | None:
        column, term = self.columns[index.column()], self.term(index.row())
        if term is None or column.kind != "factor" or column.number >= len(term.factors):
            return None
        return term.factors[column.number]

    def _text(self, term: Term, index: Index) -> str:
        column, factor = self.columns[index.column()], self._factor(index)
        match column.kind:
            case "part":
                return term.part
            case "function":
                return term.function
            case "product":
                return number_text(term.product, self.writing.digits)
            case "share":
                return percent(self.share(term))
        if factor is None:
            return ""
        gap = "  " if self.writing.arrows else " "
        named = self.writing.symbols and factor.symbol != column.title
        symbol = f"{factor.symbol}{gap}" if named else ""
        arrow = f" {LINK}" if factor.cell and self.writing.arrows else ""
        return f"{symbol}{number_text(factor.value, self.writing.digits)}{arrow}"

    def _tip(self, term: Term, index: Index) -> str | None:
        factor, column = self._factor(index), self.columns[index.column()]
        if column.kind in ("product", "share"):
            return f"{number_text(term.product, 12)}, {percent(self.share(term))} of the sum of all terms"
        if factor is None:
            return f"{term.part} {term.function}".strip() or None
        if factor.cell is None:
            return f"{factor.symbol} = {number_text(factor.value, 12)}"
        return (
            f"{factor.symbol} = {number_text(factor.value, 12)}, read from {cell_text(factor.cell)}: go there"
        )

    def _bar(self, term: Term) -> float | None:
        finite = numpy.abs(self._products[numpy.isfinite(self._products)])
        largest = float(finite.max()) if len(finite) else 0.0
        return term.product / largest if largest and math.isfinite(term.product) else None

    def _fold_data(self, index: Index, role: int) -> Any:
        if role == Role.DisplayRole and index.column() == 0:
            return self.fold_text
        if role == Role.ForegroundRole:
            return self.theme.colour("accent")
        return None

    def _number_font(self, column: Column) -> QFont | None:
        return None if column.kind in ("part", "function") else self._font

    def _colour(self, column: Column, link: bool) -> QColor:
        return self.theme.colour(
            "accent" if link else "dim" if column.kind in ("part", "function") else "text"
        )
