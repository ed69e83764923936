"""The vocabulary in which a model is written: each method adds one operation and returns the tensor it makes."""

from dataclasses import replace
from typing import TypeVar

from tfviz.core.attention_tensors import AttentionMap, Heads, SavedMap
from tfviz.core.config import ModelConfig, heads_of
from tfviz.core.operation import Operation
from tfviz.core.operations import (
    GELU,
    CrossEntropy,
    Dropout,
    Embedding,
    Fork,
    HeadSwitch,
    Join,
    JoinTokens,
    KeyMask,
    LayerNorm,
    LearnedPositions,
    Linear,
    PositionalEncoding,
    Randomness,
    ReLU,
    ResidualAdd,
    Scores,
    Softmax,
    TakePositions,
    Tie,
    WeightedSum,
)
from tfviz.core.parameters import Affine, Parameters
from tfviz.core.program import Program
from tfviz.core.tensor import (
    Array,
    Features,
    Parameter,
    ParameterReader,
    Saved,
    SavedFeatures,
    Tensor,
    Tokens,
)

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
        self._readers: dict[str, ParameterReader] = {}

    def parameter(self, name: str) -> Parameter:
        entry = self.parameters.layout.entries[name]
        return Parameter(name, entry.view(self.parameters.flat), entry.view(self.gradients))

    def affine(self, path: str) -> Affine:
        tensors = self.parameter(path + "weight"), self.parameter(path + "bias")
        return replace(self.parameters.affine(path, self.gradients), tensors=tensors)

    def tokens(self, name: str, length: int) -> Tokens:
        return self.program.tensor(Tokens(name, self.batch, length))

    def tied_embeddings(self, *sides: str) -> None:
        """Let the generator and the embeddings of those sides that are tied to it read one table."""
        if not self.config.tied_embeddings:
            return
        table = self.parameter(self.config.generator_weight)
        tied = [f"{side}_embedding" for side in sides if self.config.embedding_of(side) == table.name]
        for reader in (*tied, "generator"):
            self._readers[reader] = self.program.tensor(ParameterReader(f"{table.name}.{reader}", table))
        self.program.append(Tie("tied_embedding", table, tuple(self._readers.values())))

    def embedding(self, side: str, tokens: Tokens) -> Features:
        x = self._features(f"{side}_embedding", self.config.d_model, tokens.length)
        table = self._readers.get(x.name) or self.parameter(self.config.embedding_of(side))
        return self._run(Embedding(x.name, tokens, table, x), x)

    def positions(self, side: str, name: str, x: Features) -> Features:
        """x with where its vectors stand; x itself in a model without positions."""
        if self.config.positions == "none":
            return x
        y = self._like(name, x)
        if self.config.positions == "sinusoidal":
            return self._run(PositionalEncoding(name, x, y), y)
        if x.length > self.config.max_positions:
            raise ValueError(
                f"max_positions {self.config.max_positions} is too small for a sequence of {x.length} tokens"
            )
        return self._run(LearnedPositions(name, x, self.parameter(f"{side}_positions.weight"), y), y)

    def join_tokens(self, source: Tokens, target: Tokens) -> tuple[Tokens, Tokens]:
        """Source and target in one stream, and where each position of it comes from."""
        length = source.length + target.length - 1
        stream, order = self.tokens("stream", length), self.tokens("stream.order", length)
        self.program.append(JoinTokens("stream", source, target, stream, order))
        return stream, order

    def join(self, name: str, source: Features, target: Features, order: Tokens) -> Features:
        y = self._features(name, source.features, order.length)
        return self._run(Join(name, source, target, order, y), y)

    def take_positions(self, name: str, x: Features, length: int, after: Tokens | None = None) -> Features:
        """So many positions of x: from the last token of `after` on, or from the second position on."""
        y = self._features(name, x.features, length)
        return self._run(TakePositions(name, x, after, y), y)

    def generator(self, name: str, x: Features) -> Features:
        """The logits."""
        reader = self._readers.get("generator")
        if reader is None:
            return self.linear(name, x, self.affine("generator."))
        block = self.parameters.block(self.config.generator_weight, self.gradients)
        return self.linear(
            name, x, replace(block, tensors=(reader, self.parameter("generator.bias")), reader=reader)
        )

    def key_mask(self, name: str, keys: Tokens, queries: Tokens, causal: bool = False) -> Saved:
        mask = self.program.tensor(SavedMap(name, 1, self.batch, queries.length, keys.length))
        causal = causal and self.config.causal_mask
        self.program.append(KeyMask(name, keys, mask, causal, self.config.padding_mask))
        return mask

    def linear(self, name: str, x: Features, affine: Affine, spread: bool = False) -> Features:
        y = self._features(name, len(affine.values), x.length, spread)
        return self._run(Linear(name, x, affine, y), y)

    def heads(self, name: str, projection: Features, first_row: int) -> Heads:
        heads, width = self.config.nhead, self.config.head_width
        return self.program.tensor(Heads(name, projection, first_row, heads, width))

    def scores(self, name: str, query: Heads, key: Heads) -> AttentionMap:
        scores = self._attention_map(name, query.length, key.length)
        self.program.append(Scores(name, query, key, scores, self.config.scaled_scores))
        return scores

    def softmax(self, name: str, scores: AttentionMap, mask: Saved) -> AttentionMap:
        """The weights; where heads of this attention are switched off or uniform, with that done to them."""
        path = name.rpartition(".")[0]
        off, uniform = (heads_of(names, path) for names in (self.config.heads_off, self.config.heads_uniform))
        weights = self._attention_map(name, scores.shape[3], scores.shape[0])
        if off or uniform:
            own = self._attention_map(f"{path}.own_weights", scores.shape[3], scores.shape[0])
            self.program.append(Softmax(own.name, scores, mask, own))
            self.program.append(HeadSwitch(name, own, mask, weights, off, uniform))
        else:
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
        """Normalise with the gain and bias of `path`; the result is called `name`, or `path` too.

        x itself in a model without norms.
        """
        if not self.config.layer_norm:
            return x
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
            keys, heads, batch, queries = x.shape
            y = self._attention_map(name, queries, keys)
            mask: Tensor = SavedMap(f"{name}.mask", heads, batch, queries, keys)
        else:
            y = self._like(name, x)
            mask = SavedFeatures(f"{name}.mask", x.features, x.batch, x.length)
        self.program.tensor(mask)
        self.program.append(Dropout(name, x, mask, y, self.dropout_rate, self.randomness))
        return y

    def fork(self, name: str, x: Features, readers: tuple[str, ...]) -> tuple[Features, ...]:
        """The same value for several readers, one tensor each."""
        if len(readers) == 1:
            return (x,)
        tensors = tuple(self._like(f"{name}.{reader}", x) for reader in readers)
        self.program.append(Fork(name, x, tensors))
        return tensors

    def skip_past(self, name: str, x: Features) -> tuple[Features, Features | None]:
        """x for a branch, and for the connection that leads past it; without residuals there is none."""
        if not self.config.residual:
            return x, None
        branch, skip = self.fork(name, x, ("branch", "skip"))
        return branch, skip

    def residual_add(self, name: str, skip: Features | None, branch: Features) -> Features:
        """Their sum; the branch itself where nothing leads past it."""
        if skip is None:
            return branch
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
