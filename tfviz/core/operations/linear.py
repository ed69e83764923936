"""The linear layer."""

from tfviz.core.operation import Operation
from tfviz.core.parameters import Affine
from tfviz.core.product import Multiply, product, tiled_product, vector_product
from tfviz.core.tensor import Array, Features
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
        self.weight_times_x = product(self.affine.values, self.x.with_ones, self.y.data)
        if self.y.d_data is not None:
            d_y = self.y.gradient
            self.gradient_products = self._gradient_products(d_y, workspace)
            self.weight_times_d_y = product(self.affine.values[:, :-1].T, d_y, self.x.gradient)

    def _gradient_products(self, d_y: Array, workspace: Workspace) -> list[Multiply]:
        """One for [dL/dW dL/db] where that is as fast, else one for each."""
        both, with_ones = self.affine.gradients, self.x.with_ones.T
        d_weight, d_bias = both[:, :-1], both[:, -1]
        ones = workspace.constant(1, (self.x.columns,))
        d_bias_product = vector_product(d_y, ones, d_bias)
        if self.affine.reader is not None:
            return [product(d_y, self.x.data.T, self.affine.reader.gradient), d_bias_product]
        if (joint := tiled_product(d_y, with_ones, both, even=True)) is not None:
            return [joint]
        if (apart := tiled_product(d_y, self.x.data.T, d_weight)) is not None:
            return [apart, d_bias_product]
        return [product(d_y, with_ones, both)]

    def forward(self) -> None:
        self.weight_times_x()

    def backward(self) -> None:
        # y = [W b] [x; 1]
        for multiply in self.gradient_products:
            multiply()
        self.weight_times_d_y()
