"""The thread that trains: it goes as the gate allows and leaves pictures and events as the viewer asks."""

import math
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from tfviz.training.counted import all_done
from tfviz.training.events import BreakHit, Failed, Finished
from tfviz.training.gated_thread import GatedThread
from tfviz.training.generation.playground import PlaygroundWish
from tfviz.training.mailbox import Demand
from tfviz.training.snapshot import Snapshot
from tfviz.training.stepping.breaks import BreakError
from tfviz.training.stepping.non_finite import NonFiniteError

PACES = {
    "attention": (0.0, 0.015),
    "decoding": (0.25, 0.0075),
    "flow": (0.1, 0.03),
    "stages": (0.1, 0.03),
    "optimiser": (0.2, 0.02),
    "playground": (0.25, 0.02),
}
"""What a picture may hold -> seconds between two such pictures while training runs, at least, and the part of the
training threads' time that they may take: where one takes long, or keeps several threads waiting, they become rarer."""


PROMPT_SHARE = 0.2
"""The part that answers of the playground may take for as long as another sentence is asked for each time: who types
does not wait for what the answers before have cost."""


class Trainable(Protocol):
    """What a worker needs of the session."""

    @property
    def step(self) -> int: ...
    @property
    def loss(self) -> float: ...
    @property
    def total_steps(self) -> int | None: ...
    @property
    def shards(self) -> int: ...
    def advance(self) -> None: ...
    def snapshot(self, demand: Demand) -> Snapshot: ...


class Worker:
    """Owns a session while its `thread` lives."""

    def __init__(self, session: Trainable, pictured: Callable[[Snapshot], None]) -> None:
        """`pictured` is called, in the thread, with every snapshot that is complete."""
        self.session = session
        self.thread = GatedThread("tfviz training", self._run, self.show)
        self.gate, self.mailbox = self.thread.gate, self.thread.mailbox
        self._pictured = pictured
        self._due = dict.fromkeys(PACES, -math.inf)
        self._answered: PlaygroundWish | None = None
        self._answers_again = -math.inf  # at the earliest, what is newly asked

    def show(self) -> None:
        """Leave a whole picture of the present step."""
        self._leave(self.mailbox.wanted, "decoding")

    def _leave(self, demand: Demand, occasion: str) -> None:
        """Leave a picture; its occasion and its slower parts are due again when they are a small share of the time."""
        began = time.monotonic()
        snapshot = self.session.snapshot(demand)
        spent = (time.monotonic() - began) * self.session.shards  # for so many threads wait
        for part, (interval, share) in PACES.items():
            if part == occasion or (part not in ("attention", "decoding") and getattr(demand, part)):
                self._due[part] = began + max(interval, spent / share)
        if demand.playground:
            self._answered = demand.playground
            self._answers_again = began + max(PACES["playground"][0], spent / PROMPT_SHARE)
        self.mailbox.put(snapshot)
        if occasion == "decoding":
            self._pictured(snapshot)

    def _run(self) -> None:
        going = True
        while going:
            try:
                going = self.gate.pass_step(self.session.step, self.session.loss)
                if going:
                    self._step()
            except BreakError as stop:
                self._halt(BreakHit(self.session.step, str(stop), stop.hit.place))
            except NonFiniteError as error:
                self._halt(Failed(self.session.step, str(error), "", error.place))
            except Exception as error:  # in a step, in a picture of it, or in a condition of the gate
                text = f"{type(error).__name__}: {error}"
                self._halt(Failed(self.session.step, text, traceback.format_exc()))

    def _step(self) -> None:
        total = self.session.total_steps
        if total is None or self.session.step < total:
            self.session.advance()
        if total is not None and self.session.step >= total:
            self._halt(Finished(self.session.step, all_done(total).lower()))
        elif self.mailbox.wanted and self.mailbox.taken and self.gate.state == "running":
            self._picture()

    def _picture(self) -> None:
        """What is wanted, but of its slower parts one at most: the one that is due for the longest time."""
        wanted, now = self.mailbox.wanted, time.monotonic()
        attention, others = (
            Demand(wanted.attention),
            replace(wanted, flow=False, stages=None, optimiser=False, playground=None),
        )
        asked = {
            "decoding": others,
            "flow": replace(attention, flow=True) if wanted.flow else Demand(),
            "stages": replace(attention, stages=wanted.stages) if wanted.stages else Demand(),
            "optimiser": replace(attention, optimiser=True) if wanted.optimiser else Demand(),
            "playground": replace(attention, playground=wanted.playground) if wanted.playground else Demand(),
        }
        if wanted.playground != self._answered:
            self._due["playground"] = min(self._due["playground"], self._answers_again)
        due = {part: self._due[part] for part, demand in asked.items() if demand and self._due[part] <= now}
        part = min(due, key=due.__getitem__, default=None)
        if part is not None:
            self._leave(asked[part], part)
        elif wanted.attention and self._due["attention"] <= now:
            self._leave(Demand(attention=True), "attention")

    def _halt(self, event: BreakHit | Failed | Finished) -> None:
        self.gate.pause()
        self.mailbox.post(event)
