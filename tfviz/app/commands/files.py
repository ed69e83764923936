"""Files that hold a trained model, safetensors or run files: told apart by their content, not by their name."""

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from safetensors import SafetensorError

from tfviz.core.parameters import Parameters
from tfviz.training.config import RunConfig
from tfviz.training.export import StepRange
from tfviz.training.mailbox import Demand
from tfviz.training.model.model_file import SavedModel, load_model
from tfviz.training.model.pretrained import Pretrained
from tfviz.training.record.history import History
from tfviz.training.run_file import RunFileError, RunReader, run_file_summary
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot

RUN_FILE_STARTS = b"SQLite format 3\0"


def is_run_file(path: str) -> bool:
    """Whether this is a run file rather than a model. OSError where it cannot be read."""
    with open(path, "rb") as file:
        return file.read(len(RUN_FILE_STARTS)) == RUN_FILE_STARTS


def read_model(path: str, step: int | None = None) -> SavedModel:
    """The model of a safetensors file; of a run file that after `step` updates, or the last one.

    ValueError where the file does not hold it, in words for the user.
    """
    if is_run_file(path):
        return _model_of_run(path, step)
    model = _saved_model(path)
    if step is not None and step != model.step:
        raise ValueError(
            f"step {step} is not in {path}: a safetensors file holds one step, here {model.step}"
        )
    return model


def read_snapshot(path: str, step: int | None = None, sentence: str | None = None) -> Snapshot:
    """Attention and predictions of the watched sentence or of another one.

    Of a run that another trainer wrote: the last recorded ones up to that step.
    """
    if is_run_file(path) and (reader := RunReader(path)).foreign:
        return _recorded_snapshot(reader, step, sentence)
    return Pretrained(read_model(path, step)).snapshot(sentence)


def read_snapshots(
    path: str, steps: StepRange, sentence: str | None = None, predictions: bool = False
) -> Iterator[Snapshot]:
    """Attention at every step of a range, one after the other; with `predictions` what the model says as well.

    Of another trainer's run: what was recorded, each once.
    """
    if not is_run_file(path):
        raise ValueError(f"{path} holds one step, not a range: it is no run file")
    reader = RunReader(path)
    wanted = steps.within(len(reader.history(_newest_branch(reader))))
    if reader.foreign:
        _refuse_sentence(reader, sentence)
        yield from _recorded_snapshots(reader, wanted)
        return
    with Session.open(path) as session:
        if sentence is not None:
            session.set_probe(sentence)
        for step in wanted:
            session.go_to(step)
            prediction = predictions or not session.probe.target
            yield session.snapshot(Demand(attention=True, prediction=prediction))


def read_history(path: str) -> History:
    """The scalars of every step of a run file."""
    if not is_run_file(path):
        raise ValueError(f"{path} holds no scalars of steps: it is no run file")
    reader = RunReader(path)
    return reader.history(_newest_branch(reader))


def describe(path: str) -> dict[str, Any]:
    """What a file holds, as JSON values by name."""
    if is_run_file(path):
        return {"kind": "run"} | run_file_summary(path)
    model = _saved_model(path)
    return {
        "kind": "model",
        "file": path,
        "bytes": os.path.getsize(path),
        "name": model.config.name,
        "step": model.step,
        "seed": model.seed,
        "parameters": sum(array.size for array in model.parameters.values()),
        "tensors": len(model.parameters),
        "source_vocabulary": len(model.source_tokens),
        "target_vocabulary": len(model.target_tokens),
        "config": model.config.to_dict(),
    }


def _saved_model(path: str) -> SavedModel:
    """Of a file that is no run file, whatever its user takes it for."""
    try:
        return load_model(path)
    except ValueError as error:
        if isinstance(error.__cause__, SafetensorError):
            text = f"{path} is neither a run file nor a safetensors file, or it is damaged: {error.__cause__}"
            raise ValueError(text) from error
        raise


def _model_of_run(path: str, step: int | None) -> SavedModel:
    """From a keyframe where there is one of this step, which needs no data; else recomputed from the nearest."""
    reader = RunReader(path)
    branch = reader.branch(_newest_branch(reader))
    if not isinstance(branch.config, RunConfig) or reader.foreign:
        raise ValueError(
            f"{path} was written by {reader.trainer}: attention and scalars that it recorded can be exported, but its "
            "model is not one that tfviz can compute with"
        )
    last = len(reader.history(branch.number))
    wanted = last if step is None else step
    if wanted > last:
        raise ValueError(f"step {wanted} is not in {path}: it holds steps 0 to {last}")
    tokens = reader.source_tokens, reader.target_tokens
    if wanted in reader.keyframe_steps(branch.number) and not reader.events(branch.number):
        values = reader.keyframe(branch.number, wanted).get("parameters")
        parameters = Parameters(branch.config.model.for_tokens(*tokens), branch.config.training.dtype)
        if values is None or (values.shape, values.dtype) != (parameters.flat.shape, parameters.flat.dtype):
            raise RunFileError(
                f"{path} is damaged: its keyframe of step {wanted} does not fit the run's model"
            )
        parameters.flat[...] = values
        return SavedModel(dict(parameters), branch.config, *tokens, wanted, reader.seed)
    with Session.open(path) as session:
        session.go_to(wanted)
        config = replace(branch.config, model=session.config.model)  # switched since, maybe
        return SavedModel(session.parameters, config, *tokens, wanted, reader.seed)


def _recorded_snapshot(reader: RunReader, step: int | None, sentence: str | None) -> Snapshot:
    _refuse_sentence(reader, sentence)
    branch = _newest_branch(reader)
    steps = reader.snapshot_steps(branch)
    if not steps:
        raise ValueError(f"{reader.path} holds no attention")
    found = reader.snapshot_at_or_before(branch, steps[-1] if step is None else step)
    if found is None:
        raise ValueError(
            f"{reader.path} has no attention up to step {step}; the first is that of step {steps[0]}"
        )
    return found


def _recorded_snapshots(reader: RunReader, wanted: range) -> Iterator[Snapshot]:
    """At each of the steps the last one up to it, if there is any."""
    _recorded_snapshot(reader, wanted[-1], None)  # refuses where there is none up to the last
    branch, last = _newest_branch(reader), -1
    for step in wanted:
        found = reader.snapshot_at_or_before(branch, step)
        if found is not None and found.step != last:
            last = found.step
            yield found


def _refuse_sentence(reader: RunReader, sentence: str | None) -> None:
    if sentence is not None:
        raise ValueError(
            f"{reader.path} was written by {reader.trainer}: only what it recorded can be exported, no other sentence"
        )


def _newest_branch(reader: RunReader) -> int:
    """The one that was trained last, as when the file is opened in the window."""
    return reader.branches[-1].number
