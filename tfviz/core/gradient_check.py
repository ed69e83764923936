"""Analytic gradients against central differences: is the backward pass the derivative of the forward pass?

In float64, at a point where nothing is special: gains are not 1 and biases not 0, since a wrong backward pass may be
right there. A ReLU switches where its input changes sign and has no derivative there; an entry so near to such a
kink that its difference would reach over it is given another value and checked at the new point.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tfviz.core.config import ModelConfig
from tfviz.core.operations import ReLU
from tfviz.core.parameters import Parameters
from tfviz.core.tensor import Array
from tfviz.core.transformer import Transformer

Batch = tuple[Array, Array, Array]
"""Token ids: source, target_in, target_out, each (batch, position)."""

TOLERANCE = 1e-6
STEPS = (2.0**-10, 2.0**-12, 2.0**-14)
"""Distances tried in turn: the wide one rounds less, the narrow one meets fewer kinks. Powers of two add exactly."""

FLOOR = 1e-3
"""Entries smaller than this share of their tensor's largest are judged by it: beside it they are rounding."""

MOST_REDRAWS = 100


@dataclass(frozen=True)
class CentralDifference:
    """A derivative measured at `step` to either side; not `smooth` if some ReLU switched in between."""

    numeric: float
    step: float
    smooth: bool


@dataclass(frozen=True)
class ParameterCheck:
    """The outcome for one parameter: its worst entry, and how many entries were moved away from a kink."""

    name: str
    entries: int
    worst_error: float
    worst_index: tuple[int, ...]
    analytic: float
    numeric: float
    redrawn: int

    def passed(self, tolerance: float = TOLERANCE) -> bool:
        return self.worst_error <= tolerance  # not so for NaN


def check(
    config: ModelConfig, batch: Batch, label_smoothing: float = 0.0, samples: int | None = None, seed: int = 0
) -> Iterator[ParameterCheck]:
    """Check a model of this configuration, without dropout and with random parameters, one parameter after another.

    Every entry, or `samples` entries of each parameter chosen by the seed.
    """
    config = replace(config, dropout=0.0)
    (rows, source_length), (_, target_length) = (np.shape(ids) for ids in batch[:2])
    point = random_parameters(config, seed)
    model = Transformer(
        config, rows, source_length, target_length, label_smoothing, np.float64, parameters=point
    )
    return check_model(model, batch, samples=samples, seed=seed)


def check_model(
    model: Transformer,
    batch: Batch,
    names: Sequence[str] | None = None,
    samples: int | None = None,
    seed: int = 0,
) -> Iterator[ParameterCheck]:
    """Check the named parameters of a float64 model where it stands; afterwards they are what they were."""
    _require_float64(model)
    generator = np.random.Generator(np.random.Philox(key=[seed, 0x656E7472]))
    for name in model.parameters if names is None else names:
        yield _check_parameter(model, batch, name, samples, generator)
    _both_passes(model, batch)


def central_difference(
    model: Transformer, batch: Batch, name: str, index: tuple[int, ...], steps: tuple[float, ...] = STEPS
) -> CentralDifference:
    """dL / dparameter[index] of a float64 model, from four losses beside the point. The model is left as it was.

    With D(h) = (L(+h) - L(-h)) / 2h, whose error is of the order h^2, (4 D(h) - D(2h)) / 3 has one of the order h^4
    (Richardson 1911). The first of the steps that meets no kink is taken, or the last one.
    """
    _require_float64(model)
    difference = _difference(model, batch, model.parameters[name].value, index, steps)
    model.forward(*batch)
    return difference


def relative_error(analytic: float, numeric: float, largest: float) -> float:
    """|a - n| / max(|a|, |n|, 1e-3 of the largest of the tensor), and 0 where all of them are 0."""
    error = abs(analytic - numeric)
    return 0.0 if error == 0.0 else error / max(abs(analytic), abs(numeric), FLOOR * largest)


def small_config(norm_first: bool = False, activation: str = "relu") -> ModelConfig:
    """A model with two of everything, so small that every entry can be checked."""
    return ModelConfig(
        source_vocabulary=7, target_vocabulary=6, d_model=8, nhead=2, num_encoder_layers=2, num_decoder_layers=2,
        dim_feedforward=12, activation=activation, norm_first=norm_first,
    )  # fmt: skip


