"""Scaled dot-product attention (section 3.2 of "Attention Is All You Need"), head by head in three operations.

Splitting into heads and merging them again needs no computation: a head's queries, keys and values are some rows of
the projections, and its result is written into some rows of the context.
"""

import math

import numpy as np

from tfviz.core.attention_tensors import AttentionMap, Heads
from tfviz.core.operation import Operation, PieceByPiece
from tfviz.core.product import fetching, vector_product
from tfviz.core.storage import gradient, value
from tfviz.core.tensor import Array, Saved
from tfviz.core.workspace import Workspace

FAR = 4
"""Pieces from which on so much is computed between two uses of a piece that it has left the processor's cache."""


class Scores(PieceByPiece):
    """scores[q, k] = query[q] . key[k] / sqrt(width), for every head of every sequence.

    With s = dL/dscores, and every product divided by sqrt(width) as the scores are:

        dL/dquery[q] = sum_k s[q, k] key[k]        dL/dkey[k] = sum_q s[q, k] query[q].

    Where they are not `scaled` nothing is divided, and wide heads soon look at one key alone.
    """

    def __init__(
        self, name: str, query: Heads, key: Heads, scores: AttentionMap, scaled: bool = True
    ) -> None:
        self.name, self.query, self.key, self.scores = name, query, key, scores
        self.scale = 1.0 / math.sqrt(query.width) if scaled else 1.0
        self.inputs, self.outputs = (query, key), (scores,)
        self.remembers = (query, key)

    def bind(self, workspace: Workspace) -> None:
        self.bind_pieces(_ScoresOfHeads, self.scores.cuts, workspace)


class _ScoresOfHeads:
    """Those of some heads."""

    def __init__(self, whole: Scores, heads: slice, workspace: Workspace) -> None:
        query, key, scores = whole.query, whole.key, whole.scores
        self.q = query.of(heads, query.data)
        self.factor = np.array(whole.scale, self.q.dtype)
        self.scaled = workspace.spread_scratch(self.q.shape)
        self.scaled_query = query.per_head(self.scaled)  # (heads, batch, width, query)
        self.keys = key.per_head(key.of(heads, key.data))  # (heads, batch, width, key)
        self.keys_transposed = self.keys.swapaxes(2, 3)
        self.out = scores.per_head(scores.of(heads, scores.data))  # (heads, batch, key, query)
        if scores.d_data is not None:
            self.d_scores = scores.per_head(scores.of(heads, scores.d_data))
            self.d_q = query.of(heads, query.gradient)
            self.d_query = query.per_head(self.d_q)
            self.d_key_transposed = key.per_head(key.of(heads, key.gradient)).swapaxes(2, 3)
            # A product with two operands that run along the query is slow: one is turned first.
            self.query_transposed = query.per_head(self.q).swapaxes(2, 3)
            self.turned_query = workspace.scratch(self.query_transposed.shape)

    def forward(self) -> None:
        np.multiply(self.q, self.factor, out=self.scaled)
        np.matmul(self.keys_transposed, self.scaled_query, out=self.out)

    def backward(self) -> None:
        # scores = key . (query / sqrt(width))
        np.copyto(self.turned_query, self.query_transposed)
        np.multiply(self.turned_query, self.factor, out=self.turned_query)
        np.matmul(self.d_scores, self.turned_query, out=self.d_key_transposed)
        np.matmul(self.keys, self.d_scores, out=self.d_query)
        np.multiply(self.d_q, self.factor, out=self.d_q)


class Softmax(PieceByPiece):
    """weights[q, k] = exp(scores[q, k] + mask[q, k]) / sum over k' of exp(scores[q, k'] + mask[q, k']).

    The largest score of a row is subtracted first, which changes nothing and keeps exp from overflowing.

    dweights[k] / dscores[j] = weights[k] ((1 if k = j else 0) - weights[j]), so with p = weights and g = dL/dp

        dL/dscores[j] = sum_k g[k] p[k] ((1 if k = j else 0) - p[j]) = p[j] (g[j] - sum_k g[k] p[k]).
    """

    def __init__(self, name: str, scores: AttentionMap, mask: Saved, weights: AttentionMap) -> None:
        self.name, self.scores, self.mask, self.weights = name, scores, mask, weights
        self.inputs, self.outputs = (scores, mask), (weights,)
        self.remembers = (weights,)
        self.in_place = ((value(weights), value(scores)), (gradient(scores), gradient(weights)))

    def bind(self, workspace: Workspace) -> None:
        self.bind_pieces(_SoftmaxOfHeads, self.weights.cuts, workspace)


