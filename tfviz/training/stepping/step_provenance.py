"""Where any number of a training step came from: of its tensors, of the clipping, and of the updated parameters."""

import math
from collections.abc import Collection, Mapping

import numpy as np

from tfviz.core.optimizers import Optimizer, clip_scale
from tfviz.core.provenance import Cell, Explanation, explain
from tfviz.core.provenance.explanation import Derivation, Factor, summed, term
from tfviz.core.provenance.update import Move, clipped, updated
from tfviz.core.tensor import Array
from tfviz.core.transformer import Transformer


class StepProvenance:
    """Explains a step from a float64 model after both passes, and from the state that the step starts from."""

    def __init__(
        self,
        model: Transformer,
        start: Mapping[str, Array],
        optimizer: Optimizer,
        learning_rate: float,
        clip_norm: float,
        frozen: Collection[str] = (),
    ) -> None:
        self._model, self._start, self._optimizer = model, start, optimizer
        self._learning_rate, self._limit, self._frozen = learning_rate, clip_norm, frozen
        groups = model.parameter_values.layout.groups
        gradients = model.gradients
        self._norm = math.hypot(*(float(np.linalg.norm(gradients[rows])) for rows in groups.values()))

    def cell(self, name: str, index: tuple[int, ...], of: str = "value") -> Explanation:
        """`of` may also be "clipped", for a gradient as the update sees it. ValueError for what there is not."""
        if of != "clipped":
            return explain(self._model, name, index, of)
        gradient = self._gradient(name, index)
        derivation = clipped(gradient.cell, gradient.total, self._norm, self._limit)
        return _explanation(gradient.cell._replace(of="clipped"), "Clipping", derivation)

    def updated(self, name: str, index: tuple[int, ...]) -> Explanation:
        """The value of a parameter's cell after the update. ValueError for what there is not."""
        gradient = self._gradient(name, index)
        entry = self._model.parameter_values.layout.entries[name]
        numbers = {
            key: float(entry.view(self._start[key])[index])
            for key in ("parameters", *self._optimizer.moment_names)
        }
        cell = gradient.cell._replace(of="value")
        if name in self._frozen:
            stays = summed(
                "frozen: the same number as before", [term(Factor("before", numbers["parameters"]))]
            )
            return _explanation(cell, type(self._optimizer).__name__, stays)
        move = Move(
            cell, numbers.pop("parameters"), gradient.total * clip_scale(self._norm, self._limit), numbers,
            self._learning_rate, int(self._start["updates"]) + 1,
        )  # fmt: skip
        return _explanation(cell, type(self._optimizer).__name__, updated(self._optimizer, move))

    def _gradient(self, name: str, index: tuple[int, ...]) -> Explanation:
        if name not in self._model.parameters:
            raise ValueError(f"{name} is no parameter: only these are clipped and updated")
        return explain(self._model, name, index, "gradient")


def _explanation(cell: Cell, kind: str, derivation: Derivation) -> Explanation:
    """Of what the step does after the backward pass: its places are called "clipping" and "update"."""
    phase = "clipping" if kind == "Clipping" else "update"
    return Explanation(
        cell, phase, kind, phase, derivation.formula, derivation.terms, derivation.total, None,
        details=derivation.details,
    )  # fmt: skip
