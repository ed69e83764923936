"""Where everything stands in the window: as it was left the last time, or as in the beginning."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow

from tfviz.app.frame.docks import PanelDock, arrange, resize
from tfviz.app.settings import LAYOUT_VERSION, Settings

PREFERRED_SIZE = QSize(1600, 1000)


class Arrangement:
    """The size of the window, and the places and sizes of its docks and bars, which are all there already."""

    def __init__(self, window: QMainWindow, docks: dict[str, PanelDock], settings: Settings) -> None:
        self._window, self._docks, self._settings = window, docks, settings
        window.resize(_fitting_size())
        arrange(window, docks)
        if settings.geometry is not None:
            window.restoreGeometry(settings.geometry)
        self._sized = settings.layout is not None and window.restoreState(settings.layout, LAYOUT_VERSION)

    def reset(self) -> None:
        """As in the beginning."""
        self._settings.forget_layout()
        arrange(self._window, self._docks)

    def show(self) -> None:
        """The window is shown: only now sizes of docks count."""
        if not self._sized:
            resize(self._window, self._docks)
            self._sized = True

    def remember(self) -> None:
        """For the next time."""
        self._settings.geometry = self._window.saveGeometry()
        self._settings.layout = self._window.saveState(LAYOUT_VERSION)


def _fitting_size() -> QSize:
    """As in the design, or what the screen has room for; an offscreen "screen" has no size that means anything."""
    if QGuiApplication.platformName() in ("offscreen", "minimal"):
        return PREFERRED_SIZE
    return PREFERRED_SIZE.boundedTo(QGuiApplication.primaryScreen().availableSize())
