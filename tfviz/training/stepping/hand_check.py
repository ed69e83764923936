"""Any gradient of a training step checked while somebody looks on: in float64, with the step's own batch and masks."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tfviz.core.gradient_check import FLOOR, STEPS, TOLERANCE, Batch, central_difference, relative_error
from tfviz.core.parameters import Parameters
from tfviz.core.tensor import Array
from tfviz.core.transformer import Transformer
from tfviz.training.data import batches

NARROW_STEPS = (*STEPS, 2.0**-17, 2.0**-20)
"""A real batch has so many ReLUs that a wide step nearly always meets the kink of one."""

ROUNDINGS = 4.0
"""By how many roundings a difference may be off, each divided by its step: a loss is rounded more than once, and the
extrapolation from two differences makes half as much again of it."""


@dataclass(frozen=True)
class CellCheck:
    """The derivative by one entry of a parameter, computed in two ways."""

    name: str
    index: tuple[int, ...]
    analytic: float
    numeric: float
    error: float
    """Relative, as `gradcheck` counts it."""
    smooth: bool
    """False where a ReLU switched within even the narrowest step: the difference then reaches over a kink."""
    step: float
    """h: the losses of the difference are taken at h and at 2 h to either side."""
    rounding: float
    """The error that the rounding of the losses alone may make: it is large where a gradient is very small."""

    @property
    def counts(self) -> bool:
        """Whether an error above a tolerance would mean that the backward pass is wrong."""
        return self.smooth and not self.error <= self.rounding


class HandCheck:
    """A float64 copy of a model at a given point, with the dropout masks of a step."""

    def __init__(
        self, model: Transformer, parameters: Array, batch: batches.Batch, step: int, seed: int
    ) -> None:
        point = Parameters(model.config, np.float64)
        point.flat[...] = parameters
        (rows, source_length), (_, target_length), _ = model.shapes
        self._untouched = Transformer(
            model.config, rows, source_length, target_length, model.parts[0].loss.smoothing, np.float64,
            seed, point, len(model.parts),
        )  # fmt: skip
        self._untouched.set_step(step)
        self._batch: Batch = (batch.source, batch.target_in, batch.target_out)

    def cell(self, name: str, index: tuple[int, ...]) -> CellCheck:
        """KeyError for a parameter that does not exist, IndexError for such an entry."""
        gradient = self._gradients[name]
        if len(index) != gradient.ndim or not all(
            0 <= i < n for i, n in zip(index, gradient.shape, strict=True)
        ):
            raise IndexError(f"{name} has shape {gradient.shape}, so no entry {index}")
        found = self._compared(name, index, NARROW_STEPS)
        for number in range(1, len(NARROW_STEPS)):
            if found.error <= TOLERANCE or not found.counts:
                break
            # Where the loss is much bent the difference is what is wrong; a wrong gradient stays so with any step.
            found = min(
                found, self._compared(name, index, NARROW_STEPS[number:]), key=lambda each: each.error
            )
        return found

    def _compared(self, name: str, index: tuple[int, ...], steps: tuple[float, ...]) -> CellCheck:
        """With the difference over the first of these steps that meets no kink."""
        gradient = self._gradients[name]
        analytic = float(gradient[index])
        with np.errstate(all="ignore"):
            difference = central_difference(self.model, self._batch, name, index, steps)
        largest = float(np.abs(gradient).max())
        error = relative_error(analytic, difference.numeric, largest)
        scale = max(abs(analytic), abs(difference.numeric), FLOOR * largest)
        apart = ROUNDINGS * np.finfo(np.float64).eps * max(1.0, self.model.loss) / difference.step
        rounding = apart / scale if scale else 0.0
        return CellCheck(
            name, index, analytic, difference.numeric, error, difference.smooth, difference.step, rounding
        )

    def layer(self, prefix: str, count: int, seed: int = 0) -> Iterator[CellCheck]:
        """Check `count` random entries, or all, of the parameters whose names begin so, in their order.

        ValueError where there are none.
        """
        cells = [
            (name, number)
            for name, gradient in self._gradients.items()
            if name.startswith(prefix)
            for number in range(gradient.size)
        ]
        if not cells:
            raise ValueError(f"no parameter's name begins with {prefix!r}")
        generator = np.random.Generator(np.random.Philox(key=[seed, 0x63656C6C]))
        chosen = generator.choice(len(cells), min(count, len(cells)), replace=False)
        return (self._numbered(*cells[number]) for number in sorted(chosen.tolist()))

    @cached_property
    def model(self) -> Transformer:
        """The copy, after both passes over the step's batch; between two checks it always is."""
        with np.errstate(all="ignore"):
            self._untouched.forward(*self._batch)
            self._untouched.backward()
        return self._untouched

    @cached_property
    def _gradients(self) -> dict[str, Array]:
        """Analytic, by parameter. The passes of the differences leave them alone."""
        return {
            name: parameter.grad
            for name, parameter in self.model.parameters.items()
            if parameter.grad is not None
        }

    def _numbered(self, name: str, number: int) -> CellCheck:
        index = np.unravel_index(number, self._gradients[name].shape)
        return self.cell(name, tuple(map(int, index)))
