"""pip, with its progress visible and the one failure that everybody meets, no network, said in a sentence."""

from collections.abc import Sequence
from pathlib import Path

from tfviz.launcher.process import SetupError, run_apart, say

_RETRY = "Retrying (Retry("
_NOTHING_FOUND = "No matching distribution found"


def install(python: Path, requirements: Sequence[str]) -> None:
    """Install REQUIREMENTS for the interpreter PYTHON. Raises SetupError."""
    retries: list[str] = []

    def told(line: str) -> None:
        if _RETRY in line and not retries:
            say("the package index does not answer, trying again ...")
        retries.extend([line] if _RETRY in line else [])

    say(f"installing {', '.join(requirements)}")
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", *requirements]
    # A configuration with "user = true" would make pip refuse to install into an environment.
    code, messages = run_apart(command, {"PIP_USER": "0"}, told)
    if code and retries and any(_NOTHING_FOUND in line for line in messages):
        raise SetupError(
            "the packages could not be downloaded: no package index answers. tfviz needs the network this once, "
            "to install them; afterwards it starts without."
        )
    if code:
        raise SetupError("pip could not install the packages:\n" + "".join(messages[-20:]).rstrip())
