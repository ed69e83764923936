"""A session: one run, its record, and the thread that trains it. The command line and the window drive the same one."""

import math
import threading
import time
import traceback
from collections.abc import Callable
from typing import Self

import numpy as np

from tfviz.training.config import RunConfig
from tfviz.training.events import Failed, Finished, Paused, Resumed, Stopped
from tfviz.training.gate import Gate, GateChange
from tfviz.training.history import History
from tfviz.training.inference import Reader
from tfviz.training.keyframes import Keyframes
from tfviz.training.mailbox import Demand, Mailbox
from tfviz.training.non_finite import NonFiniteError
from tfviz.training.snapshot import Snapshot
from tfviz.training.tasks import Example, Task, create_task
from tfviz.training.trainer import Trainer

SAMPLES = 4
"""Other sentences shown beside the probe."""

DECODING_INTERVAL = 0.25
"""Seconds between two free-running decodings while training runs."""


class Session:
    """A run that can be trained, looked into and gone back in.

    Without start() everything happens in the caller's thread. start() gives the run to a worker thread, which is then
    driven through `gate` and seen through `mailbox`; what needs the worker's state goes through gate.call().
    """

    def __init__(self, config: RunConfig | None = None) -> None:
        self.config = config or RunConfig()
        self.task: Task = create_task(self.config)
        self.trainer = Trainer(self.config, self.task)
        self.reader = Reader(self.trainer.models, self.task)
        self.history = History(self.trainer.scalar_names)
        self.keyframes = Keyframes()
        self.mailbox = Mailbox()
        self.gate = Gate(self._gate_changed)
        self.probe: Example = self.task.probe()
        self.unknown_words: tuple[str, ...] = ()
        self._samples = self._other_examples()
        self._decoded_at = -math.inf
        self._thread: threading.Thread | None = None
        self.keyframes.add(0, self.trainer.state())

    @property
    def step(self) -> int:
        """Updates applied to the parameters as they are now."""
        return self.trainer.step

    @property
    def frontier(self) -> int:
        """The furthest step reached."""
        return len(self.history)

    @property
    def loss(self) -> float:
        """The training loss of the step that led here; NaN at step 0."""
        return float(self.history.column("loss")[self.step - 1]) if self.step else math.nan

    @property
    def seed(self) -> int:
        return self.config.training.seed

    @property
    def total_steps(self) -> int | None:
        """Where the run ends by its configuration; None for an open end."""
        return self.trainer.total_steps

    @property
    def parameter_count(self) -> int:
        return self.trainer.parameters.layout.count

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """Copies of all parameters under torch's names."""
        return {name: array.copy() for name, array in self.trainer.parameters.items()}

    @property
    def running(self) -> bool:
        """Whether a worker thread owns the session."""
        return self._thread is not None

    def train(self, steps: int | None = None, after_step: Callable[[], None] | None = None) -> None:
        """Train in the caller's thread: so many steps, or to the end of a bounded run.

        `after_step` is called after each. RuntimeError while a worker owns the session, ValueError without an end.
        """
        if self.running:
            raise RuntimeError("the session trains in its own thread: use session.gate")
        if steps is None and self.total_steps is None:
            raise ValueError("the run has no last step: say how many steps to train")
        last = self.step + steps if steps is not None else self.total_steps
        assert last is not None
        if self.total_steps is not None:
            last = min(last, self.total_steps)
        while self.step < last:
            self._advance()
            if after_step:
                after_step()

    def start(self) -> None:
        """Give the run to a worker thread, paused; the gate lets it go."""
        if self.running:
            raise RuntimeError("the session has a worker already")
        self.gate.open()
        self._thread = threading.Thread(target=self._work, name="tfviz training", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop and join the worker, if any. The session stays readable."""
        if self._thread is not None:
            self.gate.stop()
            self._thread.join()
            self._thread = None
        self.trainer.models.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def go_to(self, step: int) -> None:
        """Make the state after `step` updates the present one: the nearest keyframe, and the steps from there again.

        Nothing recorded is lost. ValueError beyond the frontier.
        """
        if not 0 <= step <= self.frontier:
            raise ValueError(f"step {step} is not recorded: 0 to {self.frontier}")
        if self.running:
            self.gate.call(lambda: self._go_to(step)).result()
        else:
            self._go_to(step)

    def set_probe(self, probe: str | int) -> None:
        """Watch a typed sentence, or an example of the data by its number, counted from 1.

        ValueError where the sentence is empty or too long, or there is no such example.
        """
        if isinstance(probe, int):
            example = self.task.example(probe)
        else:
            sentence = " ".join(self.task.source_tokenizer.split(probe))
            self.reader.encode(sentence)
            example = Example(sentence, self.task.expected(sentence) or "", "typed")
        self.unknown_words = tuple(self.task.source_tokenizer.unknown(example.source))
        self.probe = example

    def predict(self, sentence: str, strict: bool = False) -> str:
        """The model's own answer, free-running. An unknown word becomes <unk>, or is a ValueError if `strict`."""
        unknown = self.task.source_tokenizer.unknown(sentence)
        if strict and unknown:
            raise ValueError(
                f"unknown word {unknown[0]!r}: not among the {len(self.task.source_tokenizer)} tokens"
            )
        return self.reader.predict([sentence])[0]

    def snapshot(self, demand: Demand | None = None) -> Snapshot:
        """What the panels show of the present step; everything unless told what is needed."""
        demand = demand or Demand(True, True, True)
        attention = prediction = None
        if demand.attention or demand.prediction:
            attention, prediction = self.reader.read(self.probe, free_running=demand.prediction)
        return Snapshot(
            self.step,
            self.seed,
            self.config,
            attention,
            prediction if demand.prediction else None,
            self.reader.read_samples(self._samples) if demand.samples else (),
            self.unknown_words,
        )

    def show(self) -> None:
        """Leave a picture of the present step, whole, in the mailbox. For the worker, or while nobody trains."""
        self._decoded_at = time.monotonic()
        self.mailbox.put(self.snapshot(self.mailbox.wanted))

    def _advance(self) -> None:
        """One step, recorded if it is a new one."""
        row = self.trainer.train_batch()
        if self.step <= self.frontier:
            return
        every = self.config.training.validation_every
        if every and self.step % every == 0 and self.task.validation:
            first = self.trainer.scalar_names.index("validation_loss")
            row[first : first + 3] = self.trainer.validate()
        self.history.append_row(self.step, row)
        if self.keyframes.due(self.step):
            self.keyframes.add(self.step, self.trainer.state())

    def _go_to(self, step: int) -> None:
        start, state = self.keyframes.nearest(step)
        if not start <= self.step <= step:
            self.trainer.restore(state)
        while self.step < step:
            self.trainer.train_batch()

    def _work(self) -> None:
        """The worker thread: train as the gate allows, leave pictures as the viewer asks."""
        try:
            while self.gate.pass_step(self.step, self.loss):
                try:
                    self._work_one_step()
                except NonFiniteError as error:
                    self._halt(Failed(self.step, str(error), ""))
                except Exception as error:
                    self._halt(Failed(self.step, f"{type(error).__name__}: {error}", traceback.format_exc()))
        finally:
            self.gate.close()

    def _work_one_step(self) -> None:
        if self.total_steps is not None and self.step >= self.total_steps:
            self._halt(Finished(self.step, f"all {self.total_steps:,} steps are done"))
            return
        self._advance()
        if self.total_steps is not None and self.step == self.total_steps:
            self._halt(Finished(self.step, f"all {self.total_steps:,} steps are done"))
        demand = self.mailbox.wanted
        if demand and self.mailbox.taken and self.gate.state == "running":
            now = time.monotonic()
            if now - self._decoded_at >= DECODING_INTERVAL:
                self.show()
            else:
                self.mailbox.put(self.snapshot(Demand(attention=demand.attention)))

    def _halt(self, event: Failed | Finished) -> None:
        self.gate.pause()
        self.mailbox.post(event)

    def _gate_changed(self, change: GateChange) -> None:
        match change.state:
            case "paused":
                self.show()
                self.mailbox.post(Paused(change.step, change.reason))
            case "running":
                self.mailbox.post(Resumed(change.step))
            case "stopped":
                self.mailbox.post(Stopped(change.step))

    def _other_examples(self) -> tuple[Example, ...]:
        first, count = self.config.task.probe, self.task.example_count
        numbers = dict.fromkeys((first + offset - 1) % count + 1 for offset in range(1, SAMPLES + 1))
        return tuple(self.task.example(number) for number in numbers if number != first)
