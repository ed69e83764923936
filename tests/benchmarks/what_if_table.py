"""Break one thing after the other in whole presets and say what is seen of what each “what if” says.

    python -m tests.benchmarks.what_if_table                            all of them, a Markdown table
    python -m tests.benchmarks.what_if_table --names "no positions" "no norm"

Run by hand: it takes minutes. What breaks something from the start is trained as far as the healthy run, what breaks it
later for some steps more. Exit code 1 where anything that is said is not seen.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import NamedTuple

os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"), "1")

from tests.training.claims import CLAIMS, numbers
from tfviz.training.config import RunConfig
from tfviz.training.session import Session


class Healthy(NamedTuple):
    """A preset, how far it is trained, and for how many steps what leaves it then."""

    preset: str
    steps: int
    more: int


HEALTHY = {
    "shallow": Healthy("copy", 1500, 400),
    "deep": Healthy("deep_warm_up", 1500, 0),
    "ended": Healthy("copy", 3600, 400),
}
"""By what a claim is made of."""
COLUMNS = ("what if", "what is said", "healthy", "broken", "seen")


class Row(NamedTuple):
    """One thing that is said."""

    name: str
    words: str
    healthy: float
    broken: float
    seen: bool

    def __str__(self) -> str:
        cells = (
            self.name,
            self.words,
            f"{self.healthy:.3g}",
            f"{self.broken:.3g}",
            "yes" if self.seen else "NO",
        )
        return line(cells)


def line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def rows_of(name: str, healthy: Mapping[str, Session], more: Mapping[str, int]) -> Iterator[Row]:
    """What is seen beside these healthy runs, each at the step as far as which it was trained."""
    for run, session in healthy.items():
        if claims := [claim for claim in CLAIMS[name] if claim.run == run]:
            found = numbers(session, name, run, session.step, more[run])
            for claim in claims:
                seen = claim.holds(*found[claim.words], session.config)
                yield Row(name, claim.words, *found[claim.words], seen)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--names", nargs="+", choices=list(CLAIMS), default=list(CLAIMS), metavar="NAME")
    names = parser.parse_args().names
    needed = {claim.run for name in names for claim in CLAIMS[name]}
    all_seen = True
    with ExitStack() as stack:
        sessions = {}
        for run in needed:
            sessions[run] = stack.enter_context(Session(RunConfig.preset(HEALTHY[run].preset)))
            sessions[run].train(HEALTHY[run].steps)
        print(line(COLUMNS), line(("---",) * len(COLUMNS)), sep="\n")
        for name in names:
            for row in rows_of(name, sessions, {run: HEALTHY[run].more for run in needed}):
                print(row, flush=True)
                all_seen &= row.seen
    return 0 if all_seen else 1


if __name__ == "__main__":
    sys.exit(main())
