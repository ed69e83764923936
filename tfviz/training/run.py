"""A run as it is trained: one trainer, which stands at a step of one of the branches, and their records."""

import itertools
import math
import time

import numpy as np

from tfviz.training.branching.branches import Line, first_line
from tfviz.training.branching.keyframes import Keyframes
from tfviz.training.branching.past import arrive, replay
from tfviz.training.config import RunConfig
from tfviz.training.generation.free_running import (
    DECODED,
    NOT_MEASURED,
    decodes_at,
    free_running_accuracy,
)
from tfviz.training.model.fitting import check_fit
from tfviz.training.model.inference import Reader
from tfviz.training.record.history import VALIDATION_SCALARS
from tfviz.training.record.recording import restore_lines
from tfviz.training.run_file import RunReader
from tfviz.training.stepping.breaks import Breaks
from tfviz.training.stepping.planned_update import PlannedUpdate
from tfviz.training.tasks import Task, create_task
from tfviz.training.trainer import State, Trainer


class Run:
    """What a session is about. Any thread may read; methods are for the worker's, or while nobody trains."""

    def __init__(self, config: RunConfig) -> None:
        """At step 0 of its main branch. ValueError where the model does not fit the task."""
        self.first_config = config
        """The configuration that it began with."""
        self.task: Task = create_task(config)
        check_fit(config, self.task)
        self.trainer = Trainer(config, self.task)
        self.reader = Reader(self.trainer.models, self.task)
        self.line = first_line(config, self.trainer.scalar_names, Keyframes())
        """The branch that is trained now."""
        self.lines = {self.line.branch.number: self.line}
        """All branches by number."""
        self._numbers = itertools.count(1)  # of branches; one that was deleted is not used again
        self.breaks = Breaks()
        self.beginning = self.trainer.state()
        """The state at step 0."""
        self.line.keyframes.add(0, self.beginning)

    def restore(self, reader: RunReader) -> None:
        """Take over the branches of a file, and go to the frontier of the last one. RunFileError."""
        self.lines = restore_lines(reader, self.line)
        self.line = list(self.lines.values())[-1]
        self._numbers = itertools.count(max(branch.number for branch in reader.branches) + 1)
        self.go_to(self.line.frontier)

    @property
    def step(self) -> int:
        return self.trainer.step

    @property
    def config(self) -> RunConfig:
        """That of the step that follows."""
        return self.line.config_after(self.step)

    @property
    def loss(self) -> float:
        """The training loss of the step that led here; NaN at step 0."""
        return float(self.line.history.column("loss")[self.step - 1]) if self.step else math.nan

    def advance(self, watched: bool = False) -> State | None:
        """One step, recorded if it is a new one; its update is measured if it is `watched`.

        Returns the state that it led to if that was made a keyframe. BreakError instead of its update.
        """
        line = self.line
        arrive(self.trainer, line)
        self.trainer.watches_updates = watched
        breaks = self.breaks
        row = self.trainer.train_batch(self._test_breaks if breaks.conditions else None, breaks.watch_numbers)
        if self.step <= line.frontier:
            arrive(self.trainer, line)
            return None
        every = self.config.training.validation_every
        try:
            if every and self.step % every == 0 and self.task.validation:
                first = self.trainer.scalar_names.index("validation_loss")
                row[first : first + len(VALIDATION_SCALARS)] = self._validate()
        finally:  # the step is done, whatever comes after it
            line.history.append_row(self.step, row)
        return self._keep(line) if line.keyframes.due(self.step) else None

    def _validate(self) -> tuple[float, ...]:
        """The values of VALIDATION_SCALARS."""
        free = NOT_MEASURED
        if decodes_at(self.step, self.config.training.validation_every):
            free = free_running_accuracy(self.reader, self.task.validation[:DECODED])
        return *self.trainer.validate(), *free

    def _test_breaks(self, plan: PlannedUpdate) -> None:
        self.breaks.test(self.trainer, self.line.history, plan)

    def _keep(self, line: Line) -> State:
        """Make the present step a keyframe."""
        began = time.perf_counter()
        state = self.trainer.state()
        line.keyframes.add(self.step, state)
        keeping = time.perf_counter() - began
        training = float(np.nanmedian(line.history.column("step_time")[-line.keyframes.near :]))
        line.keyframes.pace(training, keeping)
        return state

    def go_to(self, step: int) -> None:
        """A recorded step of this branch."""
        self.breaks.forget()
        replay(self.trainer, self.line, step)

    def next_number(self) -> int:
        """For a new branch."""
        return next(self._numbers)

    def begin(self, line: Line) -> None:
        """Go on with a new branch, at whose first step the trainer is."""
        self.lines[line.branch.number] = line  # before it is current: other threads look it up here
        self.line = line
        line.keyframes.add(self.step, self.trainer.state())
        self._share_memory()

    def switch(self, line: Line) -> None:
        """Go on with another branch, from its frontier."""
        self.breaks.forget()
        self.trainer.restore(line.keyframes.nearest(line.frontier)[1])
        replay(self.trainer, line, line.frontier)
        self.line = line  # others look at it meanwhile

    def delete(self, branch: int) -> None:
        """Give up a branch, which is not this one."""
        del self.lines[branch]
        self._share_memory()

    def _share_memory(self) -> None:
        for line in self.lines.values():
            line.keyframes.share(len(self.lines))
