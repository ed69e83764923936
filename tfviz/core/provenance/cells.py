"""Reads single numbers of a model, and remembers where it read them."""

import re

import numpy as np

from tfviz.core.provenance.explanation import Cell, Factor
from tfviz.core.tensor import Array, Parameter, Tensor
from tfviz.core.transformer import Transformer

Index = tuple[int, ...]

_ROWS = re.compile(r"(.+)\[(\d+):(\d+)\]")  # as Parameter.rows names them


class Cells:
    """The numbers of a model after a pass, over the whole batch also where the model computes it in parts.

    Tensors may be given as an operation names them: of the first part, or as some rows of a parameter.
    """

    def __init__(self, model: Transformer) -> None:
        self.model = model
        self._arrays: dict[tuple[str, str], Array] = {}

    def value(self, symbol: str, tensor: Tensor, *index: int) -> Factor:
        return self._read(symbol, tensor, index, "value")

    def gradient(self, symbol: str, tensor: Tensor, *index: int) -> Factor:
        return self._read(symbol, tensor, index, "gradient")

    def array(self, name: str, of: str) -> Array:
        """All numbers of a tensor or a parameter. ValueError where there are none."""
        if (name, of) not in self._arrays:
            self._arrays[name, of] = self._array(name, of)
        return self._arrays[name, of]

    def values(self, tensor: Tensor, *index: int) -> Array:
        """The values of a tensor of the program, or a part of them, in float64."""
        return self.array(tensor.name, "value")[index].astype(np.float64)

    def places(self, tensor: Tensor) -> list[Index]:
        """Every (batch, position) of a tensor that begins with these axes."""
        return list(np.ndindex(self.array(tensor.name, "value").shape[:2]))

    def _array(self, name: str, of: str) -> Array:
        known = self.model.parameters if name in self.model.parameters else self.model.tensors
        if name not in known:
            raise ValueError(f"the model has no tensor and no parameter {name!r}")
        if of not in ("value", "gradient"):
            raise ValueError(f'a cell is of a "value" or of a "gradient", not of {of!r}')
        tensor = known[name]
        array = tensor.value if of == "value" else tensor.grad
        if array is None:
            raise ValueError(f"{name} has no gradient")
        return array

    def _read(self, symbol: str, tensor: Tensor, index: Index, of: str) -> Factor:
        name, first = whole_parameter(tensor) if isinstance(tensor, Parameter) else (tensor.name, 0)
        index = (index[0] + first, *index[1:])
        return Factor(symbol, float(self.array(name, of)[index]), Cell(name, index, of))


def whole_parameter(parameter: Parameter) -> tuple[str, int]:
    """The name of the parameter that it is or has rows of, and the first of these rows."""
    rows = _ROWS.fullmatch(parameter.name)
    return (rows[1], int(rows[2])) if rows else (parameter.name, 0)
