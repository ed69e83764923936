"""The configuration of a run that another trainer wrote: any JSON object, shown and exported, never trained from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tfviz.training.config import RunConfig
from tfviz.training.run_file.errors import RunFileError, one_line


@dataclass(frozen=True)
class ForeignConfig:
    """Answers what exports and titles ask of a RunConfig; the rest lies in `values`."""

    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.values.get("name", ""))

    @property
    def title(self) -> str:
        """What to call a run."""
        return self.name or "run"

    @property
    def description(self) -> str:
        return str(self.values.get("description", ""))

    def to_dict(self) -> dict[str, Any]:
        return dict(self.values)

    def to_json(self) -> str:
        return json.dumps(dict(self.values), indent=2, ensure_ascii=False, allow_nan=False)


Configuration = RunConfig | ForeignConfig


def configuration_json(config: RunConfig | Mapping[str, Any] | ForeignConfig) -> str:
    """What the file stores. ValueError where a mapping holds what JSON cannot."""
    if isinstance(config, RunConfig | ForeignConfig):
        return config.to_json()
    try:
        return ForeignConfig(config).to_json()
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"the configuration cannot be written as JSON: {error}") from None


def parse_configuration(text: str, foreign: bool) -> Configuration:
    """RunFileError says what is wrong. A foreign configuration may look like ours, and is then read as such."""
    try:
        return RunConfig.from_json(text)
    except (ValueError, TypeError) as error:
        if not foreign:
            raise RunFileError(f"its configuration is invalid: {one_line(error)}") from None
    values = parse_json(text, dict, "its configuration")
    return ForeignConfig(values)


def seed_of(config: Configuration) -> int:
    """The seed, for captions; 0 where a foreign configuration names none."""
    if isinstance(config, RunConfig):
        return config.training.seed
    training = config.values.get("training")
    for place in (training if isinstance(training, dict) else {}, config.values):
        seed = place.get("seed")
        if isinstance(seed, int):
            return seed
    return 0


def parse_json(text: object, kind: type, what: str) -> Any:
    """A JSON value of the wanted Python type; RunFileError otherwise."""
    try:
        value = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError) as error:
        raise RunFileError(f"{what} is no JSON: {one_line(error)}") from None
    if not isinstance(text, str) or type(value) is not kind:
        raise RunFileError(f"{what} is {type(value).__name__}, not {kind.__name__}")
    return value


def text_list(value: object, what: str) -> tuple[str, ...]:
    """A tuple of texts from a JSON list; RunFileError otherwise."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RunFileError(f"{what} is no list of texts")
    return tuple(value)
