"""The gradient table: every operation alone, in float64, against central differences.

A row makes an operation and its tensors; the harness fills what it reads with random numbers, takes a random weighted
sum of what it writes for a loss, and compares the gradient of every number it reads with the change of that loss.
"""

from collections.abc import Callable

import numpy as np
import pytest

from tfviz.core import operations
from tfviz.core.operation import Operation, PieceByPiece
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
from tfviz.core.parameters import Affine
from tfviz.core.tensor import Array, Parameter, SavedFeatures, Tensor, Tokens

from .operation_bench import BATCH, LENGTH, Bench


def linear(bench: Bench) -> Operation:
    return Linear("linear", bench.features("x"), bench.affine("weights", 6, 5), bench.features("y", 6))


def linear_of_a_tied_table(bench: Bench) -> Operation:
    """The weight's gradient goes to its reader, the bias's where it always lies."""
    values, gradients = bench.generator.normal(size=(6, 6)), np.zeros((6, 6))
    reader = bench.reader("table.generator", Parameter("table", values[:, :-1], gradients[:, :-1]))
    bias = Parameter("bias", values[:, -1], gradients[:, -1])
    bench.variables["bias"] = (bias.value, bias.gradient)
    affine = Affine(values, gradients, (reader, bias), reader)
    return Linear("linear", bench.features("x"), affine, bench.features("y", 6))


def relu(bench: Bench) -> Operation:
    return ReLU("relu", bench.features("x"), bench.features("y"))


def gelu(bench: Bench) -> Operation:
    return GELU("gelu", bench.features("x"), bench.features("y"))


def layer_norm(bench: Bench) -> Operation:
    """With a random gain and a random bias: where the gain is 1, a wrong backward pass may be right."""
    normalized = bench.program.tensor(SavedFeatures("normalized", 5, BATCH, LENGTH))
    scale = bench.saved("scale", BATCH * LENGTH)
    gain, bias = bench.parameter("gain", 5), bench.parameter("bias", 5)
    return LayerNorm("norm", bench.features("x"), gain, bias, normalized, scale, bench.features("y"), 1e-5)


def scores(scaled: bool) -> Callable[[Bench], Operation]:
    def row(bench: Bench) -> Operation:
        query, key = bench.heads("query"), bench.heads("key", LENGTH + 1)
        return Scores("scores", query, key, bench.attention_map("scores"), scaled)

    return row


def softmax(bench: Bench) -> Operation:
    """With some keys masked, but the first of them for no query."""
    scores, weights = bench.attention_map("scores"), bench.attention_map("weights")
    mask = bench.saved("mask", LENGTH + 1, 1, BATCH, LENGTH)
    masked = np.where(bench.generator.random(mask.shape) < 0.4, -np.inf, 0.0)
    masked[0] = 0.0
    bench.contents["mask"] = masked
    return Softmax("softmax", scores, mask, weights)


def head_switch(off: tuple[int, ...], uniform: tuple[int, ...]) -> Callable[[Bench], Operation]:
    def row(bench: Bench) -> Operation:
        mask = bench.saved("mask", LENGTH + 1, 1, BATCH, LENGTH)
        bench.contents["mask"] = np.zeros(mask.shape)
        return HeadSwitch(
            "switch", bench.attention_map("p"), mask, bench.attention_map("weights"), off, uniform
        )

    return row


def weighted_sum(bench: Bench) -> Operation:
    return WeightedSum(
        "sum", bench.attention_map("weights"), bench.heads("value", LENGTH + 1), bench.heads("context")
    )


def dropout_of_features(bench: Bench) -> Operation:
    mask = bench.saved("mask", 5, BATCH * LENGTH)
    return Dropout("dropout", bench.features("x"), mask, bench.features("y"), 0.4, Randomness(seed=1))


def dropout_of_weights(bench: Bench) -> Operation:
    x, y = bench.attention_map("x"), bench.attention_map("y")
    return Dropout("dropout", x, bench.saved("mask", *x.shape), y, 0.4, Randomness(seed=1))


def embedding(vocabulary: int) -> Callable[[Bench], Operation]:
    def row(bench: Bench) -> Operation:
        table = bench.parameter("table", vocabulary, 5)
        return Embedding("embedding", bench.tokens("tokens", vocabulary), table, bench.features("x"))

    return row


