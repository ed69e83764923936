"""How many parameters a configuration would train, before anything of it is built."""

import dataclasses
from functools import lru_cache
from pathlib import Path

from tfviz.core.parameters import Layout
from tfviz.training.config import RunConfig, TaskConfig
from tfviz.training.tasks import TASKS

LARGEST_FILE = 2_000_000  # bytes; larger data is not read while somebody types


def parameter_count(config: RunConfig) -> int | None:
    """None where that would mean reading a large file. ValueError where the task's data cannot be read."""
    task = config.task
    if task.path is not None and _is_large(task.path):
        return None
    if task.generated:  # the vocabulary depends on the alphabet alone
        task = dataclasses.replace(task, length=6, minimum_length=1, validation=1, probe=1)
    return Layout(config.model.for_tokens(*_vocabularies(task, _modified(task.path)))).count


@lru_cache(maxsize=8)
def _vocabularies(task: TaskConfig, modified: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    made = TASKS[task.name](task, 0, 1)
    return made.source_tokenizer.tokens, made.target_tokenizer.tokens


def _is_large(path: str) -> bool:
    file = Path(path)
    return file.is_file() and file.stat().st_size > LARGEST_FILE


def _modified(path: str | None) -> float:
    return Path(path).stat().st_mtime if path is not None and Path(path).is_file() else 0.0
