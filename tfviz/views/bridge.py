"""Carries pictures, scalars and events from the training thread to the panels, on one timer of the window's thread.

The window looks, nobody calls it: a signal for every step would fill the event queue faster than it can be emptied.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from tfviz.training.events import (
    Branched,
    BreakHit,
    Event,
    Failed,
    Finished,
    Intervened,
    Paused,
    Resumed,
    Stopped,
    Warned,
)
from tfviz.training.mailbox import WHOLE, Demand
from tfviz.training.record.opening import ShownRun
from tfviz.training.snapshot import Snapshot
from tfviz.views.clock import Clock
from tfviz.views.feed import INTERVAL, Feed
from tfviz.views.panel import Panel
from tfviz.views.parts.guarded import call_guarded
from tfviz.views.parts.weakly import weakly
from tfviz.views.past_viewer import PastViewer, Wish
from tfviz.views.seen_pictures import SeenPictures

CHANGE_RATE = 4.0
"""How often a second `changed` tells of new steps, at most: often enough to look alive, and calm enough to be read."""

PICTURE_RATE = 30.0
"""Of panels that show every picture."""

WEIGHING_INTERVAL = 0.25
"""Seconds between two looks of which it is measured what they take."""

CALM_RATE = 15.0
"""Of looks while training runs and no panel on the screen wants more: each takes a little of training's time."""

CHECK_INTERVAL = 0.1
"""Seconds between two checks of which panels are on the screen."""

SHARE = 0.12
"""Part of the time that pictures may take from the window's thread, and so from training, while it runs."""

LONGEST_WAIT = 6
"""Looks between two pictures where they are very slow to paint: still five a second."""


