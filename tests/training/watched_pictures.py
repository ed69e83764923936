"""Which pictures a worker makes, by a clock that goes when a test tells it to."""

import pytest

from tests.training.small_runs import EVERYTHING
from tfviz.training.mailbox import Demand
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot


def count_calls(session: Session, monkeypatch: pytest.MonkeyPatch) -> list[Demand]:
    """The demands of all pictures that are made from now on."""
    made: list[Demand] = []
    original = session.snapshot

    def snapshot(demand: Demand | None = None) -> Snapshot:
        made.append(demand or EVERYTHING)
        return original(demand)

    monkeypatch.setattr(session, "snapshot", snapshot)
    return made


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now
