"""Says where the run is in all the places that show it: toolbar, timeline, status bar."""

import time

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from tfviz.app.pace import Pace
from tfviz.app.status import StatusBar
from tfviz.app.toolbar import ToolBar
from tfviz.app.transport import Transport
from tfviz.training.session import Session
from tfviz.views.bridge import Bridge
from tfviz.views.timeline import Timeline
from tfviz.views.widgets import Throttle


class Progress(QObject):
    """Steps at the bridge's pace, at most five times a second; words four times, keyframes once a second."""

    def __init__(
        self, bridge: Bridge, toolbar: ToolBar, timeline: Timeline, status: StatusBar, pause: QAction
    ) -> None:
        super().__init__(bridge)
        self._bridge, self._toolbar, self._timeline, self._status = bridge, toolbar, timeline, status
        self._pause = pause
        self._session: Session | None = None
        self._transport: Transport | None = None
        self._pace = Pace()
        self._was_running = False
        self._words = Throttle(self.show_words, 4.0, self)
        self._keyframes = Throttle(self._show_keyframes, 1.0, self)
        bridge.changed.connect(self.show)

    def adopt(self, session: Session, transport: Transport) -> None:
        """Show this session from now on."""
        self._session, self._transport = session, transport
        self._pace.reset()
        self.show()
        self.show_words()
        self._show_keyframes()

    def show(self) -> None:
        """Step and state; the rest follows as its rate allows."""
        session, transport, clock = self._session, self._transport, self._bridge.clock
        if session is None or transport is None:
            return
        running = transport.running
        if running != self._was_running:
            self._was_running = running
            self._pace.reset()
        if running:
            self._pace.look(time.monotonic(), session.step)
        self._pause.setEnabled(running)
        self._toolbar.show_step(clock.step, session.total_steps, running)
        self._status.show_clock(clock, running)
        self._timeline.show_range(0, clock.frontier, session.total_steps)
        self._timeline.show_playhead(clock.step, clock.following)
        self._words.request()
        self._keyframes.request()

    def show_words(self) -> None:
        """Epoch, speed, time left, the watched sentence, the rate of pictures."""
        session, transport = self._session, self._transport
        if session is not None and transport is not None:
            self._toolbar.show_facts(session, self._bridge.clock.step, transport.running, self._pace.rate)
            self._status.show_session(session, transport.running, self._bridge.pictures_per_second())

    def _show_keyframes(self) -> None:
        if self._session is not None:
            self._timeline.set_keyframes(self._session.keyframes.steps)
