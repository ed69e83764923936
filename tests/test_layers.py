"""Imports point down (app > views > training > core), Qt begins at views, panels never import each other, nothing
imports itself in a circle."""

import ast
import sys
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = ["core", "training", "views", "app"]
# What a floor may import beside the standard library and tfviz. What is beside the floors serves all of them.
LIBRARIES = {
    "core": {"numpy"},
    "training": {"numpy", "safetensors", "threadpoolctl"},
    "views": {"numpy", "PySide6", "pyqtgraph"},
    "app": {"numpy", "PySide6", "pyqtgraph", "safetensors", "threadpoolctl"},
    "launcher": set(),
    "blas": {"threadpoolctl"},
    "resources": set(),
}


def imports(source: str, module: str) -> Iterator[str]:
    """Full names of the modules that a module imports, also inside functions: "tfviz.core.tensor", "numpy"."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*package, *([node.module] if node.module else [])])
            # `from tfviz import core` and `from tfviz.views import curve_panel` name a module only in the second part.
            yield from (f"{base}.{alias.name}" for alias in node.names)


def violations(source: str, module: str) -> list[str]:
    """The imports of a module, such as "tfviz.views.panel", that break a rule, each with the rule."""
    place = module.split(".")[1]
    found = []
    for name in imports(source, module):
        parts = name.split(".")
        if parts[0] != "tfviz":
            if parts[0] not in sys.stdlib_module_names | LIBRARIES.get(place, set()):
                found.append(f"{module} imports {parts[0]}, which is not for {place}")
        elif parts == ["tfviz"]:
            continue
        elif parts[1] in FLOORS and (place not in FLOORS or FLOORS.index(parts[1]) > FLOORS.index(place)):
            found.append(f"{module} imports {name}: not downwards")
        elif parts[1] == "launcher" and place not in ("launcher", "app"):
            found.append(f"{module} imports {name}: the launcher serves main.py and the command line")
        elif is_panel(module) and any(panel != module for panel in panels(parts)):
            found.append(f"{module} imports {name}: panels do not know each other")
    return found


def is_panel(module: str) -> bool:
    return module.startswith("tfviz.views.") and module.endswith("_panel")


def panels(parts: list[str]) -> list[str]:
    """The panel that a full name names or lies in, if any: of "tfviz.views.run.run_panel.RunPanel" the module."""
    return [name for end in range(1, len(parts) + 1) if is_panel(name := ".".join(parts[:end]))]


def modules() -> dict[str, Path]:
    """All modules of the package but its first page, whose imports are lazy and checked by running it."""
    found = {}
    for path in sorted((ROOT / "tfviz").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts)] = path
    del found["tfviz.__init__"]
    return found


@pytest.mark.parametrize("module", modules())
def test_imports_keep_the_rules(module: str) -> None:
    assert violations(modules()[module].read_text(encoding="utf-8"), module) == []


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("import PySide6.QtCore", "tfviz.training.session"),
        ("def draw():\n    import pyqtgraph", "tfviz.core.tensor"),
        ("from tfviz.training.session import Session", "tfviz.core.transformer"),
        ("from tfviz import app", "tfviz.views.panel"),
        ("from ..views import theme", "tfviz.training.session"),
        ("import scipy", "tfviz.core.tensor"),
        ("from tfviz.views.curves.curve_panel import CurvePanel", "tfviz.views.run.run_panel"),
        ("from tfviz.views.curves import curve_panel", "tfviz.views.run.run_panel"),
        ("from . import curve_panel", "tfviz.views.run.run_panel"),
        ("import numpy", "tfviz.launcher.pip"),
        ("from tfviz.core import tensor", "tfviz.resources"),
        ("from tfviz.launcher import prepare", "tfviz.core.tensor"),
    ],
)
def test_an_import_against_a_rule_is_found(source: str, module: str) -> None:
    assert len(violations(source, module)) == 1


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("import numpy\nfrom tfviz.core.tensor import Tensor", "tfviz.core.program"),
        ("from tfviz.views.panel import Panel", "tfviz.views.curves.curve_panel"),
        ("from tfviz.training.snapshot import Snapshot", "tfviz.views.curves.curve_panel"),
        ("from tfviz.launcher.display import display_problem", "tfviz.app.command_line"),
        ("from tfviz.resources import resource_path", "tfviz.training.config"),
    ],
)
def test_an_import_that_keeps_the_rules_is_left_alone(source: str, module: str) -> None:
    assert violations(source, module) == []


def imported_modules(names: Iterable[str], known: Container[str]) -> set[str]:
    """Those of the package's files that full names of what is imported lie in."""
    found = set()
    for name in names:
        parts = name.split(".")
        candidates = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
        found |= {next((candidate for candidate in candidates if candidate in known), "")}
    return found - {""}


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Files that import each other in a circle, the first one again at the end; empty where there are none."""
    done: set[str] = set()

    def search(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        for other in sorted(graph[module]):
            if found := search(other, [*path, module]):
                return found
        done.add(module)
        return []

    return next((found for module in sorted(graph) if (found := search(module, []))), [])


def test_no_files_import_each_other_in_a_circle() -> None:
    files = modules()
    graph = {
        module: imported_modules(imports(path.read_text(encoding="utf-8"), module), files) - {module}
        for module, path in files.items()
    }
    assert sum(map(len, graph.values())) > len(graph)
    assert circle(graph) == []


def test_a_circle_is_found() -> None:
    assert circle({"a": {"b"}, "b": {"c", "d"}, "c": set(), "d": {"b"}}) == ["b", "d", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
