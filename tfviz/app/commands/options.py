"""The options that decide a run, shared by the commands that make one: preset, file, changed fields."""

import argparse
from pathlib import Path
from typing import Any

from tfviz.app.parser import Parser, whole_number
from tfviz.training.config import RunConfig
from tfviz.training.rules import ConfigurationError

DEFAULT_PRESET = "identity"


def add_run_options(parser: Parser) -> None:
    """--preset, --config, --data, --set, --seed."""
    group = parser.add_argument_group("the run")
    start = group.add_mutually_exclusive_group()
    start.add_argument(
        "--preset",
        metavar="NAME",
        help=f"what to start from: {', '.join(RunConfig.presets())} (default {DEFAULT_PRESET})",
    )
    start.add_argument(
        "--config", metavar="FILE.json", help="a configuration of your own instead of a preset"
    )
    group.add_argument(
        "--data",
        metavar="FILE",
        help="learn your own pairs: a UTF-8 file with lines of source, tab, target; words are separated by spaces",
    )
    group.add_argument(
        "--set",
        metavar="FIELD=VALUE",
        action="append",
        default=[],
        dest="changes",
        help="change a field of the configuration; may be given several times",
    )
    group.add_argument(
        "--seed",
        type=whole_number(0, 2**53),
        metavar="S",
        help="decides initial weights, batches and dropout",
    )


def run_config(arguments: argparse.Namespace) -> RunConfig:
    """The configuration that the options describe. ValueError names the field, its value and what is allowed."""
    return _start(arguments).with_values(changed_fields(arguments))


def has_run_options(arguments: argparse.Namespace) -> bool:
    """Whether anything was said about the run, its length included."""
    names = ("preset", "config", "data", "changes", "seed", "steps", "epochs")
    return any(getattr(arguments, name, None) not in (None, []) for name in names)


def changed_fields(arguments: argparse.Namespace) -> dict[str, Any]:
    """Path -> new value. What has an option of its own wins over --set."""
    values: dict[str, Any] = {}
    if arguments.data is not None:
        # Which example of another task was to be watched means nothing in this file.
        values |= {"task.name": "file", "task.path": arguments.data, "task.probe": 1}
    values |= dict(_field_and_value(text) for text in arguments.changes)
    if arguments.seed is not None:
        values["training.seed"] = arguments.seed
    steps, epochs = getattr(arguments, "steps", None), getattr(arguments, "epochs", None)
    if steps is not None or epochs is not None:
        # A length that was asked for replaces the preset's, which would otherwise end the run before.
        values |= {"training.steps": steps, "training.epochs": epochs}
    return values


def _start(arguments: argparse.Namespace) -> RunConfig:
    if arguments.config is None:
        return RunConfig.preset(arguments.preset or DEFAULT_PRESET)
    try:
        return RunConfig.from_json(Path(arguments.config).read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise ValueError(f"{arguments.config} is no configuration: it is no UTF-8 text") from None
    except ConfigurationError as error:
        raise ValueError(f"{arguments.config}: {error}") from None


def _field_and_value(text: str) -> tuple[str, str]:
    field, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"--set {text!r} is no FIELD=VALUE, such as training.learning_rate=0.01")
    return field.strip(), value
