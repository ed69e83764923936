"""`bench --timeline`: what it costs to look back, and to record."""

import argparse
import json
import sys
from statistics import median

from tfviz.app.commands.bench_text import busy_warning, machine_line, table
from tfviz.app.commands.machine_info import machine
from tfviz.training.benchmark.bench_timeline import (
    KEPT_SPEED,
    WITHIN,
    TimelineCost,
    measure_timeline,
    summary,
)

RECORDING_SECONDS = 30.0


def run(arguments: argparse.Namespace) -> int:
    """ValueError for options of the other measurements."""
    if arguments.threads or arguments.gui:
        raise ValueError(
            "--timeline goes with neither --threads nor --gui: runs are trained as they would be"
        )
    costs = measure_timeline(
        list(dict.fromkeys(arguments.shapes or WITHIN)),
        arguments.steps,
        arguments.seconds or RECORDING_SECONDS,
        lambda text: print(text, file=sys.stderr, flush=True),
    )
    if arguments.json:
        print(json.dumps({"timelines": [summary(cost) for cost in costs], "machine": machine()}, indent=2))
    else:
        _print(costs)
    return 0


def _print(costs: list[TimelineCost]) -> None:
    print(machine_line(machine()))
    for cost in costs:
        if warning := busy_warning(cost.foreign_load):
            print(f"{cost.shape}: {warning}")
    print("\nmilliseconds until a step is shown, near and far, in both directions")
    header = ("shape", "steps", "keyframes", "in", "MB", "shown", "median", "p95", "worst", "allowed")
    table([header, *(row for cost in costs for row in _look_rows(cost))])
    print("\ntraining with a run file over training without one")
    recording_header = (
        "shape",
        "ratio",
        "range",
        "recorded steps/s",
        "plain steps/s",
        "allowed",
        "file MB",
        "opens in ms",
    )
    table([recording_header, *map(_recording_row, costs)])


def _look_rows(cost: TimelineCost) -> list[tuple[str, ...]]:
    allowed = WITHIN.get(cost.shape)
    return [
        (
            cost.shape,
            f"{cost.steps:,}",
            f"{looks.keyframes:,}",
            looks.source,
            f"{looks.keyframe_bytes / 1e6:.1f}",
            str(len(looks.all)),
            *(f"{looks.quantile(share) * 1e3:.1f}" for share in (0.5, 0.95, 1.0)),
            " / ".join(f"{seconds * 1e3:.0f}" for seconds in allowed) if allowed else "",
        )
        for looks in cost.looks
    ]


def _recording_row(cost: TimelineCost) -> tuple[str, ...]:
    return (
        cost.shape,
        f"{median(cost.ratios):.3f}",
        f"{min(cost.ratios):.3f} - {max(cost.ratios):.3f}",
        f"{median(cost.recorded):.1f}",
        f"{median(cost.plain):.1f}",
        f"{KEPT_SPEED}",
        f"{cost.file_bytes / 1e6:.1f}",
        f"{cost.opening * 1e3:.0f}",
    )
