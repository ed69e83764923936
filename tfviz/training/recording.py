"""How a session and its run file speak: what is written of a branch, and how branches are read again."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from tfviz.training.branches import Line
from tfviz.training.config import RunConfig
from tfviz.training.history import History
from tfviz.training.keyframes import Keyframes
from tfviz.training.run_file import Recorder, RunFileError, RunReader, replacing
from tfviz.training.snapshot import Snapshot
from tfviz.training.tasks import Task
from tfviz.training.trainer import State

Warn = Callable[[str, int], None]
INTERVENTION = "intervention"


class Recording:
    """Hands a session's doings to the recorder. Every method returns at once, but close() and copy_to()."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        config: RunConfig,
        task: Task,
        shards: int,
        warn: Warn,
        overwrite: bool,
    ) -> Self:
        """A new run file. FileExistsError, OSError."""
        return cls(
            Recorder.create(
                path,
                config,
                task.source_tokenizer.tokens,
                task.target_tokenizer.tokens,
                overwrite=overwrite,
                shards=shards,
                warn=warn,
            )
        )

    @classmethod
    def resume(cls, path: str | os.PathLike[str], lines: Iterable[Line], warn: Warn) -> Self:
        """Go on writing to the file that the branches were read from."""
        recording = cls(Recorder(path, warn=warn))
        for line in lines:
            recording._recorder.follow(line.branch, line.history)
        return recording

    @staticmethod
    @contextmanager
    def temporary(path: str | os.PathLike[str]) -> Iterator[str]:
        """A place beside `path` to write a file that takes its name when it is whole."""
        with replacing(path) as target:
            yield target

    @property
    def path(self) -> Path:
        return Path(self._recorder.path)

    def follow(self, line: Line) -> None:
        """Write a branch: what it was so far, and what it will be."""
        self._recorder.follow(line.branch, line.history)
        for (_, _), (step, config) in zip(line.configs, line.configs[1:], strict=False):
            if step >= line.branch.fork:
                self.intervention(line, step, config)
        for step in line.keyframes.steps:
            if step > line.branch.fork or not line.branch.number:
                self.keyframe(line, step, line.keyframes.nearest(step)[1])

    def intervention(self, line: Line, step: int, config: RunConfig) -> None:
        """The steps after `step` are made with another configuration."""
        self._recorder.event(line.branch.number, step, INTERVENTION, {"config": config.to_dict()})

    def keyframe(self, line: Line, step: int, state: State, optional: bool = True) -> None:
        self._recorder.keyframe(line.branch.number, step, state, optional=optional)

    def snapshot(self, line: Line, snapshot: Snapshot, optional: bool = True) -> None:
        self._recorder.snapshot(line.branch.number, snapshot, optional=optional)

    def delete(self, branch: int) -> None:
        self._recorder.remove_branch(branch)

    def copy_to(self, path: str | os.PathLike[str]) -> None:
        """The file as it is now, under another name. Takes as long as copying takes."""
        self._recorder.copy_to(path)

    def close(self, line: Line, state: State, snapshot: Snapshot) -> None:
        """Write the last state and picture, and leave one file."""
        self.keyframe(line, snapshot.step, state, optional=False)
        self.snapshot(line, snapshot, optional=False)
        self._recorder.close()


def restore_lines(reader: RunReader, first: Line) -> dict[int, Line]:
    """The branches of a run file; `first` is the main branch at step 0, as the configuration makes it."""
    lines: dict[int, Line] = {}
    for branch in reader.branches:
        configs = (
            list(first.configs) if branch.parent is None else _inherited(lines[branch.parent], branch.fork)
        )
        for event in reader.events(branch.number):
            if event.kind == INTERVENTION and event.branch == branch.number:
                configs = [entry for entry in configs if entry[0] < event.step]
                configs.append((event.step, RunConfig.from_dict(event.data["config"])))
        history = History(first.history.names)
        recorded = reader.history(branch.number)
        if len(recorded):
            history.extend({name: recorded.column(name) for name in recorded.names})
        keyframes = Keyframes(first.keyframes.budget)
        beginning = first.keyframes.nearest(0)[1]
        keyframes.add(0, beginning)
        for step in reader.keyframe_steps(branch.number):
            if 0 < step <= len(history):
                state = reader.keyframe(branch.number, step)
                _check(state, beginning, step, reader.path)
                keyframes.add(step, state)
        lines[branch.number] = Line(branch, history, keyframes, configs)
    return lines


def _check(state: State, like: State, step: int, path: str) -> None:
    """RunFileError unless a keyframe holds what a state of this run holds."""
    if {name: (array.shape, array.dtype) for name, array in state.items()} != {
        name: (array.shape, array.dtype) for name, array in like.items()
    } or int(state["step"]) != step:
        raise RunFileError(f"{path} is damaged: its keyframe of step {step} does not fit the run's model")


def _inherited(parent: Line, fork: int) -> list[tuple[int, RunConfig]]:
    return [(step, config) for step, config in parent.configs if step <= fork]
