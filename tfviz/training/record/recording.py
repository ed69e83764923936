"""How a session and its run file speak: what is written of a branch, and how branches are read again."""

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Self, cast

from tfviz.core.optimizers import OPTIMIZERS
from tfviz.training.branching.branches import Line, needs_new_run
from tfviz.training.branching.edits import Edit, edit_from_dict, edit_to_dict
from tfviz.training.config import RunConfig, with_shards
from tfviz.training.record.history import History
from tfviz.training.run_file import Branch, Recorder, RunFileError, RunReader, replacing
from tfviz.training.snapshot import Snapshot
from tfviz.training.tasks import Task
from tfviz.training.trainer import State
from tfviz.training.training_config import MOST_SHARDS

Warn = Callable[[str, int], None]
INTERVENTION, EDIT = "intervention", "edit"
KEPT_SHARE = 0.5
"""Part of the memory for keyframes that those of a file may fill at once; where there are more, they stay there."""
FLUSH = 300.0
"""Seconds that a disk may take for a whole run."""


class Recording:
    """Hands a session's doings to the recorder. Every method returns at once, but copy_to(), flush() and close()."""

    def __init__(self, recorder: Recorder, shards: int) -> None:
        self._recorder, self._shards = recorder, shards

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
                with_shards(config, shards),
                task.source_tokenizer.tokens,
                task.target_tokenizer.tokens,
                overwrite=overwrite,
                shards=shards,
                warn=warn,
            ),
            shards,
        )

    @classmethod
    def resume(cls, path: str | os.PathLike[str], lines: Iterable[Line], shards: int, warn: Warn) -> Self:
        """Go on writing to the file that the branches were read from."""
        recording = cls(Recorder(path, warn=warn), shards)
        for line in lines:
            recording._recorder.follow(recording._branch(line), line.history)
        return recording

    @classmethod
    def write(
        cls,
        path: str | os.PathLike[str],
        config: RunConfig,
        task: Task,
        shards: int,
        hand_over: Callable[[Self], None],
    ) -> None:
        """A run file at once, of what `hand_over` gives, in the place of an older one; or nothing, and an error."""
        with replacing(path) as target:
            recording = cls.create(target, config, task, shards, lambda text, step: None, True)
            try:
                hand_over(recording)
                recording.flush()
            finally:
                recording.close()

    @property
    def path(self) -> Path:
        return Path(self._recorder.path)

    def follow(self, line: Line) -> None:
        """Write a branch: what it was so far, and what it will be."""
        self._recorder.follow(self._branch(line), line.history)
        for step, config in line.own_configs:
            self.intervention(line, step, config)
        for step, edit in line.own_edits:
            self.edit(line, step, edit)
        for step in line.keyframes.steps:
            if step > line.branch.fork or not line.branch.number:
                found, state = line.keyframes.nearest(step)
                if found == step:  # else it has gone meanwhile
                    self.keyframe(line, step, state, optional=False)

    def intervention(self, line: Line, step: int, config: RunConfig) -> None:
        """The steps after `step` are made with another configuration."""
        written = with_shards(config, self._shards).to_dict()
        self._recorder.event(line.branch.number, step, INTERVENTION, {"config": written})

    def edit(self, line: Line, step: int, edit: Edit) -> None:
        """Something is done to the weights after `step`."""
        self._recorder.event(line.branch.number, step, EDIT, {"edit": edit_to_dict(edit)})

    def keyframe(self, line: Line, step: int, state: State, optional: bool = True) -> None:
        self._recorder.keyframe(line.branch.number, step, state, optional=optional)

    def snapshot(self, line: Line, snapshot: Snapshot, optional: bool = True) -> None:
        self._recorder.snapshot(line.branch.number, snapshot, optional=optional)

    def _branch(self, line: Line) -> Branch:
        """As it is written: whatever the rule that finds the shards will be, the bits depend on those of today."""
        config = cast(RunConfig, line.branch.config)  # a session trains no other
        return replace(line.branch, config=with_shards(config, self._shards))

    def delete(self, branch: int) -> None:
        self._recorder.remove_branch(branch)

    def writes(self, path: str | os.PathLike[str]) -> bool:
        """Whether this is the file that is written."""
        return Path(path).resolve() == self.path

    def copy_to(self, path: str | os.PathLike[str]) -> None:
        """The file as it is now, under another name; takes as long as copying takes. RunFileError, OSError."""
        self.flush()
        if not self.writes(path):
            self._recorder.copy_to(path)

    def flush(self) -> None:
        """Wait until all that was handed over is in the file. RunFileError where it cannot be."""
        if not self._recorder.flush(FLUSH):
            raise RunFileError(self._recorder.problem or f"{self.path} takes too long to write")

    def close(self) -> None:
        """Write what waits, and leave one file."""
        self._recorder.close()


def recorded_config(reader: RunReader) -> RunConfig:
    """That of the main branch, with the shards that its run was computed with.

    A file of an earlier version may have them in its fingerprint alone. ValueError where another trainer wrote it.
    """
    config = reader.config
    if reader.foreign or not isinstance(config, RunConfig):
        raise ValueError(
            f"{reader.path} was written by {reader.trainer}: it can be looked at, not trained on"
        )
    shards = reader.fingerprint.get("shards")
    known = type(shards) is int and 1 <= shards <= min(MOST_SHARDS, config.training.batch_size)
    return with_shards(config, shards) if known else config


