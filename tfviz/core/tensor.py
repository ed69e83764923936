"""Tensors: named arrays with their gradients, stored as the computation likes them, presented as the paper writes them.

Storage is feature-major: an activation of a batch of sequences is a matrix (features, batch * position), so that
sums over features run down columns and a linear layer is one matrix product. `value` and `grad` present the same
numbers under the reference's axes, without copying.
"""

import math
from typing import NamedTuple

import numpy as np

Array = np.ndarray


class Form(NamedTuple):
    """What storage looks like: a matrix in rows, below it a row of ones if `ones`.

    Rows of `spread` storage do not lie a multiple of 2 KiB apart. They would compete for the same few cache lines in
    products that run down the columns: up to four times slower.
    """

    rows: int
    columns: int
    ones: bool = False
    spread: bool = False

    def stride(self, dtype: np.dtype) -> int:
        """Numbers from one row to the next."""
        clash = self.spread and self.columns * dtype.itemsize % 2048 == 0
        return self.columns + (64 // dtype.itemsize if clash else 0)

    def size(self, dtype: np.dtype) -> int:
        """Numbers that it takes up."""
        return (self.rows + self.ones) * self.stride(dtype)

    def shaped(self, memory: Array) -> Array:
        """The matrix with its row of ones in as much memory as it takes up."""
        matrix = memory.reshape(self.rows + self.ones, self.stride(memory.dtype))[:, : self.columns]
        if self.ones:
            matrix[-1] = 1
        return matrix


class Tensor:
    """A named array and the gradient of the loss with respect to it.

    `data` and `d_data` are the storage that operations read and write, None before the program is bound; `value`
    and `grad` are read-only views of it whose axes are named by `axes`. `grad` is None where no gradient exists, and
    where storage is `recycled`: it then served other tensors before the pass had ended. The value too is gone then,
    save that of a `lasting` tensor.
    """

    kind: str = "activation"
    axes: tuple[str, ...] = ()
    lasting = False
    shared = False
    """Whether all parts of a batch see the same value."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.data: Array = _UNBOUND
        self.d_data: Array | None = None
        self.recycled = False

    @property
    def form(self) -> Form:
        """What its storage looks like."""
        raise NotImplementedError

    @property
    def piece_form(self) -> Form:
        """What storage looks like that has room for one of the pieces in which operations compute it."""
        return self.form

    @property
    def value_root(self) -> "Tensor | None":
        """The tensor in whose storage the value lies: this one or another; None where it brings its own."""
        return None

    @property
    def gradient_root(self) -> "Tensor | None":
        """The tensor in whose storage the gradient lies: this one or another; None where there is no gradient."""
        return None

    def take_value(self, storage: Array) -> None:
        """Lie in the storage of the value's root."""
        self.data = storage

    def take_gradient(self, storage: Array) -> None:
        """Let the gradient lie in the storage of its root."""
        self.d_data = storage

    def present(self, data: Array) -> Array:
        """Storage seen under the reference's axes: a view."""
        return data

    @property
    def value(self) -> Array:
        if self.recycled and not self.lasting:
            raise RuntimeError(f"the memory of {self.name} was used again: this model keeps no activations")
        return _read_only(self.present(self.data))

    @property
    def grad(self) -> Array | None:
        return None if self.d_data is None or self.recycled else _read_only(self.present(self.d_data))

    @property
    def gradient(self) -> Array:
        """The gradient's storage, which must exist."""
        if self.d_data is None:
            raise RuntimeError(f"{self.name} has no gradient in a program built for the forward pass alone")
        return self.d_data

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {'x'.join(map(str, self.present(self.data).shape))})"


class Tokens(Tensor):
    """Token ids, (batch, position)."""

    kind = "input"
    axes = ("batch", "position")
    lasting = True

    def __init__(self, name: str, batch: int, length: int) -> None:
        super().__init__(name)
        self.batch, self.length = batch, length
        self.data = np.zeros((batch, length), np.int64)


class Features(Tensor):
    """A vector for each position of each sequence: (batch, position, features), stored (features, batch * position).

    Under the features lies one row of ones: `with_ones` is what a linear layer multiplies, so that its bias is
    one more column of its weights. `value_of` and `gradient_of` name a tensor that holds the very same numbers, where
    an operation passes them on unchanged: nothing is copied then. `spread` is for tensors that are read head by head.
    """

    axes = ("batch", "position", "features")

    def __init__(self, name: str, features: int, batch: int, length: int, spread: bool = False) -> None:
        super().__init__(name)
        self.features, self.batch, self.length = features, batch, length
        self.spread = spread
        self.with_ones: Array = _UNBOUND
        self.value_of: Features | None = None
        self.gradient_of: Features | None = None

    @property
    def columns(self) -> int:
        return self.batch * self.length

    @property
    def form(self) -> Form:
        return Form(self.features, self.columns, ones=True, spread=self.spread)

    @property
    def value_root(self) -> Tensor | None:
        return self if self.value_of is None else self.value_of.value_root

    @property
    def gradient_root(self) -> Tensor | None:
        return self if self.gradient_of is None else self.gradient_of.gradient_root

    def take_value(self, storage: Array) -> None:
        self.with_ones, self.data = storage, storage[:-1]

    def take_gradient(self, storage: Array) -> None:
        self.d_data = storage[:-1]

    def present(self, data: Array) -> Array:
        return data.reshape(self.features, self.batch, self.length).transpose(1, 2, 0)


class SavedFeatures(Features):
    """A vector for each position that the forward pass leaves for the backward pass."""

    kind = "saved"

    @property
    def gradient_root(self) -> None:
        return None


class Saved(Tensor):
    """Numbers the forward pass leaves for the backward pass, such as the reciprocal of a deviation."""

    kind = "saved"

    def __init__(self, name: str, shape: tuple[int, ...], axes: tuple[str, ...]) -> None:
        super().__init__(name)
        self.shape = shape
        self.axes = axes

    @property
    def form(self) -> Form:
        return Form(1, math.prod(self.shape))

    @property
    def value_root(self) -> Tensor:
        return self

    def take_value(self, storage: Array) -> None:
        self.data = storage.reshape(self.shape)


class Parameter(Tensor):
    """A trained tensor under torch's name and shape; `value` and `grad` are writable views of the flat vectors."""

    kind = "parameter"

    def __init__(self, name: str, data: Array, d_data: Array | None) -> None:
        super().__init__(name)
        self.data, self.d_data = data, d_data
        self.axes = ("output", "input") if data.ndim == 2 else ("features",)

    def rows(self, first: int, last: int) -> "Parameter":
        """Some of its rows, as a parameter of its own on the same storage."""
        d_rows = None if self.d_data is None else self.d_data[first:last]
        return Parameter(f"{self.name}[{first}:{last}]", self.data[first:last], d_rows)

    @property
    def value(self) -> Array:
        return self.data

    @property
    def grad(self) -> Array | None:
        return self.d_data


class ParameterReader(Tensor):
    """A parameter as one of its several readers sees it: the same numbers, and a gradient of its own."""

    lasting = True
    shared = True

    def __init__(self, name: str, parameter: Parameter) -> None:
        super().__init__(name)
        self.parameter, self.axes = parameter, parameter.axes
        self.data = parameter.data

    @property
    def form(self) -> Form:
        return Form(*self.data.shape)

    @property
    def gradient_root(self) -> Tensor:
        return self


_UNBOUND = np.zeros(0)


def _read_only(view: Array) -> Array:
    view = view.view()
    view.flags.writeable = False
    return view
