"""The linear layer."""

import numpy as np

from tfviz.core.operation import Operation
from tfviz.core.parameters import Affine
from tfviz.core.tensor import Features
from tfviz.core.workspace import Workspace


class Linear(Operation):
    """y = W x + b for every position.

    x : (input, columns), y : (output, columns), W : (output, input), b : (output), columns = batch * position.

    The bias is the last column of the stored weights, [W b], and x carries a row of ones below it, so that one
    product computes y. With g = dL/dy the chain rule gives, each a sum over columns or outputs,

        dL/dW[o, i] = sum_n g[o, n] x[i, n]        dL/db[o] = sum_n g[o, n]        dL/dx[i, n] = sum_o W[o, i] g[o, n].
    """

    def __init__(self, name: str, x: Features, affine: Affine, y: Features) -> None:
        self.name, self.x, self.affine, self.y = name, x, affine, y
        self.inputs, self.outputs = (x, *affine.tensors), (y,)
        self.remembers = (x,)

    def bind(self, workspace: Workspace) -> None:
        self.weight_and_bias = self.affine.values
        self.weight_transposed = self.affine.values[:, :-1].T
        self.x_with_ones = self.x.with_ones
        self.out = self.y.data
        if self.y.d_data is not None:
            self.x_transposed = self.x.data.T
            self.ones = workspace.constant(1, (self.x.columns,))
            self.d_y, self.d_x = self.y.gradient, self.x.gradient
            self.d_weight = self.affine.gradients[:, :-1]
            self.d_bias = self.affine.gradients[:, -1]
            if self.affine.reader is not None:
                self.d_weight = self.affine.reader.gradient
            # BLAS is up to a sixth faster where the product has more rows than columns.
            outputs, inputs = self.d_weight.shape
            self.turned = workspace.scratch((inputs, outputs)) if inputs > outputs else None
            self.d_y_transposed = self.d_y.T

    def forward(self) -> None:
        np.matmul(self.weight_and_bias, self.x_with_ones, out=self.out)

    def backward(self) -> None:
        # y = [W b] [x; 1]
        if self.turned is None:
            np.matmul(self.d_y, self.x_transposed, out=self.d_weight)
        else:
            np.matmul(self.x.data, self.d_y_transposed, out=self.turned)
            np.copyto(self.d_weight, self.turned.T)
        np.matmul(self.d_y, self.ones, out=self.d_bias)
        np.matmul(self.weight_transposed, self.d_y, out=self.d_x)
