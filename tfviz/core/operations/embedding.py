"""Tokens to vectors, and where they stand in the sequence."""

import math

import numpy as np

from tfviz.core import memory
from tfviz.core.operation import Operation
from tfviz.core.product import product
from tfviz.core.storage import value
from tfviz.core.tensor import Array, Features, Parameter, ParameterReader, Tokens
from tfviz.core.workspace import Workspace

ONE_HOT_LIMIT = 256
"""Up to this many tokens the gradient is fastest as a product with one-hot columns, above it as sums of rows."""


FREQUENT = 12
"""So often a token has to be there for a sum of its own."""


class Embedding(Operation):
    """x = sqrt(d_model) E[token]: a row of the table for each token (section 3.4 of "Attention Is All You Need").

    E : (vocabulary, d_model), x : (d_model, columns). A row's gradient is the sum over the columns that read it:
    dL/dE[v] = sqrt(d_model) sum over n with token[n] = v of dL/dx[:, n].
    """

    def __init__(self, name: str, tokens: Tokens, table: Parameter | ParameterReader, x: Features) -> None:
        self.name, self.tokens, self.table, self.x = name, tokens, table, x
        self.inputs, self.outputs = (tokens, table), (x,)

    def bind(self, workspace: Workspace) -> None:
        self.ids = self.tokens.data.reshape(-1)
        self.out_transposed = self.x.data.T
        self.weights = self.table.data
        vocabulary, self.width = self.weights.shape
        self.factor = math.sqrt(self.width)
        dtype = self.weights.dtype
        self.rows = workspace.scratch((self.x.columns, self.width))
        if self.x.d_data is not None:
            self.d_x_transposed = self.x.gradient.T
            self.d_table = self.table.gradient
            self.column_numbers = np.arange(self.x.columns)
            self.one_hot = None
            if vocabulary <= ONE_HOT_LIMIT:
                self.one_hot = memory.full((vocabulary, self.x.columns), 0, dtype)
                self.marked = np.zeros_like(self.ids)  # the row of each column that is 1 since the last pass
                self.one_hot_times_d_x = product(self.one_hot, self.d_x_transposed, self.d_table)

    def forward(self) -> None:
        np.take(self.weights, self.ids, axis=0, out=self.rows, mode="clip")
        np.multiply(self.rows, self.factor, out=self.rows)
        np.copyto(self.out_transposed, self.rows)

    def backward(self) -> None:
        # x = sqrt(d_model) E[token]
        if self.one_hot is not None:
            self.one_hot[self.marked, self.column_numbers] = 0
            np.copyto(self.marked, self.ids)
            self.one_hot[self.marked, self.column_numbers] = 1
            self.one_hot_times_d_x()
        else:
            np.copyto(self.rows, self.d_x_transposed)
            sum_rows_by_token(self.rows, self.ids, self.d_table)
        np.multiply(self.d_table, self.factor, out=self.d_table)


def sum_rows_by_token(rows: Array, ids: Array, out: Array) -> None:
    """out[v] = the sum of the rows whose id is v.

    The rows of a frequent token are added in one sum. Of all others the first ones are added at once, then the second
    ones, and so on: np.add.reduceat takes several times as long.
    """
    order = np.argsort(ids, kind="stable")
    sorted_ids = ids[order]
    first = np.flatnonzero(np.concatenate(([True], sorted_ids[1:] != sorted_ids[:-1])))
    count = np.diff(first, append=len(ids))
    tokens = sorted_ids[first]
    out[...] = 0
    frequent = count > FREQUENT
    for token, start, size in zip(tokens[frequent], first[frequent], count[frequent], strict=True):
        np.add.reduce(rows[order[start : start + size]], axis=0, out=out[token])
    left = ~frequent
    for nth in range(FREQUENT):
        left &= count > nth
        if not left.any():
            break
        out[tokens[left]] += rows[order[first[left] + nth]]


class PositionalEncoding(Operation):
    """y = x + P, with P[t, 2i] = sin(t / 10000^(2i / d_model)) and P[t, 2i+1] the cosine (section 3.5 of the paper).

    P is constant, so dL/dx = dL/dy: a view of it.
    """

    def __init__(self, name: str, x: Features, y: Features) -> None:
        self.name, self.x, self.y = name, x, y
        self.inputs, self.outputs = (x,), (y,)
        self.in_place = ((value(y), value(x)),)
        x.gradient_of = y

    def bind(self, workspace: Workspace) -> None:
        self.a, self.out = self.x.data, self.y.data
        table = sinusoids(self.x.length, self.x.features).T
        self.positions = memory.copy(np.tile(table, (1, self.x.batch)), self.a.dtype)

    def forward(self) -> None:
        np.add(self.a, self.positions, out=self.out)

    def backward(self) -> None:
        """Nothing to compute: the gradient of x is a view of y's."""


class LearnedPositions(Operation):
    """y = x + P[t] at position t of every sequence, P a table that is trained (Gehring et al. 2017).

    P : (max_positions, d_model), the first rows of which are used. dL/dP[t] = sum over the sequences of dL/dy[:, t],
    and 0 for the rows behind; dL/dx = dL/dy: a view of it.
    """

    def __init__(self, name: str, x: Features, table: Parameter, y: Features) -> None:
        self.name, self.x, self.table, self.y = name, x, table, y
        self.inputs, self.outputs = (x, table), (y,)
        self.in_place = ((value(y), value(x)),)
        x.gradient_of = y

    def bind(self, workspace: Workspace) -> None:
        shape = (self.x.features, self.x.batch, self.x.length)
        self.a, self.out = self.x.data.reshape(shape), self.y.data.reshape(shape)
        self.rows = self.table.data[: self.x.length].T[:, None]  # (features, 1, position)
        if self.y.d_data is not None:
            self.d_y = self.y.gradient.reshape(shape)
            self.d_rows = self.table.gradient[: self.x.length].T
            self.d_unused = self.table.gradient[self.x.length :]

    def forward(self) -> None:
        np.add(self.a, self.rows, out=self.out)

    def backward(self) -> None:
        # y = x + P[t]
        np.add.reduce(self.d_y, axis=1, out=self.d_rows)
        self.d_unused.fill(0.0)


def sinusoids(length: int, width: int) -> Array:
    """Sinusoidal positions, (length, width): sines in the even columns, cosines in the odd ones."""
    frequencies = np.exp(np.arange(0, width, 2) * (-math.log(10000.0) / width))
    angles = np.arange(length)[:, None] * frequencies
    table = np.zeros((length, width))
    table[:, 0::2] = np.sin(angles)
    table[:, 1::2] = np.cos(angles[:, : width // 2])
    return table
