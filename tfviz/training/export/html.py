"""Attention as a web page to look around in: one file with all data, script and style, that loads nothing.

The page itself is written in resources/export; what is filled in is escaped, and a policy in the page lets a browser
run this script alone and fetch nothing at all.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from html import escape
from os import PathLike
from typing import Any

import tfviz
from tfviz.resources import resource_path
from tfviz.training.atomic_file import write_atomically
from tfviz.training.config import RunConfig
from tfviz.training.export.figure import THEMES, visible
from tfviz.training.export.heads import Head
from tfviz.training.export.page_data import page_data
from tfviz.training.snapshot import Snapshot

SCRIPTS = ("data.js", "elements.js", "colours.js", "atlas.js", "map.js", "predictions.js", "page.js")


def write_html(
    snapshots: Iterable[Snapshot],
    path: str | PathLike[str],
    head: Head | None = None,
    theme: str | None = None,
    upper: float = 1.0,
    numbers: bool = False,
) -> None:
    """Write the page of one step or of several, which are taken one after the other.

    `head` is the one that is large at first, `theme` None follows the reader's system. ValueError for what cannot be.
    """
    page = html(snapshots, head, theme, upper, numbers)
    write_atomically(path, page.encode("utf-8"))


def html(
    snapshots: Iterable[Snapshot],
    head: Head | None = None,
    theme: str | None = None,
    upper: float = 1.0,
    numbers: bool = False,
) -> str:
    """The page as a text."""
    if theme is not None and theme not in THEMES:
        raise ValueError(f"theme {theme!r} is unknown: one of {', '.join(THEMES)}")
    data = page_data(snapshots, head, upper, numbers)
    style = f"\n{_resource('page.css')}"
    script = "\n".join(["\n(() => {", '"use strict";', *map(_resource, SCRIPTS), "})();\n"])
    steps = f"step {data.first:,}" if data.first == data.last else f"steps {data.first:,} to {data.last:,}"
    run = data.config.title
    return _filled(
        _resource("page.html"),
        {
            "theme": f' data-theme="{theme}"' if theme else "",
            "script_hash": _hash(script),
            "style_hash": _hash(style),
            "title": escape(visible(f"Attention · {run} · {steps}")),
            "style": style,
            "run": escape(visible(f"{run} · seed {data.seed}")),
            "configuration": _configuration(data.config),
            "version": escape(tfviz.__version__),
            "data": data.text,
            "script": script,
        },
    )


def _resource(name: str) -> str:
    return resource_path(f"export/{name}").read_text(encoding="utf-8")


def _filled(template: str, values: dict[str, str]) -> str:
    """The template with every {{name}} replaced, all at once: what is filled in is not looked at again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match.group(1)], template)


def _hash(text: str) -> str:
    """As a content security policy names the scripts and styles that it allows."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _configuration(config: RunConfig) -> str:
    """A table for each part of the configuration."""
    plain = config.to_dict()
    parts = [f"<p>{escape(visible(config.description))}</p>"] if config.description else []
    for name, values in plain.items():
        if isinstance(values, dict):
            rows = "\n".join(
                f'<tr><th scope="row">{escape(key)}</th><td>{escape(visible(_value(value)))}</td></tr>'
                for key, value in values.items()
            )
            parts.append(f"<table>\n<caption>{escape(name)}</caption>\n{rows}\n</table>")
    return "\n".join(parts)


def _value(value: Any) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)
