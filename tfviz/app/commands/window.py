"""No command: the window."""

import argparse

from tfviz.app.commands.options import add_run_options, run_config
from tfviz.app.parser import Parser, one_of

THEMES = ("system", "dark", "light")


def configure(parser: Parser) -> None:
    from tfviz import __version__

    parser.description = "Watch a Transformer, written from scratch in NumPy, learn: opens the window."
    parser.add_argument("--version", action="version", version=f"tfviz {__version__}")
    add_run_options(parser)
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
    config = run_config(arguments)
    from tfviz.app import application

    return application.run(config, arguments.theme)
