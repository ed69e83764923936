"""The residual connection: where a stream parts into a branch and a skip, and where they meet again."""

import numpy as np

from tfviz.core.operation import Operation
from tfviz.core.storage import gradient, value
from tfviz.core.tensor import Features
from tfviz.core.workspace import Workspace


class Fork(Operation):
    """One value with several readers: y_1 = x, y_2 = x, ...

    Every reader sees the same storage. The loss depends on x through all of them, so by the multivariable chain
    rule the gradient is their sum: dL/dx = dL/dy_1 + dL/dy_2 + ...
    """

    def __init__(self, name: str, x: Features, readers: tuple[Features, ...]) -> None:
        self.name, self.x, self.readers = name, x, readers
        self.inputs, self.outputs = (x,), readers
        self.in_place = ((gradient(x), gradient(readers[0])),)
        for reader in readers:
            reader.value_of = x

    def bind(self, workspace: Workspace) -> None:
        if self.x.d_data is not None:
            self.d_x = self.x.gradient
            self.d_first, self.d_second, *self.d_others = [reader.gradient for reader in self.readers]

    def forward(self) -> None:
        """Nothing to compute: the readers are views of x."""

    def backward(self) -> None:
        # y_1 = x; y_2 = x; ...
        np.add(self.d_first, self.d_second, out=self.d_x)
        for d_other in self.d_others:
            np.add(self.d_x, d_other, out=self.d_x)


class ResidualAdd(Operation):
    """y = skip + branch (He et al. 2016; section 5.4 of "Attention Is All You Need").

    dL/dskip = dL/dbranch = dL/dy: the gradient passes to both unchanged, so both are views of it.
    """

    def __init__(self, name: str, skip: Features, branch: Features, y: Features) -> None:
        self.name, self.skip, self.branch, self.y = name, skip, branch, y
        self.inputs, self.outputs = (skip, branch), (y,)
        self.in_place = ((value(y), value(branch)),)
        skip.gradient_of = branch.gradient_of = y

    def bind(self, workspace: Workspace) -> None:
        self.a, self.b, self.out = self.skip.data, self.branch.data, self.y.data

    def forward(self) -> None:
        np.add(self.a, self.b, out=self.out)

    def backward(self) -> None:
        """Nothing to compute: the gradients of skip and branch are views of y's."""