class Bridge(QObject):
    """Tells visible panels what is new at their own rates, and the worker what they need.

    While the clock follows, pictures come from the worker. While it stands in the past or replays the record they come
    from the viewer of the past, and the worker is asked for none.
    """

    changed = Signal()
    """Step, frontier or state became another one. A new state is told of as soon as it is seen, and so is whatever the
    user does to the clock; what training does to it, at most four times a second."""
    branched = Signal(object)
    """Another branch is current, or the configuration of this one was changed."""
    resumed = Signal(object)
    paused = Signal(object)
    finished = Signal(object)
    broken = Signal(object)
    """A condition has stopped training before an update."""
    warned = Signal(object)
    failed = Signal(object)
    stopped = Signal(object)

    def __init__(self, panels: Iterable[Panel], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.feeds = [Feed(panel) for panel in panels]
        self.session: ShownRun | None = None
        self.clock = Clock()
        self.past = PastViewer(self)
        self.past.arrived.connect(self.look, Qt.ConnectionType.QueuedConnection)
        self.seen = SeenPictures()
        self._given_up: Wish | None = None
        self._watchers: list[Callable[[], Callable[[], None] | None]] = []
        self.picture: Snapshot | None = None
        """The newest one that was taken."""
        self.taken: deque[float] = deque(maxlen=64)
        """When the last pictures were, on the monotonic clock."""
        self._wait = 0  # looks until the next picture may be taken
        self._cost = 0.0  # seconds of this thread that a picture takes, averaged
        self._started = 0.0  # seconds of this thread, when the look began that is weighed
        self._told: tuple[tuple[object, ...], int, int] | None = None
        self._told_at = self._checked_at = self._weighed_at = -math.inf
        self._followed = True
        self._needed = Demand()  # by the panels on the screen, at the last check
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(round(INTERVAL * 1000))
        self._timer.timeout.connect(self.look)
        self._idle = QTimer(
            self
        )  # a timer of no time fires once everything that the look caused has been painted
        self._idle.setSingleShot(True)
        self._idle.setInterval(0)
        self._idle.timeout.connect(self._weigh)

    def at_every_look(self, watcher: Callable[[], None]) -> None:
        """Call a function at every look before the panels are told: the time to move the clock.

        No signal: its slots would let go of the interpreter and wait for it again, each of them thirty times a second,
        and training with them.
        """
        self._watchers.append(weakly(watcher))

    def watch(self, session: ShownRun | None) -> None:
        """Show this session from now on; None shows nothing any more."""
        self.session, self.picture, self._told = session, None, None
        speed, self.clock = self.clock.speed, Clock()
        self.clock.speed = speed
        self.taken.clear()
        self.seen.clear()
        self._given_up = None
        self._wait = 0
        for feed in self.feeds:
            feed.pending, feed.steps, feed.step = None, -1, -1
        if session is None:
            self._timer.stop()
            self.past.stop()
            return
        self.past.ask(None)
        self._needed = self.demand()
        session.mailbox.request(self._needed)
        self._timer.start()

    @property
    def watching(self) -> bool:
        return self._timer.isActive()

    def demand(self) -> Demand:
        """What the panels on the screen need."""
        wanted = Demand()
        for feed in self.feeds:
            feed.check()
            if feed.seen:
                wanted = wanted | feed.panel.demand
        return wanted

    @property
    def settled(self) -> bool:
        """Whether every panel on the screen shows all there is."""
        session, wanted = self.session, self.demand()
        if session is None or session.mailbox.wanted != (wanted if self.clock.following else Demand()):
            return False
        if session.gate.busy or session.mailbox.unread or not session.mailbox.taken or self.past.busy:
            return False  # in this order: what the worker does for somebody is done once it is in the mailbox
        if self._wish(session, wanted) not in (self.past.wish, self._given_up):
            return False
        return all(feed.up_to_date(session, self.clock.step) for feed in self.feeds if feed.seen)

    @property
    def computing(self) -> int | None:
        """How many percent of the picture of a past step are computed, where that takes long."""
        progress = self.past.progress
        return None if progress is None else 100 * progress[0] // progress[1]

    def give_up(self) -> bool:
        """Compute the late picture no longer; what is on the screen stays there. True if there was one."""
        if self.computing is None:
            return False
        self._given_up = self.past.wish
        self.past.ask(None)
        return True

    def pictures_per_second(self) -> float:
        """As measured over the last second; 0 where nothing new was to be shown."""
        since = time.monotonic() - 1.0
        return float(sum(moment > since for moment in self.taken))

    @property
    def looks_per_picture(self) -> int:
        """1 unless pictures take more than their share of this thread; then training keeps its speed instead."""
        return min(max(math.ceil(self._cost / (SHARE * self._timer.interval() / 1000)), 1), LONGEST_WAIT)

    def look(self) -> None:
        """One turn of the timer."""
        session = self.session
        if session is None:
            return
        started, now = time.thread_time(), time.monotonic()
        for event in (events := session.mailbox.events()):
            self._announce(event)
        if self.session is not session:
            return  # a listener has changed to another one
        if any(isinstance(event, Branched | Intervened) for event in events):
            self.show_again()  # the same step is another one now
        for found in self._watchers:
            if watcher := found():
                call_guarded(watcher)
        self._look_back(session, now)
        if now >= self._checked_at + CHECK_INTERVAL or self.clock.following != self._followed:
            self._checked_at, self._followed = now, self.clock.following
            self._state_demand(session)
        alone = self._take_picture(session, now)  # else what this look costs is not the picture's doing
        self._tell(session, now)
        for feed in self.feeds:
            if feed.seen and feed.take_turn(now, session, self.clock.step) and feed.panel.rate < PICTURE_RATE:
                alone = False
        if alone and now >= self._weighed_at + WEIGHING_INTERVAL:
            self._weighed_at = now
            self._started = started
            self._idle.start()

    def show_again(self) -> None:
        """Ask for a new picture of the step that training is parked at, if that is the one to be shown."""
        session = self.session
        if session is None or not self.clock.following:
            return
        if session.running and session.gate.state == "paused":
            session.gate.call(session.show)

    def _wish(self, session: ShownRun, demand: Demand) -> Wish | None:
        """The picture of the past that the panels need now."""
        if self.clock.following or not demand:
            return None
        return Wish(session, session.line.branch.number, self.clock.step, session.probe, WHOLE | demand)

    def _look_back(self, session: ShownRun, now: float) -> None:
        """Show the picture of the past that has come, and ask for the next one. A replay waits for its pictures."""
        picture = self.past.take()
        if picture is not None:
            self._show(picture, now)
        if not self.past.busy:
            self.clock.advance(now)
        elif self.past.slow and not self.clock.playing:
            self._stand_in(session, now)
        wish = self._wish(session, self._needed)
        if wish != self._given_up:
            self._given_up = None
        self.past.ask(None if self._given_up else wish)

    def _stand_in(self, session: ShownRun, now: float) -> None:
        """While a picture is late, show the nearest one that was seen before; it says its own step."""
        step, shown = self.clock.step, self.picture
        seen = self.seen.nearest(session.line.branch.number, session.probe, step)
        if seen is not None and (shown is None or abs(seen.step - step) < abs(shown.step - step)):
            self._show(seen, now)

    def _state_demand(self, session: ShownRun) -> None:
        self._needed = self.demand()
        self._choose_interval(session)
        wanted, before = self._needed if self.clock.following else Demand(), session.mailbox.wanted
        if wanted != before:
            session.mailbox.request(wanted)
            if (wanted | before) != before:
                self.show_again()  # a panel has appeared; while training runs it gets the next picture anyway

    def _choose_interval(self, session: ShownRun) -> None:
        """How often to look: as often as the fastest panel on the screen wants, but at once when somebody waits."""
        fastest = max((feed.panel.rate for feed in self.feeds if feed.seen), default=0.0)
        calm = fastest <= CALM_RATE and self.clock.following and session.gate.state == "running"
        interval = round(1000 / CALM_RATE if calm else 1000 * INTERVAL)
        if interval != self._timer.interval():
            self._timer.setInterval(interval)

    def _take_picture(self, session: ShownRun, now: float) -> bool:
        """Whether there was a new one of the present."""
        if not self.clock.following:
            session.mailbox.take()  # made before the worker heard that none is wanted
            return False
        self._wait -= 1
        if self._wait > 0 and session.gate.state == "running":
            return False
        snapshot = session.mailbox.take()
        if snapshot is None:
            return False
        self._wait = self.looks_per_picture
        self._show(snapshot, now)
        return True

    def _show(self, snapshot: Snapshot, now: float) -> None:
        self.picture = snapshot
        self.taken.append(now)
        if self.session is not None:
            self.seen.add(self.session.line.branch.number, self.session.probe, snapshot)
        for feed in self.feeds:
            feed.offer(snapshot)

    def _tell(self, session: ShownRun, now: float) -> None:
        clock = self.clock
        asked = None if clock.following else clock.step  # for by the user, who wants to see it now
        current = ((session.gate.state, clock.mode, asked, self.computing), clock.step, session.frontier)
        if current == self._told:
            return
        goes_on = self._told is not None and self._told[0] == current[0] and not session.gate.parked
        if goes_on and now - self._told_at < 1 / CHANGE_RATE - INTERVAL / 2:
            return
        self._told, self._told_at = current, now
        self.changed.emit()

    def _announce(self, event: Event) -> None:
        match event:
            case Branched() | Intervened():
                for feed in self.feeds:
                    feed.steps = -1  # as many steps as before may be other ones now
                self.branched.emit(event)
            case Resumed():
                self.resumed.emit(event)
            case Paused():
                self.paused.emit(event)
            case BreakHit():
                self.broken.emit(event)
            case Finished():
                self.finished.emit(event)
            case Warned():
                self.warned.emit(event)
            case Failed():
                self.failed.emit(event)
            case Stopped():
                self.stopped.emit(event)

    def _weigh(self) -> None:
        """Learn from processor time, not from the clock on the wall, what a picture and its painting took."""
        self._cost += 0.4 * (time.thread_time() - self._started - self._cost)
