"""The button that names the tensor that is looked at, and the searchable list of all that it opens."""

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from tfviz.views.inspector.tensor_list import Listed
from tfviz.views.panel import label
from tfviz.views.parts.guarded import guarded
from tfviz.views.style.icons import icon
from tfviz.views.style.theme import DARK, Theme

NAME = Qt.ItemDataRole.UserRole
SIZE = QSize(560, 420)


@guarded
class TensorChooser(QPushButton):
    """Emits the name that the user chose."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tensor_chooser")
        self.setAccessibleName("Tensor that is looked at")
        self.setToolTip("Choose any tensor or parameter of this step; type to search")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.popup = TensorPopup(self)
        self.popup.chosen.connect(self.chosen)
        self.clicked.connect(self._open)
        self._name = ""

    def show_name(self, name: str) -> None:
        self._name = name
        self.setAccessibleDescription(name)
        self._elide()

    def show_list(self, tensors: tuple[Listed, ...], position: int) -> None:
        """What there is to choose from, and up to where the step has been run."""
        self.popup.show_list(tensors, position)

    def recolour(self, theme: Theme) -> None:
        self.setIcon(icon("search", theme.dim))
        self.popup.recolour(theme)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        width = self.fontMetrics().horizontalAdvance(self._name) + 60
        return QSize(min(max(width, 200), 460), super().sizeHint().height())

    def _elide(self) -> None:
        room = max(self.width() - 54, 40)
        shown = self.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideLeft, room)
        self.setText(shown.replace("&", "&&"))
        self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _open(self) -> None:
        self.popup.open_below(self, self._name)


class TensorPopup(QFrame):
    """A search field above the groups. Enter takes what is marked, Down goes into the list."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("card", True)
        self.setObjectName("tensor_popup")
        self.search = QLineEdit()
        self.search.setObjectName("tensor_search")
        self.search.setAccessibleName("Search tensors by name")
        self.search.setToolTip("Parts of a name, separated by spaces")
        self.search.setPlaceholderText("Search, e.g. decoder 0 weights")
        self.search.setClearButtonEnabled(True)
        self.tree = QTreeWidget()
        self.tree.setObjectName("tensor_list")
        self.tree.setAccessibleName("Tensors and parameters")
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.setUniformRowHeights(True)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideLeft)  # names differ at their ends
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.nothing = label("No tensor has such a name", "dim")
        self.nothing.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.search)
        column.addWidget(self.nothing)
        column.addWidget(self.tree, 1)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(lambda: self._take(self.tree.currentItem()))
        self.search.installEventFilter(self)
        self.tree.itemActivated.connect(self._take)
        self.tree.itemClicked.connect(self._take)
        self._theme = DARK
        self._tensors: tuple[Listed, ...] = ()
        self._built: tuple[Listed, ...] = ()
        self._position = 0

    def show_list(self, tensors: tuple[Listed, ...], position: int) -> None:
        """Built when it is opened for the first time."""
        self._tensors, self._position = tensors, position

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self._built = ()

    def open_below(self, button: QWidget, current: str) -> None:
        """Open at a button, with this name marked."""
        if self._built != self._tensors:
            self._build()
        self._tell_done()
        self.search.clear()
        self._filter("")
        for item in self._leaves():
            if item.data(0, NAME) == current:
                self.tree.setCurrentItem(item)
                self.tree.scrollToItem(item, QTreeWidget.ScrollHint.PositionAtCenter)
        self.resize(SIZE)
        self.move(self._place_at(button))
        self.show()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return super().eventFilter(watched, event)
        if event.key() == Qt.Key.Key_Down:
            self.tree.setFocus(Qt.FocusReason.TabFocusReason)
            return True
        return super().eventFilter(watched, event)

    def _place_at(self, button: QWidget) -> QPoint:
        corner = button.mapToGlobal(QPoint(0, button.height() + 2))
        screen = button.screen().availableGeometry()
        x = max(min(corner.x(), screen.right() - self.width()), screen.left())
        return QPoint(x, max(min(corner.y(), screen.bottom() - self.height()), screen.top()))

    def _build(self) -> None:
        self._built = self._tensors
        self.tree.clear()
        groups: dict[str, QTreeWidgetItem] = {}
        for listed in self._tensors:
            group = groups.get(listed.group)
            if group is None:
                group = groups[listed.group] = QTreeWidgetItem(self.tree, [listed.group])
                group.setFirstColumnSpanned(True)
                group.setFlags(Qt.ItemFlag.ItemIsEnabled)
                group.setForeground(0, QColor(self._theme.dim))
            item = QTreeWidgetItem(group, [listed.name])
            item.setData(0, NAME, listed.name)
            if listed.is_parameter:
                item.setForeground(0, QColor(self._theme.parameter))
        self.tree.expandAll()

    def _tell_done(self) -> None:
        for item, listed in zip(self._leaves(), self._tensors, strict=True):
            axes = " × ".join(listed.axes)
            later = listed.complete_at > self._position
            what = "parameter, " if listed.is_parameter else ""
            item.setText(1, f"{what}{axes}" + ", not computed yet" * later)
            item.setForeground(1, QColor(self._theme.faint if later else self._theme.dim))

    def _leaves(self) -> list[QTreeWidgetItem]:
        return [item for group in self._groups() for item in _children(group)]

    def _groups(self) -> list[QTreeWidgetItem]:
        return _children(self.tree.invisibleRootItem())

    def _filter(self, text: str) -> None:
        """Show the names that have all the words in them; mark the first."""
        words = text.lower().split()
        first: QTreeWidgetItem | None = None
        for item in self._leaves():
            name = str(item.data(0, NAME)).lower()
            hidden = not all(word in name for word in words)
            item.setHidden(hidden)
            first = item if first is None and not hidden else first
        for group in self._groups():
            group.setHidden(all(item.isHidden() for item in _children(group)))
        self.nothing.setVisible(first is None)
        if first is None:
            self.tree.clearSelection()
            self.tree.setCurrentIndex(QModelIndex())
        else:
            self.tree.setCurrentItem(first)

    def _take(self, item: QTreeWidgetItem | None) -> None:
        name = None if item is None else item.data(0, NAME)
        if name is not None:
            self.hide()
            self.chosen.emit(name)


def _children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    children = (item.child(number) for number in range(item.childCount()))
    return [child for child in children if child is not None]
