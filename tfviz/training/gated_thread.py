"""A thread that goes from step to step as its gate lets it, and leaves in its mailbox what it met there."""

import threading
from collections.abc import Callable
from typing import TypeVar

from tfviz.training.events import Paused, Resumed, Stopped
from tfviz.training.gate import Gate, GateChange
from tfviz.training.mailbox import Mailbox

Result = TypeVar("Result")


class GatedThread:
    """`gate` drives it, `mailbox` shows it. It can be started again after it was stopped."""

    def __init__(self, name: str, steps: Callable[[], None], show: Callable[[], None]) -> None:
        """`steps` asks the gate before each, and ends when nobody may pass any more; `show` leaves a picture, wherever
        it pauses. Both are called in the thread."""
        self.gate = Gate(self._changed)
        self.mailbox = Mailbox()
        self._name, self._steps, self._show = name, steps, show
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        return self._thread is not None

    def start(self) -> None:
        """Begin, paused. RuntimeError if the thread lives already."""
        if self.running:
            raise RuntimeError("the session has a worker already")
        self.gate.open()
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread at the next step boundary, and join it."""
        if self._thread is not None:
            self.gate.stop()
            self._thread.join()
            self._thread = None

    def at_boundary(self, function: Callable[[], Result]) -> Result:
        """Call it in the thread, between two steps, and wait for it; here while the thread does not live."""
        return self.gate.call(function).result() if self.running else function()

    def _run(self) -> None:
        try:
            self._steps()
        finally:
            self.gate.close()

    def _changed(self, change: GateChange) -> None:
        match change.state:
            case "paused":
                try:
                    self._show()
                finally:
                    self.mailbox.post(Paused(change.step, change.reason))
            case "running":
                self.mailbox.post(Resumed(change.step))
            case "stopped":
                self.mailbox.post(Stopped(change.step))
