"""pip, with its progress visible and the one failure that everybody meets, no network, said in a sentence."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tfviz.launcher.process import SetupError, say, stop

_RETRY = "Retrying (Retry("
_NOTHING_FOUND = "No matching distribution found"


def install(python: Path, requirements: Sequence[str]) -> None:
    """Install REQUIREMENTS for the interpreter PYTHON. Raises SetupError."""
    say(f"installing {', '.join(requirements)}")
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", *requirements]
    # A configuration with "user = true" would make pip refuse to install into an environment.
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PIP_USER": "0"}
    )
    try:
        messages = _follow(process)
        code = process.wait()
    except BaseException:
        stop(process)
        raise
    if code and any(_RETRY in line for line in messages) and any(_NOTHING_FOUND in line for line in messages):
        raise SetupError(
            "the packages could not be downloaded: no package index answers. tfviz needs the network this once, "
            "to install them; afterwards it starts without."
        )
    if code:
        raise SetupError("pip could not install the packages:\n" + "".join(messages[-20:]).rstrip())


def _follow(process: subprocess.Popen[str]) -> list[str]:
    """What pip writes on standard error, to its end. Told at once is only that it waits for the network."""
    messages: list[str] = []
    for line in process.stderr or ():
        if _RETRY in line and not any(_RETRY in message for message in messages):
            say("the package index does not answer, trying again ...")
        messages.append(line)
    return messages
