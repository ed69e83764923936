"""The maps and the pages about them: beside each other, one below the other, or as tabs where there is no room."""

from enum import Enum

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from tfviz.views.parts.guarded import guarded

MAPS = "Maps"
BESIDE_WIDTH = 860
BELOW_HEIGHT = 640
PAGE_WIDTH = 390
"""What pages get at the right, at first."""
PAGE_SHARE = 0.4
"""What pages get of the height below the maps, at first."""


class Arrangement(Enum):
    """Where the pages stand."""

    BESIDE = "beside"
    BELOW = "below"
    TABS = "tabs"


def arrangement_for(width: int, height: int) -> Arrangement:
    """What fits into so many pixels."""
    if width >= BESIDE_WIDTH:
        return Arrangement.BESIDE
    return Arrangement.BELOW if height >= BELOW_HEIGHT else Arrangement.TABS


@guarded
class PageStack(QWidget):
    """Of the pages one is seen, chosen by its tab. As tabs, the maps are one page more, the first."""

    page_changed = Signal()

    def __init__(self, maps: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._maps = maps
        self.tabs = QTabBar()
        self.tabs.setObjectName("inspector_tabs")
        self.tabs.setAccessibleName("Pages about the tensor")
        self.tabs.setToolTip("What is shown about the tensor or cell")
        self.tabs.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.tabs.setExpanding(False)
        self.pages = QStackedWidget()
        self._side = QWidget()
        column = QVBoxLayout(self._side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.tabs)
        column.addWidget(self.pages, 1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setObjectName("inspector_splitter")
        self.splitter.setHandleWidth(10)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(maps)
        self.splitter.addWidget(self._side)
        self.splitter.setStretchFactor(0, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.splitter)
        self.splitter.splitterMoved.connect(self._split_moved)
        self.arrangement = Arrangement.BESIDE
        self._split_by_hand = False
        self.tabs.currentChanged.connect(self._turn)

    def add_page(self, title: str, page: QWidget) -> None:
        """Put a page behind those that are there."""
        self.pages.addWidget(page)
        self.tabs.addTab(title)

    def show_page(self, page: QWidget) -> None:
        """Bring a page to the front."""
        self.tabs.setCurrentIndex(self.pages.indexOf(page))

    @property
    def page(self) -> QWidget | None:
        """The page in front."""
        return self.pages.currentWidget()

    def minimumSizeHint(self) -> QSize:
        """Of the arrangement for little room, so that there may be as little."""
        return self._maps.minimumSizeHint().expandedTo(self.pages.minimumSizeHint())

    def _split_moved(self) -> None:
        self._split_by_hand = True

    def _turn(self, number: int) -> None:
        self.pages.setCurrentIndex(number)
        self.page_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wanted = arrangement_for(self.width(), self.height())
        if wanted is not self.arrangement:
            self._arrange(wanted)
        elif wanted is not Arrangement.TABS and not self._split_by_hand:
            self._split()

    def _arrange(self, wanted: Arrangement) -> None:
        were_tabs = self.arrangement is Arrangement.TABS
        self.arrangement = wanted
        if wanted is Arrangement.TABS:
            self.pages.insertWidget(0, self._maps)
            self.tabs.insertTab(0, MAPS)
            self.tabs.setCurrentIndex(0)
            self.pages.setCurrentIndex(0)
            return
        if were_tabs:
            self.tabs.removeTab(0)
            self.splitter.insertWidget(0, self._maps)
            self._maps.show()
            self.pages.setCurrentIndex(
                self.tabs.currentIndex()
            )  # it was set while the maps were one page more
        beside = wanted is Arrangement.BESIDE
        self.splitter.setOrientation(Qt.Orientation.Horizontal if beside else Qt.Orientation.Vertical)
        self._split_by_hand = False
        self._split()

    def _split(self) -> None:
        beside = self.arrangement is Arrangement.BESIDE
        whole = self.width() if beside else self.height()
        side = PAGE_WIDTH if beside else round(PAGE_SHARE * whole)
        self.splitter.setSizes([whole - side, side])
