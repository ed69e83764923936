"""Changes of the weights themselves in the middle of a run, small enough to be written down and made again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tfviz.core.parameters import Parameters
from tfviz.training.rules import Rule

NOISE = 0x6E6F6973
"""Tells the stream of random numbers apart from all others of the same seed."""
NOISE_RULES = {
    "scale": Rule(float, 0.01, "Standard deviation of what is added", minimum=0),
    "seed": Rule(int, 0, "The same seed adds the same numbers", minimum=0, maximum=2**53 - 1),
}


@dataclass(frozen=True)
class WeightEdit:
    """One number of a parameter becomes another."""

    name: str
    index: tuple[int, ...]
    value: float

    def check(self, parameters: Parameters) -> None:
        """ValueError for a parameter or a place that the model does not have, or a value that is not finite."""
        if self.name not in parameters:
            raise ValueError(f"the model has no parameter {self.name!r}")
        shape = parameters[self.name].shape
        if len(self.index) != len(shape) or not all(
            0 <= i < n for i, n in zip(self.index, shape, strict=True)
        ):
            raise ValueError(f"{self.name} has shape {shape}, and no number at {self.index}")
        if not np.isfinite(parameters.flat.dtype.type(self.value)):
            raise ValueError(f"{self.value} is no weight of {parameters.flat.dtype}: it must be finite")

    def apply(self, parameters: Parameters) -> None:
        self.check(parameters)
        parameters[self.name][self.index] = self.value

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(map(str, self.index))}] = {self.value:g}"


@dataclass(frozen=True)
class WeightNoise:
    """Normal numbers of standard deviation `scale` are added to parameters; `prefix` as Layout.within, "" for all."""

    scale: float
    seed: int
    prefix: str = ""

    def check(self, parameters: Parameters) -> None:
        """ValueError for a scale or seed that NOISE_RULES do not allow, or a prefix that no parameter has."""
        for name, rule in NOISE_RULES.items():
            rule.check(f"noise {name}", getattr(self, name))
        parameters.layout.within(self.prefix)

    def apply(self, parameters: Parameters) -> None:
        self.check(parameters)
        generator = np.random.Generator(np.random.Philox(key=[self.seed, NOISE]))
        for name in parameters.layout.within(self.prefix):
            value = parameters[name]
            value += (self.scale * generator.standard_normal(value.shape)).astype(value.dtype)

    def __str__(self) -> str:
        where = f" on {self.prefix}" if self.prefix else ""
        return f"noise {self.scale:g}{where}, seed {self.seed}"


Edit = WeightEdit | WeightNoise
KINDS: dict[str, type[WeightEdit] | type[WeightNoise]] = {"weight": WeightEdit, "noise": WeightNoise}


def edit_to_dict(edit: Edit) -> dict[str, Any]:
    """For JSON, which keeps every number to the last bit."""
    kind = next(name for name, cls in KINDS.items() if isinstance(edit, cls))
    return {"kind": kind} | asdict(edit)


def edit_from_dict(data: Mapping[str, Any]) -> Edit:
    """The reverse. KeyError, TypeError or ValueError for what is no edit."""
    values = dict(data)
    cls = KINDS[values.pop("kind")]
    if cls is WeightNoise:
        return WeightNoise(float(values["scale"]), int(values["seed"]), str(values["prefix"]))
    return WeightEdit(str(values["name"]), tuple(map(int, values["index"])), float(values["value"]))
