"""Catches what nobody caught, in any thread, and tells the window once."""

import sys
import threading
import traceback
from dataclasses import dataclass
from types import TracebackType

from PySide6.QtCore import QObject, Signal


@dataclass(frozen=True)
class Report:
    """An exception as text: what is shown, and what is copied."""

    text: str
    details: str


class ErrorHooks(QObject):
    """Stands in for sys.excepthook and threading.excepthook while installed; passes on to those that were there.

    Whoever came later may still pass on to it when it is removed: it says nothing then.
    """

    reported = Signal(object)
    """A Report, in the window's thread whatever thread failed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._installed = False

    def install(self) -> None:
        if self._installed:
            return
        self._installed = True
        self._before = sys.excepthook, threading.excepthook
        # Bound methods are new objects each time: these two are kept to be recognised again.
        self._mine = self._caught, self._caught_in_thread
        sys.excepthook, threading.excepthook = self._mine

    def remove(self) -> None:
        """Give the hooks back, unless somebody has replaced them since."""
        if not self._installed:
            return
        self._installed = False
        if sys.excepthook is self._mine[0]:
            sys.excepthook = self._before[0]
        if threading.excepthook is self._mine[1]:
            threading.excepthook = self._before[1]

    def _caught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self._before[0](kind, error, trace)
        if self._installed and issubclass(kind, Exception):
            self.reported.emit(report(error, trace))

    def _caught_in_thread(self, arguments: threading.ExceptHookArgs) -> None:
        self._before[1](arguments)
        if self._installed and isinstance(arguments.exc_value, Exception):
            self.reported.emit(report(arguments.exc_value, arguments.exc_traceback))


def report(error: BaseException, trace: TracebackType | None = None) -> Report:
    """An exception with its traceback, as text."""
    lines = traceback.format_exception(type(error), error, trace or error.__traceback__)
    return Report(f"{type(error).__name__}: {error}", "".join(lines).strip())
