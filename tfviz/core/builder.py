"""The vocabulary in which a model is written: each method adds one operation and returns the tensor it makes."""

from dataclasses import replace
from typing import TypeVar

from tfviz.core.config import ModelConfig
from tfviz.core.operation import Operation
from tfviz.core.operations import (
    GELU,
    CrossEntropy,
    Dropout,
    Embedding,
    Fork,
    KeyMask,
    LayerNorm,
    Linear,
    PositionalEncoding,
    Randomness,
    ReLU,
    ResidualAdd,
    Scores,
    Softmax,
    WeightedSum,
)
from tfviz.core.parameters import Affine, Parameters
from tfviz.core.program import Program
from tfviz.core.tensor import Array, AttentionMap, Features, Heads, Parameter, Saved, SavedFeatures, Tokens

Dropped = TypeVar("Dropped", Features, AttentionMap)


class Builder:
    """Builds a program operation by operation, for one shape of batch."""

    def __init__(
        self, config: ModelConfig, parameters: Parameters, gradients: Array, batch: int, randomness: Randomness,
        dropout: float,
    ) -> None:  # fmt: skip
        self.config, self.parameters, self.gradients = config, parameters, gradients
        self.batch, self.randomness, self.dropout_rate = batch, randomness, dropout
        self.program = Program(parameters.flat.dtype)

    def parameter(self, name: str) -> Parameter:
        entry = self.parameters.layout.entries[name]
        return Parameter(name, entry.view(self.parameters.flat), entry.view(self.gradients))

    def affine(self, path: str) -> Affine:
        tensors = self.parameter(path + "weight"), self.parameter(path + "bias")
        return replace(self.parameters.affine(path, self.gradients), tensors=tensors)

    def tokens(self, name: str, length: int) -> Tokens:
        return self.program.tensor(Tokens(name, self.batch, length))

    def embedding(self, side: str, tokens: Tokens) -> Features:
        table = self.parameter(f"{side}_embedding.weight")
        x = self._features(f"{side}_embedding", self.config.d_model, tokens.length)
        return self._run(Embedding(x.name, tokens, table, x), x)

    def positional_encoding(self, name: str, x: Features) -> Features:
        y = self._like(name, x)
        return self._run(PositionalEncoding(name, x, y), y)

    def key_mask(self, name: str, keys: Tokens, queries: Tokens, causal: bool = False) -> Saved:
        shape = (keys.length, 1, self.batch, queries.length)
        mask = self.program.tensor(Saved(name, shape, ("key", "heads", "batch", "query")))
        self.program.append(KeyMask(name, keys, mask, causal))
        return mask

    def linear(self, name: str, x: Features, affine: Affine, spread: bool = False) -> Features:
        y = self._features(name, len(affine.values), x.length, spread)
        return self._run(Linear(name, x, affine, y), y)

    def heads(self, name: str, projection: Features, first_row: int) -> Heads:
        heads, width = self.config.nhead, self.config.head_width
        return self.program.tensor(Heads(name, projection, first_row, heads, width))

    def scores(self, name: str, query: Heads, key: Heads) -> AttentionMap:
        scores = self._attention_map(name, query.length, key.length)
        self.program.append(Scores(name, query, key, scores))
        return scores

    def softmax(self, name: str, scores: AttentionMap, mask: Saved) -> AttentionMap:
        weights = self._attention_map(name, scores.shape[3], scores.shape[0])
        self.program.append(Softmax(name, scores, mask, weights))
        self.program.end_attention()
        return weights

    def weighted_sum(self, name: str, weights: AttentionMap, value: Heads) -> Features:
        """The context with the heads merged; its heads are tensor `name`."""
        merged = self._features(f"{name}.merged", self.config.d_model, weights.shape[3], spread=True)
        context = self.heads(name, merged, 0)
        self.program.append(WeightedSum(name, weights, value, context))
        return merged

    def layer_norm(self, path: str, x: Features, name: str = "") -> Features:
        """Normalise with the gain and bias of `path`; the result is called `name`, or `path` too."""
        y = self._like(name or path, x)
        normalized = self.program.tensor(SavedFeatures(f"{path}.normalized", x.features, x.batch, x.length))
        scale = self.program.tensor(
            Saved(f"{path}.reciprocal_deviation", (x.columns,), ("batch * position",))
        )
        gain, bias = (self.parameter(f"transformer.{path}.{suffix}") for suffix in ("weight", "bias"))
        return self._run(LayerNorm(path, x, gain, bias, normalized, scale, y, self.config.layer_norm_eps), y)

    def activation(self, name: str, x: Features) -> Features:
        y = self._like(name, x)
        return self._run(ReLU(name, x, y) if self.config.activation == "relu" else GELU(name, x, y), y)

    def dropout(self, name: str, x: Dropped) -> Dropped:
        """x itself where nothing is dropped."""
        if not self.dropout_rate:
            return x
        if isinstance(x, AttentionMap):
            keys, _, _, queries = shape = x.shape
            y, axes = self._attention_map(name, queries, keys), ("key", "heads", "batch", "query")
        else:
            y, shape, axes = self._like(name, x), (x.features, x.columns), ("features", "batch * position")
        mask = self.program.tensor(Saved(f"{name}.mask", shape, axes))
        self.program.append(Dropout(name, x, mask, y, self.dropout_rate, self.randomness))
        return y

    def fork(self, name: str, x: Features, readers: tuple[str, ...]) -> tuple[Features, ...]:
        """The same value for several readers, one tensor each."""
        if len(readers) == 1:
            return (x,)
        tensors = tuple(self._like(f"{name}.{reader}", x) for reader in readers)
        self.program.append(Fork(name, x, tensors))
        return tensors

    def residual_add(self, name: str, skip: Features, branch: Features) -> Features:
        y = self._like(name, skip)
        return self._run(ResidualAdd(name, skip, branch, y), y)

    def cross_entropy(self, name: str, logits: Features, target: Tokens, smoothing: float) -> CrossEntropy:
        probabilities = SavedFeatures("probabilities", logits.features, logits.batch, logits.length)
        loss = Saved(name, (1,), ("loss",))
        self.program.tensor(probabilities)
        self.program.tensor(loss)
        operation = CrossEntropy(name, logits, target, probabilities, loss, smoothing)
        self.program.append(operation)
        return operation

    def _features(self, name: str, features: int, length: int, spread: bool = False) -> Features:
        return self.program.tensor(Features(name, features, self.batch, length, spread))

    def _like(self, name: str, x: Features) -> Features:
        return self._features(name, x.features, x.length)

    def _attention_map(self, name: str, queries: int, keys: int) -> AttentionMap:
        return self.program.tensor(AttentionMap(name, self.config.nhead, self.batch, queries, keys))

    def _run(self, operation: Operation, result: Features) -> Features:
        self.program.append(operation)
        return result
