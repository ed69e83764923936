"""Train the presets of the tasks and say how well each answers sentences that it has never seen.

    python -m tests.benchmarks.task_table                            all of them, a Markdown table
    python -m tests.benchmarks.task_table --presets sort dates --seed 3

Run by hand: each takes minutes. An answer counts where every token is right, decoded greedily and free-running, of at
least 1,000 held-out pairs (identity, which holds none out: of all training sentences). Seconds are those of the clock
and, on a machine with other work, those of the processor.
"""

import argparse
import os
import time
from typing import NamedTuple

os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")

from tfviz.training.config import RunConfig
from tfviz.training.generation.free_running import free_running_accuracy
from tfviz.training.session import Session

PRESETS = (
    "identity",
    "copy",
    "reverse",
    "sort",
    "repeat",
    "addition",
    "brackets",
    "dates",
    "translation",
)
HELD_OUT = 1000
COLUMNS = ("preset", "parameters", "steps", "seconds", "processor", "pairs", "exact match", "tokens right")


class Row(NamedTuple):
    """What a preset came to."""

    preset: str
    parameters: int
    steps: int
    seconds: float
    processor_seconds: float
    pairs: int
    exact: float
    tokens: float

    def __str__(self) -> str:
        cells = (
            self.preset, f"{self.parameters:,}", f"{self.steps:,}", f"{self.seconds:.0f}",
            f"{self.processor_seconds:.0f}", f"{self.pairs:,}", f"{self.exact:.2%}", f"{self.tokens:.2%}",
        )  # fmt: skip
        return line(cells)


def measure(config: RunConfig, preset: str, held_out: int = HELD_OUT) -> Row:
    """Train to the end, then decode everything that is held out. ValueError where that is too little."""
    with Session(config) as session:
        pairs = session.task.validation or session.task.pairs
        if session.task.validation and len(pairs) < held_out:
            raise ValueError(f"{preset} holds out {len(pairs)} pairs; needed: at least {held_out}")
        started, worked = time.perf_counter(), time.process_time()
        session.train()
        seconds, processor = time.perf_counter() - started, time.process_time() - worked
        tokens, exact = free_running_accuracy(session.reader, pairs)
        return Row(
            preset, session.parameter_count, session.step, seconds, processor, len(pairs), exact, tokens
        )


def line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=PRESETS, metavar="NAME")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--set", nargs="+", default=[], metavar="FIELD=VALUE", help="try another configuration"
    )
    arguments = parser.parse_args()
    changes = dict(change.split("=", 1) for change in arguments.set)
    print(line(COLUMNS), line(("---",) * len(COLUMNS)), sep="\n", flush=True)
    for preset in arguments.presets:
        config = RunConfig.preset(preset).with_values(changes | {"training.seed": arguments.seed})
        print(measure(config, preset), flush=True)


if __name__ == "__main__":
    main()
