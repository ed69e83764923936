"""What can be done to a run, and the branches that come of it: nothing that was recorded is ever changed."""

from collections.abc import Callable, Mapping

from tfviz.training.branching.branches import Line, changed_together, describe, existing
from tfviz.training.branching.edits import Edit
from tfviz.training.branching.past import arrive, replay
from tfviz.training.branching.what_if import WhatIf
from tfviz.training.config import difference
from tfviz.training.events import Branched, Event, Intervened
from tfviz.training.record.session_file import SessionFile
from tfviz.training.run import Run
from tfviz.training.run_file import Branch


class Futures:
    """Changes a run at its frontier in its branch, before it in a new one; written and told of.

    For the worker's thread, or while nobody trains, but `why_kept`. Errors are those of the session's methods.
    """

    def __init__(self, run: Run, file: SessionFile, post: Callable[[Event], None]) -> None:
        self._run, self._file, self._post = run, file, post

    def change(self, values: Mapping[str, object]) -> Branch:
        """Other values of the configuration from here on. Returns the branch that has them."""
        run, before = self._run, self._run.config
        after = changed_together(before, values)
        changes = difference(before, after)
        if not changes:
            return run.line.branch
        said = describe(changes)
        self._leave_the_past(said)
        run.line.change(run.step, after)
        arrive(run.trainer, run.line)
        if self._file.recording:
            self._file.recording.intervention(run.line, run.step, after)
        return self._told(said)

    def edit(self, edit: Edit) -> Branch:
        """Other weights here. Returns the branch that has them."""
        run = self._run
        edit.check(run.trainer.parameters)
        self._leave_the_past(str(edit))
        run.line.edit(run.step, edit)
        arrive(run.trainer, run.line)
        if self._file.recording:
            self._file.recording.edit(run.line, run.step, edit)
        return self._told(str(edit))

    def _leave_the_past(self, what: str) -> None:
        """Before the frontier a new branch bears what is done."""
        if self._run.step < self._run.line.frontier:
            self.fork(f"{what} from step {self._run.step:,}")

    def _told(self, what: str) -> Branch:
        """The branch in which it is done now, after telling of it."""
        self._post(Intervened(self._run.step, what))
        return self._run.line.branch

    def undo(self, step: int | None) -> Branch:
        """Leave from just before what was done on the way of this branch at a step, or last in the branch itself."""
        run, line = self._run, self._run.line
        if step in {at for at, _ in (*line.interventions, *line.edits)}:
            while step not in line.intervention_steps and line.branch.parent is not None:
                line = run.lines[line.branch.parent]
        steps = line.intervention_steps
        if not steps or (step is not None and step not in steps):
            place = "" if step is None else f" at step {step:,}"
            raise ValueError(f"there is nothing to undo{place} in branch {run.line.branch.name!r}")
        step = max(steps) if step is None else step
        other = line.undone(run.next_number(), f"{line.branch.name}, undone at step {step:,}", step)
        if not step:
            other.keyframes.add(0, run.beginning)
        run.trainer.restore(other.keyframes.nearest(step)[1])
        replay(run.trainer, other, step)
        return self._begin(other)

    def what_if(self, preset: WhatIf) -> Branch:
        """Break one thing in a new branch, from here or from the start."""
        run = self._run
        preset.check(run.line.config_after(0 if preset.from_start else run.step))
        if preset.from_start:
            run.go_to(0)
        values = preset.values(run.config)
        self.fork(preset.branch_name(run.step))
        return self.change(values)

    def fork(self, name: str) -> Branch:
        """Leave this branch here, unchanged so far."""
        run = self._run
        return self._begin(run.line.fork(run.next_number(), name, run.step))

    def _begin(self, line: Line) -> Branch:
        """Go on with a new branch, at whose first step the trainer is."""
        self._run.begin(line)
        if self._file.recording:
            self._file.recording.follow(line)
        self._tell_branch()
        return line.branch

    def switch(self, line: Line) -> None:
        """Go on with another branch."""
        self._run.switch(line)
        self._tell_branch()

    def _tell_branch(self) -> None:
        branch = self._run.line.branch
        self._post(Branched(self._run.step, branch.number, branch.name))

    def delete(self, branch: int) -> None:
        """Give up a branch that may be given up."""
        self._run.delete(branch)
        if self._file.recording:
            self._file.recording.delete(branch)

    def why_kept(self, branch: int) -> str | None:
        """Why a branch cannot be deleted, in a sentence; None where it can. Any thread may ask."""
        lines = self._run.lines.copy()
        line = existing(lines, branch)
        others = [other.branch.name for other in lines.values() if other.branch.parent == branch]
        if line is not self._run.line and line.branch.parent is not None and not others:
            return None
        reason = f"{', '.join(others)} left it" if others else "it is the main or the current one"
        return f"branch {line.branch.name!r} cannot be deleted: {reason}"
