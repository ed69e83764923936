"""The configuration of a run: frozen dataclasses that refuse what cannot work, in and out of JSON."""

import dataclasses
import difflib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from tfviz.core.config import ACTIVATIONS, ARCHITECTURES, INITIALIZATIONS, POSITIONS, ModelConfig
from tfviz.resources import resource_path
from tfviz.training.rules import ConfigurationError, Rule, check_fields, rules_of, setting

PRESETS = (
    "identity", "identity_sgd", "copy", "reverse", "sort", "repeat", "addition", "brackets", "dates", "translation",
    "deep_post_norm", "deep_pre_norm", "tiny", "small", "medium", "base",
)  # fmt: skip
GENERATED_TASKS = ("copy", "reverse", "sort", "repeat", "addition", "brackets")
"""Drawn without end, as symbols."""
RULE_TASKS = ("dates", "translation")
"""So many sentences, made by rules when the task is made."""
TASK_NAMES = ("identity", *GENERATED_TASKS, *RULE_TASKS, "file")
TOKENIZER_KINDS = ("word", "character", "bpe")
CHARACTER_TASKS = ("dates",)
"""Those that are read character by character unless the configuration says otherwise."""
SOME_VOCABULARY = 8  # stands for the vocabularies, which the task's tokenizers decide later


@dataclass(frozen=True)
class ModelSettings:
    """The fields of core's ModelConfig without the vocabularies, which come from the task's tokenizers."""

    # The defaults are ModelConfig's; what must fit together (d_model and nhead) is checked there as well.
    d_model: int = setting(
        int,
        ModelConfig.d_model,
        "Width of every residual stream; a multiple of nhead.",
        minimum=1,
        maximum=4096,
    )
    nhead: int = setting(int, ModelConfig.nhead, "Heads in each attention block.", minimum=1, maximum=256)
    num_encoder_layers: int = setting(
        int, ModelConfig.num_encoder_layers, "Layers of the encoder.", minimum=1, maximum=64
    )
    num_decoder_layers: int = setting(
        int, ModelConfig.num_decoder_layers, "Layers of the decoder.", minimum=1, maximum=64
    )
    dim_feedforward: int = setting(
        int, ModelConfig.dim_feedforward, "Width inside the feed-forward blocks.", minimum=1, maximum=16384
    )
    dropout: float = setting(
        float, ModelConfig.dropout, "Share of activations dropped while training.", minimum=0, below=1
    )
    activation: str = setting(
        str, ModelConfig.activation, "Activation of the feed-forward blocks.", choices=ACTIVATIONS
    )
    layer_norm_eps: float = setting(
        float, ModelConfig.layer_norm_eps, "Added to the variance in layer norm.", above=0, below=1
    )
    norm_first: bool = setting(
        bool, ModelConfig.norm_first, "Layer norm before each block (pre-norm) instead of after it."
    )
    architecture: str = setting(
        str,
        ModelConfig.architecture,
        "Encoder and decoder; an encoder alone, for targets as long as their source; or a decoder alone (GPT).",
        choices=ARCHITECTURES,
    )
    positions: str = setting(str, ModelConfig.positions, "How a token knows its place.", choices=POSITIONS)
    max_positions: int = setting(
        int,
        ModelConfig.max_positions,
        "Longest sequence that learned positions serve.",
        minimum=1,
        maximum=65_536,
    )
    tied_embeddings: bool = setting(
        bool,
        ModelConfig.tied_embeddings,
        "One table for the generator and the target embedding; for the source embedding too where tokens are shared.",
    )
    causal_mask: bool = setting(
        bool,
        ModelConfig.causal_mask,
        "The decoder sees no later position: not the answer that it is asked for.",
    )
    padding_mask: bool = setting(bool, ModelConfig.padding_mask, "No attention to padding.")
    scaled_scores: bool = setting(
        bool, ModelConfig.scaled_scores, "Attention scores are divided by the root of the head's width."
    )
    residual: bool = setting(bool, ModelConfig.residual, "Every block has a connection that leads past it.")
    layer_norm: bool = setting(bool, ModelConfig.layer_norm, "Layer norms; without, x passes unchanged.")
    initialization: str = setting(
        str,
        ModelConfig.initialization,
        "How weights begin: as in PyTorch, or all at zero.",
        choices=INITIALIZATIONS,
    )
    heads_off: tuple[str, ...] = setting(
        list, ModelConfig.heads_off, "Heads whose weights are all 0, such as encoder.0.3 or cross.1.0."
    )
    heads_uniform: tuple[str, ...] = setting(
        list, ModelConfig.heads_uniform, "Heads that look at every allowed key alike."
    )

    def __post_init__(self) -> None:
        check_fields(self, "model.")
        self.model_config(SOME_VOCABULARY, SOME_VOCABULARY, shared=True)

    def model_config(
        self, source_vocabulary: int, target_vocabulary: int, shared: bool = False
    ) -> ModelConfig:
        """The model for vocabularies of these sizes; `shared` where both are the same. ConfigurationError."""
        try:
            return ModelConfig(
                source_vocabulary, target_vocabulary, shared_vocabulary=shared, **dataclasses.asdict(self)
            )
        except ValueError as error:
            first = str(error).split(maxsplit=1)[0]
            path = f"model.{first}" if first in rules_of(type(self)) else "model"
            raise ConfigurationError(path, str(error)) from None

    def for_tokens(self, source: Sequence[str], target: Sequence[str]) -> ModelConfig:
        """The model for these vocabularies."""
        return self.model_config(len(source), len(target), tuple(source) == tuple(target))


