"""The non-linearities of the feed-forward layers."""

import math

import numpy as np

from tfviz.core.blocks import blocks
from tfviz.core.operation import Operation
from tfviz.core.storage import gradient, value
from tfviz.core.tensor import Array, Features
from tfviz.core.workspace import Workspace


class ReLU(Operation):
    """y = max(x, 0), so dL/dx = dL/dy where x > 0 and 0 elsewhere."""

    def __init__(self, name: str, x: Features, y: Features) -> None:
        self.name, self.x, self.y = name, x, y
        self.inputs, self.outputs = (x,), (y,)
        self.remembers = (y,)
        self.in_place = ((value(y), value(x)), (gradient(x), value(y)))

    def bind(self, workspace: Workspace) -> None:
        self.a, self.out = self.x.data, self.y.data
        self.zero = np.array(0, self.a.dtype)
        if self.y.d_data is not None:
            # The same memory as whole numbers, whose sign is shifted over all bits to make a mask.
            bits = np.dtype(f"i{self.a.itemsize}")
            arrays = [array.view(bits) for array in (self.out, self.y.gradient, self.x.gradient)]
            self.row_blocks = [tuple(array[rows] for array in arrays) for rows in blocks(*self.a.shape)]
            self.sign_position = np.array(8 * self.a.itemsize - 1, bits)

    def forward(self) -> None:
        np.maximum(self.a, self.zero, out=self.out)

    def backward(self) -> None:
        # y = max(x, 0)
        for y_bits, d_y_bits, d_x_bits in self.row_blocks:
            np.negative(y_bits, out=d_x_bits)
            np.right_shift(d_x_bits, self.sign_position, out=d_x_bits)  # all ones where y > 0, else 0
            np.bitwise_and(d_x_bits, d_y_bits, out=d_x_bits)


class GELU(Operation):
    """y = x P(x), with P(x) = (1 + erf(x / sqrt 2)) / 2 the normal distribution function (Hendrycks and Gimpel 2016).

    P'(x) = exp(-x^2 / 2) / sqrt(2 pi), so dL/dx = dL/dy (P(x) + x P'(x)).
    """

    def __init__(self, name: str, x: Features, y: Features) -> None:
        self.name, self.x, self.y = name, x, y
        self.inputs, self.outputs = (x,), (y,)
        self.remembers = (x,)
        self.in_place = ((gradient(x), gradient(y)),)

    def bind(self, workspace: Workspace) -> None:
        self.a, self.out = self.x.data, self.y.data
        self.bell = np.zeros_like(self.a)
        self.cumulative = np.zeros_like(self.a)
        self.scratch = workspace.scratch(self.a.shape)
        if self.y.d_data is not None:
            self.d_y, self.d_x = self.y.gradient, self.x.gradient

    def forward(self) -> None:
        np.multiply(self.a, self.a, out=self.bell)
        np.multiply(self.bell, -0.5, out=self.bell)
        np.exp(self.bell, out=self.bell)  # exp(-x^2 / 2)
        erf_of_scaled(self.a, self.bell, self.cumulative, self.scratch)
        np.multiply(self.cumulative, 0.5, out=self.cumulative)
        np.add(self.cumulative, 0.5, out=self.cumulative)
        np.multiply(self.a, self.cumulative, out=self.out)

    def backward(self) -> None:
        # y = x P(x)
        np.multiply(self.bell, 1.0 / math.sqrt(2.0 * math.pi), out=self.scratch)
        np.multiply(self.scratch, self.a, out=self.scratch)
        np.add(self.scratch, self.cumulative, out=self.scratch)
        np.multiply(self.d_y, self.scratch, out=self.d_x)


def erf_of_scaled(x: Array, bell: Array, out: Array, scratch: Array) -> None:
    """out = erf(x / sqrt 2), given bell = exp(-x^2 / 2).

    In float64 the standard library's erf, element by element: exact, and slow, which only checking needs to bear.
    In float32 the rational approximation 7.1.26 of Abramowitz and Stegun, whose error of 1.5e-7 is float32's own.
    """
    if x.dtype == np.float64:
        out[...] = _ERF(x * math.sqrt(0.5))
        return
    np.abs(x, out=scratch)
    np.multiply(scratch, 0.3275911 * math.sqrt(0.5), out=scratch)
    np.add(scratch, 1.0, out=scratch)
    np.divide(1.0, scratch, out=scratch)  # t = 1 / (1 + p |x| / sqrt 2)
    out[...] = 1.061405429
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592, 0.0):
        np.multiply(out, scratch, out=out)
        np.add(out, coefficient, out=out)
    np.multiply(out, bell, out=out)
    np.subtract(1.0, out, out=out)
    np.copysign(out, x, out=out)


_ERF = np.frompyfunc(math.erf, 1, 1)
