"""Layer normalisation."""

import numpy as np

from tfviz.core.operation import Operation
from tfviz.core.storage import gradient, value
from tfviz.core.tensor import Features, Parameter, Saved, SavedFeatures
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
        self.a, self.out, self.n = self.x.data, self.y.data, self.normalized.data
        self.r = self.reciprocal_deviation.data
        features, columns = self.a.shape
        dtype = self.a.dtype
        self.small = np.array(self.eps, dtype)
        self.mean_row = workspace.constant(1.0 / features, (features,))
        self.gain_column, self.bias_column = self.gain.data[:, None], self.bias.data[:, None]
        self.scratch = workspace.scratch((features, columns))
        self.mean = workspace.scratch((columns,))
        if self.y.d_data is not None:
            self.ones = workspace.constant(1, (columns,))
            self.d_y, self.d_x = self.y.gradient, self.x.gradient
            self.d_gain, self.d_bias = self.gain.gradient, self.bias.gradient
            self.gain_row = workspace.scratch((features,))
            self.mean_h_n = workspace.scratch((columns,))

    def forward(self) -> None:
        np.dot(self.mean_row, self.a, out=self.mean)
        np.subtract(self.a, self.mean, out=self.n)
        np.square(self.n, out=self.scratch)
        np.dot(self.mean_row, self.scratch, out=self.r)  # the variance
        np.add(self.r, self.small, out=self.r)
        np.sqrt(self.r, out=self.r)
        np.reciprocal(self.r, out=self.r)
        np.multiply(self.n, self.r, out=self.n)
        np.multiply(self.n, self.gain_column, out=self.out)
        np.add(self.out, self.bias_column, out=self.out)

    def backward(self) -> None:
        # y = gain * n + bias
        np.multiply(self.d_y, self.n, out=self.scratch)
        np.dot(self.scratch, self.ones, out=self.d_gain)
        np.dot(self.d_y, self.ones, out=self.d_bias)
        # n = (x - mean) / sqrt(variance + eps)
        np.multiply(self.gain.data, self.mean_row, out=self.gain_row)
        np.dot(self.gain_row, self.d_y, out=self.mean)  # sum(h) / d
        np.dot(self.gain_row, self.scratch, out=self.mean_h_n)  # sum(h n) / d
        np.multiply(self.d_y, self.gain_column, out=self.d_x)
        np.multiply(self.n, self.mean_h_n, out=self.scratch)
        np.subtract(self.d_x, self.scratch, out=self.d_x)
        np.subtract(self.d_x, self.mean, out=self.d_x)
        np.multiply(self.d_x, self.r, out=self.d_x)
