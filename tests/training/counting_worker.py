"""A worker without a model: what a gate does to it shows in what it has counted."""

import math
import threading
from collections.abc import Callable

from tfviz.training.gate import Gate, GateChange

PATIENCE = 20.0  # seconds until a test gives up; nothing waits that long


class Worker:
    """A thread that counts steps behind a gate; its loss halves with every step."""

    def __init__(self) -> None:
        self.changes: list[GateChange] = []
        self.gate = Gate(self.changes.append)
        self.step = 0
        self.moved = threading.Condition()
        self.work: Callable[[int], None] = lambda step: None
        self.thread = threading.Thread(target=self.body)
        self.error: BaseException | None = None

    @property
    def loss(self) -> float:
        return 0.5**self.step if self.step else math.nan

    def body(self) -> None:
        try:
            while self.gate.pass_step(self.step, self.loss):
                self.work(self.step + 1)
                with self.moved:
                    self.step += 1
                    self.moved.notify_all()
        except RuntimeError as error:
            self.error = error
        finally:
            self.gate.close()

    def wait_for_step(self, step: int) -> None:
        with self.moved:
            assert self.moved.wait_for(lambda: self.step >= step, PATIENCE), f"no step {step}"

    def wait_parked(self) -> None:
        assert self.gate.wait_parked(PATIENCE)

    def join(self) -> None:
        self.gate.stop()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
