"""A session: one run with all its branches and its record. The command line and the window drive the same one."""

import itertools
import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Self, TypeVar

import numpy as np

from tfviz.core.parameters import Parameters
from tfviz.training.branching.branches import Line, changed_together, describe, first_line
from tfviz.training.branching.edits import Edit, WeightEdit, WeightNoise
from tfviz.training.branching.keyframes import Keyframes
from tfviz.training.branching.past import Past, Progress, arrive, replay
from tfviz.training.branching.what_if import WhatIf, what_if_preset
from tfviz.training.config import RunConfig, difference, with_shards
from tfviz.training.events import Branched, Intervened, Warned
from tfviz.training.gate import Gate
from tfviz.training.generation.free_running import free_running_accuracy
from tfviz.training.generation.playground import play
from tfviz.training.heads.head_importance import HeadImportance
from tfviz.training.mailbox import WHOLE, Demand, Mailbox
from tfviz.training.model.fitting import check_fit
from tfviz.training.model.inference import Reader
from tfviz.training.record.catching_up import catch_up
from tfviz.training.record.history import VALIDATION_SCALARS, History
from tfviz.training.record.recording import Recording, recorded_config, restore_lines
from tfviz.training.run_file import Branch, RunFileError, RunReader
from tfviz.training.snapshot import OptimiserState, Snapshot
from tfviz.training.stepping.break_conditions import BreakCondition
from tfviz.training.stepping.breaks import Breaks
from tfviz.training.stepping.stepper import Stepper
from tfviz.training.stepping.updates import PlannedUpdate, measured
from tfviz.training.tasks import Example, Task, create_task
from tfviz.training.trainer import Trainer
from tfviz.training.worker import Worker

Result = TypeVar("Result")

SAMPLES = 4
"""Other sentences shown beside the probe."""
DECODED = 32
"""Held-out sentences decoded free-running at every validation; more would take too long before much is learned."""


