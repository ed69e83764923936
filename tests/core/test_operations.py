"""What single operations compute, against formulas written out plainly."""

import math

import numpy as np
import pytest

from tfviz.core.operations import (
    GELU,
    CrossEntropy,
    Embedding,
    KeyMask,
    LayerNorm,
    PositionalEncoding,
    Randomness,
    ReLU,
    Softmax,
)
from tfviz.core.operations.embedding import ONE_HOT_LIMIT, sinusoids, sum_rows_by_token
from tfviz.core.program import Program
from tfviz.core.tensor import Array, SavedFeatures

from .operation_bench import BATCH, LENGTH, Bench


def log_softmax(logits: Array) -> Array:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def smoothed_loss(logits: Array, target: Array, smoothing: float, tokens: int) -> float:
    """Cross-entropy as its definition says, position by position."""
    vocabulary = logits.shape[-1]
    total = 0.0
    for position, token in np.ndenumerate(target):
        if token != 0:
            wanted = np.full(vocabulary, smoothing / vocabulary)
            wanted[token] += 1.0 - smoothing
            total -= float(np.sum(wanted * log_softmax(logits[position])))
    return total / tokens


def bound_loss(bench: Bench, smoothing: float, vocabulary: int = 6) -> CrossEntropy:
    probabilities = bench.program.tensor(SavedFeatures("probabilities", vocabulary, BATCH, LENGTH))
    operation = CrossEntropy(
        "loss", bench.features("logits", vocabulary), bench.tokens("target", vocabulary), probabilities,
        bench.saved("loss", 1), smoothing,
    )  # fmt: skip
    bench.bind(operation)
    operation.tokens = int(np.count_nonzero(operation.target.data))
    return operation


def gelu_of(numbers: Array) -> Array:
    bench = Bench(program=Program(numbers.dtype))
    features = numbers.size // (BATCH * LENGTH)
    operation = GELU("gelu", bench.features("x", features), bench.features("y", features))
    bench.bind(operation)
    operation.x.data[...] = numbers.reshape(operation.x.data.shape)
    operation.forward()
    return operation.y.data.reshape(-1)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_the_loss_is_the_mean_cross_entropy_with_the_smoothed_target(smoothing: float) -> None:
    operation = bound_loss(Bench(), smoothing)
    operation.forward()
    expected = smoothed_loss(operation.logits.value, operation.target.value, smoothing, BATCH * (LENGTH - 1))
    assert operation.loss.value[0] == pytest.approx(expected, rel=1e-13)


def test_equal_logits_do_not_hide_which_token_is_the_target() -> None:
    """A target found by its value instead of its place would be found everywhere here."""
    operation = bound_loss(Bench(), 0.0)
    operation.logits.data[...] = 1.0
    operation.forward()
    operation.backward()
    target = operation.target.value
    expected = (np.full((BATCH, LENGTH, 6), 1 / 6) - np.eye(6)[target]) / operation.tokens
    expected[target == 0] = 0.0
    assert operation.logits.grad == pytest.approx(expected, abs=1e-15)


def test_padding_has_no_gradient() -> None:
    operation = bound_loss(Bench(), 0.1)
    operation.forward()
    operation.backward()
    gradient, padding = operation.logits.grad, operation.target.value == 0
    assert gradient is not None
    assert not gradient[padding].any() and gradient[~padding].all()


def test_logits_of_any_size_give_a_finite_loss() -> None:
    operation = bound_loss(Bench(), 0.1)
    operation.logits.data[...] *= 1e4
    operation.forward()
    operation.backward()
    assert np.isfinite(operation.loss.value[0]) and np.isfinite(operation.logits.gradient).all()


def test_a_target_is_correct_where_it_is_the_first_choice() -> None:
    operation = bound_loss(Bench(), 0.0)
    operation.logits.data[:, ::2] *= 1e-3
    operation.forward()
    expected = operation.logits.value.argmax(axis=-1) == operation.target.value
    assert np.array_equal(operation.correct(), expected)
    assert expected.any() and not expected.all()


