"""The configuration of a run: frozen dataclasses that refuse what cannot work, in and out of JSON.

Its three parts are in model_settings.py, task_config.py and training_config.py; rules.py says what a field may be.
"""

import dataclasses
import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tfviz.resources import resource_path
from tfviz.training.model_settings import ModelSettings
from tfviz.training.rules import ConfigurationError, Rule, check_fields, rules_of, setting
from tfviz.training.task_config import TaskConfig
from tfviz.training.training_config import TrainingConfig

PRESETS = (
    "identity", "identity_sgd", "copy", "reverse", "sort", "repeat", "addition", "brackets", "dates", "translation",
    "deep_post_norm", "deep_pre_norm", "deep_warm_up", "tiny", "small", "medium", "base",
)  # fmt: skip


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

            check_frozen(self.model, self.training.frozen)

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
