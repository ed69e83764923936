"""The command `test`: lint, format, types, tests. What pytest says comes last, whatever the others found."""

import sys
from collections.abc import Sequence
from pathlib import Path

from tfviz.launcher.process import run, say

ROOT = Path(__file__).parents[2]
_SHARED = ["-n", "2", "--dist", "loadfile"]
"""Two processes share the test files: many tests wait for a window, a thread or another program."""
_CHECKS = {"lint": ["ruff", "check"], "format": ["ruff", "format", "--check"], "types": ["mypy"]}


def run_checks(arguments: Sequence[str]) -> int:
    """Run all checks, and pytest with ARGUMENTS; the exit code is 0 only when each of them is content."""
    try:
        failed = [name for name, command in _CHECKS.items() if _run(name, command) != 0]
        if failed:
            say(f"{' and '.join(failed)} failed, see above; the exit code will say so too")
        return _run("tests", ["pytest", *_SHARED, *arguments]) or int(bool(failed))
    except KeyboardInterrupt:
        return 130


def _run(name: str, command: Sequence[str]) -> int:
    say(name)
    return run([sys.executable, "-m", *command], cwd=ROOT)
