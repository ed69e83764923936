"""A check of many entries of a layer, done in slices, so that it can be watched and stopped."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy

from tfviz.core.gradient_check import TOLERANCE
from tfviz.training.stepping.hand_check import CellCheck
from tfviz.training.stepping.stepper import Stepper

SLICE_SECONDS = 0.06
"""How long the debugger's thread is kept at a time."""
WORST = 10


@dataclass
class CheckRun:
    """`prefix` is what the names of the layer's parameters begin with, `of` how many entries are to be checked."""

    prefix: str
    of: int
    seed: int = 0
    cells: list[CellCheck] = field(default_factory=list)
    _left: Iterator[CellCheck] | None = None

    def slice(self, stepper: Stepper) -> list[CellCheck]:
        """The next few entries, in the debugger's thread; none when there are no more."""
        if self._left is None:
            self._left = stepper.check_layer(self.prefix, self.of, self.seed)
        until, found = time.monotonic() + SLICE_SECONDS, []
        for cell in islice(self._left, self.of):
            found.append(cell)
            if time.monotonic() > until:
                break
        return found

    @property
    def smooth(self) -> list[CellCheck]:
        """Those whose differences meet no kink, and so are to agree."""
        return [cell for cell in self.cells if cell.smooth]

    @property
    def worst(self) -> list[CellCheck]:
        """The largest errors first, NaN before all; entries at a kink last."""
        return sorted(
            self.cells, key=lambda cell: (cell.smooth, not cell.error <= numpy.inf, cell.error), reverse=True
        )[:WORST]

    @property
    def beyond(self) -> int:
        """Entries that count and whose error is above the tolerance, or is none."""
        return sum(cell.counts and not cell.error <= TOLERANCE for cell in self.cells)

    @property
    def rounded(self) -> int:
        """Entries without a kink that are above the tolerance by no more than the losses are rounded."""
        return sum(not cell.error <= TOLERANCE for cell in self.smooth) - self.beyond

    @property
    def steps(self) -> tuple[float, float]:
        """The smallest and the largest step size of the differences so far."""
        steps = [cell.step for cell in self.cells]
        return min(steps), max(steps)

    def median(self) -> float:
        return float(numpy.median([cell.error for cell in self.smooth])) if self.smooth else numpy.nan

    def largest(self) -> float:
        return float(numpy.max([cell.error for cell in self.smooth])) if self.smooth else numpy.nan


def entries_of(stepper: Stepper, prefix: str) -> int:
    """How many numbers the parameters have whose names begin so."""
    return sum(
        parameter.value.size for name, parameter in stepper.parameters.items() if name.startswith(prefix)
    )


def layer_of(name: str) -> str:
    """What the names of a layer's parameters begin with, given one: "transformer.encoder.layers.0.", "generator."."""
    parts = name.split(".")
    if "layers" in parts:
        return ".".join(parts[: parts.index("layers") + 2]) + "."
    return ".".join(parts[:-1]) + "."
