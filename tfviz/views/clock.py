"""The clock: which step all panels show. One for the whole window, so that no two panels ever disagree."""

from enum import Enum


class Mode(Enum):
    """What the clock does when new steps arrive."""

    FOLLOWING = "following"
    """It shows the newest step, whether training runs or not."""
    PLAYING = "playing"
    """It moves through the record towards the newest step."""
    PAUSED = "paused"
    """It stands at a step of the past; new data never moves it."""


class Clock:
    """A step between 0 and the frontier, the furthest step reached."""

    def __init__(self) -> None:
        self.mode = Mode.FOLLOWING
        self.step = 0
        self.frontier = 0

    @property
    def following(self) -> bool:
        return self.mode is Mode.FOLLOWING

    def observe(self, step: int, frontier: int) -> None:
        """The run has got to `frontier`, and its state is the one after `step` updates."""
        self.frontier = frontier
        if self.mode is Mode.FOLLOWING:
            self.step = step
        elif self.mode is Mode.PLAYING:
            self.step = step
            if step >= frontier:
                self.mode = Mode.FOLLOWING

    def pin(self, step: int) -> int:
        """Stand still at the recorded step nearest to this one, which is returned."""
        self.step = min(max(step, 0), self.frontier)
        self.mode = Mode.PAUSED
        return self.step

    def play(self) -> None:
        """Go through the record from here; at its end the clock follows again."""
        if self.mode is Mode.PAUSED:
            self.mode = Mode.PLAYING

    def pause(self) -> None:
        """Stand still where the replay is."""
        if self.mode is Mode.PLAYING:
            self.mode = Mode.PAUSED

    def follow(self) -> None:
        """Return to the newest step."""
        self.mode = Mode.FOLLOWING
        self.step = self.frontier
