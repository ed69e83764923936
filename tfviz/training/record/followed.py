"""A run that another program trains, or has trained, seen through its file: shown as a session is, but read-only."""

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self, cast

import numpy as np

from tfviz.training.branching.branches import Line, existing
from tfviz.training.branching.keyframes import Keyframes
from tfviz.training.branching.past import Progress
from tfviz.training.branching.recomputed import Recomputed
from tfviz.training.config import RunConfig
from tfviz.training.events import Branched, Finished, Warned
from tfviz.training.gated_thread import GatedThread
from tfviz.training.mailbox import WHOLE, Demand
from tfviz.training.record.file_watch import FileWatch
from tfviz.training.record.file_writer import FileWriter, Life
from tfviz.training.record.followed_pictures import FollowedPictures
from tfviz.training.record.history import History
from tfviz.training.record.recorded import RecordedLines, UnknownTask, newest_branch
from tfviz.training.run_file import Branch, Configuration, RunFileError, RunReader, copy_run_file
from tfviz.training.snapshot import Snapshot
from tfviz.training.stepping.stepper import Stepper
from tfviz.training.tasks import Example, Task


class ReadOnlyError(ValueError):
    """Asked of a followed run what only the program that trains it can do."""


class FollowedRun:
    """What a session answers to whoever shows it: record, pictures of any step, branches. Nothing in it can be changed.

    start() begins to look at the file; histories grow, and while the newest step is the present one it stays so.
    The file is open only while it is read, which its writer does not wait for.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """As RunReader: RunFileError, a ValueError, FileNotFoundError, PermissionError."""
        self.path = os.fspath(path)
        self.writer = FileWriter(self.path)
        self._reader = RunReader(path)
        self._recomputed = Recomputed.of(self._reader)
        self.task: Task = self._recomputed.task if self._recomputed else UnknownTask()
        self._lines = RecordedLines(self._reader, self._recomputed.beginning if self._recomputed else None)
        self._number = newest_branch(self._lines)
        self._thread = GatedThread("tfviz followed run", self._serve, self.show)
        self.gate, self.mailbox = self._thread.gate, self._thread.mailbox
        self._watch = FileWatch(
            self._reader,
            self.writer,
            self.trainer,
            grown=lambda: self.gate.call(self._take_in),
            ended=lambda text: self.mailbox.post(Finished(self._frontier, text)),
            warned=lambda text: self.mailbox.post(Warned(self._frontier, text)),
        )
        self._pictures = FollowedPictures(self._reader, self._recomputed, self.task, self._watch.lose)
        self.opened_from = Path(path).resolve()
        self.unknown_words: tuple[str, ...] = ()
        self._frontier = self._furthest()
        self._step = self._frontier
        self._shown: Snapshot | None = None

    # what it is

    @property
    def shards(self) -> int:
        """Nothing is trained here."""
        return 1

    @property
    def trainer(self) -> str:
        """Who trains it, in words."""
        return self._reader.trainer if self.foreign else "another tfviz"

    @property
    def foreign(self) -> bool:
        """Whether that is another kind of program, so that nothing can be computed again or gone on with."""
        return self._reader.foreign

    @property
    def description(self) -> str:
        """Who wrote how much, and when last."""
        return f"written by {self.trainer}, {self.frontier:,} steps, {self.writer.description}"

    @property
    def can_be_continued(self) -> bool:
        """Whether the file may be opened as a session now."""
        return not self.foreign and self.writer.life in (Life.ENDED, Life.KILLED)

    @property
    def config(self) -> RunConfig:
        """That of the step that follows; another trainer's answers what is asked of it."""
        return cast(RunConfig, self.configuration)

    @property
    def configuration(self) -> Configuration:
        return self.line.config_after(self._step)

    @property
    def seed(self) -> int:
        return self._reader.seed

    @property
    def probe(self) -> Example:
        """The sentence that is shown."""
        shown = self._shown and (self._shown.attention or self._shown.prediction)
        return Example(shown.sentence, shown.target, shown.origin) if shown else Example("", "", "probe")

    # the record

    @property
    def step(self) -> int:
        """The present one: the newest, unless somebody has gone back."""
        return self._step

    @property
    def frontier(self) -> int:
        """The furthest step that is known of."""
        return self._frontier

    @property
    def total_steps(self) -> int | None:
        return self._recomputed.total_steps if self._recomputed else None

    @property
    def loss(self) -> float:
        """Of the step that led to the present one; NaN where it is not known."""
        known = 0 < self._step <= len(self.history) and "loss" in self.history
        return float(self.history.column("loss")[self._step - 1]) if known else math.nan

    @property
    def history(self) -> History:
        return self.line.history

    @property
    def keyframes(self) -> Keyframes:
        return self.line.keyframes

    @property
    def line(self) -> Line:
        return self._lines.all[self._number]

    @property
    def lines(self) -> dict[int, Line]:
        """All branches with their records, by number."""
        return self._lines.all

    @property
    def branches(self) -> tuple[Branch, ...]:
        return tuple(line.branch for line in self._lines.all.values())

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """Copies of those of the present step under torch's names; none where they cannot be computed."""
        return self._recomputed.parameters(self.line, self._step) if self._recomputed else {}

    def parameters_at(self, step: int) -> dict[str, np.ndarray]:
        """The same at any recorded step."""
        return self._recomputed.parameters(self.line, step) if self._recomputed else {}

    def view(
        self,
        step: int,
        branch: int | None = None,
        progress: Progress | None = None,
        demand: Demand = WHOLE,
    ) -> Snapshot | None:
        """What is known of a step: the picture that was recorded then, or one that is computed here; of another
        trainer's run the last one recorded before, which names its own step. None where `progress` gave up, a
        snapshot of nothing at all where there is none or the file cannot be read any more.

        What is measured anew is there where steps can be computed. ValueError where the branch or
        the step does not exist.
        """
        return self._pictures.view(self._reaching(step, branch), step, progress, demand)

    def stepper(
        self, step: int, branch: int | None = None, progress: Progress | None = None
    ) -> Stepper | None:
        """As Session.stepper. ValueError also where the steps of this run cannot be computed here."""
        line = self._reaching(step, branch)
        if self._recomputed is None:
            raise ValueError(f"the steps of {self.path} cannot be computed here, so none can be taken apart")
        return self._recomputed.stepper(line, step, progress)

    def snapshot(self, demand: Demand | None = None) -> Snapshot:
        """The picture of the present step. ValueError where there is none of it."""
        picture = self.view(self._step)
        if picture is None or picture.attention is None:
            raise ValueError(f"{self.path} has no attention up to step {self._step:,}")
        return picture

    def save(self, path: str | os.PathLike[str]) -> None:
        """Copy the file as it is now. OSError, RunFileError."""
        copy_run_file(self.path, path)

    def switch(self, branch: int) -> None:
        """Show another branch, at its newest step. ValueError if there is none of that number."""
        self._number = existing(self._lines.all, branch).branch.number
        self._frontier = self._step = self._furthest()
        self.mailbox.post(Branched(self._step, branch, self.line.branch.name))

    def set_probe(self, probe: str | int) -> None:
        raise ReadOnlyError(
            f"{self.trainer} trains this run: only the sentence that it recorded can be shown"
        )

    def change(self, values: Mapping[str, object]) -> Branch:
        raise self._refusal("changed")

    def branch(self, name: str) -> Branch:
        raise self._refusal("branched off")

    def delete(self, branch: int) -> None:
        raise self._refusal("deleted")

    def why_kept(self, branch: int) -> str:
        """Why a branch cannot be deleted."""
        return str(self._refusal("deleted"))

    # being looked at

    @property
    def running(self) -> bool:
        """Whether the file is looked at."""
        return self._thread.running

    def start(self) -> None:
        """Begin to look at the file."""
        self._thread.start()
        self._watch.start()

    def close(self) -> None:
        """Look no more. What was read stays readable."""
        self._watch.stop()
        self._thread.stop()
        if self._recomputed:
            self._recomputed.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def go_to(self, step: int) -> None:
        """Make a recorded step the present one. ValueError beyond the frontier."""
        self.line.check_recorded(step, self._frontier)
        self._step = step

    def show(self) -> None:
        """Leave a picture in the mailbox: of the present step or, at the frontier, the newest that needs no steps to be
        computed again while they are still being trained."""
        picture = self._pictures.newest(self.line, self._step, self._frontier, self.mailbox.wanted)
        if picture is not None:
            self._shown = picture
            self.mailbox.put(picture)

    # the thread that serves the gate

    def _serve(self) -> None:
        """Go through the record as the gate lets it; what is new in the file is taken in between two steps."""
        while self.gate.pass_step(self._step, self.loss):
            if self._step < self._frontier:
                self._step += 1
                if self.mailbox.wanted and self.mailbox.taken:
                    self.show()
            else:
                self.gate.pause()

    def _take_in(self) -> None:
        """What is new in the file. Who stands at the end of the newest branch stays at the end of the newest."""
        at_end, newest = self._step == self._frontier, newest_branch(self._lines)
        try:
            self._lines.refresh()
        except (RunFileError, OSError) as error:
            self._watch.lose(error)
            return
        if self._number not in self._lines.all or (
            at_end and newest == self._number < newest_branch(self._lines)
        ):
            self.switch(newest_branch(self._lines))
        self._frontier = self._furthest()
        if at_end or self._step > self._frontier:
            self._step = self._frontier
            self.show()

    # what is in the file

    def _furthest(self) -> int:
        """Of the present branch. A trainer that records no scalars has snapshots at least."""
        steps = self._reader.snapshot_steps(self._number) if self.foreign else []
        return max(len(self.history), steps[-1] if steps else 0)

    def _reaching(self, step: int, branch: int | None) -> Line:
        line = existing(self._lines.all, self._number if branch is None else branch)
        line.check_recorded(step, self._frontier if line is self.line else None)
        return line

    def _refusal(self, done: str) -> ReadOnlyError:
        return ReadOnlyError(f"{self.trainer} trains this run: here it can be looked at, not {done}")
