"""The clock: which step all panels show. One for the whole window, so that no two panels ever disagree."""

from enum import Enum

REPLAY_SPEED = 20.0
"""Steps per second."""

LONGEST_STRIDE = 0.2
"""Seconds that a replay may make up for at once where pictures take long: there it becomes slower, and still shows
about five steps a second."""


class Mode(Enum):
    """What the clock does when new steps arrive."""

    FOLLOWING = "following"
    """It shows the step that training has got to, whether it runs or not."""
    PLAYING = "playing"
    """It moves through the record towards the newest step."""
    PAUSED = "paused"
    """It stands at a step of the past; new data never moves it."""


class Clock:
    """A step between 0 and the frontier, the furthest step reached. Training takes no notice of it."""

    def __init__(self) -> None:
        self.mode = Mode.FOLLOWING
        self.step = 0
        self.frontier = 0
        self.speed = REPLAY_SPEED
        """Of a replay, in steps per second."""
        self._moved: float | None = None  # until when the replay's time is used up, on the monotonic clock

    @property
    def following(self) -> bool:
        return self.mode is Mode.FOLLOWING

    @property
    def playing(self) -> bool:
        return self.mode is Mode.PLAYING

    @property
    def at_end(self) -> bool:
        """Whether no recorded step comes after this one."""
        return self.step >= self.frontier

    def observe(self, step: int, frontier: int) -> None:
        """The record reaches to `frontier`, and the state that is trained is the one after `step` updates."""
        self.frontier = frontier
        self.step = step if self.following else min(self.step, frontier)

    def advance(self, now: float) -> None:
        """Replay as many steps as the time since the last call has room for; at the record's end, follow."""
        if not self.playing:
            return
        if self._moved is None:
            self._moved = now
        steps = int(min(now - self._moved, LONGEST_STRIDE) * self.speed + 1e-6)
        if not steps and now - self._moved >= 1 / self.speed:
            steps = 1  # slower than the longest stride
        if steps:
            self._moved = max(self._moved + steps / self.speed, now - LONGEST_STRIDE)
            self.step = min(self.step + steps, self.frontier)
        if self.at_end:
            self.follow()

    def pin(self, step: int) -> int:
        """Stand still at the recorded step nearest to this one, which is returned."""
        self.step = min(max(step, 0), self.frontier)
        self.mode = Mode.PAUSED
        return self.step

    def play(self) -> None:
        """Go through the record from here; at its end the clock follows again."""
        if self.mode is Mode.PAUSED:
            self.mode = Mode.PLAYING
            self._moved = None

    def pause(self) -> None:
        """Stand still where the replay is."""
        if self.playing:
            self.mode = Mode.PAUSED

    def follow(self, step: int | None = None) -> None:
        """Return to the newest step, or go on with training from this one."""
        self.mode = Mode.FOLLOWING
        self.step = self.frontier if step is None else step