def random_batch(
    config: ModelConfig, batch: int, source_length: int, target_length: int, seed: int = 0
) -> Batch:
    """Random sentences; from the second on they are shorter and shorter, with padding behind them."""
    generator = np.random.Generator(np.random.Philox(key=[seed, 0x62617463]))
    source = generator.integers(1, config.source_vocabulary, (batch, source_length))
    target = generator.integers(1, config.target_vocabulary, (batch, target_length + 1))
    target_in, target_out = target[:, :-1].copy(), target[:, 1:].copy()
    for row in range(batch):
        source[row, max(1, source_length - row) :] = 0
        target_in[row, max(1, target_length - row) :] = 0
        target_out[row, max(1, target_length - row) :] = 0
    return source, target_in, target_out


def random_parameters(config: ModelConfig, seed: int = 0) -> Parameters:
    """Parameters in float64, all moved away from where they begin: matrices by half their spread, vectors by 0.3."""
    parameters = Parameters(config, np.float64, seed)
    generator = np.random.Generator(np.random.Philox(key=[seed, 0x6D6F7665]))
    for value in parameters.values():
        value += generator.normal(0.0, 0.5 * value.std() if value.ndim == 2 else 0.3, value.shape)
    return parameters


def _check_parameter(
    model: Transformer, batch: Batch, name: str, samples: int | None, generator: np.random.Generator
) -> ParameterCheck:
    value = model.parameters[name].value
    _both_passes(model, batch)
    analytic = _gradient(model, name).copy()
    largest = float(np.abs(analytic).max())
    worst = ParameterCheck(name, 0, -1.0, (), 0.0, 0.0, 0)
    chosen, redrawn = _chosen(value.size, samples, generator), 0
    for number in chosen:
        index = tuple(map(int, np.unravel_index(number, value.shape)))
        exact, difference = float(analytic[index]), _difference(model, batch, value, index, STEPS)
        if not difference.smooth:
            exact, difference = _elsewhere(model, batch, name, index, generator)
            redrawn += 1
        error = relative_error(exact, difference.numeric, largest)
        if not error <= worst.worst_error:  # NaN is worse than any number, and stays
            worst = ParameterCheck(name, 0, error, index, exact, difference.numeric, 0)
            if math.isnan(error):
                break
    return replace(worst, entries=len(chosen), redrawn=redrawn)


def _chosen(size: int, samples: int | None, generator: np.random.Generator) -> list[int]:
    """The numbers of the entries to check: all of them, or a random few."""
    if samples is None or samples >= size:
        return list(range(size))
    return sorted(generator.choice(size, samples, replace=False).tolist())


def _elsewhere(
    model: Transformer, batch: Batch, name: str, index: tuple[int, ...], generator: np.random.Generator
) -> tuple[float, CentralDifference]:
    """Both derivatives with the entry moved to where no kink is near; it is moved back again."""
    value = model.parameters[name].value
    centre = value[index]
    try:
        for _ in range(MOST_REDRAWS):
            value[index] = centre + generator.normal(0.0, 0.1)
            difference = _difference(model, batch, value, index, STEPS)
            if difference.smooth:
                break
        _both_passes(model, batch)
        return float(_gradient(model, name)[index]), difference
    finally:
        value[index] = centre


def _difference(
    model: Transformer, batch: Batch, value: Array, index: tuple[int, ...], steps: Sequence[float]
) -> CentralDifference:
    centre = value[index]
    try:
        for step in steps:
            losses, patterns = [], []
            for distance in (-2.0, -1.0, 1.0, 2.0):
                value[index] = centre + distance * step
                losses.append(model.forward(*batch))
                patterns.append(_relu_pattern(model))
            smooth = all(np.array_equal(patterns[0], pattern) for pattern in patterns[1:])
            if smooth:
                break
    finally:
        value[index] = centre
    wide, narrow = (losses[3] - losses[0]) / (4.0 * step), (losses[2] - losses[1]) / (2.0 * step)
    return CentralDifference((4.0 * narrow - wide) / 3.0, step, smooth)


def _relu_pattern(model: Transformer) -> Array:
    """Which ReLUs of the last forward pass are open."""
    open_relus = [
        (operation.outputs[0].data > 0.0).reshape(-1)
        for part in model.parts
        for operation in part.program.operations
        if isinstance(operation, ReLU)
    ]
    return np.concatenate(open_relus) if open_relus else np.zeros(0, np.bool_)


def _both_passes(model: Transformer, batch: Batch) -> None:
    model.forward(*batch)
    model.backward()


def _gradient(model: Transformer, name: str) -> Array:
    gradient = model.parameters[name].grad
    assert gradient is not None
    return gradient


def _require_float64(model: Transformer) -> None:
    if model.parameter_values.flat.dtype != np.float64:
        raise ValueError(
            f"a gradient check needs a model in float64, not {model.parameter_values.flat.dtype}"
        )
