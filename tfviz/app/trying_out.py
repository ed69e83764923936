"""The playground in the window: the task that its sentences are of, and the ones that are kept for it."""

from collections.abc import Sequence

from PySide6.QtCore import QObject

from tfviz.app.kept_lists import list_of
from tfviz.app.settings import Settings
from tfviz.training.record.opening import ShownRun
from tfviz.training.record.recorded import UnknownTask
from tfviz.views.playground.draft import Draft
from tfviz.views.playground.playground_panel import PlaygroundPanel


class TryingOut(QObject):
    """Gives the playground the run that is shown, and remembers what is kept there from one start to the next."""

    def __init__(self, panel: PlaygroundPanel, settings: Settings) -> None:
        super().__init__(panel)
        self._panel, self._settings = panel, settings
        self._list: str | None = None
        panel.kept_changed.connect(self._remember)

    def adopt(self, session: ShownRun) -> None:
        """This run is shown from now on; that of another program may be of words that nobody knows here."""
        known = not isinstance(session.task, UnknownTask)
        self._list = list_of(session.config) if known else None
        self._panel.use_task(session.task if known else None, session.probe.source)
        self._panel.show_kept(self._settings.kept_sentences(self._list) if self._list is not None else ())

    def _remember(self, drafts: Sequence[Draft]) -> None:
        if self._list is not None:
            self._settings.keep_sentences(self._list, drafts)
