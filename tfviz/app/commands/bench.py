"""`bench`: how fast training is on this machine, and what the window takes of it."""

import argparse
import json
import os
from typing import TYPE_CHECKING, Any

from tfviz.app.commands.bench_text import busy_warning, machine_line, table
from tfviz.app.parser import Parser, one_of, positive_number, whole_number

if TYPE_CHECKING:
    from tfviz.app.bench_gui import WindowCost
    from tfviz.training.benchmark.bench import Breakdown, Case, Result

SHAPES = ("tiny", "small", "medium", "base")
EPILOG = """examples:
  %(prog)s
  %(prog)s --shapes tiny small --threads 1 --seconds 10
  %(prog)s --gui --shapes tiny --json
  %(prog)s --timeline --shapes tiny --steps 3000

All cases are measured in turns; figures are medians. A step is all that training does for one batch:
batch, forward, backward, norms and clipping, update, accuracies. GFLOP/s count the matrix products
over tokens that are no padding; the peak is a float32 product of two 2048 x 2048 matrices here.
--gui needs no display: it trains with the window live and with its timer idle, in turns.
--timeline trains runs that are recorded, shows steps of theirs near and far, opens the files and does
it again, then trains with and without a run file, in turns."""


def configure(parser: Parser) -> None:
    parser.description = "Measure training: milliseconds a step, and the share of what the processor can do."
    parser.epilog = EPILOG
    parser.add_argument(
        "--shapes",
        type=one_of(*SHAPES),
        nargs="+",
        metavar="NAME",
        help=f"among {', '.join(SHAPES)} (default: all; --gui: the first three; --timeline: the first two)",
    )
    parser.add_argument(
        "--threads", type=whole_number(1, 2), nargs="+", metavar="N", help="1, 2 or both (default: both)"
    )
    parser.add_argument(
        "--seconds",
        type=positive_number,
        metavar="S",
        help="of training for each case (default 3; --gui 10; --timeline 30)",
    )
    parser.add_argument(
        "--gui", action="store_true", help="the window: live over headless speed, event-loop delay"
    )
    parser.add_argument(
        "--timeline",
        action="store_true",
        help="any step of a run shown again; what recording takes of training",
    )
    parser.add_argument(
        "--steps",
        type=whole_number(1),
        metavar="N",
        help="with --timeline: of each run (default: tiny 10,000, small 2,000)",
    )
    parser.add_argument(
        "--panel", metavar="NAME", help="with --gui: a panel to put in front, such as flow_panel"
    )
    parser.add_argument("--json", action="store_true", help="as JSON, times in seconds")


def run(arguments: argparse.Namespace) -> int:
    if arguments.timeline:
        from tfviz.app.commands import bench_timeline

        return bench_timeline.run(arguments)
    if arguments.steps:
        raise ValueError("--steps is for --timeline: the other measurements take --seconds")
    if arguments.gui:
        return _run_gui(arguments)
    if arguments.panel:
        raise ValueError("--panel is for --gui: the other measurements open no window")
    from tfviz.app.commands.machine_info import machine
    from tfviz.training.benchmark.bench import measure

    result = measure(
        _distinct(arguments.shapes or SHAPES),
        _distinct(arguments.threads or (1, 2)),
        arguments.seconds or 3.0,
    )
    if arguments.json:
        print(json.dumps(_as_json(result) | {"machine": machine()}, indent=2))
    else:
        _print(result, machine())
    return 0


def _run_gui(arguments: argparse.Namespace) -> int:
    if arguments.threads:
        raise ValueError("--threads is not for --gui: each shape is trained as a run of it would be")
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from tfviz.app.bench_gui import measure_window, summary
    from tfviz.app.commands.machine_info import machine
    from tfviz.views.panels import PANELS

    names = [panel.object_name for panel in PANELS]
    if arguments.panel is not None and arguments.panel not in names:
        raise ValueError(f"there is no panel {arguments.panel!r}: {', '.join(names)}")
    shapes = _distinct(arguments.shapes or SHAPES[:3])
    costs = measure_window(shapes, arguments.seconds or 10.0, arguments.panel)
    if arguments.json:
        print(json.dumps({"windows": [summary(cost) for cost in costs], "machine": machine()}, indent=2))
        return 0
    print(machine_line(machine()))
    for cost in costs:
        if warning := busy_warning(cost.foreign_load):
            print(f"{cost.shape}: {warning}")
    header = (
        "shape",
        "panels",
        "live/idle",
        "range",
        "live steps/s",
        "idle steps/s",
        "pictures/s",
        "delay p50",
        "p99",
    )
    print()
    table([(*header, "max"), *(_window_row(cost) for cost in costs)])
    print(
        "the window live over the same session with the window idle; delay of the event loop in milliseconds"
    )
    return 0


