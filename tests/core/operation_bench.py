"""A bench for one operation: makes its tensors, binds it, and fills what it reads with random numbers."""

from dataclasses import dataclass, field

import numpy as np

from tfviz.core.attention_tensors import AttentionMap, Heads
from tfviz.core.operation import Operation
from tfviz.core.parameters import Affine
from tfviz.core.program import Program
from tfviz.core.tensor import (
    Array,
    Features,
    Parameter,
    ParameterReader,
    Saved,
    Tokens,
)

BATCH, LENGTH = 3, 4
HEADS, WIDTH = 2, 3


@dataclass
class Bench:
    """An operation under test with random numbers in its tensors."""

    generator: np.random.Generator = field(default_factory=lambda: np.random.default_rng(3))
    program: Program = field(default_factory=lambda: Program(np.dtype(np.float64)))
    variables: dict[str, tuple[Array, Array]] = field(default_factory=dict)
    """What has gradients to be checked: value and gradient."""
    contents: dict[str, Array] = field(default_factory=dict)
    """What a tensor holds instead of random numbers."""

    def features(self, name: str, features: int = 5, length: int = LENGTH) -> Features:
        return self.program.tensor(Features(name, features, BATCH, length))

    def heads(self, name: str, length: int = LENGTH) -> Heads:
        projection = self.features(f"{name}.projection", 1 + HEADS * WIDTH, length)
        return self.program.tensor(Heads(name, projection, 1, HEADS, WIDTH))

    def attention_map(self, name: str, keys: int = LENGTH + 1) -> AttentionMap:
        return self.program.tensor(AttentionMap(name, HEADS, BATCH, LENGTH, keys))

    def saved(self, name: str, *shape: int) -> Saved:
        return self.program.tensor(Saved(name, shape, ("number",) * len(shape)))

    def tokens(self, name: str, vocabulary: int, length: int = LENGTH) -> Tokens:
        """Random tokens, the last of every sequence padding."""
        tokens = self.program.tensor(Tokens(name, BATCH, length))
        tokens.data[...] = self.generator.integers(1, vocabulary, (BATCH, length))
        tokens.data[:, -1] = 0
        return tokens

    def parameter(self, name: str, *shape: int) -> Parameter:
        parameter = Parameter(name, self.generator.normal(size=shape), np.zeros(shape))
        self.variables[name] = (parameter.value, parameter.gradient)
        return parameter

    def reader(self, name: str, parameter: Parameter) -> ParameterReader:
        return self.program.tensor(ParameterReader(name, parameter))

    def affine(self, name: str, outputs: int, inputs: int) -> Affine:
        affine = Affine(self.generator.normal(size=(outputs, inputs + 1)), np.zeros((outputs, inputs + 1)))
        self.variables[name] = (affine.values, affine.gradients)
        return affine

    def bind(self, operation: Operation) -> None:
        """Make the operation's storage and fill what it reads."""
        self.program.append(operation)
        self.program.bind(gradients=True)
        for tensor in operation.inputs:
            if isinstance(tensor, Features | Heads | AttentionMap):
                tensor.data[...] = away_from_zero(self.generator, tensor.data.shape)
                self.variables[tensor.name] = (tensor.data, tensor.gradient)
            if isinstance(tensor, ParameterReader):
                self.variables[tensor.name] = (tensor.data, tensor.gradient)
            if tensor.name in self.contents:
                tensor.data[...] = self.contents[tensor.name]


def away_from_zero(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Random numbers of both signs, none near the kink of a ReLU."""
    numbers = generator.normal(size=shape)
    return numbers + np.copysign(0.1, numbers)
