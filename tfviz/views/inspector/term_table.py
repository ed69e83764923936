"""The table of a cell's terms on the screen: links by mouse and keyboard, shares as signed bars."""

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from tfviz.core.provenance import Explanation
from tfviz.views.inspector.term_model import BAR, SHOWN, TermModel, Writing
from tfviz.views.parts.guarded import guarded
from tfviz.views.parts.keys import ENTER, MOVES, claims
from tfviz.views.style.fonts import monospace_font
from tfviz.views.style.theme import DARK, Theme

ROW_HEIGHT = 24
MOST_ROWS = SHOWN + 3
"""Seen at a time: those above the fold, and what says that there are more."""
BAR_REACH = 11
PADDING = 8
WORDS = 56
"""Pixels that a column of words has at least, if it has so many words."""
WIDEST = 240
WRITINGS = (
    *(Writing(digits) for digits in (6, 5, 4, 3)),
    Writing(3, arrows=False),
    Writing(3, arrows=False, bars=False),
    Writing(2, arrows=False, bars=False),
    Writing(3, arrows=False, bars=False, symbols=False),
    Writing(2, arrows=False, bars=False, symbols=False),
)
"""Numbers are written in the first of these ways in which all columns have room."""
FOR_MANY_COLUMNS = Writing(4)
"""Where they have not in any: there is to be scrolled then."""
OWN_KEYS = (*MOVES, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Space, *ENTER)


@guarded
class TermTable(QTableView):
    """`followed` gives the Cell of the link that was clicked, or at which Enter or Space was pressed."""

    followed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("term_table")
        self.setAccessibleName("Terms of the cell")
        self.setToolTip(
            "An underlined number leads to the cell it was read from: click it, or press Enter on it"
        )
        self.terms = TermModel()
        self.setModel(self.terms)
        self.bars = ShareBars(self)
        self.setItemDelegate(self.bars)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)  # no column is seen in part
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        rows = self.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(ROW_HEIGHT)
        rows.setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.clicked.connect(self._activate)
        self.entered.connect(self._point)
        self.terms.modelReset.connect(self._arrange)

    def show_terms(self, explanation: Explanation | None) -> None:
        """Of another explanation; widths, and how numbers are written, are fitted to it."""
        self.terms.show_terms(explanation)
        self.updateGeometries()  # the numbers of the rows may be longer
        self._fit_columns()
        self.scrollToTop()

    def recolour(self, theme: Theme) -> None:
        self.bars.theme = theme
        self.terms.recolour(theme)
        self.viewport().update()

    def event(self, event: QEvent) -> bool:
        return claims(event, OWN_KEYS) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, *ENTER):
            self._activate(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _activate(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        if index.row() == self.terms.fold_row:
            self.terms.fold(not self.terms.folded)
            self.setCurrentIndex(self.terms.index(SHOWN if not self.terms.folded else 0, 0))
        elif (cell := self.terms.link(index)) is not None:
            self.followed.emit(cell)

    def _point(self, index: QModelIndex) -> None:
        leads = index.row() == self.terms.fold_row or self.terms.link(index) is not None
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if leads else Qt.CursorShape.ArrowCursor)

    def _arrange(self) -> None:
        self.clearSpans()
        rows = min(self.terms.rowCount(), MOST_ROWS)
        self.setFixedHeight((rows + 1) * ROW_HEIGHT + 24)  # the header is larger, and there is a scroll bar
        row = self.terms.fold_row
        if row is not None and len(self.terms.columns) > 1:
            self.setSpan(row, 0, 1, len(self.terms.columns))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    def _fit_columns(self) -> None:
        """Write as many digits as there is room for; words get what is left."""
        room = self.viewport().width()
        for writing in WRITINGS:
            self.terms.write(writing)
            wanted = self._widths()
            least = [
                min(width, WORDS) if self._has_words(each) else width for each, width in enumerate(wanted)
            ]
            if sum(least) <= room:
                break
        else:
            self.terms.write(FOR_MANY_COLUMNS)
            least = wanted = self._widths()
        spare = room - sum(least)
        for column, (width, needed) in enumerate(zip(least, wanted, strict=True)):
            more = min(max(spare, 0), needed - width)
            spare -= more
            self.setColumnWidth(column, width + more)

    def _has_words(self, column: int) -> bool:
        return self.terms.columns[column].kind in ("function", "part")

    def _widths(self) -> list[int]:
        """Of what the columns hold in the rows above the fold: there may be thousands below it."""
        metrics, widths = QFontMetrics(monospace_font(12)), []
        for column, each in enumerate(self.terms.columns):
            texts = [f" {each.title} "]
            for row in range(min(len(self.terms.terms), SHOWN)):
                texts.append(str(self.terms.data(self.terms.index(row, column))))
            width = max(metrics.horizontalAdvance(text) for text in texts) + PADDING
            has_bar = each.kind == "share" and self.terms.writing.bars
            widths.append(min(width + (2 * BAR_REACH + 4 if has_bar else 0), WIDEST))
        return widths


class ShareBars(QStyledItemDelegate):
    """Draws the bar of a share on either side of a zero line, and the number right of it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = DARK

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        bar = index.data(BAR)
        if bar is None:
            return
        cell = QRectF(option.rect)
        middle = cell.left() + BAR_REACH + 3.0
        left, width = (middle + min(bar, 0.0) * BAR_REACH, abs(bar) * BAR_REACH)
        painter.fillRect(
            QRectF(left, cell.top() + 7, width, cell.height() - 14), signed_colour(self.theme, bar)
        )
        painter.fillRect(QRectF(middle, cell.top() + 4, 1, cell.height() - 8), self.theme.colour("faint"))


def signed_colour(theme: Theme, value: float) -> QColor:
    """Blue for what is positive, orange for what is negative, as on the heat maps."""
    return theme.colour("activation" if value >= 0 else "gradient")
