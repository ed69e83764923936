"""The screen and the program for tests with real keys and a real mouse."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.virtual_screen import Program, Screen
from tests.tools import in_ci, missing

Start = Callable[..., Program]


@pytest.fixture(scope="session")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    """Skipped where there are no tools for it; but in CI they have to be there."""
    if reason := missing("Xvfb", "xdotool"):
        (pytest.fail if in_ci() else pytest.skip)(f"{reason}: no virtual screen to test on")
    screen = Screen(tmp_path_factory.mktemp("screen"), 1600, 1000)
    yield screen
    screen.close()


@pytest.fixture
def start(screen: Screen, tmp_path: Path) -> Iterator[Start]:
    """Starts the program on the screen, with a model so small that steps are quick."""
    programs: list[Program] = []

    def run(*arguments: str) -> Program:
        small = [f"--set=model.{field}" for field in ("d_model=32", "nhead=2", "dim_feedforward=32")]
        small = [] if "--run" in arguments else small  # a file has a model of its own
        programs.append(Program(screen, tmp_path, "--theme", "dark", *small, *arguments))
        return programs[-1]

    yield run
    for program in programs:
        program.close()
