"""No command: the window."""

import argparse

from tfviz.app.commands.options import add_run_options, has_run_options, run_config
from tfviz.app.parser import Parser, one_of
from tfviz.training.config import RunConfig

THEMES = ("system", "dark", "light")


def configure(parser: Parser) -> None:
    from tfviz import __version__

    parser.description = "Watch a Transformer, written from scratch in NumPy, learn: opens the window."
    parser.add_argument("--version", action="version", version=f"tfviz {__version__}")
    add_run_options(parser)
    parser.add_argument("--run", metavar="FILE.tfviz", help="open the run in this file instead of a new one")
    add_theme(parser)


def add_theme(parser: Parser) -> None:
    """--theme, for the commands that show the window."""
    parser.add_argument(
        "--theme",
        type=one_of(*THEMES),
        metavar="NAME",
        help=f"{', '.join(THEMES)} (without: as last chosen in the window)",
    )


def run(arguments: argparse.Namespace) -> int:
    """What can be seen to be wrong is said where it was typed, not in a window that opens for it."""
    if arguments.run is None:
        config = run_config(arguments)
        if config.task.path is not None:
            from tfviz.training.tasks import create_task

            create_task(config)
    else:
        from tfviz.training.run_file import RunReader

        if has_run_options(arguments):
            raise ValueError(f"--run opens {arguments.run} as it is; the other options are for a new run")
        RunReader(arguments.run)  # refuses what is no run file
        config = RunConfig()
    from tfviz.app import application

    return application.run(config, arguments.theme, arguments.run)
