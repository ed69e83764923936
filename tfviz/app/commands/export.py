"""`export`: attention, scalars or weights of a trained model as a file for other programs, or as a picture."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfviz.app.outputs import suffix
from tfviz.app.parser import Parser, one_of, positive_number, whole_number
from tfviz.launcher.process import say

if TYPE_CHECKING:  # --help has no use for NumPy
    from tfviz.training.export import Head
    from tfviz.training.snapshot import Snapshot

LIGHT = "light"

EXAMPLES = """examples:
  %(prog)s model.safetensors --out attention.npz
  %(prog)s model.safetensors --sentence "how are you" --out atlas.svg
  %(prog)s model.safetensors --head cross.L0H3 --numbers --theme dark --out head.png
  %(prog)s run.tfviz --step 500 --what model --out model.safetensors
  %(prog)s run.tfviz --steps 0:600:10 --out learning.gif
  %(prog)s run.tfviz --steps :600:20 --out look-around.html

Formats: attention as npz, json, csv, svg, html, png, pdf, gif; scalars as csv, json; the model as
safetensors. npz and json hold all heads as arrays (layer, head, query, key) with tokens, step, seed,
sentence and configuration. html is one page to look around in, of a step or of many, that needs no
network. Pictures name what they show. Only png, pdf and gif need Qt, and no display."""


def configure(parser: Parser) -> None:
    parser.description = "Write attention, scalars or weights of a trained model into a file."
    parser.epilog = EXAMPLES
    parser.add_argument("file", metavar="FILE", help="a safetensors model saved by tfviz, or a run file")
    parser.add_argument("--out", required=True, metavar="PATH", help="the file to write")
    parser.add_argument(
        "--what",
        type=one_of("attention", "scalars", "model"),
        default="attention",
        metavar="NAME",
        help="attention (default), scalars or model",
    )
    parser.add_argument("--format", metavar="NAME", help="without: by the ending of --out")
    steps = parser.add_mutually_exclusive_group()
    steps.add_argument(
        "--step",
        type=whole_number(0),
        metavar="N",
        help="the model after N updates, from a run file (default: the last)",
    )
    steps.add_argument(
        "--steps", metavar="A:B:K", help="gif, html: from step A to step B of a run file, every K steps"
    )
    attention = parser.add_argument_group("attention")
    attention.add_argument("--sentence", metavar="TEXT", help="another sentence than the one the run watched")
    attention.add_argument(
        "--head",
        metavar="HEAD",
        help="csv and pictures: one head, such as encoder.L0H0 or cross.L1H3; html: the one to begin with",
    )
    attention.add_argument(
        "--theme",
        type=one_of("light", "dark"),
        metavar="NAME",
        help="light (default) or dark; html follows the reader's system unless told",
    )
    attention.add_argument(
        "--numbers", action="store_true", help="with --head, or html: write the weights into the cells"
    )
    attention.add_argument(
        "--seconds",
        type=positive_number,
        metavar="S",
        help="gif: how long a step is shown (default: 0.1)",
    )


def run(arguments: argparse.Namespace) -> int:
    what, path = arguments.what, arguments.out
    from tfviz.app.outputs import check_writable
    from tfviz.training.export import check_format, check_steps

    form = (arguments.format or suffix(path)).lower()
    if not form:
        raise ValueError(f"--out {path!r} has no ending that says the format: give one, or --format")
    check_format(what, form)
    check_steps(what, form, several=arguments.steps is not None)
    check_writable(path)
    if what == "attention":
        _export_attention(arguments, form)
    elif what == "scalars":
        _export_scalars(arguments, form)
    else:
        _export_model(arguments)
    return 0


def _export_attention(arguments: argparse.Namespace, form: str) -> None:
    from tfviz.training.export import Head

    head = Head.parse(arguments.head) if arguments.head else None
    if arguments.numbers and head is None and form != "html":
        raise ValueError("--numbers needs --head: the picture of all heads has no room for them")
    if arguments.seconds is not None and form != "gif":
        raise ValueError(f"--seconds is for gif, not for {form}")
    if arguments.steps is not None:
        _export_range(arguments, form, head)
    else:
        _export_step(arguments, form, head)


def _export_step(arguments: argparse.Namespace, form: str, head: "Head | None") -> None:
    from tfviz.app.commands.files import read_snapshot
    from tfviz.training.export import IMAGE_FORMATS, export_snapshot

    theme, numbers = arguments.theme, arguments.numbers
    snapshot = read_snapshot(arguments.file, arguments.step, arguments.sentence)
    if arguments.step not in (None, snapshot.step):
        say(f"step {arguments.step} was not recorded; this is step {snapshot.step}, the last one before")
    _warn_of_unknown_words(snapshot)
    if form in IMAGE_FORMATS:
        from tfviz.views.figures.figure_image import export_image

        export_image(snapshot, arguments.out, form, head, theme or LIGHT, numbers=numbers)
    else:
        export_snapshot(snapshot, arguments.out, "attention", form, head, theme, numbers=numbers)


def _export_range(arguments: argparse.Namespace, form: str, head: "Head | None") -> None:
    from tfviz.app.commands.files import read_snapshots
    from tfviz.training.export import ANIMATION_FORMATS, StepRange, export_snapshots

    theme, numbers = arguments.theme, arguments.numbers
    steps = StepRange.parse(arguments.steps)
    animated = form in ANIMATION_FORMATS
    snapshots = _told(read_snapshots(arguments.file, steps, arguments.sentence, predictions=not animated))
    if not animated:
        export_snapshots(snapshots, arguments.out, form, head, theme, numbers=numbers)
        return
    from tfviz.views.figures.figure_animation import SECONDS, export_animation

    seconds = arguments.seconds or SECONDS
    export_animation(snapshots, arguments.out, form, head, theme or LIGHT, numbers=numbers, seconds=seconds)


def _told(snapshots: "Iterator[Snapshot]") -> "Iterator[Snapshot]":
    """The same snapshots; the first one's unknown words are warned of."""
    for number, snapshot in enumerate(snapshots):
        if number == 0:
            _warn_of_unknown_words(snapshot)
        yield snapshot


def _warn_of_unknown_words(snapshot: "Snapshot") -> None:
    for word in snapshot.unknown_words:
        say(f"warning: unknown word {word!r} is read as <unk>")


def _export_scalars(arguments: argparse.Namespace, form: str) -> None:
    from tfviz.app.commands.files import read_history
    from tfviz.training.export import export_scalars

    export_scalars(read_history(arguments.file), arguments.out, form)


def _export_model(arguments: argparse.Namespace) -> None:
    from tfviz.app.commands.files import read_model
    from tfviz.training.model.model_file import save_model

    model = read_model(arguments.file, arguments.step)
    tokens = model.source_tokens, model.target_tokens
    save_model(arguments.out, model.parameters, model.config, *tokens, model.step, model.seed)
