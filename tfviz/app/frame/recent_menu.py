"""The menu of runs that can be opened again: files of the user's own, and runs that were recorded but not saved."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from tfviz.app.frame.moments import moment_text
from tfviz.training.record.run_library import RunLibrary
from tfviz.views.parts.widgets import add_statement

MOST = 10
"""Of each kind."""


class RecentMenu(QMenu):
    """Filled whenever it is opened; files that are gone are left out."""

    chosen = Signal(str)

    def __init__(
        self, recent_files: Callable[[], list[str]], library: RunLibrary | None, parent: QWidget
    ) -> None:
        super().__init__("Recent", parent)
        self.setObjectName("recent_menu")
        self.menuAction().setObjectName("recent_runs")
        self.setToolTipsVisible(True)
        self._recent_files, self._library = recent_files, library
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """The newest first."""
        self.clear()
        for path in [Path(name) for name in self._recent_files()][:MOST]:
            if path.is_file():
                self._add(f"{path.stem}  ({path.parent.name})", path)
        runs = [run for run in self._library.runs() if not run.claimed] if self._library else []
        if runs:
            self.addSeparator()
        for run in runs[:MOST]:
            self._add(f"{run.path.stem}  (unsaved, {moment_text(run.modified)})", run.path)
        if self.isEmpty():
            add_statement(self, "No runs yet")

    def _add(self, text: str, path: Path) -> None:
        action = self.addAction(text.replace("&", "&&"))
        action.setToolTip(str(path))
        action.triggered.connect(lambda _=False: self.chosen.emit(str(path)))
