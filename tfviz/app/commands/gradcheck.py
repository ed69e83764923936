"""`gradcheck`: the backward pass of every parameter against central differences of the forward pass."""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from tfviz.app.commands.options import add_run_options, run_config
from tfviz.app.parser import Parser, positive_number, whole_number
from tfviz.training.counted import counted

if TYPE_CHECKING:
    from tfviz.core.config import ModelConfig
    from tfviz.core.gradient_check import ParameterCheck

SAMPLES = 20  # entries of each parameter of a preset; forward passes of a larger model take their time
SENTENCES = 4
EPILOG = """examples:
  %(prog)s                         every entry of a small model, in seven variants
  %(prog)s --preset identity       20 entries of each parameter of a preset's model
  %(prog)s --preset tiny --all --set model.norm_first=true

In float64, without dropout, with random gains and biases. The error of an entry is |a - n| divided
by the largest of |a|, |n| and a thousandth of the parameter's largest gradient. An entry so near to
a kink of a ReLU that its difference would reach over it is redrawn. Exit code 1: above tolerance."""


def configure(parser: Parser) -> None:
    parser.description = "Compare analytic gradients with central differences, for every parameter."
    parser.epilog = EPILOG
    add_run_options(parser)
    entries = parser.add_mutually_exclusive_group()
    entries.add_argument(
        "--samples",
        type=whole_number(1),
        metavar="N",
        help=f"entries of each parameter (a preset: {SAMPLES})",
    )
    entries.add_argument(
        "--all", action="store_true", help="every entry (the small model: always, unless --samples)"
    )
    parser.add_argument(
        "--tolerance", type=positive_number, metavar="X", help="the largest error that passes (default 1e-6)"
    )


def run(arguments: argparse.Namespace) -> int:
    from tfviz.core.gradient_check import TOLERANCE

    tolerance = arguments.tolerance or TOLERANCE
    has_run = any((arguments.preset, arguments.config, arguments.data, arguments.changes))
    checks = _run_checks(arguments) if has_run else _small_checks(arguments)
    failed = 0
    for title, rows in checks:
        failed += _table(title, rows, tolerance)
    if failed:
        differ = f"{counted(failed, 'parameter')} {'differs' if failed == 1 else 'differ'}"
        print(f"FAILED: {differ} from central differences by more than {tolerance:g}")
    return 1 if failed else 0


def _small_checks(arguments: argparse.Namespace) -> Iterator[tuple[str, "Iterator[ParameterCheck]"]]:
    from tfviz.core.gradient_check import check, random_batch, small_config

    seed = arguments.seed or 0
    for norm_first in (False, True):
        for activation in ("relu", "gelu"):
            config = small_config(norm_first, activation)
            order = "norm first" if norm_first else "norm last"
            title = f"small model, {order}, {activation}"
            batch = random_batch(config, batch=3, source_length=5, target_length=4, seed=seed)
            yield title, check(config, batch, 0.1, arguments.samples, seed)
    for title, config in _other_shapes(small_config()):
        batch = random_batch(config, batch=3, source_length=5, target_length=4, seed=seed)
        yield title, check(config, batch, 0.1, arguments.samples, seed)


def _other_shapes(config: "ModelConfig") -> Iterator[tuple[str, "ModelConfig"]]:
    """One of each: an encoder alone, a decoder alone, tied and learned tables."""
    yield "small encoder alone", replace(config, architecture="encoder")
    decoder = replace(config, architecture="decoder", positions="learned", max_positions=9)
    yield "small decoder alone, learned positions", decoder
    tied = replace(
        config, target_vocabulary=config.source_vocabulary, shared_vocabulary=True, tied_embeddings=True
    )
    yield "small model, one table for all tokens", tied


def _run_checks(arguments: argparse.Namespace) -> Iterator[tuple[str, "Iterator[ParameterCheck]"]]:
    config = run_config(arguments)
    from tfviz.core.gradient_check import check
    from tfviz.training.tasks import create_task

    task = create_task(config)
    batch = task.batch(1).rows(slice(SENTENCES))
    model = config.model.for_tokens(task.source_tokenizer.tokens, task.target_tokenizer.tokens)
    samples = None if arguments.all else arguments.samples or SAMPLES
    order = "norm first" if model.norm_first else "norm last"
    title = (
        f"{config.name or 'the run'}: {len(batch)} sentences of its first batch, {order}, {model.activation}"
    )
    tokens = batch.source, batch.target_in, batch.target_out
    yield title, check(model, tokens, config.training.label_smoothing, samples, config.training.seed)


def _table(title: str, checks: "Iterator[ParameterCheck]", tolerance: float) -> int:
    """Print a line for each parameter as it is found; returns how many failed."""
    print(f"{title}\n  {'error':>8}  {'entries':>7}  {'redrawn':>7}  parameter", flush=True)
    worst, count, failed = None, 0, 0
    for check in checks:
        passed = check.passed(tolerance)
        line = f"  {check.worst_error:8.1e}  {check.entries:7}  {check.redrawn:7}  {check.name}"
        if not passed:
            at = ", ".join(map(str, check.worst_index))
            line += f"  FAILED at [{at}]: analytic {check.analytic:.9g}, numeric {check.numeric:.9g}"
        print(line, flush=True)
        count, failed = count + 1, failed + (not passed)
        if worst is None or not check.worst_error <= worst.worst_error:
            worst = check
    if worst is not None and not failed:
        print(
            f"  all {count} parameters pass at {tolerance:g}; the worst is {worst.name}, {worst.worst_error:.1e}\n"
        )
    return failed
