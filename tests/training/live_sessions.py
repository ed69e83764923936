"""A session in its thread, and a viewer who waits for what has to come."""

import time
from collections.abc import Callable

from tests.training.small_runs import PATIENCE, worker_waits
from tfviz.training.config import RunConfig
from tfviz.training.events import Event
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot


def started(config: RunConfig) -> Session:
    """A session whose worker has parked for the first time; nothing of that is left in the mailbox."""
    session = Session(config)
    session.start()
    worker_waits(session)
    session.mailbox.take()
    session.mailbox.events()
    return session


def run_steps(session: Session, count: int) -> None:
    session.gate.run_steps(count)
    worker_waits(session)


def events_until(session: Session, kind: type[Event]) -> list[Event]:
    """All events up to the first of a kind."""
    found: list[Event] = []
    until = time.monotonic() + PATIENCE
    while not any(isinstance(event, kind) for event in found):
        assert time.monotonic() < until, f"no {kind.__name__}, but {found}"
        found += session.mailbox.events()
    return found


def picture(session: Session, condition: Callable[[Snapshot], bool] = lambda snapshot: True) -> Snapshot:
    """The next picture that fulfils a condition."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        snapshot = session.mailbox.take()
        if snapshot is not None and condition(snapshot):
            return snapshot
    raise AssertionError("no such picture")
