"""Files that hold a trained model: told apart by their content, not by their name."""

import os
from typing import Any

from tfviz.training.history import History
from tfviz.training.model_file import SavedModel, load_model

RUN_FILE_STARTS = b"SQLite format 3\0"


def is_run_file(path: str) -> bool:
    """Whether this is a run file rather than a model. OSError where it cannot be read."""
    with open(path, "rb") as file:
        return file.read(len(RUN_FILE_STARTS)) == RUN_FILE_STARTS


def read_model(path: str, step: int | None = None) -> SavedModel:
    """The model of a safetensors file; of a run file that after `step` updates, or the last one."""
    if is_run_file(path):
        raise ValueError(f"{path} is a run file; this version reads safetensors models")
    model = load_model(path)
    if step is not None and step != model.step:
        raise ValueError(
            f"step {step} is not in {path}: a safetensors file holds one step, here {model.step}"
        )
    return model


def read_history(path: str) -> History:
    """The scalars of every step of a run file."""
    if not is_run_file(path):
        raise ValueError(f"{path} holds no scalars of steps: it is no run file")
    raise ValueError(f"{path} is a run file; this version reads safetensors models")


def describe(path: str) -> dict[str, Any]:
    """What a file holds, as JSON values by name."""
    model = read_model(path)
    return {
        "file": path,
        "kind": "model",
        "bytes": os.path.getsize(path),
        "step": model.step,
        "seed": model.seed,
        "parameters": sum(array.size for array in model.parameters.values()),
        "tensors": len(model.parameters),
        "source vocabulary": list(model.source_tokens),
        "target vocabulary": list(model.target_tokens),
        "config": model.config.to_dict(),
    }
