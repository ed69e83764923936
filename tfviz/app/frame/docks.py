"""The panels as docks, whose own header is what they are dragged by, and the bars around them."""

from collections.abc import Iterable

from PySide6.QtCore import QObject, QSize, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QToolBar,
    QToolButton,
    QWidget,
)

from tfviz.app.frame.steady import Shell
from tfviz.views.panel import Panel
from tfviz.views.style.icons import icon
from tfviz.views.style.theme import Theme

GAP = 8
EDGE = 10
TITLE_HEIGHT = 38


class TitleBar(QFrame):
    """The upper edge of a card, with the panel's header in it, and a menu for what can be done with the dock."""

    def __init__(self, panel: Panel, dock: "PanelDock") -> None:
        super().__init__(dock)
        self.setProperty("cardhead", True)
        self.setToolTip("Drag to move, double-click to float")
        self.menu = QMenu(self)
        self.float_action = QAction("Float", self)
        self.close_action = QAction("Close", self)
        self.menu.addActions([self.float_action, self.close_action])
        self.menu_button = QToolButton()
        self.menu_button.setObjectName(f"{panel.object_name}_menu")
        self.menu_button.setAccessibleName(f"{panel.title}: panel menu")
        self.menu_button.setToolTip("Float or close this panel")
        self.menu_button.setProperty("slim", True)
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.menu_button.setMenu(self.menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 0)
        row.setSpacing(4)
        _move_layout(panel, row)
        row.addWidget(self.menu_button)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), TITLE_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        # The header may be squeezed: what a panel cannot do without is in its body.
        return QSize(120, TITLE_HEIGHT)


class PanelDock(QDockWidget):
    """A dock that looks like one card with its panel."""

    def __init__(self, panel: Panel, parent: QMainWindow) -> None:
        super().__init__(panel.title, parent)
        self.setObjectName(f"{panel.object_name}_dock")
        self.setAccessibleName(panel.title)
        self.panel = panel
        self.title_bar = TitleBar(panel, self)
        panel.setProperty("docked", True)
        panel.header_margin += self.title_bar.menu_button.sizeHint().width()
        self.setTitleBarWidget(Shell(self.title_bar))
        self.setWidget(Shell(panel))
        self.title_bar.float_action.triggered.connect(lambda: self.setFloating(not self.isFloating()))
        self.title_bar.close_action.triggered.connect(self.close)
        self.topLevelChanged.connect(self._name_float)
        self.toggleViewAction().triggered.connect(self._come_forward)

    def recolour(self, theme: Theme) -> None:
        self.panel.recolour(theme)
        self.title_bar.menu_button.setIcon(icon("more", theme.faint))

    def name_once(self) -> None:
        """Say the title in the header where no tab says it."""
        window = self.parentWidget()
        assert isinstance(window, QMainWindow)
        beside = [] if self.isFloating() else window.tabifiedDockWidgets(self)
        self.panel.show_title(not any(dock.toggleViewAction().isChecked() for dock in beside))

    def _come_forward(self, shown: bool) -> None:
        """A panel that is asked for in the menu would else come back behind the tabs."""
        if shown:
            self.raise_()

    def _name_float(self, floating: bool) -> None:
        self.title_bar.float_action.setText("Dock" if floating else "Float")


class Titles(QObject):
    """Keeps every title said once, wherever the docks are moved to."""

    def __init__(self, docks: Iterable[PanelDock], parent: QObject) -> None:
        super().__init__(parent)
        self._docks = list(docks)
        self._timer = QTimer(self)  # a move is told by several docks, and before it is done
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.show)
        for dock in self._docks:
            dock.topLevelChanged.connect(self._look)
            dock.dockLocationChanged.connect(self._look)
            dock.visibilityChanged.connect(self._look)

    def show(self) -> None:
        for dock in self._docks:
            dock.name_once()

    def _look(self, _: object) -> None:
        self._timer.start()


def margin_bar(area: Qt.ToolBarArea, parent: QMainWindow) -> QToolBar:
    """An empty bar: a QMainWindow has no other way to keep its docks off the window's edge."""
    bar = _fixed_bar(f"margin_{area.name}", parent)
    gap = QWidget()
    gap.setFixedSize(EDGE, EDGE)
    bar.addWidget(gap)
    return bar


def timeline_bar(timeline: QWidget, beside: QWidget, parent: QMainWindow) -> QToolBar:
    """The timeline across the window, below all docks, and what stands at its right."""
    bar = _fixed_bar("timeline_bar", parent)
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(EDGE, GAP, EDGE, GAP)
    row.setSpacing(GAP)
    row.addWidget(timeline, 1)
    row.addWidget(beside)
    bar.addWidget(holder)
    return bar


def _fixed_bar(name: str, parent: QMainWindow) -> QToolBar:
    bar = QToolBar(name, parent)
    bar.setObjectName(name)
    bar.setProperty("margin", True)
    bar.setMovable(False)
    bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
    bar.toggleViewAction().setVisible(False)
    layout = bar.layout()
    assert layout is not None
    layout.setContentsMargins(0, 0, 0, 0)  # it read the style's before the bar could say that it wants none
    layout.setSpacing(0)
    return bar


def _move_layout(panel: Panel, row: QHBoxLayout) -> None:
    """Take the header out of the panel and give it to the title bar's row."""
    outer = panel.layout()
    assert outer is not None
    outer.removeItem(panel.header)
    panel.header.setParent(None)
    row.addLayout(panel.header, 1)
    margins = outer.contentsMargins()
    margins.setTop(6)
    outer.setContentsMargins(margins)