def test_of_equal_logits_the_first_one_is_the_choice() -> None:
    operation = bound_loss(Bench(), 0.0)
    operation.logits.data[...] = 0.0
    operation.logits.data[2:4] = 1.0
    operation.forward()
    assert np.array_equal(operation.correct(), operation.target.value == 2)


def test_gelu_in_float32_is_within_1e_6_of_the_exact_one() -> None:
    numbers = np.linspace(-12.0, 12.0, 12_000).astype(np.float32)
    exact = [number * 0.5 * (1.0 + math.erf(number / math.sqrt(2.0))) for number in numbers.tolist()]
    assert np.abs(gelu_of(numbers) - exact).max() <= 1e-6


def test_gelu_in_float64_is_exact() -> None:
    numbers = np.linspace(-12.0, 12.0, 1200)
    exact = [number * 0.5 * (1.0 + math.erf(number / math.sqrt(2.0))) for number in numbers.tolist()]
    assert gelu_of(numbers) == pytest.approx(np.array(exact), rel=0.0, abs=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_relu_is_closed_at_zero_of_either_sign_and_below(dtype: type) -> None:
    bench = Bench(program=Program(np.dtype(dtype)))
    operation = ReLU("relu", bench.features("x"), bench.features("y"))
    bench.bind(operation)
    operation.x.data[0] = 0.0
    operation.x.data[1] = -0.0
    operation.x.data[2, :2] = np.inf, np.finfo(dtype).smallest_subnormal
    operation.y.gradient[...] = 3.0
    operation.forward()
    operation.backward()
    assert np.array_equal(operation.y.value, np.maximum(operation.x.value, 0.0))
    assert np.array_equal(operation.x.grad, 3.0 * (operation.x.value > 0.0))


def test_layer_norm_is_the_textbook_formula() -> None:
    bench = Bench()
    gain, bias = bench.parameter("gain", 5), bench.parameter("bias", 5)
    normalized = bench.program.tensor(SavedFeatures("normalized", 5, BATCH, LENGTH))
    operation = LayerNorm(
        "norm", bench.features("x"), gain, bias, normalized, bench.saved("scale", BATCH * LENGTH), bench.features("y"),
        1e-2,
    )  # fmt: skip
    bench.bind(operation)
    operation.forward()
    x = operation.x.value
    mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    expected = (x - mean) / np.sqrt(variance + 1e-2) * gain.value + bias.value
    assert operation.y.value == pytest.approx(expected, rel=1e-12)


def test_softmax_gives_masked_keys_nothing_and_the_others_all() -> None:
    bench = Bench()
    mask = bench.saved("mask", LENGTH + 1, 1, BATCH, LENGTH)
    masked = bench.contents["mask"] = np.zeros(mask.shape)
    masked[2:4, :, 1] = -np.inf
    operation = Softmax("softmax", bench.attention_map("scores"), mask, bench.attention_map("weights"))
    bench.bind(operation)
    operation.scores.data[0] = 1e3  # as large as exp could not bear
    operation.forward()
    scores = operation.scores.value + masked.transpose(2, 1, 3, 0)
    assert operation.weights.value == pytest.approx(np.exp(log_softmax(scores)), rel=1e-12, abs=1e-300)
    assert not operation.weights.value[1, :, :, 2:4].any()


@pytest.mark.parametrize("causal", [False, True])
def test_a_query_may_look_at_every_key_but_padding_and_under_the_causal_mask_the_future(causal: bool) -> None:
    bench = Bench()
    operation = KeyMask(
        "mask", bench.tokens("tokens", 6), bench.saved("mask", LENGTH, 1, BATCH, LENGTH), causal
    )
    bench.bind(operation)
    operation.tokens.data[1, 2:] = 0
    operation.forward()
    for batch, query, key in np.ndindex(BATCH, LENGTH, LENGTH):
        allowed = operation.tokens.data[batch, key] != 0 and (key <= query or not causal)
        assert operation.mask.data[key, 0, batch, query] == (0.0 if allowed else -np.inf)


def test_an_embedding_is_the_row_of_the_token_times_the_root_of_the_width() -> None:
    bench = Bench()
    operation = Embedding(
        "embedding", bench.tokens("tokens", 9), bench.parameter("table", 9, 5), bench.features("x")
    )
    bench.bind(operation)
    operation.forward()
    assert operation.x.value == pytest.approx(
        operation.table.value[operation.tokens.data] * math.sqrt(5), rel=1e-15
    )


def test_the_gradient_of_an_embedding_is_the_same_whether_by_one_hot_columns_or_by_sorting() -> None:
    gradients = []
    for vocabulary in (ONE_HOT_LIMIT, ONE_HOT_LIMIT + 1):
        bench = Bench()
        operation = Embedding(
            "embedding",
            bench.tokens("tokens", 9),
            bench.parameter("table", vocabulary, 5),
            bench.features("x"),
        )
        bench.bind(operation)
        operation.x.gradient[...] = np.random.default_rng(1).normal(size=operation.x.data.shape)
        assert (operation.one_hot is None) == (vocabulary > ONE_HOT_LIMIT)
        for shift in (0, 3):  # the second time over what the first one left
            operation.tokens.data[...] = (operation.tokens.data[::-1] + shift) % 9
            operation.backward()
        gradients.append(operation.table.gradient[:ONE_HOT_LIMIT])
        assert not operation.table.gradient[9:].any()
    assert gradients[0] == pytest.approx(gradients[1], rel=1e-13, abs=1e-15)


@pytest.mark.parametrize("padding", [0, 30, 2000])
def test_rows_are_summed_by_token_rare_and_frequent_ones(padding: int) -> None:
    generator = np.random.default_rng(0)
    ids = generator.permutation(np.append(generator.integers(1, 7, 50), np.zeros(padding, np.int64)))
    rows, sums = generator.normal(size=(len(ids), 3)), np.full((9, 3), np.nan)
    sum_rows_by_token(rows, ids, sums)
    for token in range(9):
        assert sums[token] == pytest.approx(rows[ids == token].sum(axis=0), abs=1e-13)


@pytest.mark.parametrize("width", [8, 7])
def test_positions_are_sines_in_even_columns_and_cosines_in_odd_ones(width: int) -> None:
    table = sinusoids(50, width)
    for position, column in np.ndindex(50, width):
        angle = position / 10000.0 ** ((column - column % 2) / width)
        expected = math.sin(angle) if column % 2 == 0 else math.cos(angle)
        assert table[position, column] == pytest.approx(expected, abs=1e-12)


def test_positional_encoding_adds_the_position_s_vector_to_every_sequence() -> None:
    bench = Bench()
    operation = PositionalEncoding("positions", bench.features("x"), bench.features("y"))
    bench.bind(operation)
    operation.forward()
    added = operation.y.value - operation.x.value
    assert added == pytest.approx(np.broadcast_to(sinusoids(LENGTH, 5), added.shape), abs=1e-14)


def test_random_numbers_belong_to_seed_step_part_and_site() -> None:
    def draw(seed: int, part: int, step: int, site: int) -> Array:
        randomness, numbers = Randomness(seed, part), np.zeros(33, np.float32)
        randomness.step = step
        randomness.uniform(site, numbers)
        return numbers

    first = draw(1, 0, 5, 2)
    assert np.array_equal(first, draw(1, 0, 5, 2))
    for other in (draw(2, 0, 5, 2), draw(1, 1, 5, 2), draw(1, 0, 6, 2), draw(1, 0, 5, 3)):
        assert np.intersect1d(first, other).size == 0
