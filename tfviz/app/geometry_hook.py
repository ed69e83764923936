"""For end-to-end tests alone: says where everything is on the screen.

Where the environment variable TFVIZ_GEOMETRY names a file, the window writes it whenever something has changed, five
times a second at most, as JSON and always whole:

    widgets    object name -> [x, y, width, height] in screen pixels, of every visible widget that has a name;
               a tab as "name:its text", or ":its text" where the docks have made its bar
    step, frontier, state, clock, message, dialogs, focus    what a person would read off the window
"""

import json
import os
from pathlib import Path

from PySide6.QtCore import QObject, QRect, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QTabBar, QWidget

from tfviz.app.window import MainWindow
from tfviz.training.atomic_file import write_atomically

VARIABLE = "TFVIZ_GEOMETRY"


class GeometryHook(QObject):
    """Writes the file while the window lives."""

    def __init__(self, window: MainWindow, path: Path) -> None:
        super().__init__(window)
        self._window, self._path = window, path
        self._written = ""
        self._timer = QTimer(self)
        self._timer.setInterval(200)
        self._timer.timeout.connect(self._write)
        self._timer.start()

    def _write(self) -> None:
        text = json.dumps(self._state())
        if text != self._written:
            self._written = text
            write_atomically(self._path, text.encode())

    def _state(self) -> dict[str, object]:
        session, clock = self._window.runs.current, self._window.bridge.clock
        focus = QApplication.focusWidget()
        dialogs = [
            widget for widget in QApplication.topLevelWidgets() if widget.isVisible() and widget.isWindow()
        ]
        return {
            "step": clock.step,
            "frontier": clock.frontier,
            "state": session.gate.state if session is not None else "starting",
            "parked": session is not None and session.gate.parked,
            "clock": clock.mode.value,
            "seed": session.seed if session is not None else None,
            "theme": self._window.theme.name,
            "message": self._window.status.currentMessage(),
            "focus": focus.objectName() if focus is not None else "",
            "dialogs": [widget.objectName() for widget in dialogs if widget is not self._window],
            "texts": {
                widget.objectName(): widget.text()
                for widget in self._window.findChildren(QWidget)
                if isinstance(widget, QLabel | QLineEdit) and widget.objectName() and widget.isVisible()
            },
            "widgets": {
                widget.objectName(): _place(widget)
                for window in (self._window, *dialogs)
                for widget in (window, *window.findChildren(QWidget))
                if widget.objectName() and widget.isVisible()
            }
            | {
                f"{bar.objectName()}:{bar.tabText(tab)}": _place(bar, bar.tabRect(tab))
                for bar in self._window.findChildren(QTabBar)
                if bar.isVisible()
                for tab in range(bar.count())
            },
        }


def install(window: MainWindow) -> None:
    """Only where the variable is set."""
    if path := os.environ.get(VARIABLE):
        GeometryHook(window, Path(path))


def _place(widget: QWidget, part: QRect | None = None) -> list[int]:
    """Of a widget, or of a part of it."""
    part = part or widget.rect()
    corner, ratio = widget.mapToGlobal(part.topLeft()), widget.devicePixelRatioF()
    return [round(value * ratio) for value in (corner.x(), corner.y(), part.width(), part.height())]
