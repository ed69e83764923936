"""Where everything stands in the window: as it was left the last time, or as in the beginning."""

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow

from tfviz.app.frame.docks import EDGE, GAP, PanelDock
from tfviz.app.settings import LAYOUT_VERSION, Settings

PREFERRED_SIZE = QSize(1600, 1000)
UPPER = ("run_panel", "attention_panel", "prediction_panel")
LOWER = ("curve_panel", "gradient_panel")
TABS = {
    "run_panel": ("operation_panel",),
    "attention_panel": ("inspector_panel", "flow_panel", "stages_panel", "playground_panel"),
    "curve_panel": ("head_metrics_panel",),
    "prediction_panel": ("intervention_panel",),
    "gradient_panel": ("optimiser_panel",),
}
"""Which panels stand behind which at the start, as tabs."""
LOW_TABS = {
    "run_panel": TABS["run_panel"],
    "attention_panel": (*TABS["attention_panel"], "head_metrics_panel", "optimiser_panel"),
    "prediction_panel": TABS["prediction_panel"],
}
"""The same in a low window."""
LOW = 900
"""Height from which on a window is not low."""
LEAST_SHARE = 0.88
"""Of what a panel prefers, down to which it gives way before the largest beside it does."""


class Arrangement:
    """The size of the window, and the places and sizes of its docks and bars, which are all there already."""

    def __init__(self, window: QMainWindow, docks: dict[str, PanelDock], settings: Settings) -> None:
        self._window, self._docks, self._settings = window, docks, settings
        window.resize(_fitting_size())
        if settings.geometry is not None:
            window.restoreGeometry(settings.geometry)
        self._low = is_low(window)
        arrange(window, docks)
        self._sized = settings.layout is not None and window.restoreState(settings.layout, LAYOUT_VERSION)

    def reset(self) -> None:
        """As in the beginning."""
        self._settings.forget_layout()
        arrange(self._window, self._docks)

    def show(self) -> None:
        """The window is shown: only now its size is known, and sizes of docks count."""
        if self._sized:
            return
        if is_low(self._window) != self._low:
            arrange(self._window, self._docks)
        resize(self._window, self._docks)
        self._sized = True

    def remember(self) -> None:
        """For the next time."""
        self._settings.geometry = self._window.saveGeometry()
        self._settings.layout = self._window.saveState(LAYOUT_VERSION)


def arrange(window: QMainWindow, docks: dict[str, PanelDock]) -> None:
    """Run left, attention in the centre, predictions right; curves and gradient norms below; others behind these.

    In a low window the sides take the whole height, for they are lists. Curves and gradient norms stand below the
    centre, and what else stood there is behind it: it would be too small to be read.
    """
    upper, lower = [docks[name] for name in UPPER], [docks[name] for name in LOWER]
    for dock in docks.values():
        dock.setFloating(False)
        window.removeDockWidget(dock)
    window.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, upper[0])
    if is_low(window):
        _split_row(window, upper)
        window.splitDockWidget(upper[1], lower[0], Qt.Orientation.Vertical)
    else:
        window.splitDockWidget(upper[0], lower[0], Qt.Orientation.Vertical)
        _split_row(window, upper)
    _split_row(window, lower)
    for name, others in (LOW_TABS if is_low(window) else TABS).items():
        for front, dock in pairwise([docks[name], *(docks[other] for other in others)]):
            window.tabifyDockWidget(front, dock)
    for dock in docks.values():
        dock.show()
    for dock in (*upper, *lower):
        dock.raise_()
    resize(window, docks)


def resize(window: QMainWindow, docks: dict[str, PanelDock]) -> None:
    """Give every dock its share of the window, as the panels prefer."""
    layout = window.layout()
    assert layout is not None
    layout.activate()  # else docks that were moved just now are still as large as before
    run, centre, right = (docks[name] for name in UPPER)
    curves, gradients = (docks[name] for name in LOWER)
    low, across = is_low(window), window.width() - 2 * EDGE
    widths = shares([dock.panel.preferred_size[0] for dock in (run, centre, right)], across)
    below = [dock.panel.preferred_size[0] for dock in (curves, gradients)]
    width = (widths[1] if low else across) / sum(below)
    room = run.height() if low else centre.height() + GAP + curves.height()
    heights = shares([dock.panel.preferred_size[1] for dock in (centre, curves)], room)
    window.resizeDocks([run, centre, right], widths, Qt.Orientation.Horizontal)
    window.resizeDocks(
        [curves, gradients], [round(width * part) for part in below], Qt.Orientation.Horizontal
    )
    window.resizeDocks([centre, curves], heights, Qt.Orientation.Vertical)


def shares(preferred: Sequence[int], room: int) -> list[int]:
    """Each as large as it prefers, in proportion; where there is less, the largest gives up most of it."""
    room -= GAP * (len(preferred) - 1)
    scale = room / sum(preferred)
    sizes = [round(size * max(scale, LEAST_SHARE)) for size in preferred]
    largest = preferred.index(max(preferred))
    sizes[largest] = max(room - sum(sizes) + sizes[largest], 1)
    return sizes


def is_low(window: QMainWindow) -> bool:
    return window.height() < LOW


def _split_row(window: QMainWindow, docks: Sequence[PanelDock]) -> None:
    """The place of the first one for all of them, beside each other."""
    for left, right in pairwise(docks):
        window.splitDockWidget(left, right, Qt.Orientation.Horizontal)


def _fitting_size() -> QSize:
    """As in the design, or what the screen has room for; an offscreen "screen" has no size that means anything."""
    if QGuiApplication.platformName() in ("offscreen", "minimal"):
        return PREFERRED_SIZE
    return PREFERRED_SIZE.boundedTo(QGuiApplication.primaryScreen().availableSize())
