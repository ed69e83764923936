"""How many parameters a configuration would train, and whether its model fits its task, before anything is built."""

import dataclasses
from functools import lru_cache
from pathlib import Path

from tfviz.core.parameters import Layout
from tfviz.training.config import RunConfig
from tfviz.training.model.fitting import check_fit
from tfviz.training.task_config import RULE_TASKS, TaskConfig
from tfviz.training.tasks import TASKS, Task

LARGEST_FILE = 2_000_000  # bytes; larger data is not read while somebody types
LARGEST_LEARNED = 100_000  # bytes of a file whose pieces of words have to be learned first
MOST_SENTENCES = 20_000  # made by rules, as many as can be while somebody types
MOST_SYMBOLS = 50_000  # of generated sequences that are held out


def parameter_count(config: RunConfig) -> int | None:
    """None where that would take long. ValueError where the data cannot be read or the model does not fit them."""
    task = config.task
    most = LARGEST_LEARNED if task.tokenizer_kind == "bpe" else LARGEST_FILE
    if task.path is not None and _size(task.path) > most:
        return None
    if task.name in RULE_TASKS and task.examples > MOST_SENTENCES:
        return None
    if task.generated:  # what is held out decides neither the vocabulary nor the lengths
        few = max(1, MOST_SYMBOLS // task.length)
        held_out = task.validation if task.validation is None else min(task.validation, few)
        task = dataclasses.replace(task, validation=held_out)
    made = _made(dataclasses.replace(task, probe=1), _modified(task.path))
    check_fit(config, made)
    if task.validation == config.task.validation:
        made.example(task.probe)
    tokens = made.source_tokenizer.tokens, made.target_tokenizer.tokens
    return Layout(config.model.for_tokens(*tokens)).count


@lru_cache(maxsize=2)
def _made(task: TaskConfig, modified: float) -> Task:
    return TASKS[task.name](task, 0, 1)


def _size(path: str) -> int:
    file = Path(path)
    return file.stat().st_size if file.is_file() else 0


def _modified(path: str | None) -> float:
    return Path(path).stat().st_mtime if path is not None and Path(path).is_file() else 0.0
