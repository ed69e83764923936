"""Any step of a run that another tfviz trains, computed here from what is in its file."""

from collections.abc import Callable
from typing import Self, TypeVar

import numpy as np

from tfviz.training.branching.branches import Line
from tfviz.training.branching.past import Past, Progress
from tfviz.training.config import RunConfig
from tfviz.training.generation.playground import Played, PlaygroundWish, play
from tfviz.training.record.recording import recorded_config
from tfviz.training.run_file import RunReader
from tfviz.training.snapshot import Snapshot
from tfviz.training.stepping.stages import HeadStages, StagesWish
from tfviz.training.stepping.stepper import Stepper
from tfviz.training.tasks import Task, create_task
from tfviz.training.trainer import Trainer

Result = TypeVar("Result")


class Recomputed:
    """A set of parameters that travels through the recorded steps. Any thread may ask, one at a time."""

    def __init__(self, config: RunConfig, task: Task) -> None:
        self.config, self.task = config, task
        self._trainer = Trainer(config, task)
        self.beginning = self._trainer.state()
        """The state at step 0, which follows from the configuration."""
        self.total_steps = self._trainer.total_steps
        self._past = Past(self._trainer, task)
        self._probe = task.probe()

    @classmethod
    def of(cls, reader: RunReader) -> Self | None:
        """None where another program trains the run, or the data that it learns from are not at hand."""
        try:
            config = recorded_config(reader)
            task = create_task(config)
        except (ValueError, OSError):
            return None
        tokens = task.source_tokenizer.tokens, task.target_tokenizer.tokens
        return cls(config, task) if tokens == (reader.source_tokens, reader.target_tokens) else None

    def picture(
        self,
        line: Line,
        step: int,
        progress: Progress | None = None,
        flow: bool = False,
        optimiser: bool = False,
    ) -> Snapshot | None:
        """What the model does after `step` updates; None where `progress` gave up. Flags as of FollowedRun.view."""

        def read(past: Past) -> Snapshot:
            config = line.config_after(step)
            attention, prediction = past.reader.read(self._probe)
            measured = past.reader.read_flow(self._probe) if flow else None
            update = past.update() if optimiser else None
            return Snapshot(
                step, config.training.seed, config, attention, prediction, flow=measured, optimiser=update
            )

        return self._at(line, step, read, progress, optimiser)

    def stages(
        self, line: Line, step: int, wish: StagesWish, progress: Progress | None = None
    ) -> HeadStages | None:
        """A head taken apart, and what the next update did to it; None where `progress` gave up."""
        return self._at(line, step, lambda past: past.stages(line, self._probe, wish, progress), progress)

    def play(
        self, line: Line, step: int, wish: PlaygroundWish, progress: Progress | None = None
    ) -> Played | None:
        """The answer to what somebody tries out; None where `progress` gave up."""
        return self._at(line, step, lambda past: play(past.reader, wish), progress)

    def stepper(self, line: Line, step: int, progress: Progress | None = None) -> Stepper | None:
        """For the step that follows, operation by operation; None where `progress` gave up."""
        return self._at(line, step, lambda past: past.stepper(line.config_after(step)), progress)

    def parameters(self, line: Line, step: int) -> dict[str, np.ndarray]:
        """Copies under torch's names."""
        found = self._at(line, step, Past.parameters)
        assert found is not None  # nobody could give up
        return found

    def close(self) -> None:
        self._past.close()

    def _at(
        self,
        line: Line,
        step: int,
        look: Callable[[Past], Result],
        progress: Progress | None = None,
        by_update: bool = False,
    ) -> Result | None:
        with np.errstate(all="ignore"):
            return self._past.look(line, step, look, progress, by_update)
