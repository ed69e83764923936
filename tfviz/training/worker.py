"""The thread that trains: it goes as the gate allows and leaves pictures and events as the viewer asks."""

import math
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from tfviz.training.events import Failed, Finished, Paused, Resumed, Stopped
from tfviz.training.gate import Gate, GateChange
from tfviz.training.mailbox import Demand, Mailbox
from tfviz.training.non_finite import NonFiniteError
from tfviz.training.snapshot import Snapshot

DECODING_INTERVAL = 0.25
"""Seconds between two free-running decodings while training runs, at least."""

DECODING_SHARE = 0.03
"""Part of the training thread's time that they may take: where one takes long they become rarer."""

FLOW_INTERVAL = 0.1
"""Seconds between two measurements of the flow while training runs, at least."""

FLOW_SHARE = 0.05
"""Part of the training thread's time that they may take."""

STAGES_INTERVAL = 0.1
"""Seconds between two heads taken apart while training runs, at least."""

STAGES_SHARE = 0.05
"""Part of the training thread's time that they may take."""


class Trainable(Protocol):
    """What a worker needs of the session."""

    @property
    def step(self) -> int: ...
    @property
    def loss(self) -> float: ...
    @property
    def total_steps(self) -> int | None: ...
    def advance(self) -> None: ...
    def snapshot(self, demand: Demand) -> Snapshot: ...


class Worker:
    """Owns a session while its thread lives. `gate` drives it, `mailbox` shows it."""

    def __init__(self, session: Trainable, pictured: Callable[[Snapshot], None]) -> None:
        """`pictured` is called, in the thread, with every snapshot that is complete."""
        self.session = session
        self.gate = Gate(self._gate_changed)
        self.mailbox = Mailbox()
        self._pictured = pictured
        self._decoding_due = self._flow_due = self._stages_due = -math.inf
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        return self._thread is not None

    def start(self) -> None:
        """Begin, paused. RuntimeError if the thread lives already."""
        if self.running:
            raise RuntimeError("the session has a worker already")
        self.gate.open()
        self._thread = threading.Thread(target=self._run, name="tfviz training", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread at the next step boundary, and join it."""
        if self._thread is not None:
            self.gate.stop()
            self._thread.join()
            self._thread = None

    def show(self) -> None:
        """Leave a whole picture of the present step."""
        self._leave(self.mailbox.wanted, whole=True)

    def _leave(self, demand: Demand, whole: bool) -> None:
        """Leave a picture; its slower parts are due again when that will be a small share of the time."""
        began = time.monotonic()
        snapshot = self.session.snapshot(demand)
        spent = time.monotonic() - began
        if demand.flow:
            self._flow_due = began + max(FLOW_INTERVAL, spent / FLOW_SHARE)
        if demand.stages:
            self._stages_due = began + max(STAGES_INTERVAL, spent / STAGES_SHARE)
        self.mailbox.put(snapshot)
        if whole:
            self._decoding_due = began + max(DECODING_INTERVAL, spent / DECODING_SHARE)
            self._pictured(snapshot)

    def _run(self) -> None:
        try:
            going = True
            while going:
                try:
                    going = self.gate.pass_step(self.session.step, self.session.loss)
                    if going:
                        self._step()
                except NonFiniteError as error:
                    self._halt(Failed(self.session.step, str(error), ""))
                except Exception as error:  # in a step, in a picture of it, or in a condition of the gate
                    text = f"{type(error).__name__}: {error}"
                    self._halt(Failed(self.session.step, text, traceback.format_exc()))
        finally:
            self.gate.close()

    def _step(self) -> None:
        total = self.session.total_steps
        if total is None or self.session.step < total:
            self.session.advance()
        if total is not None and self.session.step >= total:
            self._halt(Finished(self.session.step, f"all {total:,} steps are done"))
        elif self.mailbox.wanted and self.mailbox.taken and self.gate.state == "running":
            self._picture()

    def _picture(self) -> None:
        """What is wanted, but of its slower parts one at most, and each of them only now and then."""
        wanted, now = self.mailbox.wanted, time.monotonic()
        others = replace(wanted, flow=False, stages=None)
        if others and now >= self._decoding_due:
            self._leave(others, whole=True)
        elif wanted.flow and now >= self._flow_due:
            self._leave(Demand(attention=wanted.attention, flow=True), whole=False)
        elif wanted.stages and now >= self._stages_due:
            self._leave(Demand(attention=wanted.attention, stages=wanted.stages), whole=False)
        elif wanted.attention:
            self.mailbox.put(self.session.snapshot(Demand(attention=True)))

    def _halt(self, event: Failed | Finished) -> None:
        self.gate.pause()
        self.mailbox.post(event)

    def _gate_changed(self, change: GateChange) -> None:
        match change.state:
            case "paused":
                try:
                    self.show()
                finally:
                    self.mailbox.post(Paused(change.step, change.reason))
            case "running":
                self.mailbox.post(Resumed(change.step))
            case "stopped":
                self.mailbox.post(Stopped(change.step))
