"""What can be seen of a run that another program trains: pictures that it recorded, or that are computed again here."""

from collections.abc import Callable
from dataclasses import replace

from tfviz.training.branching.branches import Line
from tfviz.training.branching.past import Progress
from tfviz.training.branching.recomputed import Recomputed
from tfviz.training.mailbox import Demand
from tfviz.training.record.recorded import last_snapshot, no_snapshot
from tfviz.training.run_file import RunFileError, RunReader
from tfviz.training.snapshot import Snapshot
from tfviz.training.tasks import Task


class FollowedPictures:
    """Reads and computes; any thread may ask. Of another trainer's run only what was recorded is known."""

    def __init__(
        self, reader: RunReader, recomputed: Recomputed | None, task: Task, lose: Callable[[Exception], None]
    ) -> None:
        """`lose` is told that the file cannot be read."""
        self._reader, self._recomputed, self._task, self._lose = reader, recomputed, task, lose

    def view(self, line: Line, step: int, progress: Progress | None, demand: Demand) -> Snapshot | None:
        """As FollowedRun.view, of a step that there is."""
        picture = self._picture(line, step, self._recomputed, progress, demand.flow, demand.optimiser)
        self._keep_heads(line, picture)
        return picture and self._with_answers(line, picture, demand, progress)

    def newest(self, line: Line, step: int, frontier: int, demand: Demand) -> Snapshot | None:
        """Of a step or, at the frontier, of the newest one that needs no steps to be computed again while they are
        still being trained."""
        recomputed = self._recomputed
        picture = self._picture(line, step, recomputed if step < frontier else None)
        if picture is not None and picture.attention is None and recomputed is not None:
            step = max((kept for kept in line.keyframes.steps if kept <= step), default=0)
            picture = self._picture(line, step, recomputed)
        if picture is not None and (picture.step < frontier or picture.step in line.keyframes.steps):
            picture = self._with_answers(line, picture, demand)
        self._keep_heads(line, picture)
        return picture

    def _with_answers(
        self, line: Line, picture: Snapshot, demand: Demand, progress: Progress | None = None
    ) -> Snapshot | None:
        """With what is tried out and the head that is taken apart, which no file has; None where `progress` gave up."""
        if self._recomputed is None:
            return picture
        if demand.playground is not None:
            played = self._recomputed.play(line, picture.step, demand.playground, progress)
            if played is None:
                return None
            picture = replace(picture, playground=played)
        if demand.stages is None:
            return picture
        stages = self._recomputed.stages(line, picture.step, demand.stages, progress)
        return None if stages is None else replace(picture, stages=stages)

    def _picture(
        self,
        line: Line,
        step: int,
        recomputed: Recomputed | None,
        progress: Progress | None = None,
        flow: bool = False,
        optimiser: bool = False,
    ) -> Snapshot | None:
        """As `view`."""
        try:
            try:
                return self._read_picture(line, step, recomputed, progress, flow, optimiser)
            except RunFileError:  # the writer may have thinned what the last look had found
                if not self._reader.refresh():
                    raise
                return self._read_picture(line, step, recomputed, progress, flow, optimiser)
        except (RunFileError, OSError) as error:
            self._lose(error)
            return no_snapshot(self._reader, line, step)

    def _read_picture(
        self,
        line: Line,
        step: int,
        recomputed: Recomputed | None,
        progress: Progress | None,
        flow: bool,
        optimiser: bool,
    ) -> Snapshot | None:
        recorded = last_snapshot(self._reader, line, step)
        complete = recorded.step == step and recorded.attention
        if recomputed is None or (complete and not (flow or optimiser)):
            return recorded
        picture = recomputed.picture(line, step, progress, flow, optimiser)
        if complete and picture:
            return replace(recorded, flow=picture.flow, optimiser=picture.optimiser)
        return picture

    def _keep_heads(self, line: Line, picture: Snapshot | None) -> None:
        """Put what the heads do in a picture into the history."""
        if picture is not None and picture.attention is not None:
            line.history.heads.look(picture.step, picture.attention, self._task)