@dataclass(frozen=True)
class TaskConfig:
    """What is learned, from which data."""

    name: str = setting(str, "identity", "What the model has to learn.", choices=TASK_NAMES)
    length: int = setting(
        int,
        10,
        "Longest generated sequence, without <s> and </s>; digits of a number in addition, words in translation.",
        minimum=1,
        maximum=4096,
    )
    minimum_length: int = setting(int, 1, "Shortest generated sequence.", minimum=1, maximum=4096)
    alphabet: int = setting(
        int,
        10,
        "Number of symbols in generated sequences; base in addition, words of a kind in translation, years in dates.",
        minimum=2,
        maximum=100_000,
    )
    depth: int = setting(int, 4, "Deepest nesting in task brackets.", minimum=2, maximum=64)
    examples: int = setting(
        int, 4000, "Different sentences to train on in dates and translation.", minimum=1, maximum=100_000
    )
    path: str | None = setting(
        str,
        None,
        "Data of task file: TSV, CSV or JSON lines with source and target. None for the other tasks.",
        optional=True,
    )
    tokenizer: str = setting(
        str,
        "auto",
        "How sentences are split; bpe learns pieces of words. auto: characters for dates, words for the others.",
        choices=("auto", *TOKENIZER_KINDS),
    )
    bpe_size: int = setting(
        int, 512, "Tokens of a bpe vocabulary, the 256 bytes among them.", minimum=260, maximum=65_536
    )
    shared_vocabulary: bool = setting(
        bool, False, "One vocabulary for source and target; generated sequences always have one."
    )
    validation: int | None = setting(
        int,
        None,
        "Examples held out of training. None: 256 where they are made, 0 of identity and of files.",
        minimum=0,
        maximum=100_000,
        optional=True,
    )
    probe: int = setting(
        int, 1, "The example to watch, counted from 1: of validation, or of training without one.", minimum=1
    )

    def __post_init__(self) -> None:
        check_fields(self, "task.")
        if self.minimum_length > self.length:
            raise ConfigurationError(
                "task.minimum_length",
                f"task.minimum_length {self.minimum_length} is above task.length {self.length}",
            )
        if self.name == "file" and not self.path:
            raise ConfigurationError(
                "task.path", "task.path is missing; the task file reads its data from there"
            )
        if self.name != "file" and self.path is not None:
            raise ConfigurationError(
                "task.path", f"task.path is {self.path!r}, but only the task file reads one, not {self.name}"
            )
        if self.generated and self.tokenizer not in ("auto", "word"):
            raise ConfigurationError(
                "task.tokenizer",
                f"task.tokenizer is {self.tokenizer}, but the symbols of the generated task {self.name} are "
                "tokens already; allowed: auto, word",
            )
        if self.generated and self.validation == 0:
            raise ConfigurationError(
                "task.validation",
                f"task.validation is 0, but the generated task {self.name} needs at least 1 to "
                "watch; training.validation_every 0 turns validation off",
            )

    @property
    def generated(self) -> bool:
        """Whether examples are drawn without end instead of read from finite data."""
        return self.name in GENERATED_TASKS

    @property
    def tokenizer_kind(self) -> str:
        """How sentences are split, where the configuration leaves that to the task too."""
        if self.tokenizer != "auto":
            return self.tokenizer
        return "character" if self.name in CHARACTER_TASKS else "word"


MOST_SHARDS = 2


