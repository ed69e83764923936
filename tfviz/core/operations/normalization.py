"""Layer normalisation."""

from collections.abc import Sequence

import numpy as np

from tfviz.core.blocks import blocks
from tfviz.core.operation import Operation
from tfviz.core.storage import gradient, value
from tfviz.core.tensor import Array, Features, Parameter, Saved, SavedFeatures
from tfviz.core.workspace import Workspace


class LayerNorm(Operation):
    """y = gain * n + bias, with n = (x - mean) / sqrt(variance + eps) over the features of each position.

    (Ba, Kiros and Hinton 2016.) x, n, y : (features, columns); gain, bias : (features).

    With g = dL/dy, h = gain * g = dL/dn and r = 1 / sqrt(variance + eps), sums over the d features of a column:

        dL/dgain = sum_n g n      dL/dbias = sum_n g      dL/dx = r (h - sum(h) / d - n sum(h n) / d)

    since x moves n also through the mean (the second term) and through the variance (the third). The sums of h are
    products of the row gain / d with g and with g n.
    """

    def __init__(
        self, name: str, x: Features, gain: Parameter, bias: Parameter, normalized: SavedFeatures, scale: Saved,
        y: Features, eps: float,
    ) -> None:  # fmt: skip
        self.name, self.x, self.gain, self.bias, self.y = name, x, gain, bias, y
        self.normalized, self.reciprocal_deviation = normalized, scale
        self.eps = eps
        self.inputs, self.outputs = (x, gain, bias), (normalized, scale, y)
        self.remembers = (normalized, scale)
        self.in_place = ((value(normalized), value(x)), (gradient(x), gradient(y)))

    def bind(self, workspace: Workspace) -> None:
        self.a, self.r = self.x.data, self.reciprocal_deviation.data
        features, columns = self.a.shape
        rows = blocks(features, columns)
        self.small = np.array(self.eps, self.a.dtype)
        self.mean_row = workspace.constant(1.0 / features, (features,))
        self.mean = workspace.scratch((columns,))
        self.scratch = workspace.scratch((rows[0].stop, columns))
        self.variances = _row_for_each(rows, self.r, workspace)
        if self.y.d_data is not None:
            self.ones = workspace.constant(1, (columns,))
            self.gain_row = workspace.scratch((features,))
            self.mean_h_n = workspace.scratch((columns,))
            self.means_h = _row_for_each(rows, self.mean, workspace)
            self.means_h_n = _row_for_each(rows, self.mean_h_n, workspace)
        self.blocks = [_SomeFeatures(self, some, number) for number, some in enumerate(rows)]

    def forward(self) -> None:
        np.dot(self.mean_row, self.a, out=self.mean)
        for some in self.blocks:
            np.subtract(some.x, self.mean, out=some.n)
            np.square(some.n, out=some.scratch)
            np.dot(some.mean_row, some.scratch, out=some.variance)
        _add_up(self.variances, self.r)
        np.add(self.r, self.small, out=self.r)
        np.sqrt(self.r, out=self.r)
        np.reciprocal(self.r, out=self.r)
        for some in self.blocks:
            np.multiply(some.n, self.r, out=some.n)
            np.multiply(some.n, some.gain, out=some.y)
            np.add(some.y, some.bias, out=some.y)

    def backward(self) -> None:
        np.multiply(self.gain.data, self.mean_row, out=self.gain_row)
        for some in self.blocks:
            # y = gain * n + bias
            np.multiply(some.d_y, some.n, out=some.scratch)
            np.dot(some.scratch, self.ones, out=some.d_gain)
            np.dot(some.d_y, self.ones, out=some.d_bias)
            np.dot(some.gain_row, some.d_y, out=some.mean_h)
            np.dot(some.gain_row, some.scratch, out=some.mean_h_n)
        _add_up(self.means_h, self.mean)  # sum(h) / d
        _add_up(self.means_h_n, self.mean_h_n)  # sum(h n) / d
        for some in self.blocks:
            # n = (x - mean) / sqrt(variance + eps)
            np.multiply(some.d_y, some.gain, out=some.d_x)
            np.multiply(some.n, self.mean_h_n, out=some.scratch)
            np.subtract(some.d_x, some.scratch, out=some.d_x)
            np.subtract(some.d_x, self.mean, out=some.d_x)
            np.multiply(some.d_x, self.r, out=some.d_x)


class _SomeFeatures:
    """Some rows of everything, which stay in the cache, and their part of the sums over all features."""

    def __init__(self, whole: LayerNorm, rows: slice, number: int) -> None:
        self.x, self.n, self.y = whole.a[rows], whole.normalized.data[rows], whole.y.data[rows]
        self.mean_row, self.scratch = whole.mean_row[rows], whole.scratch[: len(self.x)]
        self.gain, self.bias = whole.gain.data[rows, None], whole.bias.data[rows, None]
        self.variance = whole.variances[number]
        if whole.y.d_data is not None:
            self.d_y, self.d_x = whole.y.d_data[rows], whole.x.gradient[rows]
            self.d_gain, self.d_bias = whole.gain.gradient[rows], whole.bias.gradient[rows]
            self.gain_row = whole.gain_row[rows]
            self.mean_h, self.mean_h_n = whole.means_h[number], whole.means_h_n[number]


def _row_for_each(parts: Sequence[slice], total: Array, workspace: Workspace) -> Array:
    """Where every part writes its sum; the total itself where there is but one."""
    return total[None] if len(parts) == 1 else workspace.scratch((len(parts), len(total)))


def _add_up(sums: Array, total: Array) -> None:
    if len(sums) > 1:
        np.add.reduce(sums, axis=0, out=total)
