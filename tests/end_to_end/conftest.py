"""The screen and the program for tests with real keys and a real mouse."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.virtual_screen import Program, Screen

Start = Callable[..., Program]


@pytest.fixture(scope="session")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    """Skipped where there are no tools for it; but in CI they have to be there."""
    missing = [tool for tool in ("Xvfb", "xdotool") if shutil.which(tool) is None]
    if missing:
        reason = f"{' and '.join(missing)} not installed: no virtual screen to test on"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
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
