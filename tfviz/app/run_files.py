"""Opening and saving run files (*.tfviz), asked for by the user and done in the background."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from tfviz.app.background import Background
from tfviz.app.record_keeper import RecordKeeper
from tfviz.app.runs import Runs
from tfviz.app.settings import Settings
from tfviz.training.record.followed import FollowedRun
from tfviz.training.record.opening import ShownRun, open_run
from tfviz.training.record.run_library import run_name, safe_name
from tfviz.training.record.run_record import RunRecord

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

    def __init__(self, runs: Runs, keeper: RecordKeeper, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._runs, self._keeper, self._settings, self._window = runs, keeper, settings, window
        self.choose_to_open: ChooseFile = ask_to_open
        self.choose_to_save: ChooseFile = ask_to_save
        self._saving: Background | None = None
        runs.opened.connect(self._remember)

    def open(self) -> None:
        """Ask for a run file, and show its run at the furthest step that was recorded."""
        path = self.choose_to_open(self._window, self._folder, KINDS)
        if path:
            self.open_path(path)

    def open_path(self, path: str) -> None:
        """Show the run of a file; what is trained from there on goes into it. One that others train is followed."""
        record = self._keeper.record
        if record is not None and record.path == Path(path).resolve():
            self.failed.emit("The run is open already", ValueError(f"{path} is what this window records."))
            return
        self._runs.open(lambda: open_run(path), f"Opened {path}")

    def save(self) -> None:
        """Write the run as it is now to its file; ask for a name where it has none yet. Training goes on."""
        record = self._keeper.record
        path = None if record is None else record.file_to_save
        if path is not None:
            self._save(str(path))
        else:
            self.save_as()

    def save_as(self) -> None:
        """Ask for a name, and write the run as it is now."""
        session = self._runs.current
        if session is None:
            return
        name = f"{safe_name(run_name(session.config))}-seed{session.seed}.tfviz"
        path = self.choose_to_save(self._window, str(Path(self._folder) / name), KINDS)
        if path:
            self._save(path if Path(path).suffix else f"{path}.tfviz")

    def close(self) -> None:
        """Wait for a file that is being written."""
        if self._saving is not None and self._saving.running:
            self._saving.cancel()

    @property
    def _folder(self) -> str:
        """Where the last run was opened or saved; empty before the first."""
        recent = self._settings.recent_files
        return str(Path(recent[0]).parent) if recent else ""

    def _save(self, path: str) -> None:
        run: RunRecord | FollowedRun | None = self._keeper.record
        if run is None and isinstance(self._runs.current, FollowedRun):
            run = self._runs.current
        if run is None or (self._saving is not None and self._saving.running):
            return
        if self._saving is not None:
            self._saving.deleteLater()
        self._saving = Background(lambda: run.save(path), self)
        self._saving.done.connect(lambda _: self._tell_saved(path))
        self._saving.failed.connect(lambda error: self.failed.emit("The run cannot be saved", error))
        self._saving.start()

    def _tell_saved(self, path: str) -> None:
        self._settings.add_recent_file(path)
        self._keeper.show()
        self.saved.emit(path)

    def _remember(self, session: ShownRun) -> None:
        path, library = session.opened_from, self._keeper.library
        if path is not None and not (library is not None and library.owns(path)):
            self._settings.add_recent_file(str(path))
