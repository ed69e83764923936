"""`train`: a run without a window, with the original project's log."""

import argparse
import time
from functools import partial
from typing import TYPE_CHECKING

from tfviz.app.commands.options import add_run_options, run_config
from tfviz.app.parser import Parser, whole_number
from tfviz.launcher.process import say

if TYPE_CHECKING:
    from tfviz.app.interruption import Interruption

BROKEN_PIPE = 141
EXAMPLES = """examples:
  %(prog)s --preset identity --out identity.safetensors
  %(prog)s --preset reverse --steps 500 --set training.learning_rate=0.002
  %(prog)s --data pairs.tsv --epochs 50 --set task.validation=20

The log shows every tenth epoch: its mean training loss, and a sentence with the model's own
answer (free-running) and the right one. Ctrl+C stops between two steps and saves first."""


def configure(parser: Parser) -> None:
    parser.description = "Train without a window."
    parser.epilog = EXAMPLES
    add_run_options(parser)
    length = parser.add_argument_group("how long (without: as the configuration says)")
    length.add_argument("--steps", type=whole_number(1), metavar="N", help="batches")
    length.add_argument(
        "--epochs", type=whole_number(1), metavar="N", help="passes over the data, where they end"
    )
    output = parser.add_argument_group("output")
    output.add_argument("--out", metavar="FILE.safetensors", help="save the trained model")
    output.add_argument(
        "--log-every",
        type=whole_number(1),
        metavar="N",
        help="epochs between two entries of the log (default 10); steps (default 100) where data have no end",
    )
    output.add_argument("--quiet", action="store_true", help="no log, only the summary at the end")


def run(arguments: argparse.Namespace) -> int:
    config = run_config(arguments)  # before NumPy is loaded: bad input is answered at once
    from tfviz.app.interruption import Interruption
    from tfviz.app.outputs import check_writable
    from tfviz.training.model_file import save_model
    from tfviz.training.non_finite import NonFiniteError
    from tfviz.training.session import Session
    from tfviz.training.train import Log, introduction, summary, train

    if arguments.out is not None:
        check_writable(arguments.out)
    with Session(config) as session, Interruption() as interruption:
        write = _quiet if arguments.quiet else partial(_write, interruption)
        write(introduction(session))
        log, failure = Log(session, arguments.log_every, write), ""
        first_step, started = session.step, time.monotonic()
        try:
            train(session, log, lambda: bool(interruption))
        except NonFiniteError as error:
            failure = str(error)
        seconds = time.monotonic() - started
        saved = ""
        if arguments.out is not None:
            task = session.task
            tokens = task.source_tokenizer.tokens, task.target_tokenizer.tokens
            save_model(arguments.out, session.parameters, config, *tokens, session.step, session.seed)
            saved = f"saved {arguments.out}, the model after {session.step:,} steps"
        if interruption:
            say(f"stopped after {session.step:,} steps" + (f"; {saved}" if saved else ""))
            return interruption.code or 130
        print(*summary(session, first_step, seconds), *([f"S{saved[1:]}"] if saved else []), sep="\n")
        if failure:
            say(failure)
        return 1 if failure else 0


def _write(interruption: "Interruption", text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:  # whoever read the log has gone: end as after Ctrl+C
        interruption.code = BROKEN_PIPE


def _quiet(text: str) -> None:
    """Nothing."""
