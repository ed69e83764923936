"""How strong the signal is everywhere in the architecture: activations on their way up, gradients on their way down.

Where several tensors are added up, each has a share in the sum: a branch and its residual stream in the activations,
the readers of a tensor in its gradient.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np

from tfviz.core.operations import CrossEntropy, Embedding, Fork, LayerNorm, PositionalEncoding, ResidualAdd
from tfviz.core.tensor import Features
from tfviz.core.transformer import Transformer
from tfviz.training.flow_chart import Chart, chart_of
from tfviz.training.models import ModelCache
from tfviz.training.step_places import Of

Trouble = Literal["vanishing", "exploding", "not finite"]

FAINT = 1e-3
"""A signal below this part of what it began with counts as vanishing."""

STRONG = 1e3
"""One above so many times what it began with counts as exploding."""

_CARRIERS = (Embedding, PositionalEncoding, Fork, LayerNorm, ResidualAdd, CrossEntropy)
"""Operations between which the streams and branches run."""


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
        chart = self.chart
        if of == "gradient":
            return self.gradients[chart.decoder.output]
        return self.activations[(chart.encoder if tensor in chart.encoder.tensors else chart.decoder).input]

    def trouble(self, of: Of, tensor: str) -> Trouble | None:
        """What is wrong with the signal at a tensor, if anything."""
        strength, beginning = self.strengths(of)[tensor], self.beginning(of, tensor)
        if not math.isfinite(strength):
            return "not finite"
        if not strength or strength < FAINT * beginning:
            return "vanishing"
        return "exploding" if strength > STRONG * beginning else None


class FlowMeter:
    """Measures a set of parameters in a model of its own, which keeps all activations and their gradients.

    The model is built once for a shape of sentence; nothing of it is seen by whoever trains the parameters.
    """

    def __init__(self, models: ModelCache) -> None:
        self._models = models
        self._built: tuple[tuple[object, ...], _Gauge] | None = None

    def measure(self, source: Sequence[int], target: Sequence[int]) -> Flow:
        """Of token ids with <s> and </s>; the loss is that of training, nothing is dropped."""
        key = (len(source), len(target), self._models.label_smoothing)
        if self._built is None or self._built[0] != key:
            self._built = key, self._build(len(source), len(target) - 1)
        return self._built[1].measure(np.array([source]), np.array([target[:-1]]), np.array([target[1:]]))

    def _build(self, source_length: int, target_length: int) -> "_Gauge":
        models = self._models
        config = replace(models.config, dropout=0.0)
        return _Gauge(
            Transformer(
                config, 1, source_length, target_length, models.label_smoothing, parameters=models.parameters
            )
        )


class _Gauge:
    """Reads one model. What is added up is first copied to float64, where no square is too small or too large."""

    def __init__(self, model: Transformer) -> None:
        self.model = model
        self.chart = chart_of(model)
        self._copies: dict[tuple[str, Of], tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        carried: dict[str, Features] = {}
        for operation in model.program.operations:
            if isinstance(operation, _CARRIERS):
                for tensor in (*operation.inputs, *operation.outputs):
                    if isinstance(tensor, Features) and tensor.kind == "activation":
                        carried[tensor.name] = tensor
        self._places: dict[Of, dict[str, np.ndarray]] = {
            of: {name: self._flat(tensor, of) for name, tensor in carried.items()}
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

    def _flat(self, tensor: Features, of: Of) -> np.ndarray:
        """Where the numbers of a tensor are found, one after another, once they are copied; tensors may share them."""
        root = tensor.value_root if of == "value" else tensor.gradient_root
        key = (root or tensor).name, of
        if key not in self._copies:
            stored = tensor.data if of == "value" else tensor.gradient
            copy = np.empty(stored.shape)
            self._copies[key] = stored, copy, copy.reshape(-1)
        return self._copies[key][2]