def positional_encoding(bench: Bench) -> Operation:
    return PositionalEncoding("positions", bench.features("x"), bench.features("y"))


def learned_positions(rows: int) -> Callable[[Bench], Operation]:
    def row(bench: Bench) -> Operation:
        table = bench.parameter("table", rows, 5)
        return LearnedPositions("positions", bench.features("x"), table, bench.features("y"))

    return row


def join(bench: Bench) -> Operation:
    """The sequences of the source have 1, 2 and 4 tokens; each takes all of the target but its first."""
    order = bench.program.tensor(Tokens("order", BATCH, LENGTH + 2))
    bench.contents["order"] = np.array([[0, 5, 6, 1, 2, 3], [0, 1, 5, 6, 2, 3], [0, 1, 2, 3, 5, 6]])
    source, target = bench.features("source"), bench.features("target", length=3)
    return Join("join", source, target, order, bench.features("stream", length=LENGTH + 2))


def take_positions(after: bool) -> Callable[[Bench], Operation]:
    def row(bench: Bench) -> Operation:
        source = bench.tokens("source", 5) if after else None
        x, y = bench.features("x", length=LENGTH + 2), bench.features("y", length=3)
        return TakePositions("take", x, source, y)

    return row


def tie(readers: int) -> Callable[[Bench], Operation]:
    def row(bench: Bench) -> Operation:
        table = bench.parameter("table", 6, 5)
        return Tie("tie", table, tuple(bench.reader(f"reader{number}", table) for number in range(readers)))

    return row


def fork(readers: int) -> Callable[[Bench], Operation]:
    def row(bench: Bench) -> Operation:
        x = bench.features("x")
        return Fork("fork", x, tuple(bench.features(f"reader{number}") for number in range(readers)))

    return row


def residual_add(bench: Bench) -> Operation:
    return ResidualAdd("add", bench.features("skip"), bench.features("branch"), bench.features("y"))


def cross_entropy(smoothing: float) -> Callable[[Bench], Operation]:
    def row(bench: Bench) -> Operation:
        probabilities = bench.program.tensor(SavedFeatures("probabilities", 6, BATCH, LENGTH))
        operation = CrossEntropy(
            "loss", bench.features("logits", 6), bench.tokens("target", 6), probabilities, bench.saved("loss", 1),
            smoothing,
        )  # fmt: skip
        operation.tokens = 7  # of a whole batch, of which this may be a part
        return operation

    return row


TABLE: list[tuple[type[Operation], str, Callable[[Bench], Operation]]] = [
    (Linear, "", linear),
    (Linear, "a tied table", linear_of_a_tied_table),
    (ReLU, "", relu),
    (GELU, "", gelu),
    (LayerNorm, "random gain and bias", layer_norm),
    (Scores, "", scores(scaled=True)),
    (Scores, "not scaled", scores(scaled=False)),
    (Softmax, "some keys masked", softmax),
    (HeadSwitch, "one off", head_switch((1,), ())),
    (HeadSwitch, "one uniform", head_switch((), (0,))),
    (WeightedSum, "", weighted_sum),
    (Dropout, "features", dropout_of_features),
    (Dropout, "attention weights", dropout_of_weights),
    (Embedding, "few tokens", embedding(4)),
    (Embedding, "64 tokens", embedding(64)),
    (Embedding, "65 tokens", embedding(65)),
    (PositionalEncoding, "", positional_encoding),
    (LearnedPositions, "as many as there are", learned_positions(LENGTH)),
    (LearnedPositions, "some unused", learned_positions(LENGTH + 2)),
    (Join, "", join),
    (TakePositions, "from the second on", take_positions(after=False)),
    (TakePositions, "after a source", take_positions(after=True)),
    (Tie, "two readers", tie(2)),
    (Tie, "three readers", tie(3)),
    (Fork, "two readers", fork(2)),
    (Fork, "four readers", fork(4)),
    (ResidualAdd, "", residual_add),
    (CrossEntropy, "", cross_entropy(0.0)),
    (CrossEntropy, "label smoothing", cross_entropy(0.1)),
]
WITHOUT_GRADIENT = {KeyMask: "reads tokens alone", JoinTokens: "reads tokens alone"}