@dataclass(frozen=True)
class TrainingConfig:
    """How it is learned."""

    seed: int = setting(int, 0, "Decides initial weights, batches and dropout.", minimum=0, maximum=2**53)
    batch_size: int = setting(int, 16, "Sentence pairs in one step.", minimum=1, maximum=65_536)
    steps: int | None = setting(
        int, None, "Stop after this many steps. None: open end.", minimum=1, optional=True
    )
    epochs: int | None = setting(
        int, None, "Stop after this many passes over the data. None: open end.", minimum=1, optional=True
    )
    optimizer: str = setting(
        str, "adam", "How gradients change the weights.", choices=("sgd", "momentum", "adam", "adamw")
    )
    learning_rate: float = setting(
        float, 1e-3, "Size of an update; the peak where a schedule warms up.", above=0
    )
    schedule: str = setting(
        str,
        "constant",
        "How the learning rate changes over the steps.",
        choices=("constant", "warmup_inverse_sqrt", "cosine"),
    )
    warmup_steps: int = setting(int, 0, "Steps over which the learning rate rises from zero.", minimum=0)
    clip_norm: float = setting(
        float, 1.0, "Longest gradient (global norm) before it is scaled; 0 is off.", minimum=0
    )
    label_smoothing: float = setting(
        float, 0.0, "Probability spread over all tokens instead of the right one.", minimum=0, below=1
    )
    weight_decay: float = setting(
        float, 0.0, "Share of the weights that AdamW takes away, times the rate.", minimum=0
    )
    momentum: float = setting(float, 0.9, "Share of the last update that momentum keeps.", minimum=0, below=1)
    # The paper's second beta, 0.98, forgets faster than the usual 0.999; eps is the paper's too.
    betas: tuple[float, float] = setting(
        tuple, (0.9, 0.98), "Adam's two averaging factors.", minimum=0, below=1
    )
    eps: float = setting(float, 1e-9, "Added to Adam's denominator.", above=0, maximum=1)
    label_shift: int = setting(
        int,
        0,
        "Places that labels lie too late: with 1 the model is trained to repeat its input.",
        minimum=0,
        maximum=1,
    )
    frozen: tuple[str, ...] = setting(
        list,
        (),
        "Parts that no update changes: groups, layers or stacks, such as encoder.0 or source_embedding.",
    )
    dtype: str = setting(str, "float32", "Number format of the computation.", choices=("float32", "float64"))
    shards: int | None = setting(
        int,
        None,
        "Parts of a batch computed side by side; part of the result's exact bits. None: by the model's size.",
        minimum=1,
        maximum=MOST_SHARDS,
        optional=True,
    )
    validation_every: int = setting(int, 100, "Steps between two validations; 0 is off.", minimum=0)

    def __post_init__(self) -> None:
        check_fields(self, "training.")
        if self.schedule == "warmup_inverse_sqrt" and self.warmup_steps < 1:
            raise ConfigurationError(
                "training.warmup_steps", "training.warmup_steps is 0; warmup_inverse_sqrt needs at least 1"
            )
        if self.schedule == "cosine" and self.steps is None and self.epochs is None:
            raise ConfigurationError(
                "training.schedule",
                "training.schedule cosine needs an end: set training.steps or training.epochs",
            )
        if self.shards is not None and self.shards > self.batch_size:
            raise ConfigurationError(
                "training.shards",
                f"training.shards {self.shards} is above training.batch_size {self.batch_size}",
            )

    def total_steps(self, steps_per_epoch: int | None) -> int | None:
        """The step at which a run ends by its limits, whichever comes first; None for an open end."""
        limits = [] if self.steps is None else [self.steps]
        if self.epochs is not None and steps_per_epoch is not None:
            limits.append(self.epochs * steps_per_epoch)
        return min(limits, default=None)


