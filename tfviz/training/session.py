"""A session: one run with all its branches and its record. The command line and the window drive the same one.

It is made of parts, each for one thing that can be done with a run; here is all of it together, and what waits for
the next step boundary: whatever changes the run, or reads it while it may be changing.

    run.py                         what is trained: trainer, branches, the step where it stands
    pictures.py                    what is shown of it: the watched sentence, snapshots
    worker.py                      the thread that trains, and its pictures in the mailbox
    branching/looking_back.py      recorded steps, computed again beside the training
    branching/futures.py           interventions and branches
    record/session_file.py         the file that it is written to
"""

import math
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Self

import numpy as np

from tfviz.training.branching.branches import Line, existing
from tfviz.training.branching.edits import WeightEdit, WeightNoise
from tfviz.training.branching.futures import Futures
from tfviz.training.branching.keyframes import Keyframes
from tfviz.training.branching.looking_back import LookingBack
from tfviz.training.branching.past import Past, Progress
from tfviz.training.branching.what_if import what_if_preset
from tfviz.training.config import RunConfig
from tfviz.training.gate import Gate
from tfviz.training.heads.head_importance import HeadImportance
from tfviz.training.mailbox import WHOLE, Demand, Mailbox
from tfviz.training.model.inference import Reader
from tfviz.training.pictures import Pictures
from tfviz.training.record.history import History
from tfviz.training.record.recording import recorded_config
from tfviz.training.record.session_file import SessionFile
from tfviz.training.run import Run
from tfviz.training.run_file import Branch, RunReader
from tfviz.training.snapshot import Snapshot
from tfviz.training.stepping.break_conditions import BreakCondition
from tfviz.training.stepping.stepper import Stepper
from tfviz.training.tasks import Example, Task
from tfviz.training.trainer import Trainer
from tfviz.training.worker import Worker


