"""Source and target as one stream, <s> source </s> target </s>, and the places in it where the target is predicted.

The target follows the source at once, whatever the longest source of the batch is; padding stands behind both.
"""

import numpy as np

from tfviz.core.operation import Operation
from tfviz.core.operations.mask import PADDING
from tfviz.core.tensor import Features, Tokens
from tfviz.core.workspace import Workspace


class JoinTokens(Operation):
    """stream = the source's tokens, then the target's without its <s>, then the source's padding; no gradient.

    stream : (batch, source_length + target_length - 1). `order` (the same shape) says where each of its positions
    comes from: p is the source's position p, source_length + p the target's.
    """

    def __init__(self, name: str, source: Tokens, target: Tokens, stream: Tokens, order: Tokens) -> None:
        self.name, self.source, self.target, self.stream, self.order = name, source, target, stream, order
        self.inputs, self.outputs = (source, target), (stream, order)

    def bind(self, workspace: Workspace) -> None:
        self.both = np.zeros((self.source.batch, self.source.length + self.target.length), np.int64)
        self.positions = np.arange(self.stream.length)

    def forward(self) -> None:
        source, target = self.source.length, self.target.length
        real = np.count_nonzero(self.source.data != PADDING, axis=1)[:, None]
        answer = self.positions - real + 1  # the target's position, from 1 on
        of_target = (answer >= 1) & (answer < target)
        of_source = np.where(self.positions < real, self.positions, self.positions - target + 1)
        np.copyto(self.order.data, np.where(of_target, source + answer, of_source))
        self.both[:, :source], self.both[:, source:] = self.source.data, self.target.data
        np.copyto(self.stream.data, np.take_along_axis(self.both, self.order.data, axis=1))

    def backward(self) -> None:
        """Nothing to compute: tokens have no gradient."""


class Join(Operation):
    """stream[t] = source[order[t]] or target[order[t] - source_length]: a permutation, save that target[0] is left out.

    So dL/dsource[p] = dL/dstream[t] for the t whose order is p, likewise for the target, and dL/dtarget[0] = 0.
    """

    def __init__(
        self, name: str, source: Features, target: Features, order: Tokens, stream: Features
    ) -> None:
        self.name, self.source, self.target, self.order, self.stream = name, source, target, order, stream
        self.inputs, self.outputs = (source, target, order), (stream,)
        self.remembers = (order,)

    def bind(self, workspace: Workspace) -> None:
        batch, length = self.source.batch, self.source.length + self.target.length
        self.first_of_row = length * np.arange(batch)[:, None]
        self.both = workspace.scratch((self.stream.features, batch, length))
        self.flat = self.both.reshape(self.stream.features, -1)
        split = self.source.length
        self.source_part, self.target_part = self.both[:, :, :split], self.both[:, :, split:]
        shape = (self.stream.features, batch, -1)
        self.a, self.b, self.out = (
            self.source.data.reshape(shape),
            self.target.data.reshape(shape),
            self.stream.data,
        )
        if self.stream.d_data is not None:
            self.d_a, self.d_b = self.source.gradient.reshape(shape), self.target.gradient.reshape(shape)
            self.d_out = self.stream.gradient

    def forward(self) -> None:
        np.copyto(self.source_part, self.a)
        np.copyto(self.target_part, self.b)
        np.copyto(self.out, self.flat[:, self._columns()])

    def backward(self) -> None:
        # stream = [source target][order]
        self.both[...] = 0.0
        self.flat[:, self._columns()] = self.d_out
        np.copyto(self.d_a, self.source_part)
        np.copyto(self.d_b, self.target_part)

    def _columns(self) -> np.ndarray:
        return (self.order.data + self.first_of_row).reshape(-1)


class TakePositions(Operation):
    """y[i] = x[first + i]: the positions from which the target's tokens are predicted.

    In a stream `first` is the source's last token, each row's own; without a `source` it is 1, the token after <s>.
    dL/dx is dL/dy there and 0 elsewhere.
    """

    def __init__(self, name: str, x: Features, source: Tokens | None, y: Features) -> None:
        self.name, self.x, self.source, self.y = name, x, source, y
        self.inputs, self.outputs = (x,) if source is None else (x, source), (y,)
        self.remembers = () if source is None else (source,)

    def bind(self, workspace: Workspace) -> None:
        self.offsets = np.arange(self.y.length) + self.x.length * np.arange(self.x.batch)[:, None]
        self.a, self.out = self.x.data, self.y.data
        if self.y.d_data is not None:
            self.d_out, self.d_a = self.y.gradient, self.x.gradient

    def forward(self) -> None:
        np.copyto(self.out, self.a[:, self._columns()])

    def backward(self) -> None:
        # y = x[first:]
        self.d_a[...] = 0.0
        self.d_a[:, self._columns()] = self.d_out

    def first(self) -> np.ndarray:
        """Of each row (batch, 1)."""
        if self.source is None:
            return np.ones((self.x.batch, 1), np.int64)
        return np.maximum(np.count_nonzero(self.source.data != PADDING, axis=1) - 1, 0)[:, None]

    def _columns(self) -> np.ndarray:
        return (self.offsets + self.first()).reshape(-1)
