"""The branches of a run as its file has them, in the form in which steps are computed again."""

from dataclasses import replace
from typing import cast

from tfviz.training.branching.branches import Line
from tfviz.training.branching.keyframes import Keyframes
from tfviz.training.config import RunConfig
from tfviz.training.record.recording import check_state, edited_fork, recorded_config, restore_configs
from tfviz.training.run_file import Branch, RunReader
from tfviz.training.snapshot import Snapshot
from tfviz.training.tasks import Task
from tfviz.training.trainer import State


class UnknownTask(Task):
    """What another trainer learns: nothing is known of its data."""

    def __init__(self) -> None:
        """No configuration, no pairs."""


class RecordedKeyframes(Keyframes):
    """Those of one branch in a file that may still grow, each read when it is needed."""

    def __init__(self, reader: RunReader, branch: int, beginning: State | None) -> None:
        """`beginning` is the state at step 0, like which all others must be; None where none will be asked for."""
        super().__init__()
        self._reader, self._branch, self._beginning = reader, branch, beginning
        self.left_out: frozenset[int] = frozenset()
        """Steps whose states are those of others."""
        self._last: tuple[int, State] | None = None

    @property
    def steps(self) -> tuple[int, ...]:
        return tuple(step for step in self._reader.keyframe_steps(self._branch) if step not in self.left_out)

    def nearest(self, step: int) -> tuple[int, State]:
        if self._beginning is None:
            raise KeyError(f"no keyframe at or before step {step}")
        place = max((kept for kept in self.steps if kept <= step), default=0)
        if place == 0:
            return 0, self._beginning
        if self._last is None or self._last[0] != place:
            state = self._reader.keyframe(self._branch, place)
            check_state(state, self._beginning, place, self._reader.path)
            self._last = place, state
        return self._last


class RecordedLines:
    """All branches by number. `refresh` after the reader's own sees what was written since."""

    def __init__(self, reader: RunReader, beginning: State | None) -> None:
        """`beginning` as for RecordedKeyframes."""
        self._reader, self._beginning = reader, beginning
        self._known: dict[int, tuple[Branch, Line]] = {}
        self.all: dict[int, Line] = {}
        self.refresh()

    def refresh(self) -> None:
        """Take in new branches and interventions; a Line that was given out stays the same object.

        A killed writer may have left a branch whose parent's last steps are not there: it is left out.
        """
        lines: dict[int, Line] = {}
        for branch in self._reader.branches:
            if self._reader.foreign:
                line = self._line(branch)
                line.configs = [(0, cast(RunConfig, branch.config))]  # which answers what is asked of it
            elif branch.parent is None:
                line = self._line(branch)
                restore_configs(
                    line, replace(line, configs=[(0, recorded_config(self._reader))]), self._reader
                )
            elif branch.parent in lines and branch.fork <= lines[branch.parent].frontier:
                line = self._line(branch)
                parent = lines[branch.parent]
                restore_configs(line, parent, self._reader)
                of_parent = cast(RecordedKeyframes, parent.keyframes).left_out
                cast(RecordedKeyframes, line.keyframes).left_out = of_parent | edited_fork(branch, parent)
            else:
                continue
            lines[branch.number] = line
        self.all = lines

    def _line(self, branch: Branch) -> Line:
        known, line = self._known.get(branch.number, (None, None))
        if line is None or known != branch:
            keyframes = RecordedKeyframes(self._reader, branch.number, self._beginning)
            line = Line(branch, self._reader.history(branch.number), keyframes)
            self._known[branch.number] = branch, line
        return line


def newest_branch(lines: RecordedLines) -> int:
    """The one that was made last, and so most likely is the one that is trained."""
    return max(lines.all)


def extent(reader: RunReader) -> list[tuple[int, int, list[int]]]:
    """How much there is of every branch: its number, steps, newest snapshot."""
    return [
        (branch.number, len(reader.history(branch.number)), reader.snapshot_steps(branch.number)[-1:])
        for branch in reader.branches
    ]


def last_snapshot(reader: RunReader, line: Line, step: int) -> Snapshot:
    """The last one that is not after a step; one of nothing at all where there is none. RunFileError, OSError."""
    found = reader.snapshot_at_or_before(line.branch.number, step)
    return found or no_snapshot(reader, line, step)


def no_snapshot(reader: RunReader, line: Line, step: int) -> Snapshot:
    """What is shown where nothing was recorded."""
    return Snapshot(step, reader.seed, line.config_after(step))
