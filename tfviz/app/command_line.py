"""The command line: `tfviz [command] ...`, and `python3 main.py [command] ...` in a checkout.

Exit codes: 0 done; 1 a check failed, or training broke off; 2 bad input, said in one sentence; 130 interrupted, 143
terminated; 141, without a word, where whoever read the output has gone.
"""

import contextlib
import difflib
import importlib
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tfviz import blas
from tfviz.app.parser import Parser
from tfviz.launcher.process import say

WINDOW = "window"
COMMANDS = {
    "screenshot": "picture of the window after so many steps",
    "train": "train without a window, with a log",
    "predict": "a trained model's answer to a sentence",
    "export": "attention, scalars or weights as a file",
    "info": "what a file holds; without one, what this machine computes with",
    "gradcheck": "the backward pass against central differences",
    "bench": "speed of training, and of the window",
}
"""What each says of itself among the others; its module in tfviz/app/commands says the rest."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program with these arguments, or with those it was started with; returns the exit code."""
    blas.use_one_thread()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a token that the terminal cannot show is no error
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except SystemExit as end:  # how argparse ends
        return end.code if isinstance(end.code, int) else 2
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    except BrokenPipeError:
        _forget_output()
        return 141
    except MemoryError as error:
        say(f"not enough memory: {error}" if str(error) else "not enough memory")
        return 2
    except (ValueError, OSError) as error:
        say(sentence(error))
        return 2
    return code


def sentence(error: Exception) -> str:
    """What an error says to the user, without Python's decoration."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(str(error).split()) or type(error).__name__


def _run(arguments: list[str]) -> int:
    program = "python3 main.py" if Path(sys.argv[0]).name == "main.py" else "tfviz"
    name = arguments.pop(0) if arguments and not arguments[0].startswith("-") else WINDOW
    if name != WINDOW and name not in COMMANDS:
        raise ValueError(_unknown_command(name))
    parser = Parser(prog=program if name == WINDOW else f"{program} {name}")
    if name == WINDOW:
        parser.epilog = _overview(program)
    command = importlib.import_module(f"tfviz.app.commands.{name}")
    command.configure(parser)
    code: int = command.run(parser.parse_args(arguments))
    return code


def _overview(program: str) -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {summary}" for name, summary in COMMANDS.items()]
    return "\n".join(
        ["commands, none of which needs a display:", *lines, "", f"{program} COMMAND --help says more."]
    )


def _unknown_command(name: str) -> str:
    if name == "test":
        return "the command test belongs to a checkout: python3 main.py test"
    close = difflib.get_close_matches(name, COMMANDS, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"{name!r} is no command; {hint}there are {', '.join(COMMANDS)}, and none at all for the window"


def _forget_output() -> None:
    """Nobody reads it: let the interpreter's own last flush go nowhere instead of complaining."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
