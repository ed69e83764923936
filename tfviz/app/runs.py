"""Holds the session that the window shows, and makes the next one in the background."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from tfviz.app.background import Background
from tfviz.training.record.followed import FollowedRun
from tfviz.training.record.opening import ShownRun
from tfviz.training.session import Session

Maker = Callable[[], ShownRun]


class Runs(QObject):
    """One session at a time. Where a new one cannot be made the old one stays as it is."""

    opened = Signal(object, str)
    """The new session, not started, and what to tell the user. The old one is closed."""
    refused = Signal(object)
    """The error that prevented it."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.current: ShownRun | None = None
        self.refusal: Exception | None = None
        self._opening: Background | None = None

    @property
    def session(self) -> ShownRun:
        """The session, waited for if it is the first. RuntimeError, or what prevented it, where there is none."""
        if self.current is None and self._opening is not None:
            self._opening.wait()
        if self.current is None:
            raise self.refusal or RuntimeError("no session is open")
        return self.current

    @property
    def opening(self) -> bool:
        return self._opening is not None

    def open(self, make: Maker, message: str = "") -> bool:
        """Make a session in a thread; False where another one is on its way."""
        if self._opening is not None:
            return False
        old = self.current

        def build() -> ShownRun:
            session = make()
            if old is not None:
                old.close()
            return session

        self._opening = Background(build, self)
        self._opening.done.connect(lambda session: self._adopt(session, message))
        self._opening.failed.connect(self._refuse)
        self._opening.start()
        return True

    def close(self) -> None:
        """End all threads."""
        if self._opening is not None:
            self._opening.cancel()
            if isinstance(self._opening.result, Session | FollowedRun):
                self._opening.result.close()
            self._opening = None
        if self.current is not None:
            self.current.close()

    def _adopt(self, session: ShownRun, message: str) -> None:
        self._forget()
        self.refusal = None
        self.current = session
        self.opened.emit(session, message)

    def _refuse(self, error: Exception) -> None:
        self._forget()
        self.refusal = error
        self.refused.emit(error)

    def _forget(self) -> None:
        if self._opening is not None:
            self._opening.deleteLater()
            self._opening = None
