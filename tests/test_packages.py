"""What is installed: every package and the resources; what importing it loads, and what it does not."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


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
