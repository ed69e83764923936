"""A run file beside the run that is shown, of which single steps are looked at to compare them."""

import os
from pathlib import Path

from tfviz.training.branching.past import Progress
from tfviz.training.run_file import MAIN, Branch, RunReader
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot
from tfviz.training.tasks import Example


class OtherRun:
    """Read-only. Pictures may take long, and one thread at a time may ask for them."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """As RunReader: RunFileError, FileNotFoundError, PermissionError."""
        self.path = os.fspath(path)
        self._reader = RunReader(path)
        self._session: Session | None = None

    @property
    def name(self) -> str:
        return Path(self.path).name

    @property
    def branches(self) -> tuple[Branch, ...]:
        return self._reader.branches

    @property
    def computable(self) -> bool:
        """Whether any step can be seen with any sentence; else only what was recorded can."""
        return not self._reader.foreign

    def last_step(self, branch: int) -> int:
        """The furthest step of a branch."""
        return max([len(self._reader.history(branch)), *self._reader.snapshot_steps(branch)[-1:]])

    def place(self, branch: int) -> str:
        """What a step of a branch is called by: the file, and the branch where it is not the main one."""
        return self.name if branch == MAIN else f"{self.name}, {self._reader.branch(branch).name}"

    def view(
        self, step: int, branch: int, probe: Example, progress: Progress | None = None
    ) -> Snapshot | None:
        """A step as it reads this sentence; of a run that another program trained, the picture that was recorded last
        by then. None where `progress` gave up.

        ValueError, in a sentence, where there is no such picture.
        """
        if not self.computable:
            snapshot = self._reader.snapshot_at_or_before(branch, step)
            if snapshot is None or snapshot.attention is None:
                raise ValueError(f"{self.name} has no attention up to step {step:,}")
            return snapshot
        if self._session is None:
            self._session = Session.open(self.path)
        task = self._session.task
        unknown = [*task.source_tokenizer.unknown(probe.source), *task.target_tokenizer.unknown(probe.target)]
        if unknown:
            raise ValueError(f"“{unknown[0]}” is not in the vocabulary of {self.name}")
        if probe.source:
            self._session.probe = probe
        return self._session.view(step, branch, progress)

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
