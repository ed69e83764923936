"""How strong the signal is everywhere in the architecture: activations on their way up, gradients on their way down.

Where several tensors are added up, each has a share in the sum: a branch and its residual stream in the activations,
the readers of a tensor in its gradient.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from tfviz.core.tensor import Tensor
from tfviz.core.transformer import Transformer
from tfviz.training.model.models import ModelCache
from tfviz.training.stepping.flow_chart import Chart, chart_of
from tfviz.training.stepping.step_places import Of

Trouble = Literal["vanishing", "exploding", "not finite"]

FAINT = 1e-3
"""A signal below this part of what it began with counts as vanishing."""

STRONG = 1e3
"""One above so many times what it began with counts as exploding."""


@dataclass(frozen=True, eq=False)
class Flow:
    """One forward and backward pass of one sentence pair: root mean squares over all positions and features."""

    chart: Chart
    loss: float
    activations: Mapping[str, float]
    """By the name of the tensor; as they are, also where they are not finite."""
    gradients: Mapping[str, float]
    shares: Mapping[str, tuple[float, ...]]
    """By the name of a junction, in the order of its contributions: sums to 1, may be negative, NaN where the total is
    zero or not finite."""
    sentence: str = ""
    target: str = ""
    """What the loss is measured against; the model's own answer where nothing else is known."""
    origin: str = ""

    def strengths(self, of: Of) -> Mapping[str, float]:
        """Root mean squares of the values or of the gradients."""
        return self.activations if of == "value" else self.gradients

    def beginning(self, of: Of, tensor: str) -> float:
        """What the signal of a tensor began with: gradients at the generator's input, activations in their stack's."""
        if of == "gradient":
            return self.gradients[self.chart.result]
        return self.activations[self.chart.stack_of(tensor).input]

    def troubles(self, of: Of) -> dict[str, Trouble]:
        """What is wrong with the signal, at those tensors where something is."""
        found: dict[str, Trouble] = {}
        for tensor, strength in self.strengths(of).items():
            beginning = self.beginning(of, tensor)
            if not math.isfinite(strength):
                found[tensor] = "not finite"
            elif not strength or strength < FAINT * beginning:
                found[tensor] = "vanishing"
            elif strength > STRONG * beginning:
                found[tensor] = "exploding"
        return found


class FlowMeter:
    """Measures a set of parameters, in a model that whoever trains them does not see."""

    def __init__(self, models: ModelCache) -> None:
        self._models = models
        self._gauge: tuple[tuple[object, ...], _Gauge] | None = None

    def measure(self, source: Sequence[int], target: Sequence[int]) -> Flow:
        """Of token ids with <s> and </s>; the loss is that of training, nothing is dropped."""
        models = self._models
        key = (models.config, len(source), len(target), models.label_smoothing)
        if self._gauge is None or self._gauge[0] != key:
            self._gauge = key, _Gauge(models.inspection(1, len(source), len(target) - 1))
        return self._gauge[1].measure(np.array([source]), np.array([target[:-1]]), np.array([target[1:]]))


class _Gauge:
    """Reads one model. What is added up is first copied to float64, where no square is too small or too large."""

    def __init__(self, model: Transformer) -> None:
        self.model = model
        self.chart = chart_of(model)
        self._copies: dict[tuple[str, Of], tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        tensors = {name: tensor for name, tensor in model.tensors.items() if name in self.chart.tensors}
        self._places: dict[Of, dict[str, np.ndarray]] = {
            of: {name: self._flat(tensor, of) for name, tensor in tensors.items()}
            for of in ("value", "gradient")
        }

    def measure(self, source: np.ndarray, target_in: np.ndarray, target_out: np.ndarray) -> Flow:
        with np.errstate(all="ignore"):
            loss = self.model.forward(source, target_in, target_out)
            self.model.backward()
            for stored, copy, _ in self._copies.values():
                np.copyto(copy, stored)
            squares = {id(flat): float(np.dot(flat, flat)) for _, _, flat in self._copies.values()}
            shares = {
                junction.name: self._shares(self._places[junction.of], junction.total, junction.contributions)
                for junction in self.chart.junctions
            }
        activations, gradients = (
            MappingProxyType(
                {name: math.sqrt(squares[id(flat)] / len(flat)) for name, flat in places.items()}
            )
            for places in self._places.values()
        )
        return Flow(self.chart, loss, activations, gradients, MappingProxyType(shares))

    @staticmethod
    def _shares(
        flats: dict[str, np.ndarray], total: str, contributions: tuple[str, ...]
    ) -> tuple[float, ...]:
        """<a, g> / <g, g> of each contribution a to the total g."""
        whole = flats[total]
        square = float(np.dot(whole, whole))
        if not square:
            return (math.nan,) * len(contributions)
        return tuple(float(np.dot(flats[name], whole)) / square for name in contributions)

    def _flat(self, tensor: Tensor, of: Of) -> np.ndarray:
        """Where the numbers of a tensor are found, one after another, once they are copied; tensors may share them."""
        root = tensor.value_root if of == "value" else tensor.gradient_root
        key = (root or tensor).name, of
        if key not in self._copies:
            stored = tensor.data if of == "value" else tensor.gradient
            copy = np.empty(stored.shape)
            self._copies[key] = stored, copy, copy.reshape(-1)
        return self._copies[key][2]