class Session:
    """A run that can be trained, looked into, gone back in, branched and recorded.

    Without start() everything happens in the caller's thread. start() gives the run to a worker thread, which is then
    driven through `gate` and seen through `mailbox`; methods that change the run then wait for the next step boundary.
    """

    def __init__(self, config: RunConfig | None = None) -> None:
        self._run = Run(config or RunConfig())
        self._worker = Worker(self, lambda snapshot: self._file.keep_picture(snapshot))
        self._thread = self._worker.thread
        self._pictures = Pictures(self._run)
        self._back = LookingBack(self._run, self._pictures)
        self._file = SessionFile(self._run, self._thread, lambda: self.snapshot())
        self._futures = Futures(self._run, self._file, self._thread.mailbox.post)
        self.opened_from: Path | None = None
        """The file that the run was read from."""

    @classmethod
    def open(cls, path: str | os.PathLike[str], record: bool = False) -> Self:
        """The run in a file, at its frontier; with `record` what follows is written there too.

        RunFileError, a ValueError, where the file cannot be read, or was written by another trainer.
        """
        reader = RunReader(path)
        session = cls(recorded_config(reader))
        try:
            session._run.restore(reader)
            session.opened_from = Path(path).resolve()
            if record:
                session._file.resume(path)
        except BaseException:
            session.close()
            raise
        return session

    @property
    def task(self) -> Task:
        return self._run.task

    @property
    def trainer(self) -> Trainer:
        return self._run.trainer

    @property
    def reader(self) -> Reader:
        """What the present parameters make of a sentence; for the worker's thread, or while nobody trains."""
        return self._run.reader

    @property
    def config(self) -> RunConfig:
        """The configuration in force: that of the step that follows."""
        return self._run.config

    @property
    def step(self) -> int:
        """Updates applied to the parameters as they are now."""
        return self._run.step

    @property
    def frontier(self) -> int:
        """The furthest step reached in this branch."""
        return self._run.line.frontier

    @property
    def loss(self) -> float:
        """The training loss of the step that led here; NaN at step 0."""
        return self._run.loss

    @property
    def seed(self) -> int:
        return self._run.first_config.training.seed

    @property
    def history(self) -> History:
        """The scalars of every step of this branch."""
        return self._run.line.history

    @property
    def keyframes(self) -> Keyframes:
        return self._run.line.keyframes

    @property
    def lines(self) -> dict[int, Line]:
        """All branches with their records, by number."""
        return self._run.lines.copy()

    @property
    def line(self) -> Line:
        """The branch that is trained now, with its record."""
        return self._run.line

    @property
    def branches(self) -> tuple[Branch, ...]:
        """The main branch and those that left it, in the order in which they began."""
        return tuple(line.branch for line in self.lines.values())

    @property
    def shards(self) -> int:
        """Into how many parts a batch is cut, each computed in a thread of its own."""
        return self.trainer.shards

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
        return self._thread.at_boundary(
            lambda: {name: array.copy() for name, array in self.trainer.parameters.items()}
        )

    @property
    def probe(self) -> Example:
        """The sentence that is watched."""
        return self._pictures.probe

    @probe.setter
    def probe(self, example: Example) -> None:
        self._pictures.probe = example

    @property
    def unknown_words(self) -> tuple[str, ...]:
        """Those of the watched sentence that are not in the vocabulary."""
        return self._pictures.unknown_words

    @property
    def gate(self) -> Gate:
        return self._thread.gate

    @property
    def mailbox(self) -> Mailbox:
        return self._thread.mailbox

    @property
    def break_conditions(self) -> tuple[BreakCondition, ...]:
        """Each of them stops training before an update that meets it: BreakError, or the event BreakHit.

        Any thread may set them; they count from the next step on. They are no part of the run, and change no bit of it.
        A step that one of them has stopped is let pass by it when it is taken again.
        """
        return self._run.breaks.conditions

    @break_conditions.setter
    def break_conditions(self, conditions: Iterable[BreakCondition]) -> None:
        self._run.breaks.conditions = tuple(conditions)

    @property
    def running(self) -> bool:
        """Whether a worker thread owns the session."""
        return self._thread.running

    def train(self, steps: int | None = None, after_step: Callable[[], None] | None = None) -> None:
        """Train in the caller's thread: so many steps, or to the end of a bounded run.

        `after_step` is called after each. RuntimeError while a worker owns the session, ValueError without an end.
        """
        if self.running:
            raise RuntimeError("the session trains in its own thread: use session.gate")
        if steps is None and self.total_steps is None:
            raise ValueError("the run has no last step: say how many steps to train")
        last = math.inf if self.total_steps is None else self.total_steps
        if steps is not None:
            last = min(last, self.step + steps)
        while self.step < last:
            self.advance()
            if after_step:
                after_step()

    def advance(self) -> None:
        """One step, in the caller's thread, recorded if it is a new one. BreakError instead of its update."""
        keyframe = self._run.advance(watched=self.mailbox.wanted.optimiser)
        if keyframe is not None and self._file.recording:
            self._file.recording.keyframe(self.line, self.step, keyframe)

    def start(self) -> None:
        """Give the run to a worker thread, paused; the gate lets it go."""
        self._thread.start()

    def close(self) -> None:
        """Stop and join the worker, and close the record, if any. The session stays readable."""
        self._thread.stop()
        try:
            self._file.close()
        finally:
            self.trainer.models.close()
            self._back.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def go_to(self, step: int) -> None:
        """Make the state after `step` updates the present one: the nearest keyframe, and the steps from there again.

        Nothing recorded is lost. ValueError beyond the frontier.
        """
        self.line.check_recorded(step)
        self._thread.at_boundary(lambda: self._run.go_to(step))

    def view(
        self,
        step: int,
        branch: int | None = None,
        progress: Progress | None = None,
        demand: Demand = WHOLE,
    ) -> Snapshot | None:
        """A picture of any recorded step, while training goes on; None where `progress` gave up.

        ValueError where the branch or the step does not exist.
        """
        return self._back.view(self._line_of(branch), step, progress, demand)

    def parameters_at(self, step: int) -> dict[str, np.ndarray]:
        """Copies of all parameters at a recorded step of this branch, while training goes on. ValueError as `view`."""
        return self._back.copied(step, Past.parameters)

    def stepper(
        self, step: int, branch: int | None = None, progress: Progress | None = None
    ) -> Stepper | None:
        """For the step after a recorded one, operation by operation, while training goes on; None, errors: see `view`.

        It takes the step under the configuration that the branch has there now, also one that was not taken yet.
        """
        return self._back.stepper(self._line_of(branch), step, progress)

    def _line_of(self, branch: int | None) -> Line:
        """None for the present one."""
        return self.line if branch is None else existing(self.lines, branch)

    def intervene(self, path: str, value: object) -> Branch:
        """Change the configuration for the steps that follow: in this branch at its frontier, else in a new one.

        ConfigurationError, a ValueError, for a value or a field that cannot be. Returns the branch that is current now.
        """
        return self.change({path: value})

    def change(self, values: Mapping[str, object]) -> Branch:
        """The same for several fields at once, path -> value: one intervention."""
        return self._thread.at_boundary(lambda: self._futures.change(values))

    def edit(self, name: str, index: tuple[int, ...], value: float) -> Branch:
        """Set one number of a parameter: in this branch at its frontier, else in a new one. Returns the current branch.

        ValueError for a parameter or a place that the model does not have, or a value that is not finite.
        """
        return self._thread.at_boundary(
            lambda: self._futures.edit(WeightEdit(name, tuple(index), float(value)))
        )

    def add_noise(self, scale: float, seed: int, prefix: str = "") -> Branch:
        """Add normal numbers of standard deviation `scale` to all parameters or to a part of the model; as `edit`."""
        return self._thread.at_boundary(
            lambda: self._futures.edit(WeightNoise(float(scale), int(seed), prefix))
        )

    def undo(self, step: int | None = None) -> Branch:
        """Leave from just before what was changed or edited in this branch at a step, or last: all that was done there.

        What was done at a step before the branch left is undone in the branch that did it. All branches stay as they
        are. Returns the new one. ValueError where there is nothing to undo.
        """
        return self._thread.at_boundary(lambda: self._futures.undo(step))

    def head_importance(self, step: int | None = None) -> HeadImportance:
        """For what each head is worth at a recorded step of this branch, or at the present one; training may go on.

        ValueError where the step does not exist.
        """
        if step is None:
            copied = self._thread.at_boundary(self.trainer.model)
        else:
            copied = self._back.copied(step, Past.model)
        return HeadImportance(copied.config, copied, self.task)

    def what_if(self, name: str) -> Branch:
        """Break one thing, as a preset of what_if.py says, in a branch from where it says. Returns it.

        NewRunNeededError, a ValueError that has the configuration, where the parameters would begin differently.
        """
        preset = what_if_preset(name)
        return self._thread.at_boundary(lambda: self._futures.what_if(preset))

    def branch(self, name: str) -> Branch:
        """Leave the present branch at the present step, unchanged so far. Returns the new branch, now current."""
        return self._thread.at_boundary(lambda: self._futures.fork(name))

    def switch(self, branch: int) -> None:
        """Go on with another branch, from its frontier. ValueError if there is none of that number."""
        line = self._line_of(branch)
        self._thread.at_boundary(lambda: self._futures.switch(line))

    def delete(self, branch: int) -> None:
        """Give up a branch and its record. ValueError for the current one, the main one, or one that others left."""
        if reason := self.why_kept(branch):
            raise ValueError(reason)
        self._thread.at_boundary(lambda: self._futures.delete(branch))

    def why_kept(self, branch: int) -> str | None:
        """Why a branch cannot be deleted, in a sentence; None where it can."""
        return self._futures.why_kept(branch)

    def record(self, path: str | os.PathLike[str], overwrite: bool = False) -> None:
        """Write the run to a file from now on, with all that happened so far.

        FileExistsError where there is one and `overwrite` is not set, OSError where none can be.
        """
        self._file.begin(path, overwrite)

    def go_on_recording(self, path: str | os.PathLike[str]) -> None:
        """Write to the file that the run was opened from: what it has become since, and what it will be.

        OSError or RunFileError where it cannot be written.
        """
        self._file.go_on(path)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the run as it is now to a file, whole or not at all; an older file is replaced.

        OSError or RunFileError where it cannot be written.
        """
        self._file.save(path)

    def set_probe(self, probe: str | int) -> None:
        """Watch a typed sentence, or an example of the data by its number, counted from 1.

        ValueError where the sentence is empty or too long, or there is no such example.
        """
        self._pictures.watch(probe)

    def predict(self, sentence: str, strict: bool = False) -> str:
        """The model's own answer, free-running. An unknown word becomes <unk>, or is a ValueError if `strict`."""
        unknown = self.task.source_tokenizer.unknown(sentence)
        if strict and unknown:
            raise ValueError(
                f"unknown {self.task.source_tokenizer.unit} {unknown[0]!r}: not among the "
                f"{len(self.task.source_tokenizer)} tokens"
            )
        return self._thread.at_boundary(lambda: self.reader.predict([sentence])[0])

    def snapshot(self, demand: Demand | None = None) -> Snapshot:
        """What the panels show of the present step, all that a run file keeps unless told. For the worker's thread."""
        demand, hurried = demand or WHOLE, self.gate.state == "running"
        update = self._back.update(hurried) if demand.optimiser else None
        return self._pictures.take(self.line, self.reader, self.step, demand, update, hurried)

    def show(self) -> None:
        """Leave a picture of the present step, whole, in the mailbox. For the worker, or while nobody trains."""
        self._worker.show()
