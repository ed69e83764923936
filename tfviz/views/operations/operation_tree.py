"""The operations of a step on the screen: forward left, backward right, the name between them; search by name."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from tfviz.training.stepping.step_places import Place
from tfviz.views.operations.operation_model import BACKWARD, FORWARD, MARK_ROLE, NAME, OperationModel
from tfviz.views.operations.operation_rows import Mark
from tfviz.views.parts.guarded import guarded
from tfviz.views.style.fonts import interface_font
from tfviz.views.style.icons import paint_icon
from tfviz.views.style.theme import DARK, Theme

ROW_HEIGHT = 22
PASS_WIDTH, WIDE_PASS = 46, 54
"""Pixels of an outer column, with numbers of up to three digits or of four."""
SIGN = 11
"""Pixels of the sign beside a number."""
ARROW = 11
"""Pixels of the arrow that folds a group."""
MARGIN = 2
"""Rows above and below the one that is brought into view."""


@guarded
class OperationTree(QTreeView):
    """Folds and unfolds; a click on an operation says where to run to. It takes the keyboard by Tab alone, so that
    after a click the window's keys still step."""

    place_chosen = Signal(object)
    """A Place."""
    looked_at = Signal(object)
    """The Place of the row that the keyboard went to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("operation_tree")
        self.setAccessibleName("Operations of the step")
        self.operations = OperationModel(self)
        self.painter = PassPainter(self)
        self._search = ""
        self._opened_by_search: list[int] = []
        self.setModel(self.operations)
        self.setItemDelegate(self.painter)
        self.setIndentation(
            0
        )  # the delegate draws the arrows: indented branches would leave no room for names
        self.setRootIsDecorated(False)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setExpandsOnDoubleClick(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(PASS_WIDTH)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column in (FORWARD, BACKWARD):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, PASS_WIDTH)
        self._place: Place | None = None
        self.clicked.connect(self._click)
        self.activated.connect(self._click)
        self.selectionModel().currentChanged.connect(self._look_at)

    def show_places(self, places: Sequence[Place]) -> None:
        """Of another step."""
        self.operations.show_places(places)
        for column in (FORWARD, BACKWARD):
            self.header().resizeSection(column, PASS_WIDTH if len(places) < 1000 else WIDE_PASS)

    def show_position(self, position: int, place: Place | None) -> None:
        """So many places have been passed; bring this one into view, and unfold its group."""
        self.operations.show_position(position)
        self._place = place
        self._bring_into_view()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._bring_into_view()

    def _bring_into_view(self) -> None:
        index = self.operations.index_of(self._place) if self._place is not None else QModelIndex()
        if not index.isValid():
            return
        self.setExpanded(index.parent(), True)
        around = self.visualRect(index).adjusted(0, -MARGIN * ROW_HEIGHT, 0, MARGIN * ROW_HEIGHT)
        if not self.viewport().rect().contains(around):
            self.scrollTo(index.siblingAtColumn(NAME), QAbstractItemView.ScrollHint.PositionAtCenter)

    def search(self, text: str) -> int:
        """Show only operations in whose names or kinds the text occurs; how many there are."""
        words = text.casefold().split()
        found = 0
        for number, group in enumerate(self.operations.groups):
            parent = self.operations.index(number, FORWARD)
            hits = 0
            for line, row in enumerate(group.rows):
                hit = all(word in f"{row.name} {row.kind} {group.title}".casefold() for word in words)
                self.setRowHidden(line, parent, not hit)
                hits += hit
            self.setRowHidden(number, QModelIndex(), not hits)
            found += hits
            if words and hits and not self.isExpanded(parent):
                self._opened_by_search.append(number)
                self.setExpanded(parent, True)
        if not words:
            for number in self._opened_by_search:
                self.setExpanded(self.operations.index(number, FORWARD), False)
            self._opened_by_search = []
        return found

    def first_found(self) -> Place | None:
        """The forward pass of the first operation that is not hidden by the search."""
        for number, group in enumerate(self.operations.groups):
            parent = self.operations.index(number, FORWARD)
            for line, row in enumerate(group.rows):
                if not self.isRowHidden(line, parent):
                    return row.forward
        return None

    def recolour(self, theme: Theme) -> None:
        self.painter.theme = theme
        self.viewport().update()

    def _look_at(self, current: QModelIndex) -> None:
        place = self.operations.place(current)
        if place is not None and self.hasFocus():
            self.looked_at.emit(place)

    def _click(self, index: QModelIndex) -> None:
        if self.operations.group(index) is not None:
            first = index.siblingAtColumn(FORWARD)
            self.setExpanded(first, not self.isExpanded(first))
            return
        place = self.operations.place(index)
        if place is not None:
            self.place_chosen.emit(place)


@guarded
class PassPainter(QStyledItemDelegate):
    """Paints a cell: passes are told apart by a sign and by their weight, not by colour alone."""

    theme: Theme = DARK

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(PASS_WIDTH, ROW_HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        model = index.model()
        assert isinstance(model, OperationModel)
        rectangle = QRectF(option.rect)
        state: QStyle.StateFlag = option.state
        if state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rectangle, self.theme.colour("hover"))
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(self.theme.colour("accent"), 1))
            painter.drawRect(rectangle.adjusted(0.5, 0.5, -0.5, -0.5))
        whole_group = model.group(index) is not None
        text = index.data()
        if text is None:
            return
        painter.setFont(interface_font(12))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.column() == NAME:
            if whole_group:
                arrow = QRectF(rectangle.left() + 1, rectangle.center().y() - ARROW / 2, ARROW, ARROW)
                unfolded = bool(state & QStyle.StateFlag.State_Open)
                paint_icon(painter, "down" if unfolded else "right", arrow, self.theme.colour("faint"))
            self._paint_name(painter, rectangle, text, whole_group)
        elif whole_group:
            self._paint_group(painter, rectangle, text, index.data(MARK_ROLE))
        else:
            self._paint_pass(painter, rectangle, text, index.data(MARK_ROLE))

    def _paint_name(self, painter: QPainter, rectangle: QRectF, text: str, whole_group: bool) -> None:
        painter.setPen(self.theme.colour("dim" if whole_group else "text"))
        place = rectangle.adjusted(ARROW + 4 if whole_group else ARROW, 0, -3, 0)
        metrics, room = painter.fontMetrics(), int(place.width())
        fitting = next(
            (each for each in names_of(text) if metrics.horizontalAdvance(each) <= room), names_of(text)[-1]
        )
        shown = metrics.elidedText(fitting, Qt.TextElideMode.ElideRight, room)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, shown)

    def _paint_group(self, painter: QPainter, rectangle: QRectF, text: str, mark: Mark) -> None:
        """How many passes are done, or a sign where that is all of them or none."""
        if mark is Mark.CURRENT:
            painter.setPen(self.theme.colour("text"))
            painter.drawText(rectangle.adjusted(0, 0, -6, 0), _RIGHT, text)
        else:
            place = QRectF(rectangle.right() - SIGN - 6, rectangle.center().y() - SIGN / 2, SIGN, SIGN)
            self._paint_sign(painter, place, mark, self.theme.colour("faint"))

    def _paint_pass(self, painter: QPainter, rectangle: QRectF, text: str, mark: Mark) -> None:
        theme = self.theme
        pill = rectangle.adjusted(2, 2, -2, -2)
        colour = theme.colour({Mark.DONE: "dim", Mark.WAITING: "faint"}.get(mark, "text"))
        if mark is Mark.CURRENT:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("accent_fill"))
            painter.drawRoundedRect(pill, 4, 4)
            colour = theme.colour("on_accent")
        elif mark is Mark.NEXT:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour("accent"), 1, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(pill.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        sign = QRectF(pill.left() + 3, pill.center().y() - SIGN / 2, SIGN, SIGN)
        self._paint_sign(painter, sign, mark, colour)
        painter.setPen(colour)
        painter.drawText(pill.adjusted(0, 0, -4, 0), _RIGHT, text)

    def _paint_sign(self, painter: QPainter, place: QRectF, mark: Mark, colour: QColor) -> None:
        match mark:
            case Mark.DONE:
                paint_icon(painter, "check", place, self.theme.colour("good"))
            case Mark.CURRENT:
                paint_icon(painter, "play", place, colour)
            case Mark.NEXT:
                paint_icon(painter, "right", place, self.theme.colour("accent"))
            case Mark.WAITING:
                painter.setPen(QPen(colour, 1))
                painter.setBrush(QBrush(Qt.BrushStyle.NoBrush))
                painter.drawEllipse(place.center(), 2.5, 2.5)


_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


def names_of(name: str) -> tuple[str, ...]:
    """From the longest to the shortest: "self_attn.scores", "self scores", "…scores"; "encoder layer 0" and less."""
    last = name.rpartition(".")[2]
    if last == name:
        shorter = name.replace(" layer ", " ").replace("embedding", "emb").replace("memory", "mem")
        return name, shorter, shorter.replace("encoder ", "enc ").replace("decoder ", "dec ")
    return name, name.replace("multihead_attn.", "cross ").replace("self_attn.", "self "), f"…{last}"
