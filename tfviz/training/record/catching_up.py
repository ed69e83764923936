"""Going on with a run file that was only read so far: what the run has become meanwhile goes there first."""

from collections.abc import Mapping

from tfviz.training.branching.branches import Line
from tfviz.training.config import RunConfig
from tfviz.training.record.recording import EDIT, INTERVENTION, Recording
from tfviz.training.run_file import RunReader


def catch_up(recording: Recording, reader: RunReader, lines: Mapping[int, Line]) -> None:
    """Record what branches have and their file lacks; `recording` follows those that are in the file already.

    For the worker's thread, or while nobody trains. The steps themselves are no concern here: following writes them.
    """
    there = {branch.number for branch in reader.branches}
    for number in sorted(there - lines.keys(), reverse=True):
        recording.delete(number)
    for number, line in lines.items():
        if number not in there:
            recording.follow(line)
            continue
        known = _interventions(reader, number)
        for step, config in line.own_configs:
            if known.get(step) != config:
                recording.intervention(line, step, config)
        written = sum(event.kind == EDIT and event.branch == number for event in reader.events(number))
        for step, edit in line.own_edits[written:]:
            recording.edit(line, step, edit)
        last = max(reader.keyframe_steps(number), default=0)
        for step in line.keyframes.steps:
            if step > last:
                recording.keyframe(line, step, line.keyframes.nearest(step)[1], optional=False)


def _interventions(reader: RunReader, branch: int) -> dict[int, RunConfig]:
    """Step -> the configuration that the branch's own steps have from there on; of two at one step the later one."""
    return {
        event.step: RunConfig.from_dict(event.data["config"])
        for event in reader.events(branch)
        if event.kind == INTERVENTION and event.branch == branch
    }
