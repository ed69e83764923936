"""What the transport's buttons and keys mean, given where the clock stands. No widget is known here.

A session has one state. While a step of the past is shown, that state is the past one, so training at the frontier is
parked; going forward from there computes the recorded steps again, to the last bit, up to the frontier.
"""

from concurrent.futures import Future

from tfviz.training.session import Session
from tfviz.views.clock import Clock, Mode

TEN = 10


class Transport:
    """Drives the gate of one session, and the clock."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self.session, self.clock = session, clock
        self._wanted: int | None = None
        self._moving: Future[None] | None = None

    @property
    def running(self) -> bool:
        """Whether steps are being taken, by training or by replay."""
        return self.session.gate.state == "running"

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
        if self.running:
            self.pause()
        elif self.clock.following:
            self.session.gate.run()
        else:
            self.clock.play()
            session, end = self.session, self.clock.frontier
            session.gate.run_until(predicate=lambda step, loss: session.step >= end)

    def pause(self) -> None:
        """Park; a replay stands where its step under way has led, which the next look sees."""
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
        """Show a recorded step. Asked again before it is there, only the last wish counts."""
        self.session.gate.pause()
        self._wanted = self.clock.pin(step)
        self._move()

    def go_live(self) -> None:
        """Back to the newest step."""
        if self.clock.mode is Mode.PLAYING:
            self.session.gate.pause()
        self.clock.follow()
        if self.session.step != self.session.frontier or self.moving:
            self._wanted = self.session.frontier
            self._move()

    def observe(self) -> None:
        """Let the clock see where the session has got to; called at every look."""
        if self._moving is not None:
            if not self._moving.done():
                return
            moved, self._moving = self._moving, None
            moved.result()
            self._move()
        if self._moving is None:
            parked = self.session.gate.parked
            self.clock.observe(self.session.step, self.session.frontier)
            if parked:
                self.clock.pause()

    def _move(self) -> None:
        if self._moving is None and self._wanted is not None:
            step, self._wanted = self._wanted, None
            self._moving = self.session.gate.call(lambda: self._arrive(step))

    def _arrive(self, step: int) -> None:
        """In the worker, between two steps."""
        self.session.go_to(step)
        self.session.show()
