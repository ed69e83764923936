"""`screenshot`: a picture of the window after some training; needs no display."""

import argparse
import os

from tfviz.app.commands.options import add_run_options, run_config
from tfviz.app.commands.window import add_theme
from tfviz.app.parser import Parser, size, whole_number


def configure(parser: Parser) -> None:
    parser.description = "Open the window, train so many steps in it, and save what it shows as a png."
    parser.epilog = "example:\n  %(prog)s --preset identity --steps 200 --theme dark --out window.png"
    add_run_options(parser)
    parser.add_argument(
        "--steps", type=whole_number(0), default=100, metavar="N", help="steps before (default 100)"
    )
    parser.add_argument("--out", required=True, metavar="FILE.png", help="where the picture goes")
    parser.add_argument(
        "--size", type=size, default=(1600, 1000), metavar="WxH", help="in pixels (default 1600x1000)"
    )
    add_theme(parser)


def run(arguments: argparse.Namespace) -> int:
    from tfviz.app.outputs import check_writable, suffix

    if suffix(arguments.out) != "png":
        raise ValueError(f"--out {arguments.out!r} is no FILE.png: a screenshot is a png")
    steps, arguments.steps = arguments.steps, None  # of the picture, not of the run
    config = run_config(arguments)
    check_writable(arguments.out)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from tfviz.app import application

    return application.screenshot(config, steps, arguments.out, arguments.size, arguments.theme)