def restore_lines(reader: RunReader, first: Line) -> dict[int, Line]:
    """The branches of a run file; `first` is the main branch at step 0, as the configuration makes it.

    A program that was killed may have left a branch whose parent's last steps are not there: it has none of its own.
    """
    lines: dict[int, Line] = {}
    not_shared: dict[int, frozenset[int]] = {}  # branch -> steps whose recorded states are those of others
    beginning = first.keyframes.nearest(0)[1]
    for branch in reader.branches:
        parent = first if branch.parent is None else lines.get(branch.parent)
        if parent is None or branch.fork > len(parent.history):
            continue
        of_parent = not_shared.get(parent.branch.number, frozenset())
        others = not_shared[branch.number] = of_parent | edited_fork(branch, parent)
        shared = branch.fork - 1 if branch.fork in others else branch.fork
        line = Line(branch, History(first.history.names), parent.keyframes.up_to(shared), [])
        if shared < 0:
            line.keyframes.add(0, beginning)
        restore_configs(line, parent, reader)
        line.keyframes.share(len(reader.branches))
        recorded = reader.history(branch.number)
        if len(recorded):
            line.history.extend({name: recorded.column(name) for name in recorded.names})
        own = [step for step in reader.keyframe_steps(branch.number) if branch.fork < step <= len(recorded)]
        if len(own) * sum(array.nbytes for array in beginning.values()) > KEPT_SHARE * line.keyframes.budget:
            there = [step for step in reader.keyframe_steps(branch.number)[:-1] if step not in others]
            line.keyframes.lend(there, lender(reader, branch, beginning))
            own = own[-1:]
        for step in own:
            state = reader.keyframe(branch.number, step)
            check_state(state, beginning, step, reader.path)
            line.keyframes.add(step, state)
        lines[branch.number] = line
    return lines


def edited_fork(branch: Branch, parent: Line) -> frozenset[int]:
    """The step of the fork if the parent edits weights there.

    Nobody knows which of the edits a state that was recorded there has, and they need not be those of the branch.
    """
    edited = branch.parent is not None and parent.edits_at(branch.fork)
    return frozenset({branch.fork} if edited else ())


def lender(reader: RunReader, branch: Branch, beginning: State) -> Callable[[int], State | None]:
    """Reads keyframes of a branch from the file as it is by then, if it still holds this run."""

    def read(step: int) -> State | None:
        try:
            now = RunReader(reader.path)
            if now.identity != reader.identity:
                return None
            state = now.keyframe(branch.number, step)
            check_state(state, beginning, step, reader.path)
            return state
        except (RunFileError, OSError):  # an earlier one will do
            return None

    return read


def restore_configs(line: Line, parent: Line, reader: RunReader) -> None:
    """What a branch took over from its parent when it left, which may have changed at that step since; its own."""
    start = parent.configs[0][1]
    beginning = _checked(line.branch.config, start, reader.path)
    line.branch = branch = replace(line.branch, config=beginning)
    line.configs = [
        entry for place, entry in enumerate(parent.configs) if not place or entry[0] < branch.fork
    ]
    if line.configs[-1][1] != beginning:
        line.configs.append((branch.fork, beginning))
    edits = [entry for entry in parent.edits if branch.parent is not None and entry[0] < branch.fork]
    for event in reader.events(branch.number):
        if event.branch != branch.number:
            continue
        try:
            if event.kind == INTERVENTION:
                config = RunConfig.from_dict(event.data["config"])
                line.change(event.step, _checked(config, start, reader.path))
            elif event.kind == EDIT:
                edits.append((event.step, edit_from_dict(event.data["edit"])))
        except (KeyError, TypeError, ValueError) as error:
            raise RunFileError(f"{reader.path} is damaged: its event of step {event.step}: {error}") from None
    line.edits = edits


def _checked(config: object, start: RunConfig, path: str) -> RunConfig:
    """RunFileError unless a run that started so can have come to this configuration; its shards are those of then."""
    if isinstance(config, RunConfig):
        config = with_shards(config, start.training.shards)
    if not isinstance(config, RunConfig) or needs_new_run(start, config):
        raise RunFileError(
            f"{path} is damaged: its configuration changes what cannot change in the middle of a run"
        )
    return config


def check_state(state: State, like: State, step: int, path: str) -> None:
    """RunFileError unless a keyframe holds what a state of this run holds, with whichever optimiser.

    One of an earlier version does not say which: it is the run's first.
    """
    number = state.get("optimizer", like["optimizer"])
    known = number.shape == () and number.dtype.kind in "iu" and 0 <= number < len(OPTIMIZERS)
    moments = tuple(OPTIMIZERS.values())[int(number)].moment_names if known else ()
    expected = {name: like[name] for name in ("parameters", "step", "updates")}
    expected |= dict.fromkeys(moments, like["parameters"])
    expected |= {name: like[name] for name in ("optimizer", "edits") if name in state}
    if {name: (array.shape, array.dtype) for name, array in state.items()} != {
        name: (array.shape, array.dtype) for name, array in expected.items()
    } or int(state["step"]) != step:
        raise RunFileError(f"{path} is damaged: its keyframe of step {step} does not fit the run's model")
