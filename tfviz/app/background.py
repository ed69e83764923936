"""Work that would freeze the window, done in a thread, its outcome handed to the window's thread."""

import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

Do = Callable[[Callable[[], Any], Callable[[Any], None], Callable[[Any], None]], None]
"""Does the first in a thread, and tells one of the others how it went, in the window's thread."""


class Background(QObject):
    """One function in a thread of its own; `done` (with its result) or `failed` (with the error) comes in the
    thread of whoever made this. Call `wait` before the program ends."""

    done = Signal(object)
    failed = Signal(object)
    _ended = Signal()

    def __init__(self, function: Callable[[], Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._function = function
        self._result: Any = None
        self._error: Exception | None = None
        self._told = False
        self._ended.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._run, name="tfviz background", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wait(self) -> None:
        """Block until it has ended; `done` or `failed` is emitted before this returns, if it was not already."""
        self._thread.join()
        self._tell()

    def cancel(self) -> None:
        """Wait for the end, and keep the outcome to ourselves."""
        self._told = True
        self._thread.join()

    @property
    def running(self) -> bool:
        return not self._told

    @property
    def result(self) -> Any:
        """What the function returned; None before that, or where it failed."""
        return self._result

    def _run(self) -> None:
        try:
            self._result = self._function()
        except Exception as error:
            self._error = error
        self._ended.emit()

    def _tell(self) -> None:
        if self._told:
            return
        self._told = True
        if self._error is not None:
            self.failed.emit(self._error)
        else:
            self.done.emit(self._result)