@dataclass(frozen=True)
class RunConfig:
    """All that decides a run. Errors are ConfigurationErrors: ValueErrors that know the field's path."""

    model: ModelSettings = field(default_factory=ModelSettings)
    task: TaskConfig = field(default_factory=TaskConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    name: str = setting(str, "", "What the run is called.")
    description: str = setting(str, "", "What there is to see.")

    def __post_init__(self) -> None:
        check_fields(self, "")
        for section, kind in SECTIONS.items():
            if not isinstance(getattr(self, section), kind):
                raise TypeError(f"RunConfig.{section} is no {kind.__name__}")
        if self.task.generated and self.training.epochs is not None:
            raise ConfigurationError(
                "training.epochs",
                f"training.epochs is {self.training.epochs}, but task {self.task.name} is generated: it has "
                "no epochs; set training.steps instead",
            )
        if self.training.frozen:
            # Imports NumPy, for which --help does not wait.
            from tfviz.training.frozen import check_frozen

            check_frozen(self)

    @classmethod
    def presets(cls) -> tuple[str, ...]:
        """The names that `preset` knows."""
        return PRESETS

    @classmethod
    def preset(cls, name: str) -> Self:
        """A configuration that comes with the program."""
        if name not in PRESETS:
            raise ConfigurationError("preset", f"preset {name!r} is unknown; there are {', '.join(PRESETS)}")
        return cls.from_json(resource_path(f"presets/{name}.json").read_text(encoding="utf-8"))

    @classmethod
    def rules(cls) -> dict[str, Rule]:
        """Path, such as "training.learning_rate", -> type, range, default and help text."""
        rules = rules_of(cls)
        for section, kind in SECTIONS.items():
            rules |= {f"{section}.{name}": rule for name, rule in rules_of(kind).items()}
        return rules

    def value(self, path: str) -> Any:
        """The value of the field with this path."""
        _known(path, self.rules())
        section, _, name = path.rpartition(".")
        return getattr(getattr(self, section) if section else self, name)

    def replace(self, path: str, value: Any) -> Self:
        """A copy with one field changed, to a typed value or to what a text means for the field."""
        return self.with_values({path: value})

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """A copy with several fields changed together: {"model.d_model": 30, "model.nhead": "5"}."""
        rules = self.rules()
        changes: dict[str, dict[str, Any]] = {}
        for path, value in values.items():
            _known(path, rules)
            section, _, name = path.rpartition(".")
            parsed = rules[path].parse(path, value) if isinstance(value, str) else value
            changes.setdefault(section, {})[name] = parsed
        top = changes.pop("", {})
        sections = {name: dataclasses.replace(getattr(self, name), **new) for name, new in changes.items()}
        return dataclasses.replace(self, **top, **sections)

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries, lists, texts and numbers, in the order of the fields."""
        plain = {"name": self.name, "description": self.description} | dataclasses.asdict(self)
        for section in SECTIONS:
            for name, value in plain[section].items():
                if isinstance(value, tuple):
                    plain[section][name] = list(value)
        return plain

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        """The reverse of to_dict; fields left out have their defaults, unknown ones are refused."""
        _known_keys(data, "", [*SECTIONS, *rules_of(cls)])
        sections = {}
        for section, kind in SECTIONS.items():
            values = data.get(section, {})
            _known_keys(values, f"{section}.", list(rules_of(kind)))
            sections[section] = kind(**values)
        return cls(**sections, **{name: data[name] for name in rules_of(cls) if name in data})

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what to_json wrote, or what somebody typed: unknown and repeated keys are refused."""
        try:
            data = json.loads(text, object_pairs_hook=_without_repetition)
        except ConfigurationError:
            raise
        except (ValueError, RecursionError) as error:
            raise ConfigurationError("", f"the configuration is no JSON: {error}") from None
        return cls.from_dict(data)

    @property
    def title(self) -> str:
        """What to call a run: its name or, without one, its task."""
        return self.name or self.task.name

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that tell configurations apart; name and description do not count."""
        decisive = {section: self.to_dict()[section] for section in SECTIONS}
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:12]


SECTIONS: dict[str, type] = {"model": ModelSettings, "task": TaskConfig, "training": TrainingConfig}


def with_shards(config: RunConfig, shards: int | None) -> RunConfig:
    """The configuration with so many parts of a batch where it leaves that to the size of the model."""
    if config.training.shards is not None or shards is None:
        return config
    return dataclasses.replace(config, training=dataclasses.replace(config.training, shards=shards))


def difference(old: RunConfig, new: RunConfig) -> dict[str, tuple[Any, Any]]:
    """Path -> (old value, new value) of every field in which two configurations differ."""
    pairs = {path: (old.value(path), new.value(path)) for path in RunConfig.rules()}
    return {path: pair for path, pair in pairs.items() if pair[0] != pair[1]}


def _known(path: str, rules: Mapping[str, Rule]) -> None:
    if path not in rules:
        close = difflib.get_close_matches(path, rules, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise ConfigurationError(path, f"field {path!r} is unknown; {hint}allowed: {', '.join(rules)}")


def _known_keys(data: Any, prefix: str, allowed: list[str]) -> None:
    if not isinstance(data, dict):
        raise ConfigurationError(
            prefix.rstrip("."),
            f"{prefix.rstrip('.') or 'the configuration'} is {type(data).__name__}, not an object",
        )
    for key in data:
        if key not in allowed:
            raise ConfigurationError(
                prefix + key,
                f"field {prefix + key!r} is unknown; allowed: {', '.join(prefix + name for name in allowed)}",
            )


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise ConfigurationError(repeated, f"field {repeated!r} stands twice in the configuration")
    return data
