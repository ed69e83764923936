"""What happened in training, for whoever shows it. Events are small, frozen, and told apart with match."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """Something that happened after `step` updates."""

    step: int


@dataclass(frozen=True)
class Resumed(Event):
    """Training goes on."""


@dataclass(frozen=True)
class Paused(Event):
    """Training is parked at a step boundary."""

    reason: str = "asked"
    """"asked", "steps", "step", "loss" or "condition", as in gate.GateChange."""


@dataclass(frozen=True)
class Stopped(Event):
    """The worker has been told to end, and does."""


@dataclass(frozen=True)
class Finished(Event):
    """The run has reached a limit of its configuration."""

    reason: str
    """In words: "1000 epochs"."""


@dataclass(frozen=True)
class Branched(Event):
    """Training goes on in another branch, new or not."""

    number: int
    name: str


@dataclass(frozen=True)
class Intervened(Event):
    """The configuration of the steps that follow was changed."""

    text: str


@dataclass(frozen=True)
class Warned(Event):
    """Something the user should know; training goes on."""

    text: str


@dataclass(frozen=True)
class BreakHit(Event):
    """Training was stopped before the update of the next step, by a condition that the user set."""

    text: str
    """A sentence: the condition, its numbers, the place."""
    place: str
    """Where to look: an operation's name, "clipping" or "update"."""


@dataclass(frozen=True)
class Failed(Event):
    """Training ended by an error."""

    text: str
    traceback: str
    place: str = ""
    """The operation in which the first NaN or infinity of the next step arose, where that was the error."""
