"""`train`: a run without a window, with the original project's log."""

import argparse
import time
from functools import partial
from typing import TYPE_CHECKING

from tfviz.app.commands.options import add_run_options, run_config
from tfviz.app.parser import Parser, whole_number
from tfviz.launcher.process import say
from tfviz.training.counted import counted

if TYPE_CHECKING:
    from tfviz.app.interruption import Interruption
    from tfviz.training.session import Session

BROKEN_PIPE = 141
PICTURE_INTERVAL = (
    1.0  # seconds between two pictures in a run file, which `tfviz --run` shows while training goes on
)
EXAMPLES = """examples:
  %(prog)s --preset identity --out identity.safetensors
  %(prog)s --preset reverse --steps 500 --set training.learning_rate=0.002
  %(prog)s --data pairs.tsv --epochs 50 --set task.validation=20
  %(prog)s --preset identity --run identity.tfviz            and, if it was interrupted:
  %(prog)s --run identity.tfviz --resume

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
        "--run",
        metavar="FILE.tfviz",
        help="record the run while it trains: every step's scalars, pictures, states",
    )
    output.add_argument(
        "--resume",
        action="store_true",
        help="go on with the run in --run FILE; options given again must agree with it, but what may change in the "
        "middle of a run, such as --set training.learning_rate, changes from here on",
    )
    output.add_argument(
        "--log-every",
        type=whole_number(1),
        metavar="N",
        help="epochs between two entries of the log (default 10); steps (default 100) where data have no end",
    )
    output.add_argument("--quiet", action="store_true", help="no log, only the summary at the end")


def run(arguments: argparse.Namespace) -> int:
    if not arguments.resume:
        run_config(arguments)  # bad input is answered before NumPy is loaded
    from tfviz.app.commands.resume import open_session
    from tfviz.app.interruption import Interruption
    from tfviz.app.outputs import check_writable, suffix

    if arguments.out is not None:
        if suffix(arguments.out) == "tfviz":
            raise ValueError(f"--out {arguments.out!r} is a safetensors model; a run file is made by --run")
        check_writable(arguments.out)
    with Interruption() as interruption:
        with open_session(arguments) as session:
            failure, saved = _train(session, arguments, interruption)
            if arguments.run is not None:
                try:
                    session.save(arguments.run)  # it is recorded there: waits until all of it is
                    saved.append(f"{arguments.run}, the run up to step {session.frontier:,}")
                except (ValueError, OSError) as error:
                    failure = f"not all of the run is in its file: {error}"
        if interruption:
            say(
                "; ".join(
                    [f"stopped after {counted(session.step, 'step')}", *(f"saved {what}" for what in saved)]
                )
            )
            if failure:
                say(failure)
            return interruption.code or 130
    print(*(f"Saved {what}" for what in saved), sep="\n", end="\n" if saved else "")
    if failure:
        say(failure)
    return 1 if failure else 0


def _train(
    session: "Session", arguments: argparse.Namespace, interruption: "Interruption"
) -> tuple[str, list[str]]:
    """Train, log and save the model; why training broke off, if it did, and what was saved."""
    from tfviz.training.config import with_shards
    from tfviz.training.model.model_file import save_model
    from tfviz.training.stepping.non_finite import NonFiniteError
    from tfviz.training.train import Log, introduction, summary, train

    write = _quiet if arguments.quiet else partial(_write, interruption)
    write(introduction(session))
    log, failure, saved = Log(session, arguments.log_every, write), "", []
    tell = Telling(session, interruption, pictures=arguments.run is not None)
    first_step, started = session.step, time.monotonic()
    try:
        train(session, log, tell.between_steps)
    except NonFiniteError as error:
        failure = str(error)
    seconds = time.monotonic() - started
    if arguments.out is not None:
        task = session.task
        tokens = task.source_tokenizer.tokens, task.target_tokenizer.tokens
        config = with_shards(session.config, session.trainer.shards)
        save_model(arguments.out, session.parameters, config, *tokens, session.step, session.seed)
        saved.append(f"{arguments.out}, the model after {counted(session.step, 'step')}")
    if not interruption:
        print(*summary(session, first_step, seconds), sep="\n")
    return failure, saved


class Telling:
    """Between two steps: passes warnings on, and leaves a picture in the run file now and then."""

    def __init__(self, session: "Session", interruption: "Interruption", pictures: bool) -> None:
        from tfviz.training.mailbox import Demand

        self.session, self.interruption, self.pictures = session, interruption, pictures
        self._pictured = time.monotonic()
        if pictures:
            session.mailbox.request(Demand(attention=True, prediction=True, samples=True))

    def between_steps(self) -> bool:
        """Whether training has to stop."""
        from tfviz.training.events import Warned

        for event in self.session.mailbox.events():
            if isinstance(event, Warned):
                say(f"warning: {event.text}")
        if self.pictures and time.monotonic() - self._pictured >= PICTURE_INTERVAL:
            self.session.show()
            self._pictured = time.monotonic()
        return bool(self.interruption)


def _write(interruption: "Interruption", text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:  # whoever read the log has gone: end as after Ctrl+C
        interruption.code = BROKEN_PIPE


def _quiet(text: str) -> None:
    """Nothing."""
