"""The dialogs about data: the user's own, which go into the run panel, and the tokens of the run that is shown."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QStandardPaths
from PySide6.QtWidgets import QWidget

from tfviz.app.background import Background
from tfviz.app.dialogs.data_dialog import DataDialog
from tfviz.app.dialogs.tokens_dialog import TokensDialog
from tfviz.app.runs import Runs
from tfviz.app.settings import APPLICATION
from tfviz.training.branching.branches import DONE_TO_PARTS
from tfviz.views.run.run_panel import RunPanel


class OwnData(QObject):
    """Holds the threads that read, so that a dialog can be closed before they have ended."""

    def __init__(self, panel: RunPanel, runs: Runs, window: QWidget) -> None:
        super().__init__(window)
        self._panel, self._runs, self._window = panel, runs, window
        self._works: list[Background] = []
        panel.data_requested.connect(self.ask)
        runs.opened.connect(self._close_tokens)

    def ask(self) -> None:
        """Open the dialog, or bring it to the front."""
        dialog = self._window.findChild(DataDialog)
        if dialog is None or dialog.closed:
            config = self._panel.config or self._panel.form.running
            seed = config.training.seed if config is not None else 0
            dialog = DataDialog(self.do, data_folder(), seed, self._window)
            dialog.used.connect(self._use)
        dialog.show()
        dialog.raise_()

    def show_tokens(self) -> None:
        """Those of the run that is shown."""
        session = self._runs.current
        if session is not None:
            self._close_tokens()
            TokensDialog(session.task, self.do, self._window).show()

    def do(
        self, function: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[Any], None]
    ) -> None:
        """Do something in a thread, and tell how it went, unless the window has been closed meanwhile."""
        work = Background(function, self)
        self._works.append(work)
        work.done.connect(lambda result: self._end(work, done, result))
        work.failed.connect(lambda error: self._end(work, failed, error))
        work.start()

    def close(self) -> None:
        """Wait for what is under way; nobody is told."""
        for work in self._works:
            work.cancel()
        self._works.clear()

    def _end(self, work: Background, tell: Callable[[Any], None], outcome: object) -> None:
        if work in self._works:
            self._works.remove(work)
            work.deleteLater()
            tell(outcome)

    def _close_tokens(self) -> None:
        """They are another run's."""
        for dialog in self._window.findChildren(TokensDialog):
            dialog.close()

    def _use(self, values: Mapping[str, Any], start: bool) -> None:
        """The run is named after its data; what was done to parts of the model that is trained now stays with it."""
        named = {"name": Path(values["task.path"]).stem, "description": ""}
        self._panel.fill(dict(values) | named | dict.fromkeys(DONE_TO_PARTS, ()))
        if start and self._panel.config is not None:
            self._panel.new_run_requested.emit(self._panel.config)


def data_folder() -> Path:
    """Where pasted text is kept: the folder that the system has for the data of programs."""
    location = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    return Path(location) / APPLICATION / "data"