def central_differences(function: Callable[[], float], value: Array) -> Array:
    """The derivative of the function by each entry of an array, with an error of the order of the step's 4th power."""
    result = np.zeros_like(value)
    for index in np.ndindex(value.shape):
        centre, losses = value[index], []
        for distance in (-2.0, -1.0, 1.0, 2.0):
            value[index] = centre + distance * 2.0**-10
            losses.append(function())
        value[index] = centre
        wide, narrow = (losses[3] - losses[0]) / 4.0, (losses[2] - losses[1]) / 2.0
        result[index] = (4.0 * narrow - wide) / 3.0 * 2.0**10
    return result


def loss_of(operation: Operation, weights: list[tuple[Tensor, Array]]) -> float:
    """The operation's own loss, or a weighted sum of its outputs."""
    operation.forward()
    if isinstance(operation, CrossEntropy):
        return float(operation.loss.data[0])
    return sum(float(np.sum(output.data * weight)) for output, weight in weights)


@pytest.mark.parametrize(
    "make", [row for _, _, row in TABLE], ids=[f"{kind.__name__} {what}".strip() for kind, what, _ in TABLE]
)
def test_the_gradient_of_an_operation_agrees_with_central_differences(
    make: Callable[[Bench], Operation],
) -> None:
    bench = Bench()
    operation = make(bench)
    bench.bind(operation)
    weights: list[tuple[Tensor, Array]] = []
    for output in operation.outputs:
        if output.d_data is not None:
            weight = bench.generator.normal(size=output.data.shape)
            output.d_data[...] = weight
            weights.append((output, weight))
    operation.forward()
    operation.backward()
    assert bench.variables
    for name, (value, gradient) in bench.variables.items():
        analytic = gradient.copy()
        numeric = central_differences(lambda: loss_of(operation, weights), value)
        scale = np.maximum(np.maximum(np.abs(analytic), np.abs(numeric)), 1e-3 * np.abs(analytic).max())
        assert np.abs(analytic).max() > 1e-3, name
        assert np.max(np.abs(analytic - numeric) / scale) <= 1e-6, name


@pytest.mark.parametrize(
    "make", [row for _, _, row in TABLE], ids=[f"{kind.__name__} {what}".strip() for kind, what, _ in TABLE]
)
def test_a_backward_pass_reads_no_other_values_than_the_operation_remembers(
    make: Callable[[Bench], Operation],
) -> None:
    """Else it would read another tensor's numbers in a model that recycles its memory."""
    bench = Bench()
    operation = make(bench)
    bench.bind(operation)
    for output in operation.outputs:
        if output.d_data is not None:
            output.d_data[...] = bench.generator.normal(size=output.data.shape)
    given = {output.name: output.gradient.copy() for output in operation.outputs if output.d_data is not None}
    operation.forward()
    operation.backward()
    expected = {name: gradient.copy() for name, (_, gradient) in bench.variables.items()}
    remembered = {tensor.value_root for tensor in operation.remembers}
    for tensor in (*operation.inputs, *operation.outputs):
        if tensor.value_root is not None and tensor.value_root not in remembered:
            tensor.data[...] = np.nan
    for output in operation.outputs:
        if output.name in given:
            output.gradient[...] = given[output.name]
    operation.backward()
    for name, (_, gradient) in bench.variables.items():
        assert np.array_equal(gradient, expected[name]), name


def test_every_operation_is_in_the_gradient_table() -> None:
    exported = {getattr(operations, name) for name in operations.__all__}
    differentiable = {kind for kind in exported if issubclass(kind, Operation)} - WITHOUT_GRADIENT.keys()
    assert {kind for kind, _, _ in TABLE} == differentiable


def test_every_operation_that_is_defined_is_exported() -> None:
    def below(kind: type[Operation]) -> set[type[Operation]]:
        return {kind}.union(*map(below, kind.__subclasses__()))

    defined = {
        kind for kind in below(Operation) - {Operation, PieceByPiece} if kind.__module__.startswith("tfviz.")
    }
    assert defined == {kind for kind in map(vars(operations).get, operations.__all__) if kind in defined}


def test_a_mask_has_no_gradient() -> None:
    bench = Bench()
    tokens, mask = bench.tokens("tokens", 5), bench.saved("mask", LENGTH, 1, BATCH, LENGTH)
    bench.bind(KeyMask("mask", tokens, mask, causal=True))
    assert tokens.grad is None and mask.grad is None
