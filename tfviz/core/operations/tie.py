"""One table for several readers: tied embeddings (Press and Wolf 2017; section 3.4 of "Attention Is All You Need")."""

import numpy as np

from tfviz.core.operation import Operation
from tfviz.core.tensor import Parameter, ParameterReader
from tfviz.core.workspace import Workspace


class Tie(Operation):
    """One parameter with several readers: y_1 = x, y_2 = x, ...

    Every reader sees the same storage. The loss depends on x through all of them, so dL/dx = dL/dy_1 + dL/dy_2 + ...
    """

    def __init__(self, name: str, x: Parameter, readers: tuple[ParameterReader, ...]) -> None:
        self.name, self.x, self.readers = name, x, readers
        self.inputs, self.outputs = (x,), readers

    def bind(self, workspace: Workspace) -> None:
        if self.readers[0].d_data is not None:
            self.d_x = self.x.gradient
            self.d_first, self.d_second, *self.d_others = [reader.gradient for reader in self.readers]

    def forward(self) -> None:
        """Nothing to compute: the readers are views of x."""

    def backward(self) -> None:
        # y_1 = x; y_2 = x; ...
        np.add(self.d_first, self.d_second, out=self.d_x)
        for d_other in self.d_others:
            np.add(self.d_x, d_other, out=self.d_x)