class _SoftmaxOfHeads:
    """That of some heads, on matrices (key, heads * batch * query): in place on more axes NumPy copies first."""

    def __init__(self, whole: Softmax, heads: slice, workspace: Workspace) -> None:
        scores, weights = whole.scores, whole.weights
        self.s, self.weights = scores.of(heads, scores.data), weights.of(heads, weights.data)
        self.allowed = whole.mask.data
        self.p = self._matrix(self.weights)
        keys, columns = self.p.shape
        ones = workspace.constant(1, (keys,))
        self.row = workspace.scratch((columns,))
        self.sum_p = vector_product(ones, self.p, self.row)
        if weights.d_data is not None:
            self.d_p = self._matrix(weights.of(heads, weights.d_data))
            self.d_s = self._matrix(scores.of(heads, scores.gradient))
            self.scratch = workspace.spread_scratch((keys, columns))
            self.sum_scratch = vector_product(ones, self.scratch, self.row)

    @staticmethod
    def _matrix(data: Array) -> Array:
        return data.reshape(len(data), -1)

    def forward(self) -> None:
        np.add(self.s, self.allowed, out=self.weights)
        np.maximum.reduce(self.p, axis=0, out=self.row)
        np.subtract(self.p, self.row, out=self.p)
        np.exp(self.p, out=self.p)
        self.sum_p()
        np.reciprocal(self.row, out=self.row)
        np.multiply(self.p, self.row, out=self.p)

    def backward(self) -> None:
        # p = exp(s) / sum(exp(s))
        np.multiply(self.d_p, self.p, out=self.scratch)
        self.sum_scratch()  # sum_k g[k] p[k]
        np.subtract(self.d_p, self.row, out=self.d_s)
        np.multiply(self.d_s, self.p, out=self.d_s)


class HeadSwitch(Operation):
    """weights = 0 for every head that is off, equal for all keys a query may look at for every uniform one.

    The other heads pass on what they are given, p, so dL/dp = dL/dweights there; it is 0 where p has no influence.
    """

    def __init__(
        self, name: str, p: AttentionMap, mask: Saved, weights: AttentionMap, off: tuple[int, ...],
        uniform: tuple[int, ...],
    ) -> None:  # fmt: skip
        self.name, self.p, self.mask, self.weights, self.off, self.uniform = (
            name,
            p,
            mask,
            weights,
            off,
            uniform,
        )
        self.inputs, self.outputs = (p, mask), (weights,)
        self.in_place = ((gradient(p), gradient(weights)),)

    def bind(self, workspace: Workspace) -> None:
        self.a, self.out, self.hidden = self.p.data, self.weights.data, self.mask.data[:, 0]
        self.allowed = np.zeros(self.hidden.shape, self.out.dtype)  # (key, batch, query)
        self.count = np.zeros(self.hidden.shape[1:], self.out.dtype)
        if self.weights.d_data is not None:
            self.d_out, self.d_a = self.weights.gradient, self.p.gradient

    def forward(self) -> None:
        np.copyto(self.out, self.a)
        for head in self.off:
            self.out[:, head] = 0.0
        if self.uniform:
            np.copyto(self.allowed, self.hidden == 0.0)
            np.add.reduce(self.allowed, axis=0, out=self.count)
            np.divide(self.allowed, self.count, out=self.allowed)
            for head in self.uniform:
                np.copyto(self.out[:, head], self.allowed)

    def backward(self) -> None:
        # weights = p, save for the heads that are switched
        np.copyto(self.d_a, self.d_out)
        for head in (*self.off, *self.uniform):
            self.d_a[:, head] = 0.0


class WeightedSum(PieceByPiece):
    """context[q] = sum_k weights[q, k] value[k], for every head of every sequence.

    dL/dweights[q, k] = dL/dcontext[q] . value[k],   dL/dvalue[k] = sum_q weights[q, k] dL/dcontext[q].
    """

    def __init__(self, name: str, weights: AttentionMap, value: Heads, context: Heads) -> None:
        self.name, self.weights, self.value, self.context = name, weights, value, context
        self.inputs, self.outputs = (weights, value), (context,)
        self.remembers = (weights, value)

    def bind(self, workspace: Workspace) -> None:
        self.bind_pieces(_SumOfHeads, self.weights.cuts, workspace)


def _nothing() -> None:
    """All that is done to fetch what is still in the cache."""


class _SumOfHeads:
    """That of some heads."""

    def __init__(self, whole: WeightedSum, heads: slice, workspace: Workspace) -> None:
        weights, value, context = whole.weights, whole.value, whole.context
        p, v = weights.of(heads, weights.data), value.of(heads, value.data)
        self.p = weights.per_head(p)  # (heads, batch, key, query)
        self.v = value.per_head(v)  # (heads, batch, width, key)
        far = len(weights.cuts) >= FAR
        self.fetch_p = fetching(p.reshape(len(p), -1), workspace) if far else _nothing
        self.fetch_v = fetching(v, workspace) if far else _nothing
        self.v_transposed = self.v.swapaxes(2, 3)
        self.out = context.per_head(context.of(heads, context.data))  # (heads, batch, width, query)
        if context.d_data is not None:
            self.d_p = weights.per_head(weights.of(heads, weights.gradient))
            self.d_context = context.per_head(context.of(heads, context.d_data))
            self.d_v_transposed = value.per_head(value.of(heads, value.gradient)).swapaxes(2, 3)
            self.d_context_transposed = self.d_context.swapaxes(2, 3)
            self.turned_d_context = workspace.scratch(self.d_context_transposed.shape)

    def forward(self) -> None:
        self.fetch_v()
        np.matmul(self.v, self.p, out=self.out)

    def backward(self) -> None:
        # context = value . weights
        self.fetch_v()
        np.matmul(self.v_transposed, self.d_context, out=self.d_p)
        np.copyto(self.turned_d_context, self.d_context_transposed)
        self.fetch_p()
        np.matmul(self.p, self.turned_d_context, out=self.d_v_transposed)
