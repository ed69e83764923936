"""Which fields of the configuration the run panel shows where, and under which short names."""

from collections.abc import Callable
from dataclasses import dataclass

from tfviz.training.config import GENERATED_TASKS, RULE_TASKS, RunConfig


@dataclass(frozen=True)
class Row:
    """One line of the panel: a label and the editors of one field, or of two that belong together."""

    label: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    title: str
    rows: tuple[Row, ...]


MAIN = (
    Section(
        "Task",
        (
            Row("Task", ("task.name",)),
            Row("File", ("task.path",)),
            Row("Length", ("task.length",)),
            Row("Symbols", ("task.alphabet",)),
            Row("Seed", ("training.seed",)),
        ),
    ),
    Section(
        "Model",
        (
            Row("d_model", ("model.d_model",)),
            Row("Heads", ("model.nhead",)),
            Row("Enc / dec layers", ("model.num_encoder_layers", "model.num_decoder_layers")),
            Row("d_ff", ("model.dim_feedforward",)),
            Row("Dropout", ("model.dropout",)),
        ),
    ),
    Section(
        "Optimiser",
        (
            Row("Method", ("training.optimizer",)),
            Row("Learning rate", ("training.learning_rate",)),
            Row("Schedule", ("training.schedule",)),
            Row("Warm-up", ("training.warmup_steps",)),
            Row("Batch", ("training.batch_size",)),
            Row("Clip norm", ("training.clip_norm",)),
            Row("Steps / epochs", ("training.steps", "training.epochs")),
        ),
    ),
)

LABELS = {
    "task.minimum_length": "Shortest",
    "task.bpe_size": "BPE tokens",
    "task.shared_vocabulary": "One vocabulary",
    "task.validation": "Held out",
    "task.probe": "Watched pair",
    "model.layer_norm_eps": "Norm epsilon",
    "model.norm_first": "Pre-norm",
    "training.label_smoothing": "Smooth labels",
    "training.weight_decay": "Weight decay",
    "training.eps": "Adam epsilon",
    "training.betas": "Adam betas",
    "training.dtype": "Precision",
    "training.validation_every": "Validate every",
    "description": "Notes",
}

EMPTY = {
    "training.steps": "open",
    "training.epochs": "open",
    "task.validation": "auto",
    "training.shards": "auto",
}
"""What an empty editor means."""

UNDECISIVE = ("name", "description")
"""Fields that say what a run is called, not what happens in it."""

SHOWN_FOR: dict[str, Callable[[str], bool]] = {
    "task.path": lambda task: task == "file",
    "task.length": lambda task: task in (*GENERATED_TASKS, "translation"),
    "task.minimum_length": lambda task: task in (*GENERATED_TASKS, "translation"),
    "task.alphabet": lambda task: task in (*GENERATED_TASKS, *RULE_TASKS),
    "task.depth": lambda task: task == "brackets",
    "task.examples": lambda task: task in RULE_TASKS,
    "task.tokenizer": lambda task: task not in GENERATED_TASKS,
    "task.bpe_size": lambda task: task not in GENERATED_TASKS,
    "task.shared_vocabulary": lambda task: task not in GENERATED_TASKS,
}
"""Fields that mean something for some tasks only."""


def field_label(path: str) -> str:
    """What the panel calls a field that has a line of its own."""
    alone = {row.paths[0]: row.label for section in MAIN for row in section.rows if len(row.paths) == 1}
    return alone.get(path) or LABELS.get(path, _spoken(path))


def more() -> Section:
    """All fields that the main sections leave out, in their own order."""
    placed = {path for section in MAIN for row in section.rows for path in row.paths}
    rest = [path for path in RunConfig.rules() if path not in placed]
    return Section("More", tuple(Row(field_label(path), (path,)) for path in rest))


def _spoken(path: str) -> str:
    return path.rpartition(".")[2].replace("_", " ").capitalize()
