"""Opening and saving run files (*.tfviz), asked for by the user and done in the background."""

import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from tfviz.app.background import Background
from tfviz.app.runs import Runs
from tfviz.training.session import Session

KINDS = "Runs (*.tfviz);;All files (*)"
ChooseFile = Callable[[QWidget, str, str], str]
"""(parent, suggested path or folder, filter) -> path, empty if the user thinks better of it."""


def ask_to_open(parent: QWidget, folder: str, kinds: str) -> str:
    return QFileDialog.getOpenFileName(parent, "Open a run", folder, kinds)[0]


def ask_to_save(parent: QWidget, suggestion: str, kinds: str) -> str:
    return QFileDialog.getSaveFileName(parent, "Save the run", suggestion, kinds)[0]


class RunFiles(QObject):
    """The two questions are asked through functions that tests replace."""

    saved = Signal(str)
    failed = Signal(str, object)
    """What was tried, and the error."""

    def __init__(self, runs: Runs, window: QWidget) -> None:
        super().__init__(window)
        self._runs, self._window = runs, window
        self.choose_to_open: ChooseFile = ask_to_open
        self.choose_to_save: ChooseFile = ask_to_save
        self._saving: Background | None = None

    def open(self) -> None:
        """Ask for a run file, and show its run at the furthest step that was recorded."""
        path = self.choose_to_open(self._window, "", KINDS)
        if path:
            self._runs.open(lambda: Session.open(path), f"Opened {path}")

    def save(self) -> None:
        """Ask for a name, and write the run as it is now; training waits for it between two steps."""
        session = self._runs.current
        if session is None or (self._saving is not None and self._saving.running):
            return
        name = re.sub(r"[^\w.-]+", "_", session.config.name or session.config.task.name)
        path = self.choose_to_save(self._window, f"{name}-seed{session.seed}.tfviz", KINDS)
        if not path:
            return
        if not Path(path).suffix:
            path += ".tfviz"
        if self._saving is not None:
            self._saving.deleteLater()
        self._saving = Background(lambda: session.gate.call(lambda: session.save(path)).result(), self)
        self._saving.done.connect(lambda _: self.saved.emit(path))
        self._saving.failed.connect(lambda error: self.failed.emit("The run cannot be saved", error))
        self._saving.start()

    def close(self) -> None:
        """Wait for a file that is being written."""
        if self._saving is not None and self._saving.running:
            self._saving.cancel()
