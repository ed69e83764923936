"""`info`: what a file holds; without one, what this machine computes with."""

import argparse
import json
from typing import Any

from tfviz.app.outputs import printable
from tfviz.app.parser import Parser


def configure(parser: Parser) -> None:
    parser.description = (
        "Say what a model or run file holds or, without a file, what this machine computes with."
    )
    parser.epilog = "examples:\n  %(prog)s\n  %(prog)s model.safetensors --json"
    parser.add_argument(
        "file", metavar="FILE", nargs="?", help="a safetensors model saved by tfviz, or a run file"
    )
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(arguments: argparse.Namespace) -> int:
    if arguments.file is None:
        from tfviz.app.commands.machine_info import machine

        found = machine()
    else:
        from tfviz.app.commands.files import describe

        found = describe(arguments.file)
    if arguments.json:
        print(json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print(printable("\n".join(_lines(found))))
    return 0


def _lines(found: dict[str, Any], prefix: str = "") -> list[str]:
    """A line for each value: "model.d_model  64"."""
    flat = dict(_flat(found, prefix))
    width = max(map(len, flat))
    return [f"{name:<{width}}  {_text(value)}" for name, value in flat.items()]


def _flat(found: dict[str, Any], prefix: str) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for name, value in found.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            value = {str(number): item for number, item in enumerate(value)}
        if isinstance(value, dict):
            pairs += _flat(value, f"{prefix}{name}.")
        else:
            pairs.append((prefix + name, value))
    return pairs


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        shown = " ".join(map(str, value[:12]))
        return shown + (f" ... ({len(value):,} in all)" if len(value) > 12 else "")
    return str(value)