class Session:
    """A run that can be trained, looked into, gone back in, branched and recorded.

    Without start() everything happens in the caller's thread. start() gives the run to a worker thread, which is then
    driven through `gate` and seen through `mailbox`; methods that change the run then wait for the next step boundary.
    """

    def __init__(self, config: RunConfig | None = None) -> None:
        self._config = config or RunConfig()
        self.task: Task = create_task(self._config)
        check_fit(self._config, self.task)
        self.trainer = Trainer(self._config, self.task)
        self._used_config = with_shards(self._config, self.trainer.shards)
        self.reader = Reader(self.trainer.models, self.task)
        self._worker = Worker(self, self._pictured)
        self._line = first_line(self._config, self.trainer.scalar_names, Keyframes())
        self._lines = {self._line.branch.number: self._line}
        self._numbers = itertools.count(1)  # of branches; one that was deleted is not used again
        self._past: Past | None = None
        self._past_lock = threading.Lock()
        self._recording: Recording | None = None
        self._breaks = Breaks()
        self.opened_from: Path | None = None
        """The file that the run was read from."""
        self.probe: Example = self.task.probe()
        self.unknown_words: tuple[str, ...] = ()
        self._samples = self._other_examples()
        self._beginning = self.trainer.state()
        self._line.keyframes.add(0, self._beginning)

    @classmethod
    def open(cls, path: str | os.PathLike[str], record: bool = False) -> Self:
        """The run in a file, at its frontier; with `record` what follows is written there too.

        RunFileError, a ValueError, where the file cannot be read, or was written by another trainer.
        """
        reader = RunReader(path)
        session = cls(recorded_config(reader))
        try:
            session._lines = restore_lines(reader, session._line)
            session._line = list(session._lines.values())[-1]
            session._numbers = itertools.count(max(branch.number for branch in reader.branches) + 1)
            session._go_to(session.frontier)
            session.opened_from = Path(path).resolve()
            if record:
                session._recording = Recording.resume(
                    path, session._lines.values(), session.trainer.shards, session._warn
                )
        except BaseException:
            session.close()
            raise
        return session

    @property
    def config(self) -> RunConfig:
        """The configuration in force: that of the step that follows."""
        return self._line.config_after(self.step)

    @property
    def step(self) -> int:
        """Updates applied to the parameters as they are now."""
        return self.trainer.step

    @property
    def frontier(self) -> int:
        """The furthest step reached in this branch."""
        return self._line.frontier

    @property
    def loss(self) -> float:
        """The training loss of the step that led here; NaN at step 0."""
        return float(self.history.column("loss")[self.step - 1]) if self.step else math.nan

    @property
    def seed(self) -> int:
        return self._config.training.seed

    @property
    def history(self) -> History:
        """The scalars of every step of this branch."""
        return self._line.history

    @property
    def keyframes(self) -> Keyframes:
        return self._line.keyframes

    @property
    def lines(self) -> dict[int, Line]:
        """All branches with their records, by number."""
        return dict(self._lines)

    @property
    def line(self) -> Line:
        """The branch that is trained now, with its record."""
        return self._line

    @property
    def branches(self) -> tuple[Branch, ...]:
        """The main branch and those that left it, in the order in which they began."""
        return tuple(line.branch for line in self.lines.values())

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
        return self._at_boundary(
            lambda: {name: array.copy() for name, array in self.trainer.parameters.items()}
        )

    @property
    def gate(self) -> Gate:
        return self._worker.gate

    @property
    def mailbox(self) -> Mailbox:
        return self._worker.mailbox

    @property
    def break_conditions(self) -> tuple[BreakCondition, ...]:
        """Each of them stops training before an update that meets it: BreakError, or the event BreakHit.

        Any thread may set them; they count from the next step on. They are no part of the run, and change no bit of it.
        A step that one of them has stopped is let pass by it when it is taken again.
        """
        return self._breaks.conditions

    @break_conditions.setter
    def break_conditions(self, conditions: Iterable[BreakCondition]) -> None:
        self._breaks.conditions = tuple(conditions)

    @property
    def running(self) -> bool:
        """Whether a worker thread owns the session."""
        return self._worker.running

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
        line = self._line
        arrive(self.trainer, line)
        self.trainer.watches_updates = self.mailbox.wanted.optimiser
        row = self.trainer.train_batch(self._test_breaks if self._breaks.conditions else None)
        if self.step <= line.frontier:
            arrive(self.trainer, line)
            return
        every = self.config.training.validation_every
        try:
            if every and self.step % every == 0 and self.task.validation:
                first = self.trainer.scalar_names.index("validation_loss")
                row[first : first + len(VALIDATION_SCALARS)] = self._validate()
        finally:  # the step is done, whatever comes after it
            line.history.append_row(self.step, row)
        if line.keyframes.due(self.step):
            self._keep(line)

    def _validate(self) -> tuple[float, ...]:
        """The values of VALIDATION_SCALARS."""
        some = self.task.validation[:DECODED]
        return *self.trainer.validate(), *free_running_accuracy(self.reader, some)

    def _test_breaks(self, plan: PlannedUpdate) -> None:
        self._breaks.test(self.trainer, self._line.history, plan)

    def _keep(self, line: Line) -> None:
        """Make the present step a keyframe."""
        began = time.perf_counter()
        state = self.trainer.state()
        line.keyframes.add(self.step, state)
        keeping = time.perf_counter() - began
        training = float(np.nanmedian(line.history.column("step_time")[-line.keyframes.near :]))
        line.keyframes.pace(training, keeping)
        if self._recording:
            self._recording.keyframe(line, self.step, state)

    def start(self) -> None:
        """Give the run to a worker thread, paused; the gate lets it go."""
        self._worker.start()

    def close(self) -> None:
        """Stop and join the worker, and close the record, if any. The session stays readable."""
        self._worker.stop()
        recording, self._recording = self._recording, None
        try:
            if recording:
                self._bring_up_to_date(recording)
        finally:
            if recording:
                recording.close()
            self.trainer.models.close()
            if self._past:
                self._past.close()

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
        self._at_boundary(lambda: self._go_to(step))

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
        line = self._line if branch is None else self._existing(branch)

        def look(past: Past) -> Snapshot | None:
            update = self._noted(line, step, past.update()) if demand.optimiser else None
            snapshot = self._snapshot(line, past.reader, step, replace(demand, stages=None), update)
            self._watch_heads(line, snapshot)
            if demand.stages is None:
                return snapshot
            stages = past.stages(line, self.probe, demand.stages, progress)
            return None if stages is None else replace(snapshot, stages=stages)

        return self._look_back(step, line.branch.number, progress, look, by_update=demand.optimiser)

    def parameters_at(self, step: int) -> dict[str, np.ndarray]:
        """Copies of all parameters at a recorded step of this branch, while training goes on. ValueError as `view`."""
        found = self._look_back(step, None, None, Past.parameters)
        assert found is not None  # nobody could give up
        return found

    def stepper(
        self, step: int, branch: int | None = None, progress: Progress | None = None
    ) -> Stepper | None:
        """For the step after a recorded one, operation by operation, while training goes on; None, errors: see `view`.

        It takes the step under the configuration that the branch has there now, also one that was not taken yet.
        """
        line = self._line if branch is None else self._existing(branch)
        state = self._look_back(step, line.branch.number, progress, Past.state)
        if state is None:
            return None
        return Stepper(with_shards(line.config_after(step), self.trainer.shards), self.task, state)

    def _look_back(
        self,
        step: int,
        branch: int | None,
        progress: Progress | None,
        look: Callable[[Past], Result],
        by_update: bool = False,
    ) -> Result | None:
        line = self._line if branch is None else self._existing(branch)
        if not 0 <= step <= line.frontier:
            raise ValueError(
                f"step {step} is not recorded in branch {line.branch.name}: 0 to {line.frontier}"
            )
        with self._past_lock:
            if self._past is None:
                self._past = Past(Trainer(self._config, self.task), self.task)
        with self._past.lock:
            return look(self._past) if self._past.visit(line, step, progress, by_update) else None

    def intervene(self, path: str, value: object) -> Branch:
        """Change the configuration for the steps that follow: in this branch at its frontier, else in a new one.

        ConfigurationError, a ValueError, for a value or a field that cannot be. Returns the branch that is current now.
        """
        return self.change({path: value})

    def change(self, values: Mapping[str, object]) -> Branch:
        """The same for several fields at once, path -> value: one intervention."""
        return self._at_boundary(lambda: self._change(values))

    def edit(self, name: str, index: tuple[int, ...], value: float) -> Branch:
        """Set one number of a parameter: in this branch at its frontier, else in a new one. Returns the current branch.

        ValueError for a parameter or a place that the model does not have, or a value that is not finite.
        """
        return self._at_boundary(lambda: self._edit(WeightEdit(name, tuple(index), float(value))))

    def add_noise(self, scale: float, seed: int, prefix: str = "") -> Branch:
        """Add normal numbers of standard deviation `scale` to all parameters or to a part of the model; as `edit`."""
        return self._at_boundary(lambda: self._edit(WeightNoise(float(scale), int(seed), prefix)))

    def undo(self, step: int | None = None) -> Branch:
        """Leave from just before what was changed or edited in this branch at a step, or last: all that was done there.

        The branch stays as it is. Returns the new one. ValueError where there is nothing to undo.
        """
        return self._at_boundary(lambda: self._undo(step))

    def head_importance(self, step: int | None = None) -> HeadImportance:
        """For what each head is worth at a recorded step of this branch, or at the present one; training may go on.

        ValueError where the step does not exist.
        """
        if step is None:
            copied: Parameters | None = self._at_boundary(self.trainer.model)
        else:
            copied = self._look_back(step, None, None, Past.model)
        assert copied is not None  # nobody could give up
        return HeadImportance(copied.config, copied, self.task)

    def what_if(self, name: str) -> Branch:
        """Break one thing, as a preset of what_if.py says, in a branch from where it says. Returns it.

        NewRunNeededError, a ValueError that has the configuration, where the parameters would begin differently.
        """
        preset = what_if_preset(name)
        return self._at_boundary(lambda: self._what_if(preset))

    def branch(self, name: str) -> Branch:
        """Leave the present branch at the present step, unchanged so far. Returns the new branch, now current."""
        return self._at_boundary(lambda: self._fork(name).branch)

    def switch(self, branch: int) -> None:
        """Go on with another branch, from its frontier. ValueError if there is none of that number."""
        line = self._existing(branch)
        self._at_boundary(lambda: self._switch(line))

    def delete(self, branch: int) -> None:
        """Give up a branch and its record. ValueError for the current one, the main one, or one that others left."""
        if reason := self.why_kept(branch):
            raise ValueError(reason)
        self._at_boundary(lambda: self._delete(branch))

    def why_kept(self, branch: int) -> str | None:
        """Why a branch cannot be deleted, in a sentence; None where it can."""
        line = self._existing(branch)
        others = [other.branch.name for other in self.lines.values() if other.branch.parent == branch]
        if line is not self._line and line.branch.parent is not None and not others:
            return None
        reason = f"{', '.join(others)} left it" if others else "it is the main or the current one"
        return f"branch {line.branch.name!r} cannot be deleted: {reason}"

    def record(self, path: str | os.PathLike[str], overwrite: bool = False) -> None:
        """Write the run to a file from now on, with all that happened so far.

        FileExistsError where there is one and `overwrite` is not set, OSError where none can be.
        """
        recording = Recording.create(
            path, self._config, self.task, self.trainer.shards, self._warn, overwrite
        )
        try:
            former = self._at_boundary(lambda: self._record(recording))
        except BaseException:
            recording.close()
            raise
        if former:
            former.close()

    def go_on_recording(self, path: str | os.PathLike[str]) -> None:
        """Write to the file that the run was opened from: what it has become since, and what it will be.

        OSError or RunFileError where it cannot be written.
        """
        reader = RunReader(path)
        there = [self._lines[branch.number] for branch in reader.branches if branch.number in self._lines]
        recording = Recording.resume(path, there, self.trainer.shards, self._warn)
        try:
            self._at_boundary(lambda: self._go_on(recording, reader))
        except BaseException:
            recording.close()
            raise

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the run as it is now to a file, whole or not at all; an older file is replaced.

        OSError or RunFileError where it cannot be written.
        """
        recording = self._recording
        if recording:
            self._at_boundary(lambda: self._bring_up_to_date(recording))
            try:
                recording.copy_to(path)
                return
            except RunFileError:
                if recording.writes(path):
                    raise  # else the record has a problem, but this is another place
        Recording.write(
            path,
            self._config,
            self.task,
            self.trainer.shards,
            lambda written: self._at_boundary(
                lambda: self._hand_over(written, [line.so_far() for line in self._lines.values()])
            ),
        )

    def set_probe(self, probe: str | int) -> None:
        """Watch a typed sentence, or an example of the data by its number, counted from 1.

        ValueError where the sentence is empty or too long, or there is no such example.
        """
        if isinstance(probe, int):
            example = self.task.example(probe)
        else:
            sentence = " ".join(probe.split())
            self.reader.encode(sentence)
            example = Example(sentence, self.task.expected(sentence) or "", "typed")
        self.unknown_words = tuple(self.task.source_tokenizer.unknown(example.source))
        self.probe = example

    def predict(self, sentence: str, strict: bool = False) -> str:
        """The model's own answer, free-running. An unknown word becomes <unk>, or is a ValueError if `strict`."""
        unknown = self.task.source_tokenizer.unknown(sentence)
        if strict and unknown:
            raise ValueError(
                f"unknown {self.task.source_tokenizer.unit} {unknown[0]!r}: not among the "
                f"{len(self.task.source_tokenizer)} tokens"
            )
        return self._at_boundary(lambda: self.reader.predict([sentence])[0])

    def snapshot(self, demand: Demand | None = None) -> Snapshot:
        """What the panels show of the present step, all that a run file keeps unless told. For the worker's thread."""
        demand = demand or WHOLE
        update = self._update() if demand.optimiser else None
        snapshot = self._snapshot(self._line, self.reader, self.step, demand, update)
        self._watch_heads(self._line, snapshot, hurried=self.gate.state == "running")
        return snapshot

    def show(self) -> None:
        """Leave a picture of the present step, whole, in the mailbox. For the worker, or while nobody trains."""
        self._worker.show()

    def _at_boundary(self, function: Callable[[], Result]) -> Result:
        return self.gate.call(function).result() if self.running else function()

    def _update(self) -> OptimiserState | None:
        """The update that led to the present step; if nobody watched it, it is made again beside the training."""
        update = measured(self.trainer)
        if update is None and self.step and self.gate.state != "running":
            update = self._look_back(self.step, None, None, Past.update, by_update=True)
        return self._noted(self._line, self.step, update)

    @staticmethod
    def _noted(line: Line, step: int, update: OptimiserState | None) -> OptimiserState | None:
        """Keep the ratios of an update that somebody looks at."""
        if update is not None:
            ratios = dict(zip(update.groups, update.update_ratio.tolist(), strict=True))
            line.history.update_ratios.add(step, ratios)
        return update

    def _watch_heads(self, line: Line, snapshot: Snapshot, hurried: bool = False) -> None:
        """Keep what the heads do in a picture that somebody looks at, of the sentence that is watched now."""
        found = snapshot.attention
        if found is not None and (found.sentence, found.target) == (self.probe.source, self.probe.target):
            line.history.heads.look(snapshot.step, found, self.task, hurried)

    def _snapshot(
        self, line: Line, reader: Reader, step: int, demand: Demand, update: OptimiserState | None = None
    ) -> Snapshot:
        """Of what a reader sees at a step of a branch, with the model that is in force there."""
        attention = prediction = None
        if demand.prediction:
            attention, prediction = reader.read(self.probe)
        elif demand.attention:
            attention = reader.read_attention(self.probe)
        return Snapshot(
            step,
            self.seed,
            replace(self._used_config, model=line.config_after(step).model),
            attention,
            prediction,
            reader.read_samples(self._samples) if demand.samples else (),
            self.unknown_words,
            reader.read_flow(self.probe) if demand.flow else None,
            reader.read_stages(self.probe, demand.stages) if demand.stages else None,
            update,
            play(reader, demand.playground) if demand.playground else None,
        )

    def _go_to(self, step: int) -> None:
        self._breaks.forget()
        replay(self.trainer, self._line, step)

    def _change(self, values: Mapping[str, object]) -> Branch:
        before = self.config
        after = changed_together(before, values)
        changes = difference(before, after)
        if not changes:
            return self._line.branch
        if self.step < self.frontier:
            self._fork(f"{describe(changes)} from step {self.step:,}")
        self._line.change(self.step, after)
        arrive(self.trainer, self._line)
        if self._recording:
            self._recording.intervention(self._line, self.step, after)
        self.mailbox.post(Intervened(self.step, describe(changes)))
        return self._line.branch

    def _edit(self, edit: Edit) -> Branch:
        edit.check(self.trainer.parameters)
        if self.step < self.frontier:
            self._fork(f"{edit} from step {self.step:,}")
        self._line.edit(self.step, edit)
        arrive(self.trainer, self._line)
        if self._recording:
            self._recording.edit(self._line, self.step, edit)
        self.mailbox.post(Intervened(self.step, str(edit)))
        return self._line.branch

    def _undo(self, step: int | None) -> Branch:
        line = self._line
        steps = line.intervention_steps
        if not steps or (step is not None and step not in steps):
            place = "" if step is None else f" at step {step:,}"
            raise ValueError(f"there is nothing to undo{place} in branch {line.branch.name!r}")
        step = max(steps) if step is None else step
        other = line.undone(next(self._numbers), f"{line.branch.name}, undone at step {step:,}", step)
        if not step:
            other.keyframes.add(0, self._beginning)
        self.trainer.restore(other.keyframes.nearest(step)[1])
        replay(self.trainer, other, step)
        return self._begin(other).branch

    def _what_if(self, preset: WhatIf) -> Branch:
        preset.check(self._line.config_after(0 if preset.from_start else self.step))
        if preset.from_start:
            self._go_to(0)
        values = preset.values(self.config)
        self._fork(preset.branch_name(self.step))
        return self._change(values)

    def _fork(self, name: str) -> Line:
        return self._begin(self._line.fork(next(self._numbers), name, self.step))

    def _begin(self, line: Line) -> Line:
        """Go on with a new branch, at whose first step the trainer is."""
        number, name = line.branch.number, line.branch.name
        self._line = self._lines[number] = line
        self._line.keyframes.add(self.step, self.trainer.state())
        for other in self._lines.values():
            other.keyframes.share(len(self._lines))
        if self._recording:
            self._recording.follow(self._line)
        self.mailbox.post(Branched(self.step, number, name))
        return self._line

    def _switch(self, line: Line) -> None:
        self._breaks.forget()
        self.trainer.restore(line.keyframes.nearest(line.frontier)[1])
        replay(self.trainer, line, line.frontier)
        self._line = line  # others look at it meanwhile
        self.mailbox.post(Branched(self.step, line.branch.number, line.branch.name))

    def _delete(self, branch: int) -> None:
        del self._lines[branch]
        for line in self._lines.values():
            line.keyframes.share(len(self._lines))
        if self._recording:
            self._recording.delete(branch)

    def _existing(self, branch: int) -> Line:
        if branch not in self._lines:
            names = ", ".join(f"{b.number} ({b.name})" for b in self.branches)
            raise ValueError(f"there is no branch {branch}: {names}")
        return self._lines[branch]

    def _record(self, recording: Recording) -> Recording | None:
        """Returns the recording that it takes the place of."""
        self._hand_over(recording, self._lines.values())
        former, self._recording = self._recording, recording
        return former

    def _go_on(self, recording: Recording, reader: RunReader) -> None:
        catch_up(recording, reader, self._lines)
        self._bring_up_to_date(recording)
        self._recording = recording

    def _hand_over(self, recording: Recording, lines: Iterable[Line]) -> None:
        for line in lines:
            recording.follow(line)
        self._bring_up_to_date(recording)

    def _bring_up_to_date(self, recording: Recording) -> None:
        recording.keyframe(self._line, self.step, self.trainer.state(), optional=False)
        recording.snapshot(self._line, self.snapshot(), optional=False)

    def _pictured(self, snapshot: Snapshot) -> None:
        if self._recording and snapshot.step == self.frontier:
            self._recording.snapshot(self._line, snapshot)

    def _warn(self, text: str, step: int) -> None:
        self.mailbox.post(Warned(step, text))

    def _other_examples(self) -> tuple[Example, ...]:
        first, count = self._config.task.probe, self.task.example_count
        numbers = dict.fromkeys((first + offset - 1) % count + 1 for offset in range(1, SAMPLES + 1))
        return tuple(self.task.example(number) for number in numbers if number != first)
