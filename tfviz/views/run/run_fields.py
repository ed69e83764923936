"""Which fields of the configuration the run panel shows where, when, and under which short names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tfviz.training.config import RunConfig
from tfviz.training.task_config import GENERATED_TASKS, RULE_TASKS


@dataclass(frozen=True)
class Row:
    """One line of the panel: a label and the editors of one field, or of two that belong together."""

    label: str
    paths: tuple[str, ...]
    short: str = ""
    """The label where there is little room, or where only one of the two fields means something."""


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
            Row("Length from, to", ("task.minimum_length", "task.length"), "Lengths"),
            Row("Symbols", ("task.alphabet",)),
            Row("Depth", ("task.depth",)),
            Row("Sentences", ("task.examples",)),
            Row("Tokens", ("task.tokenizer",)),
            Row("BPE tokens", ("task.bpe_size",)),
            Row("One vocabulary", ("task.shared_vocabulary",), "Shared"),
            Row("Seed", ("training.seed",)),
        ),
    ),
    Section(
        "Model",
        (
            Row("Shape", ("model.architecture",)),
            Row("Enc / dec layers", ("model.num_encoder_layers", "model.num_decoder_layers"), "Layers"),
            Row("d_model / heads", ("model.d_model", "model.nhead"), "d, heads"),
            Row("d_ff / dropout", ("model.dim_feedforward", "model.dropout"), "d_ff, drop"),
            Row("Positions", ("model.positions",)),
            Row("Longest", ("model.max_positions",)),
            Row("Tied weights", ("model.tied_embeddings",), "Tied"),
        ),
    ),
    Section(
        "Optimiser",
        (
            Row("Method", ("training.optimizer",)),
            Row("Learning rate", ("training.learning_rate",), "Rate"),
            Row("Schedule", ("training.schedule",)),
            Row("Warm-up", ("training.warmup_steps",)),
            Row("Batch", ("training.batch_size",)),
            Row("Clip norm", ("training.clip_norm",)),
            Row("Steps / epochs", ("training.steps", "training.epochs"), "Steps"),
        ),
    ),
)

BREAKS = Section(
    "What breaks it",
    (
        Row("Causal mask", ("model.causal_mask",)),
        Row("Padding mask", ("model.padding_mask",)),
        Row("Scores / √d", ("model.scaled_scores",)),
        Row("Residuals", ("model.residual",)),
        Row("Layer norm", ("model.layer_norm",)),
        Row("Weights begin", ("model.initialization",), "Begin"),
        Row("Label shift", ("training.label_shift",)),
    ),
)
"""Switches that a healthy model has at their defaults."""

LABELS = {
    "task.validation": "Held out",
    "task.probe": "Watched pair",
    "model.d_model": "d_model",
    "model.nhead": "Heads",
    "model.dim_feedforward": "d_ff",
    "model.dropout": "Dropout",
    "model.layer_norm_eps": "Norm epsilon",
    "model.norm_first": "Pre-norm",
    "model.heads_off": "Heads off",
    "model.heads_uniform": "Heads uniform",
    "training.frozen": "Frozen parts",
    "training.label_smoothing": "Smooth labels",
    "training.weight_decay": "Weight decay",
    "training.eps": "Adam epsilon",
    "training.betas": "Adam betas",
    "training.dtype": "Precision",
    "training.validation_every": "Validate every",
    "description": "Notes",
}

TASK_LABELS = {
    ("addition", "task.length"): "Digits from, to",
    ("addition", "task.alphabet"): "Base",
    ("translation", "task.length"): "Words from, to",
    ("translation", "task.alphabet"): "Words each",
    ("brackets", "task.alphabet"): "Brackets",
    ("dates", "task.alphabet"): "Years",
}
"""What a field stands for in a task."""

EMPTY = {
    "training.steps": "∞",
    "training.epochs": "∞",
    "task.validation": "auto",
    "training.shards": "auto",
}
"""What an empty editor means."""

CHOICE_TEXTS = {
    ("model.architecture", "encoder-decoder"): "enc-dec",
    ("task.tokenizer", "character"): "letters",
    ("task.tokenizer", "word"): "words",
    ("training.schedule", "warmup_inverse_sqrt"): "inverse √",
}
"""Choices that are called otherwise where there is little room."""

UNDECISIVE = ("name", "description")
"""Fields that say what a run is called, not what happens in it."""

Written = Mapping[str, str]
"""Path -> what its editor says."""


def _sentences(written: Written) -> bool:
    return written["task.name"] not in GENERATED_TASKS


def _adam(written: Written) -> bool:
    return written["training.optimizer"] in ("adam", "adamw")


SHOWN_WHEN: dict[str, Callable[[Written], bool]] = {
    "task.path": lambda written: written["task.name"] == "file",
    "task.length": lambda written: written["task.name"] in (*GENERATED_TASKS, "translation"),
    "task.minimum_length": lambda written: written["task.name"] in (*GENERATED_TASKS, "translation"),
    "task.alphabet": lambda written: written["task.name"] in (*GENERATED_TASKS, *RULE_TASKS),
    "task.depth": lambda written: written["task.name"] == "brackets",
    "task.examples": lambda written: written["task.name"] in RULE_TASKS,
    "task.tokenizer": _sentences,
    "task.bpe_size": lambda written: _sentences(written) and written["task.tokenizer"] == "bpe",
    "task.shared_vocabulary": _sentences,
    "model.num_encoder_layers": lambda written: written["model.architecture"] != "decoder",
    "model.num_decoder_layers": lambda written: written["model.architecture"] != "encoder",
    "model.causal_mask": lambda written: written["model.architecture"] != "encoder",
    "model.max_positions": lambda written: written["model.positions"] == "learned",
    "training.epochs": lambda written: _sentences(written) or bool(written["training.epochs"].strip()),
    "training.weight_decay": lambda written: written["training.optimizer"] == "adamw",
    "training.momentum": lambda written: written["training.optimizer"] == "momentum",
    "training.betas": _adam,
    "training.eps": _adam,
}
"""Fields that mean something beside certain others only."""

PRESET_GROUPS = {
    "First steps": ("identity", "identity_sgd"),
    "Tasks": ("copy", "reverse", "sort", "repeat", "addition", "brackets", "dates", "translation"),
    "Sizes": ("tiny", "small", "medium", "base"),
    "Deep stacks": ("deep_post_norm", "deep_pre_norm", "deep_warm_up"),
}


def preset_groups() -> dict[str, tuple[str, ...]]:
    """All presets, in groups for a menu; those that belong to none of them come last."""
    grouped = {name for names in PRESET_GROUPS.values() for name in names}
    rest = tuple(name for name in RunConfig.presets() if name not in grouped)
    return PRESET_GROUPS | ({"Others": rest} if rest else {})


def is_shown(path: str, written: Written) -> bool:
    """Whether a field means anything beside the others."""
    return path not in SHOWN_WHEN or SHOWN_WHEN[path](written)


def row_label(row: Row, task: str) -> str:
    """What a row is called in a task."""
    return TASK_LABELS.get((task, row.paths[-1]), row.label)


def field_label(path: str) -> str:
    """What the panel calls a field that has a line of its own."""
    rows = [row for section in (*MAIN, BREAKS) for row in section.rows]
    alone = {row.paths[0]: row.label for row in rows if len(row.paths) == 1}
    return alone.get(path) or LABELS.get(path, _spoken(path))


def more() -> Section:
    """All fields that the other sections leave out, in their own order."""
    placed = {path for section in (*MAIN, BREAKS) for row in section.rows for path in row.paths}
    rest = [path for path in RunConfig.rules() if path not in placed]
    return Section("More", tuple(Row(field_label(path), (path,)) for path in rest))


def _spoken(path: str) -> str:
    return path.rpartition(".")[2].replace("_", " ").capitalize()