def _window_row(cost: "WindowCost") -> tuple[str, ...]:
    from statistics import median

    return (
        cost.shape,
        str(cost.panels),
        f"{median(cost.ratios):.3f}",
        f"{min(cost.ratios):.3f} - {max(cost.ratios):.3f}",
        f"{median(cost.live):.1f}",
        f"{median(cost.idle):.1f}",
        f"{median(cost.pictures):.1f}",
        *(f"{cost.delay(share) * 1e3:.1f}" for share in (0.5, 0.99, 1.0)),
    )


def _distinct(values: Any) -> list[Any]:
    return list(dict.fromkeys(values))


def _print(result: "Result", machine: dict[str, Any]) -> None:
    peaks = ", ".join(f"{peak / 1e9:.0f} GFLOP/s on {threads}" for threads, peak in result.peaks.items())
    print(machine_line(machine))
    print(f"float32 matrix product, best of all rounds: {peaks} thread(s)")
    if warning := busy_warning(result.foreign_load):
        print(warning)
    header = (
        "shape",
        "threads",
        "ms/step",
        "quartiles",
        "model ms",
        "steps/s",
        "tokens/s",
        "GFLOP/s",
        "of peak",
    )
    print()
    table([header, *(_case_row(case, result.peaks[case.threads]) for case in result.cases)])
    if any(case.is_default for case in result.cases):
        print("* what a run of this shape takes by itself; model ms: forward and backward pass alone")
    print("\nmilliseconds of a step on one thread, forward and backward, by kind of operation")
    table(_breakdown_rows(result.breakdowns))


def _case_row(case: "Case", peak: float) -> tuple[str, ...]:
    from statistics import median

    low, high = case.quartiles
    speed = case.work / case.seconds
    return (
        case.shape,
        f"{case.threads}{'*' if case.is_default else ' '}",
        f"{case.seconds * 1e3:.3f}",
        f"{low * 1e3:.3f} - {high * 1e3:.3f}",
        f"{median(case.model) * 1e3:.3f}",
        f"{1 / case.seconds:,.1f}",
        f"{case.tokens / case.seconds:,.0f}",
        f"{speed / 1e9:.1f}",
        f"{speed / peak:.0%}",
    )


def _breakdown_rows(breakdowns: "list[Breakdown]") -> list[tuple[str, ...]]:
    """A row for each kind of operation, slowest of the largest shape first; a column for each shape."""
    totals = [sum(map(sum, one.operations.values())) + sum(one.other.values()) for one in breakdowns]
    rows = [("", *(one.shape for one in breakdowns))]
    for kind in breakdowns[-1].operations:
        times = [one.operations.get(kind, (0.0, 0.0)) for one in breakdowns]
        rows.append((kind, *(_share(sum(both), total) for both, total in zip(times, totals, strict=True))))
    for name in breakdowns[-1].other:
        times_of = [one.other[name] for one in breakdowns]
        rows.append((name, *(_share(one, total) for one, total in zip(times_of, totals, strict=True))))
    return rows


def _share(seconds: float, total: float) -> str:
    return f"{seconds * 1e3:.3f} {seconds / total:4.0%}"


def _as_json(result: "Result") -> dict[str, Any]:
    from statistics import median

    return {
        "peak_flops": {str(threads): peak for threads, peak in result.peaks.items()},
        "foreign_load": result.foreign_load,
        "cases": [
            {
                "shape": case.shape,
                "threads": case.threads,
                "is_default": case.is_default,
                "step": case.seconds,
                "step_quartiles": case.quartiles,
                "steps_measured": len(case.step),
                "model": median(case.model),
                "steps_per_second": 1 / case.seconds,
                "tokens_per_second": case.tokens / case.seconds,
                "useful_flop_per_step": case.work,
                "useful_flops": case.work / case.seconds,
                "share_of_peak": case.work / case.seconds / result.peaks[case.threads],
            }
            for case in result.cases
        ],
        "parts": [
            {
                "shape": one.shape,
                "operations": {
                    kind: {"forward": forward, "backward": backward}
                    for kind, (forward, backward) in one.operations.items()
                },
                "other": one.other,
            }
            for one in result.breakdowns
        ],
    }
