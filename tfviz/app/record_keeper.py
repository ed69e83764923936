"""Sees to it that the run in the window is recorded, and that the title says what is not saved."""

import time

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from tfviz.app.background import Background
from tfviz.training.events import Warned
from tfviz.training.export.figure import visible
from tfviz.training.record.run_library import RunLibrary
from tfviz.training.record.run_record import RunRecord
from tfviz.training.session import Session

RETRY = 5.0
"""Seconds between two tries to begin a record where the disk does not allow it."""
CLEANING = 60.0
"""Seconds between two looks at the budget, since the record under way grows."""


class RecordKeeper(QObject):
    """Looks at the session with every look of the bridge. Files are made in a thread: neither a step nor the
    window's first picture waits for one."""

    def __init__(self, library: RunLibrary | None, window: QWidget) -> None:
        """Without a library nothing is recorded."""
        super().__init__(window)
        self.library = library
        self.record: RunRecord | None = None
        self._window = window
        self._beginning: Background | None = None
        self._cleaning: Background | None = None
        self._try_at = self._clean_at = 0.0
        self._warned = False
        self._shown: tuple[str, int, bool] | None = None

    def adopt(self, session: Session) -> None:
        """Another session is shown; the one before is closed."""
        if self.record is not None and self.record.session is session:
            self.record.reopen()
        else:
            self.close()
            self.record = RunRecord(session, self.library)
        self._try_at, self._warned, self._shown = 0.0, False, None
        self.show()

    def let_go(self) -> None:
        """A run that nobody here trains is shown: there is nothing to record."""
        self.close()
        self.record = self._shown = None

    def look(self) -> None:
        """Begin the record once there is something to record; say in the title how things are."""
        record, now = self.record, time.monotonic()
        if record is None:
            return
        if record.due and self._beginning is None and now >= self._try_at:
            self._beginning = Background(record.begin, self)
            self._beginning.done.connect(self._begun)
            self._beginning.failed.connect(self._not_begun)
            self._beginning.start()
        if record.path is not None and self._cleaning is None and now >= self._clean_at:
            assert self.library is not None
            self._clean_at = now + CLEANING
            self._cleaning = Background(self.library.clean, self)
            self._cleaning.done.connect(self._cleaned)
            self._cleaning.failed.connect(self._cleaned)
            self._cleaning.start()
        self.show()

    def show(self) -> None:
        """Name, seed and the mark of what is not saved, in the window's title."""
        if self.record is not None:
            shown = (self.record.name, self.record.session.seed, self.record.unsaved)
            if shown != self._shown:
                self._shown = shown
                self._window.setWindowTitle(f"{visible(shown[0])}[*] · seed {shown[1]} · tfviz")
                self._window.setWindowModified(shown[2])

    def close(self) -> None:
        """After the session was closed: what was trained in its last moments is recorded as well."""
        for background in (self._beginning, self._cleaning):
            if background is not None:
                background.cancel()
                background.deleteLater()
        self._beginning = self._cleaning = None
        if self.record is not None:
            self.record.finish()

    def _begun(self, note: str) -> None:
        self._forget_beginning()
        self._clean_at = time.monotonic() + CLEANING
        if note:
            self._warn(f"{note}.")

    def _not_begun(self, error: Exception) -> None:
        self._forget_beginning()
        self._try_at = time.monotonic() + RETRY
        assert self.record is not None
        if isinstance(error, RuntimeError) and not self.record.session.running:
            return  # the session was closed meanwhile: close() tries again
        if not isinstance(error, OSError | ValueError):
            raise error
        if not self._warned:
            self._warned = True
            self._warn(
                f"This run is not recorded: {error}. Training goes on; another try is made every {RETRY:.0f} seconds."
            )

    def _cleaned(self, outcome: Exception | None) -> None:
        assert self._cleaning is not None
        self._cleaning.deleteLater()
        self._cleaning = None
        if outcome is not None:
            raise outcome

    def _forget_beginning(self) -> None:
        assert self._beginning is not None
        self._beginning.deleteLater()
        self._beginning = None

    def _warn(self, text: str) -> None:
        assert self.record is not None
        session = self.record.session
        session.mailbox.post(Warned(session.frontier, text))
