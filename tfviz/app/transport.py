"""What the transport's buttons and keys mean, given where the clock stands. No widget is known here.

The clock and the training are two things. While the clock stands in the past or replays the record, training stays
where it is, and goes on if it was running: pictures of the past are computed beside it. Only `train_from_here` takes
training itself back.
"""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from tfviz.training.record.opening import ShownRun
from tfviz.views.clock import Clock

TEN = 10


class Transport:
    """Drives the gate of one session, and the clock."""

    def __init__(self, session: ShownRun, clock: Clock) -> None:
        self.session, self.clock = session, clock
        self._wanted: int | None = None
        self._moving: Future[Any] | None = None
        self._played = False

    @property
    def training(self) -> bool:
        """Whether steps are being trained, whatever the clock shows."""
        return self.session.gate.state == "running"

    @property
    def playing(self) -> bool:
        """Whether what the clock shows goes on by itself: training, or in the past the replay."""
        return self.training if self.clock.following else self.clock.playing

    @property
    def moving(self) -> bool:
        """Whether the session is on its way to another step."""
        return self._moving is not None

    @property
    def complete(self) -> bool:
        """Whether the run has reached the last step of its configuration, and stands there."""
        total = self.session.total_steps
        return total is not None and self.session.step >= total

    def play_pause(self) -> None:
        """At the frontier training, in the past the replay."""
        clock, gate = self.clock, self.session.gate
        if clock.following and self.training:
            self.pause()
        elif clock.following:
            gate.run()
        elif clock.playing:
            clock.pause()
        elif not clock.at_end:
            clock.play()
        else:
            self.go_live()
            if not self.training:
                gate.run()

    def pause(self) -> None:
        """Park training; the clock stays where it is."""
        self.session.gate.pause()

    def forward(self, steps: int = 1) -> None:
        """So many steps: trained at the frontier; in the past taken from the record, and not beyond its end."""
        if self.clock.following:
            self.session.gate.run_steps(steps)
        elif self.clock.step + steps >= self.clock.frontier:
            self.go_live()
        else:
            self.go_to(self.clock.step + steps)

    def back(self, steps: int = 1) -> None:
        self.go_to(self.clock.step - steps)

    def go_to(self, step: int) -> None:
        """Show a recorded step, be it recorded since the last look. Where nothing is trained meanwhile, to stand at the
        newest one is to follow."""
        self.observe()
        if self.clock.pin(step) == self.session.step == self.session.frontier and not self.training:
            self.clock.follow()

    def go_live(self) -> None:
        """Back to the newest step."""
        self.clock.follow()
        if self.session.step != self.session.frontier and not self.training:
            self._move(self.session.frontier)

    def train_from_here(self) -> None:
        """Go on training from the step that is shown. The recorded steps are computed again, to the last bit, and not
        recorded twice; what comes after them is new."""
        if self.clock.following:
            return
        step = self.clock.step
        self.clock.follow(step)
        self._move(step)
        self.session.gate.run()

    def lead(self, work: Callable[[], Any]) -> "Future[Any]":
        """Let the training thread do something that leads elsewhere; the clock stands still until it is done."""
        self._moving = self.session.gate.call(work)
        return self._moving

    def observe(self) -> None:
        """Let the clock see where the session has got to; called at every look."""
        if self._moving is not None and self._moving.done():
            moved, self._moving = self._moving, None
            moved.result()
            self._begin_move()
        if self._played and self.clock.following:
            self.go_live()  # a replay has come to the end of the record
        self._played = self.clock.playing
        if self._moving is None:
            self.clock.observe(self.session.step, self.session.frontier)

    def _move(self, step: int) -> None:
        """Take the session itself to a step. Asked again before it is there, only the last wish counts."""
        self._wanted = step
        self._begin_move()

    def _begin_move(self) -> None:
        if self._moving is None and self._wanted is not None:
            step, self._wanted = self._wanted, None
            self._moving = self.session.gate.call(lambda: self._arrive(step))

    def _arrive(self, step: int) -> None:
        """In the worker, between two steps."""
        self.session.go_to(step)
        self.session.show()
