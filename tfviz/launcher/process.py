"""Running other programs on the user's behalf: visibly, and leaving none behind when interrupted."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


class SetupError(Exception):
    """Something the user has to do first; the message says what."""


def say(text: str) -> None:
    """Tell the user, on standard error: what a headless command prints on standard output stays clean."""
    with contextlib.suppress(OSError):  # a terminal that was closed
        print(f"tfviz: {text}", file=sys.stderr, flush=True)


def run(command: Sequence[str], environment: Mapping[str, str] | None = None, cwd: Path | None = None) -> int:
    """The exit code of COMMAND, which has the terminal; ENVIRONMENT is added to this process's own.

    Ctrl+C reaches the command too and is left to it: KeyboardInterrupt is raised here once it has ended.
    """
    process = subprocess.Popen(command, env={**os.environ, **(environment or {})}, cwd=cwd)
    interruption = None
    while True:
        try:
            code = process.wait()
        except KeyboardInterrupt as error:
            interruption = error
        else:
            break
    if interruption:
        raise interruption
    return code


def run_apart(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    told: Callable[[str], None] = lambda line: None,
) -> tuple[int, list[str]]:
    """The exit code of COMMAND and its lines on standard error, each of which goes to TOLD as it comes.

    Whatever interrupts the wait, Ctrl+C included, ends the command and all that it started before it is passed on.
    """
    messages = []
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
        process_group=0 if os.name == "posix" else None,
        close_fds=False,  # only what was made inheritable stays open: the set-up's lock
    ) as process:
        try:
            for line in process.stderr or ():
                messages.append(line)
                told(line)
            return process.wait(), messages
        except BaseException:
            _end(process)
            raise


def _end(process: subprocess.Popen[str]) -> None:
    """End a process and, where there are process groups, those it started; after three seconds not so politely."""
    if os.name != "posix":
        process.kill()
        process.wait()
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        until = time.monotonic() + 3
        while time.monotonic() < until:
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                return
            process.poll()
            time.sleep(0.02)


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
