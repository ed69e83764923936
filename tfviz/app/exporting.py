"""Exporting from the window: one dialog at a time, for what is shown when it is opened."""

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from tfviz.app.appearance import Appearance
from tfviz.app.comparing import Comparing
from tfviz.app.controls import Controls
from tfviz.app.dialogs.export_dialog import ChoosePath, ExportDialog
from tfviz.app.runs import Runs
from tfviz.app.settings import Settings
from tfviz.views.attention.attention_panel import AttentionPanel
from tfviz.views.parts.compare_bar import Sight


class Exporting(QObject):
    """Remembers the folder of the last export."""

    def __init__(
        self,
        runs: Runs,
        controls: Controls,
        comparing: Comparing,
        attention: AttentionPanel,
        appearance: Appearance,
        settings: Settings,
        choose_path: ChoosePath,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._runs, self._controls, self._comparing, self._attention = runs, controls, comparing, attention
        self._appearance, self._settings = appearance, settings
        self._choose_path, self._window = choose_path, window

    def ask(self) -> None:
        """Open the dialog, if there is a run."""
        session, clock = self._runs.current, self._controls.bridge.clock
        shown = any(dialog.isVisible() for dialog in self._window.findChildren(ExportDialog))
        if session is None or not session.running or shown:
            return
        dialog = ExportDialog(
            session,
            self._attention.selected,
            self._appearance.theme.name,
            self._settings.export_folder,
            self._choose_path,
            self._window,
            None if clock.following else clock.step,
            self._comparing.beside,
            self._attention.sight is Sight.DIFFERENCE,
        )
        dialog.saved.connect(self._tell_saved)
        dialog.show()

    def _tell_saved(self, path: str) -> None:
        self._settings.export_folder = str(Path(path).parent)
        self._controls.tell(f"Saved {path}")
