"""What is installed is compared with pyproject.toml as pip would compare it."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from tfviz.launcher import requirements
from tfviz.launcher.requirements import missing, read_requirements, satisfies, split

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"

numbers = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
bounds = st.lists(st.tuples(st.sampled_from([">=", "<=", "<", ">", "==", "!="]), numbers), max_size=3)


@given(numbers, bounds)
def test_versions_compare_as_packaging_compares_them(version: str, parts: list[tuple[str, str]]) -> None:
    text = ",".join(comparison + bound for comparison, bound in parts)
    assert satisfies(version, text) == SpecifierSet(text).contains(version)


@pytest.mark.parametrize("version", ["6.12.0rc1", "6.12.0.dev3", "6.12.0+local", "6.12"])
def test_a_candidate_of_an_excluded_release_is_excluded(version: str) -> None:
    assert not satisfies(version, ">=6.10.3,<6.12")


def test_the_extra_group_comes_on_top() -> None:
    plain = read_requirements(PYPROJECT)
    assert {split(requirement)[0] for requirement in plain} == {
        *("PySide6-Essentials", "numpy", "pyqtgraph", "safetensors", "threadpoolctl")
    }
    added = set(read_requirements(PYPROJECT, ["test"])) - set(plain)
    assert {split(requirement)[0] for requirement in added} == {
        "pytest",
        "pytest-qt",
        "pytest-xdist",
        "hypothesis",
        "ruff",
        "mypy",
    }


def test_nothing_is_missing_where_the_tests_run() -> None:
    assert missing(read_requirements(PYPROJECT, ["test"])) == []


def test_an_absent_package_and_a_wrong_version_are_missing() -> None:
    wanted = ["pytest>=1000", "pytest>=1", "no-such-package-at-all", "PyTest<1000"]
    assert missing(wanted) == ["pytest>=1000", "no-such-package-at-all"]


@pytest.mark.parametrize("written", [None, "", "Metadata-Version: 2.1\nName: half-there\n"])
def test_an_installation_that_was_cut_short_is_missing(
    written: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "half_there-1.0.dist-info"
    folder.mkdir()
    if written is not None:
        (folder / "METADATA").write_text(written, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert missing(["half-there>=1"]) == ["half-there>=1"]


def test_another_interpreter_is_asked_through_the_script() -> None:
    command = [sys.executable, "-P", requirements.__file__, "pytest>=1000", "pytest>=1"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == [
        "pytest>=1000"
    ]


@pytest.mark.parametrize(
    "text", ["numpy; python_version<'3.12'", "numpy[extra]>=2", "numpy ~= 2.0", "numpy>=2rc1", ""]
)
def test_a_requirement_beyond_plain_bounds_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no requirement of the form"):
        split(text)
