"""Runs of every kind: each task, each way to split its sentences, each shape of the model, and some mixtures."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.training.small_runs import SMALL
from tfviz.training.config import RunConfig
from tfviz.training.model.fitting import check_fit
from tfviz.training.rules import ConfigurationError
from tfviz.training.task_config import GENERATED_TASKS, TASK_NAMES, TOKENIZER_KINDS
from tfviz.training.tasks import create_task

Values = dict[str, Any]

ODD_PAIRS = (
    ("<script>alert(1)</script> & \"quoted\" 'x'", "</td><b>bold</b> {{data}}"),
    ("שלום עולם", "مرحبا \u202eabc"),
    ("e\u0301 n\u0303 Z\u0351\u036b\u0343", "é 👩‍👩‍👧 🏳️‍🌈 😀"),
    ("=1+1 @SUM(A1) -2,3;4", "\\u{a} \\ %s $x$"),
    ("a\u200bb \ufeff\ufeff \u00ad", "我们 你好"),
    ("\x07bell \x1b[31mred", "x" * 60),
    ("one two three", "three two one"),
    ("null NaN undefined", "true false"),
)
"""Texts that are markup, formulas, right to left, combining, invisible or long to somebody."""

SIZES: Values = {"task.alphabet": 6, "task.length": 4, "task.examples": 40, "task.bpe_size": 270}
TASKS: dict[str, Values] = {name: {"task.name": name} for name in TASK_NAMES} | {
    "addition": {"task.name": "addition", "task.length": 2},
    "identity": {"task.name": "identity", "task.validation": 0},
}
TOKENIZERS: dict[str, Values] = {
    f"{kind}, {'shared' if shared else 'separate'}": {
        "task.tokenizer": kind,
        "task.shared_vocabulary": shared,
    }
    for kind in TOKENIZER_KINDS
    for shared in (False, True)
}
SHAPES: dict[str, Values] = {
    "encoder-decoder": {},
    "encoder": {"model.architecture": "encoder"},
    "decoder": {"model.architecture": "decoder"},
    "tied": {"model.tied_embeddings": True},
    "learned": {"model.positions": "learned"},
    "encoder, tied, learned": {
        "model.architecture": "encoder", "model.tied_embeddings": True, "model.positions": "learned",
        "task.shared_vocabulary": True,
    },
    "decoder, tied, learned": {
        "model.architecture": "decoder", "model.tied_embeddings": True, "model.positions": "learned",
    },
}  # fmt: skip
OTHERS: dict[str, list[Any]] = {
    "training.optimizer": ["sgd", "momentum", "adam", "adamw"],
    "training.shards": [1, 2],
    "training.dtype": ["float32", "float64"],
    "model.dropout": [0.0, 0.2],
    "model.norm_first": [False, True],
    "model.activation": ["relu", "gelu"],
    "model.num_encoder_layers": [1, 2],
    "model.num_decoder_layers": [1, 2],
}
MIXTURES = 10


def kinds_of_run() -> dict[str, Values]:
    """What each kind changes of the small run, by name; the same in every process."""
    cases = {f"task {name}": values for name, values in TASKS.items()}
    cases |= {f"tokens {name}": TASKS["file"] | values for name, values in TOKENIZERS.items()}
    cases |= {f"shape {name}": TASKS["copy"] | values for name, values in SHAPES.items()}
    return cases | dict(_mixtures())


def _mixtures() -> Iterator[tuple[str, Values]]:
    """Drawn by a seed; those that a model cannot be made for are drawn anew, when the configuration is made."""
    dice = random.Random(6)
    for number in range(MIXTURES):
        yield f"mixture {number}", {"draw": dice.randrange(2**32)}


def config_of(values: Values, folder: Path) -> RunConfig:
    """The configuration of a kind; the pairs of the task `file` are written into the folder."""
    if "draw" in values:
        return _drawn(values["draw"], folder)
    values = SIZES | values
    if values["task.name"] == "file":
        values["task.path"] = str(odd_file(folder))
    return SMALL.with_values(values)


def _drawn(draw: int, folder: Path) -> RunConfig:
    dice = random.Random(draw)
    while True:
        task, shape = dice.choice(list(TASKS)), dice.choice(list(SHAPES))
        values = TASKS[task] | {path: dice.choice(choices) for path, choices in OTHERS.items()}
        if task not in GENERATED_TASKS:
            values |= dice.choice(list(TOKENIZERS.values()))
        try:
            config = config_of(values | SHAPES[shape], folder)
            check_fit(config, create_task(config))
        except ConfigurationError:
            continue  # such as an encoder alone for answers of another length
        return config


def odd_file(folder: Path) -> Path:
    """The odd pairs as JSON lines."""
    path = folder / "odd.jsonl"
    lines = (json.dumps({"source": source, "target": target}) for source, target in ODD_PAIRS * 2)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
