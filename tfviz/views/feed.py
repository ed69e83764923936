"""What one panel is shown of the run: the newest picture, scalars and clock, at the panel's own rate."""

import math
import time

from tfviz.training.record.opening import ShownRun
from tfviz.training.snapshot import Snapshot
from tfviz.views.panel import Panel

INTERVAL = 0.033
"""Seconds between two looks of the bridge."""


ROOM = 0.006
"""The part of a core that a panel may take where several threads train, which need all cores: what takes longer to
show is shown less often."""


class Feed:
    """What one panel gets, and when."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.pending: Snapshot | None = None
        self.steps = -1  # of the history that was shown last
        self.step = -1  # of the clock, likewise
        self.seen = False
        """Whether any of the panel was on the screen at the last check."""
        self.updates = 0
        """How often the panel was told anything."""
        # Panels of equal rate have their turn in the same look: one longer stop disturbs training less than two do.
        self._due = -math.inf
        self._left_out = 0  # turns since the last one that it was given
        self._cost = 0.0  # seconds of this thread that a turn takes, averaged

    def check(self) -> None:
        """See whether the panel is on the screen: not closed, behind another tab, or in a minimised window."""
        panel = self.panel
        self.seen = panel.isVisible() and not (
            panel.window().isMinimized() or panel.visibleRegion().isEmpty()
        )

    def offer(self, snapshot: Snapshot) -> None:
        """Keep a picture for the next turn if the panel shows pictures, and it holds what the panel needs."""
        demand = self.panel.demand
        whole = (
            (snapshot.attention or not demand.attention)
            and (snapshot.prediction or not demand.prediction)
            and (snapshot.flow or not demand.flow)
            and (snapshot.stages or not demand.stages)
            and (snapshot.playground or not demand.playground)
            and (snapshot.optimiser or not demand.optimiser or snapshot.step == 0)
        )
        if demand and whole:
            self.pending = snapshot

    def up_to_date(self, session: ShownRun, step: int) -> bool:
        """Whether there is nothing that the panel has not shown; the clock is at `step`."""
        return self.pending is None and len(session.history) == self.steps and step == self.step

    def take_turn(self, now: float, session: ShownRun, step: int) -> bool:
        """Show the panel what is new, if its rate allows; whether it was told anything."""
        if self.up_to_date(session, step) or now < self._due - INTERVAL / 2:
            return False
        self._due = max(self._due + 1 / self.panel.rate, now)
        self._left_out += 1
        crowded = session.shards > 1 and session.gate.state == "running"
        if crowded and self._left_out < self._cost * self.panel.rate / ROOM:
            return False
        self._left_out = 0
        began, steps = time.thread_time(), len(session.history)
        self.updates += 1
        if steps != self.steps:
            self.steps = steps
            self.panel.show_history(session.history)
        if self.pending is not None:
            snapshot, self.pending = self.pending, None
            self.panel.show_snapshot(snapshot)
        if step != self.step:
            self.step = step
            self.panel.show_step(step)
        self._cost += 0.2 * (time.thread_time() - began - self._cost)
        return True
