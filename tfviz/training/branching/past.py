"""Any moment of a run, computed again beside the training, which goes on undisturbed."""

import threading
from collections.abc import Callable
from typing import Self, TypeVar

import numpy as np

from tfviz.core.parameters import Parameters
from tfviz.training.branching.branches import Line
from tfviz.training.config import RunConfig, with_shards
from tfviz.training.model.inference import Reader
from tfviz.training.snapshot import OptimiserState
from tfviz.training.stepping.stages import HeadStages, StagesWish
from tfviz.training.stepping.stepper import Stepper
from tfviz.training.stepping.trail import Trail
from tfviz.training.stepping.updates import measured
from tfviz.training.tasks import Example, Task
from tfviz.training.trainer import Trainer

Result = TypeVar("Result")

Progress = Callable[[int, int], bool]
"""Told how many of how many steps are recomputed; False gives up."""


def arrive(trainer: Trainer, line: Line) -> None:
    """Make of the state that the trainer is at what the branch has there: with its edits, under the configuration of
    the steps that follow."""
    if line.edits:
        trainer.edit(line.edits_at(trainer.step))
    trainer.reconfigure(line.config_after(trainer.step))


def replay(
    trainer: Trainer, line: Line, step: int, progress: Progress | None = None, trail: Trail | None = None
) -> bool:
    """Bring a trainer to a step of a branch: from where it is if that is on the way, else from the nearest keyframe.

    `trainer` must be at a step of this very branch; states on the way go into the `trail`. False where `progress` gave
    up; the trainer then stands between.
    """
    start, state = line.keyframes.nearest(step)
    if not start <= trainer.step <= step:
        trainer.restore(state)
    first = trainer.step
    arrive(trainer, line)
    while trainer.step < step:
        if progress is not None and not progress(trainer.step - first, step - first):
            return False
        if trail is not None and trail.wants(trainer.step, step):
            trail.keep(trainer.step, trainer.state())
        take_step(trainer, line)
    return True


def take_step(trainer: Trainer, line: Line) -> None:
    """The recorded step of a branch that follows, again."""
    arrive(trainer, line)
    trainer.train_batch()
    arrive(trainer, line)


class Past:
    """A second set of parameters that travels through recorded steps. Any thread may use it, one at a time."""

    def __init__(self, trainer: Trainer, task: Task) -> None:
        self.lock = threading.Lock()
        self._trainer, self._task = trainer, task
        self._line: Line | None = None
        self._trail = Trail()
        self.reader = Reader(trainer.models, task)

    def look(
        self,
        line: Line,
        step: int,
        look: Callable[[Self], Result],
        progress: Progress | None = None,
        by_update: bool = False,
    ) -> Result | None:
        """What `look` sees at a step of a branch, once nobody else looks around; None where `progress` gave up."""
        with self.lock:
            return look(self) if self.visit(line, step, progress, by_update) else None

    def visit(self, line: Line, step: int, progress: Progress | None = None, by_update: bool = False) -> bool:
        """Bring the second set to a step of a branch. The caller holds `lock` while it does so and looks around.

        `by_update`: by taking the last step, whose update can be measured then, even where a keyframe lies.
        """
        if line is not self._line:
            self._trainer.restore(line.keyframes.nearest(step)[1])
            self._line = line
            self._trail.clear()
        arrived = self._trainer.step == step and self._trainer.last_update is not None
        if not by_update or arrived or step == 0:
            return self._replay(line, step, progress)
        if not self._replay(line, step - 1, progress):
            return False
        self._trainer.watches_updates = True
        take_step(self._trainer, line)
        self._trainer.watches_updates = False
        return True

    def _replay(self, line: Line, step: int, progress: Progress | None) -> bool:
        self._use_trail(line, step)
        return replay(self._trainer, line, step, progress, self._trail)

    def _use_trail(self, line: Line, step: int) -> None:
        """Start from a state that was passed before, where that is nearer."""
        passed = self._trail.nearest(step)
        here = self._trainer.step if self._trainer.step <= step else 0
        if passed is not None and passed[0] > max(here, line.keyframes.nearest(step)[0]):
            self._trainer.restore(passed[1])

    def stages(
        self, line: Line, example: Example, wish: StagesWish, progress: Progress | None = None
    ) -> HeadStages | None:
        """A head at the step where it is, and what the update after it moved, if that is recorded: it has then come one
        step further. None where `progress` gave up."""
        step = self._trainer.step
        stages = self.reader.read_stages(example, wish)
        if step >= line.frontier:
            return stages
        if not self.visit(line, step + 1, progress):
            return None
        return stages.moved_to(self.reader.read_stages(example, wish))

    def parameters(self) -> dict[str, np.ndarray]:
        """Copies under torch's names, of where it is."""
        return {name: array.copy() for name, array in self._trainer.parameters.items()}

    def model(self) -> Parameters:
        """A copy of where it is, with the model's configuration there."""
        return self._trainer.model()

    def update(self) -> OptimiserState | None:
        """The update by which it came where it is; None where it was not visited so, and at step 0."""
        return measured(self._trainer)

    def stepper(self, config: RunConfig) -> Stepper:
        """For the step that follows where it is, under this configuration, operation by operation."""
        return Stepper(with_shards(config, self._trainer.shards), self._task, self._trainer.state())

    def close(self) -> None:
        """End its threads, as soon as nobody looks around any more."""
        with self.lock:
            self._trainer.models.close()
