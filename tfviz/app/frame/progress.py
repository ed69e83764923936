"""Says where the run is in all the places that show it: toolbar, timeline, status bar."""

import time

from PySide6.QtCore import QObject

from tfviz.app.actions import Actions
from tfviz.app.frame.marks import Marks
from tfviz.app.frame.pace import Pace
from tfviz.app.frame.status import StatusBar
from tfviz.app.frame.toolbar import ToolBar
from tfviz.app.transport import Transport
from tfviz.training.record.opening import ShownRun
from tfviz.views.bridge import Bridge
from tfviz.views.parts.widgets import Throttle
from tfviz.views.timeline.timeline import Timeline


class Progress(QObject):
    """Steps at the bridge's pace; words four times a second, keyframes and what happened to the run once."""

    def __init__(
        self, bridge: Bridge, toolbar: ToolBar, timeline: Timeline, status: StatusBar, commands: Actions
    ) -> None:
        super().__init__(bridge)
        self._bridge, self._toolbar, self._timeline, self._status = bridge, toolbar, timeline, status
        self._pause, self._from_here = commands["pause_training"], commands["train_from_here"]
        self._session: ShownRun | None = None
        self._transport: Transport | None = None
        self._pace = Pace()
        self._was_training = False
        self._words = Throttle(self.show_words, 4.0, self)
        self._record = Throttle(self.show_record, 1.0, self)
        self._marks = Marks(bridge)
        bridge.changed.connect(self.show)

    def adopt(self, session: ShownRun, transport: Transport) -> None:
        """Show this session from now on."""
        self._session, self._transport = session, transport
        self._pace.reset()
        self._marks.adopt(session)
        self.show()
        self.show_words()
        self.show_record()

    def show(self) -> None:
        """Step and state; the rest follows as its rate allows."""
        session, transport, clock = self._session, self._transport, self._bridge.clock
        if session is None or transport is None:
            return
        training = transport.training
        if training != self._was_training:
            self._was_training = training
            self._pace.reset()
        if training:
            self._pace.look(time.monotonic(), session.step)
        self._pause.setEnabled(training)
        self._from_here.setEnabled(not clock.following)
        self._toolbar.show_step(clock.step, session.total_steps, transport.playing)
        self._status.show_clock(clock, session.step, training, self._bridge.computing)
        self._timeline.show_range(0, clock.frontier, session.total_steps)
        self._timeline.show_playhead(clock.step, clock.following)
        self._words.request()
        self._record.request()

    def show_words(self) -> None:
        """Epoch, speed, time left, the watched sentence, the rate of pictures."""
        session, transport = self._session, self._transport
        if session is not None and transport is not None:
            self._toolbar.show_facts(session, self._bridge.clock.step, transport.training, self._pace.rate)
            self._status.show_session(session, transport.playing, self._bridge.pictures_per_second())

    def show_record(self) -> None:
        """Keyframes, and what happened to the run besides steps."""
        if self._session is not None:
            self._timeline.set_keyframes(self._session.keyframes.steps)
            self._timeline.set_markers(self._marks.of(self._session.line))
