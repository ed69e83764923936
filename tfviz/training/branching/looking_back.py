"""Any recorded step of a run that is trained, seen while training goes on: computed again beside it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from tfviz.training.branching.branches import Line
from tfviz.training.branching.past import Past, Progress
from tfviz.training.mailbox import Demand
from tfviz.training.pictures import Pictures
from tfviz.training.run import Run
from tfviz.training.snapshot import OptimiserState, Snapshot
from tfviz.training.stepping.stepper import Stepper
from tfviz.training.stepping.updates import measured
from tfviz.training.trainer import Trainer

Result = TypeVar("Result")


class LookingBack:
    """A second set of parameters, made when it is needed first. Any thread may ask; one waits for the other.

    ValueError, of all methods, for a step that is not recorded in the branch; None where `progress` gave up.
    """

    def __init__(self, run: Run, pictures: Pictures) -> None:
        self._run, self._pictures = run, pictures
        self._past: Past | None = None
        self._lock = threading.Lock()

    def view(self, line: Line, step: int, progress: Progress | None, demand: Demand) -> Snapshot | None:
        """A picture of a step."""

        def look(past: Past) -> Snapshot | None:
            update = past.update() if demand.optimiser else None
            now = replace(demand, stages=None)
            snapshot = self._pictures.take(line, past.reader, step, now, update)
            if demand.stages is None:
                return snapshot
            stages = past.stages(line, self._pictures.probe, demand.stages, progress)
            return None if stages is None else replace(snapshot, stages=stages)

        return self.look(line, step, look, progress, by_update=demand.optimiser)

    def update(self, hurried: bool) -> OptimiserState | None:
        """What led to the present step; if nobody watched it, it is made again, unless that is too slow by now.

        For the worker's thread, or while nobody trains.
        """
        line, step = self._run.line, self._run.step
        update = measured(self._run.trainer)
        if update is None and step and not hurried:
            update = self.look(line, step, Past.update, by_update=True)
        return update

    def stepper(self, line: Line, step: int, progress: Progress | None) -> Stepper | None:
        """For the step after this one, operation by operation."""
        return self.look(line, step, lambda past: past.stepper(line.config_after(step)), progress)

    def copied(self, step: int, copy: Callable[[Past], Result]) -> Result:
        """What `copy` takes from a step of the present branch."""
        found = self.look(self._run.line, step, copy)
        assert found is not None  # nobody could give up
        return found

    def look(
        self,
        line: Line,
        step: int,
        look: Callable[[Past], Result],
        progress: Progress | None = None,
        by_update: bool = False,
    ) -> Result | None:
        """What `look` sees of a step; `by_update` as for Past."""
        line.check_recorded(step)
        with self._lock:
            if self._past is None:
                self._past = Past(Trainer(self._run.first_config, self._run.task), self._run.task)
        return self._past.look(line, step, look, progress, by_update)

    def close(self) -> None:
        if self._past:
            self._past.close()
