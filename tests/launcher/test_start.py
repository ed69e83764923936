"""python3 main.py, run as a user runs it: in a fresh copy, by an interpreter that has no packages (-S)."""

import ast
import os
import runpy
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tfviz import launcher
from tfviz.launcher import checks

ROOT = Path(__file__).parents[2]
MAIN = ROOT / "main.py"
SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def start(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in SCREENS} | variables
    command = [sys.executable, "-S", str(folder / "main.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh copy of what a start needs, in a folder with a space in its name."""
    folder = tmp_path / "a checkout"
    shutil.copytree(ROOT / "tfviz" / "launcher", folder / "tfviz" / "launcher")
    for name in ("main.py", "pyproject.toml", "tfviz/__init__.py", "tfviz/blas.py"):
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.mark.parametrize("version", [(3, 6), (3, 9), (3, 10)])
def test_an_older_python_is_told_which_one_is_needed(
    version: tuple[int, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ast.parse(MAIN.read_text(), feature_version=(3, 4))
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(MAIN), run_name="__main__")
    assert ended.value.code == 2
    message = capsys.readouterr().err
    assert f"Python 3.11 or newer is needed, this is {version[0]}.{version[1]} ({sys.executable})" in message


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a screen")
def test_without_a_screen_nothing_is_set_up_for_the_window(checkout: Path) -> None:
    answer = start(checkout)
    assert answer.returncode == 2
    assert answer.stderr.startswith("tfviz: there is no display for the window")
    assert len(answer.stderr.splitlines()) == 1
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize(
    ("argument", "expected"), [("--help", "usage: python3 main.py"), ("--version", "tfviz 0.")]
)
def test_help_needs_no_packages(argument: str, expected: str) -> None:
    answer = start(ROOT, argument)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith(expected)


REPORT = """
import os, sys
print(*sys.orig_argv[1:], os.environ["OPENBLAS_NUM_THREADS"], sep="\\n", flush=True)
os._exit(7)
"""
"""What a Python runs before anything else, as its module sitecustomize."""


def test_the_program_runs_in_the_environment_with_all_arguments_and_its_exit_code(checkout: Path) -> None:
    environment = venv.EnvBuilder(symlinks=os.name == "posix")
    environment.create(checkout / ".venv")
    folders = environment.ensure_directories(checkout / ".venv")
    packages = sysconfig.get_path("purelib", "venv", {"base": folders.env_dir, "platbase": folders.env_dir})
    Path(packages, "sitecustomize.py").write_text(REPORT)
    requirements = launcher.read_requirements(ROOT / "pyproject.toml")
    (checkout / ".venv" / "tfviz-packages.txt").write_text("\n".join(requirements))
    answer = start(checkout, "predict", "a file.tfviz", "how are you")
    assert answer.returncode == 7
    assert answer.stdout.splitlines() == [
        str(checkout / "main.py"),
        "predict",
        "a file.tfviz",
        "how are you",
        "1",
    ]


def test_a_set_up_without_network_is_one_sentence_and_leaves_nothing(checkout: Path) -> None:
    nowhere = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "1",
        "PIP_CONFIG_FILE": os.devnull,
    }
    answer = start(
        checkout, "train", **nowhere, PIP_EXTRA_INDEX_URL="", PIP_FIND_LINKS="", PIP_NO_CACHE_DIR="1"
    )
    assert answer.returncode == 2
    assert "no package index answers" in answer.stderr.splitlines()[-1]
    assert not (checkout / ".venv").exists()


class TestChecks:
    """The command `test`."""

    @pytest.fixture
    def codes(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
        """Exit codes to be had from the tools; afterwards in the order in which they were run."""
        given: dict[str, int] = {}
        self.commands: list[list[str]] = []

        def run(command: list[str], cwd: Path) -> int:
            assert command[:2] == [sys.executable, "-m"]
            self.commands.append(command[2:])
            return given.get(" ".join(command[2:4]), 0)

        monkeypatch.setattr(checks, "run", run)
        return given

    def test_runs_lint_format_types_and_then_the_tests(self, codes: dict[str, int]) -> None:
        assert checks.run_checks(["-k", "gate"]) == 0
        assert self.commands == [
            ["ruff", "check"],
            ["ruff", "format", "--check"],
            ["mypy"],
            ["pytest", "-n", "2", "--dist", "loadfile", "-k", "gate"],
        ]

    @pytest.mark.parametrize("tool", ["ruff check", "ruff format", "mypy", "pytest -n"])
    def test_any_failure_is_a_failure_and_the_tests_still_come_last(
        self, codes: dict[str, int], tool: str
    ) -> None:
        codes[tool] = 1
        assert checks.run_checks([]) == 1
        assert self.commands[-1][0] == "pytest"
