"""Running other programs on the user's behalf: visibly, and leaving none behind when interrupted."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


class SetupError(Exception):
    """Something the user has to do first; the message says what."""


def say(text: str) -> None:
    """Tell the user, on standard error: what a headless command prints on standard output stays clean."""
    print(f"tfviz: {text}", file=sys.stderr, flush=True)


def run(
    command: Sequence[str | Path], environment: Mapping[str, str] | None = None, cwd: Path | None = None
) -> int:
    """The exit code of COMMAND, its output shown as it comes; ENVIRONMENT is added to this process's own."""
    process = subprocess.Popen(command, env={**os.environ, **(environment or {})}, cwd=cwd)
    return wait(process)


def wait(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> int:
    """The exit code of a process. When the wait is interrupted the process is ended, and waited for, first."""
    try:
        return process.wait()
    except BaseException:
        stop(process)
        raise


def stop(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """End a process. Ctrl+C reaches it too, so it is first given the time to end by itself."""
    for action in (lambda: None, process.terminate, process.kill):
        action()
        try:
            process.wait(timeout=3)
            return
        except subprocess.TimeoutExpired:
            continue


def is_root() -> bool:
    """Whether this process may install system packages."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def apt_install(packages: Sequence[str]) -> bool:
    """Install Debian packages where that is possible (apt, root); whether it succeeded."""
    if not is_root() or not shutil.which("apt-get"):
        return False
    say("installing system packages: " + " ".join(packages))
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-q"], quiet)
    return run(["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages], quiet) == 0
