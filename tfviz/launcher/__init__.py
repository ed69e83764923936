"""What stands between `python3 main.py` and the program: packages, Qt's system libraries, a display.

    requirements.py   which packages of pyproject.toml an interpreter lacks
    environment.py    the environment in .venv: made, completed, remade
    qt_libraries.py   the system libraries Qt links, and the packages they are in
    display.py        which commands open a window, and whether there is a screen for it
    checks.py         the command `test`
    pip.py            pip, and what it says when there is no network
    process.py        running other programs

Imports the standard library alone. Everything is looked at afresh at every start, which costs some tens of
milliseconds; pip runs only when something is missing, so a second start needs no network.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from tfviz.launcher.checks import run_checks
from tfviz.launcher.display import display_problem, forget_dead_display, needs_qt, platform_plugins
from tfviz.launcher.environment import Environment
from tfviz.launcher.process import SetupError, say
from tfviz.launcher.qt_libraries import provide_libraries
from tfviz.launcher.requirements import missing, read_requirements

__all__ = ["prepare", "run_checks"]

ROOT = Path(__file__).parents[2]


def prepare(arguments: Sequence[str]) -> None:
    """Return when this interpreter can run the command ARGUMENTS; otherwise start one that can, in place of this one.

    Where neither is possible: one sentence that says what to do, and exit code 2 (130 after Ctrl+C).
    """
    testing = arguments[:1] == ["test"]
    if not testing and {"-h", "--help", "--version"} & set(arguments):
        return
    try:
        _require_display(arguments)
        _provide_packages(["test"] if testing else [], arguments)
        if sys.platform == "linux" and needs_qt(arguments):
            provide_libraries([] if testing else platform_plugins(os.environ))
            forget_dead_display(os.environ)
            _require_display(arguments)
    except SetupError as error:
        say(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        say("interrupted")
        sys.exit(130)


def _require_display(arguments: Sequence[str]) -> None:
    if problem := display_problem(arguments, os.environ):
        raise SetupError(problem)


def _provide_packages(extras: Sequence[str], arguments: Sequence[str]) -> None:
    requirements = read_requirements(ROOT / "pyproject.toml", extras)
    if missing(requirements):
        _hand_over(Environment(ROOT).ensure(requirements), arguments)


def _hand_over(python: Path, arguments: Sequence[str]) -> NoReturn:
    command = [str(python), str(ROOT / "main.py"), *arguments]
    sys.stdout.flush()
    if os.name == "posix":
        try:
            os.execv(python, command)
        except OSError as error:
            raise SetupError(
                f"{python} does not start ({error}); remove the folder .venv and try again"
            ) from error
    # Windows has no exec: wait, leave Ctrl+C to the program, and pass its exit code on.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(subprocess.run(command).returncode)
