"""Imports point down (app > views > training > core), Qt begins at views, and panels never import each other."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
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
        elif is_panel(module) and is_panel(".".join(parts[:3])) and module != ".".join(parts[:3]):
            found.append(f"{module} imports {name}: panels do not know each other")
    return found


def is_panel(module: str) -> bool:
    return module.startswith("tfviz.views.") and module.endswith("_panel")


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
        ("from tfviz.views.curve_panel import CurvePanel", "tfviz.views.run_panel"),
        ("from tfviz.views import curve_panel", "tfviz.views.run_panel"),
        ("from . import curve_panel", "tfviz.views.run_panel"),
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
        ("from tfviz.views.panel import Panel", "tfviz.views.curve_panel"),
        ("from tfviz.training.snapshot import Snapshot", "tfviz.views.curve_panel"),
        ("from tfviz.launcher.display import display_problem", "tfviz.app.command_line"),
        ("from tfviz.resources import resource_path", "tfviz.training.config"),
    ],
)
def test_an_import_that_keeps_the_rules_is_left_alone(source: str, module: str) -> None:
    assert violations(source, module) == []


def loaded_by(code: str) -> set[str]:
    """Top-level packages that a fresh interpreter has loaded after running CODE."""
    listing = code + "\nimport sys; print(*{name.split('.')[0] for name in sys.modules})"
    answer = subprocess.run(
        [sys.executable, "-c", listing], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(answer.stdout.split())


def test_importing_tfviz_loads_neither_numpy_nor_qt() -> None:
    assert not loaded_by("import tfviz") & {"numpy", "PySide6", "pyqtgraph"}


def test_public_names_load_without_qt() -> None:
    names = ["ModelConfig", "RunConfig", "RunWriter", "Session", "Transformer"]
    code = "import tfviz\nassert sorted(tfviz.__all__) == " + repr(names)
    code += "\nassert all(getattr(tfviz, name).__name__ == name for name in tfviz.__all__)"
    loaded = loaded_by(code)
    assert "numpy" in loaded
    assert not loaded & {"PySide6", "pyqtgraph"}


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    import tfviz

    name = "Sesion"
    with pytest.raises(AttributeError, match="no attribute 'Sesion'"):
        getattr(tfviz, name)


def test_numpy_gets_one_thread_whichever_comes_first() -> None:
    count = "from threadpoolctl import threadpool_info; print({pool['num_threads'] for pool in threadpool_info()})"
    for imports_in_order in (
        "import tfviz; tfviz.ModelConfig; import numpy",
        "import numpy, tfviz; tfviz.ModelConfig",
    ):
        answer = subprocess.run(
            [
                sys.executable,
                "-c",
                f"import os; os.environ.pop('OPENBLAS_NUM_THREADS', 0)\n{imports_in_order}\n{count}",
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert answer.stdout.strip() == "{1}"


def test_pyproject_lists_every_package() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    packages = {
        ".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "tfviz").rglob("__init__.py")
    }
    assert set(settings["packages"]) == packages | {"tfviz.resource_files"}
    assert settings["package-dir"] == {"tfviz.resource_files": "resources"}


def test_resources_are_found_and_a_missing_one_is_named() -> None:
    from tfviz.resources import resource_path

    assert resource_path("fonts/Inter-Regular.otf").is_file()
    with pytest.raises(FileNotFoundError, match=r"no resource 'fonts/Comic\.otf'"):
        resource_path("fonts/Comic.otf")
