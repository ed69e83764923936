"""What lies between the training thread and its viewer: the newest picture, all events, what is wanted."""

from collections import deque
from dataclasses import dataclass, fields
from typing import Self

from tfviz.training.events import Event
from tfviz.training.generation.playground import PlaygroundWish
from tfviz.training.snapshot import Snapshot
from tfviz.training.stepping.stages import StagesWish


@dataclass(frozen=True)
class Demand:
    """What the visible panels need in a snapshot; the worker copies that and nothing else."""

    attention: bool = False
    prediction: bool = False
    samples: bool = False
    flow: bool = False
    stages: StagesWish | None = None
    """The head to be taken apart."""
    optimiser: bool = False
    playground: PlaygroundWish | None = None
    """The sentence to be answered."""

    def __or__(self, other: Self) -> Self:
        """What either of two panels needs; what only one can have, the first one has."""
        return type(self)(
            *(getattr(self, field.name) or getattr(other, field.name) for field in fields(self))
        )

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


WHOLE = Demand(attention=True, prediction=True, samples=True)
"""All that a step shows of itself; what else is measured depends on what somebody has chosen."""


class Mailbox:
    """One writer, one reader, no lock: the writer never waits, the latest picture wins, no event is lost."""

    def __init__(self) -> None:
        self.wanted = Demand()
        """What was requested last."""
        self._picture: deque[Snapshot] = deque(maxlen=1)
        self._events: deque[Event] = deque()

    def request(self, demand: Demand) -> None:
        """The reader's wish, from now on."""
        self.wanted = demand

    @property
    def taken(self) -> bool:
        """Whether the last picture was taken, so that a new one would be looked at."""
        return not self._picture

    def put(self, snapshot: Snapshot) -> None:
        """Leave a picture; one that nobody took is dropped."""
        self._picture.append(snapshot)

    def take(self) -> Snapshot | None:
        """The newest picture, once; None where there is no new one."""
        try:
            return self._picture.pop()
        except IndexError:
            return None

    @property
    def unread(self) -> bool:
        """Whether there are events that nobody has been given."""
        return bool(self._events)

    def post(self, event: Event) -> None:
        """Leave an event. Unlike the rest, any thread may do this."""
        self._events.append(event)

    def events(self) -> list[Event]:
        """All events since the last call, oldest first."""
        found = []
        while self._events:
            found.append(self._events.popleft())
        return found
