"""Programs that tests use besides Python."""

import os
import shutil

import pytest


def missing(*names: str) -> str:
    """Which of these programs are not installed, in a sentence; empty where all are."""
    absent = [name for name in names if shutil.which(name) is None]
    return f"{' and '.join(absent)} not installed" if absent else ""


def needs(*names: str) -> pytest.MarkDecorator:
    """Skips a test where one of these is missing; but in CI it then fails: there they have to be installed."""
    return pytest.mark.skipif(bool(missing(*names)) and not in_ci(), reason=missing(*names) or "all is there")


def in_ci() -> bool:
    return os.environ.get("CI") == "true"
