"""Where a number came from: the terms shown sum to the cell, the factors are the cells they name, walks end."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest

import tfviz.core.operations as operations
from tfviz.core.gradient_check import random_parameters
from tfviz.core.operation import Operation
from tfviz.core.parameters import Parameters
from tfviz.core.provenance import DERIVATIONS, Cell, Explanation, explain
from tfviz.core.transformer import Transformer

from .small_model import BATCH, CONFIG

CELLS = 4
"""Random cells of every tensor's value and of its gradient."""

WALKS = 80


@dataclass(frozen=True)
class Case:
    """A model and how exact its stored numbers are, relative to the terms that they are sums of."""

    model: Transformer
    tolerance: float


CASES = {
    "relu, post-norm": (
        replace(CONFIG, activation="relu", norm_first=False, dropout=0.2),
        0.1,
        np.float64,
        1,
    ),
    "gelu, pre-norm": (replace(CONFIG, activation="gelu", norm_first=True, dropout=0.0), 0.0, np.float64, 1),
    "two parts": (replace(CONFIG, activation="gelu", norm_first=False, dropout=0.2), 0.1, np.float64, 2),
    "relu, float32": (replace(CONFIG, activation="relu", norm_first=True, dropout=0.2), 0.1, np.float32, 1),
    "without what can be left out": (
        replace(
            CONFIG,
            residual=False,
            layer_norm=False,
            causal_mask=False,
            padding_mask=False,
            scaled_scores=False,
            positions="none",
            heads_off=("encoder.0.1", "decoder.1.0"),
            heads_uniform=("encoder.0.0", "cross.1.1"),
        ),
        0.1,
        np.float64,
        1,
    ),
    "encoder alone": (replace(CONFIG, architecture="encoder", positions="learned"), 0.1, np.float64, 1),
    "decoder alone": (
        replace(CONFIG, architecture="decoder", positions="learned", tied_embeddings=True),
        0.1,
        np.float64,
        2,
    ),
    "tied": (
        replace(CONFIG, target_vocabulary=7, shared_vocabulary=True, tied_embeddings=True),
        0.1,
        np.float64,
        2,
    ),
    "gelu, float32": (replace(CONFIG, activation="gelu", norm_first=False, dropout=0.2), 0.0, np.float32, 2),
}


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    config, smoothing, dtype, shards = CASES[request.param]
    point = Parameters(config, dtype)
    point.flat[...] = random_parameters(config).flat
    model = Transformer(config, 3, 5, 4, smoothing, dtype, parameters=point, shards=shards)
    model.set_step(3)
    model.forward(*BATCH)
    model.backward()
    return Case(model, 1e-9 if dtype is np.float64 else 1e-4)


def stored(model: Transformer, cell: Cell) -> float:
    """The number of a cell, read from the model."""
    tensor = model.parameters[cell.tensor] if cell.tensor in model.parameters else model.tensors[cell.tensor]
    array = tensor.value if cell.of == "value" else tensor.grad
    assert array is not None, cell
    return float(array[cell.indices])


def random_cells(model: Transformer, generator: np.random.Generator) -> Iterator[Cell]:
    """Some of every tensor and parameter, of its value and, where there is one, of its gradient."""
    for name, tensor in [*model.tensors.items(), *model.parameters.items()]:
        for of, array in (("value", tensor.value), ("gradient", tensor.grad)):
            if array is not None:
                for _ in range(CELLS):
                    yield Cell(name, tuple(int(generator.integers(size)) for size in array.shape), of)


def magnitude(explanation: Explanation) -> float:
    """What rounding errors are relative to: the largest term of a sum, else the number itself."""
    if explanation.closing:
        return abs(explanation.stored)
    largest = max((abs(term.product) for term in explanation.terms), default=abs(explanation.stored))
    return largest if math.isfinite(largest) else 0.0  # a mask is the very same number


def test_the_terms_of_any_cell_give_the_stored_number(case: Case) -> None:
    met = set()
    for cell in random_cells(case.model, np.random.default_rng(1)):
        explanation = explain(case.model, *cell)
        met.add((explanation.operation_type, explanation.phase))
        assert explanation.cell == cell
        assert explanation.stored == stored(case.model, cell)
        assert explanation.total == pytest.approx(
            explanation.stored, rel=0, abs=case.tolerance * magnitude(explanation)
        ), explanation
    types = {type(operation).__name__ for operation in case.model.program.operations}
    backward = {(name, "backward") for name in types - {"KeyMask", "JoinTokens"}}
    assert met >= {(name, "forward") for name in types} | backward


def test_a_term_is_the_product_of_factors_read_from_the_cells_they_name(case: Case) -> None:
    for cell in random_cells(case.model, np.random.default_rng(2)):
        explanation = explain(case.model, *cell)
        assert explanation.formula or explanation.origin
        assert explanation.terms or explanation.origin or not explanation.stored
        if explanation.terms and not explanation.closing:
            sum_of_products = sum(term.product for term in explanation.terms)
            assert explanation.total == pytest.approx(sum_of_products, rel=1e-9, abs=1e-12)
        for term in explanation.terms:
            assert term.factors
            if not term.function:
                assert term.product == math.prod(factor.value for factor in term.factors)
            for factor in term.factors:
                assert factor.cell is None or factor.value == stored(case.model, factor.cell), factor
        for detail in explanation.details:
            for value, read in zip(detail.values, detail.cells, strict=False):
                assert value == stored(case.model, read), detail


def test_a_walk_along_random_factors_ends_at_what_no_operation_computes(case: Case) -> None:
    """At parameters, tokens, a drawn mask, a constant or a sum without terms, and never goes round in a circle."""
    generator = np.random.default_rng(3)
    cells = list(random_cells(case.model, generator))
    most_steps = 4 * len(case.model.program.operations)
    ends = set()
    for start in generator.choice(len(cells), WALKS, replace=False):
        cell = cells[start]
        for _ in range(most_steps):
            explanation = explain(case.model, *cell)
            onward = [factor.cell for term in explanation.terms for factor in term.factors if factor.cell]
            if not onward:
                break
            cell = onward[generator.integers(len(onward))]
        assert not onward, cell
        ends.add(explanation.origin)
    assert ends >= {"a parameter: moved by the optimiser", "read from the batch"}


def test_every_operation_can_be_explained() -> None:
    classes = [vars(operations)[name] for name in operations.__all__]
    assert set(DERIVATIONS) == {cls for cls in classes if issubclass(cls, Operation)}
    without = {cls.__name__ for cls, derive in DERIVATIONS.items() if derive.gradient is None}
    assert without == {"KeyMask", "JoinTokens"}


@pytest.fixture(scope="module")
def model() -> Transformer:
    model = Transformer(CONFIG, 3, 5, 4, 0.1, np.float64, parameters=random_parameters(CONFIG))
    model.forward(*BATCH)
    model.backward()
    return model


def test_a_softmax_shows_its_row_and_its_jacobian(model: Transformer) -> None:
    name = "decoder.layers.0.self_attn"
    forward = explain(model, f"{name}.weights", (0, 1, 2, 1))
    assert [factor.cell for term in forward.terms for factor in term.factors] == [
        cell
        for key in range(4)
        for cell in (Cell(f"{name}.scores", (0, 1, 2, key)), Cell("target_mask", (0, 0, 2, key)))
    ]
    assert forward.terms[3].product == 0.0  # a later position
    backward = explain(model, f"{name}.scores", (0, 1, 2, 1), "gradient")
    p = model.tensors[f"{name}.weights"].value[0, 1, 2]
    jacobian = next(detail for detail in backward.details if detail.name == "Jacobian row")
    np.testing.assert_allclose(jacobian.values, p * (np.eye(4)[1] - p[1]), rtol=1e-12, atol=1e-15)


def test_a_mask_says_why_a_query_may_not_look_at_a_key(model: Transformer) -> None:
    reasons = set()
    for name in ("source_mask", "target_mask", "memory_mask"):
        for indices, number in np.ndenumerate(model.tensors[name].value):
            explanation = explain(model, name, indices)
            assert explanation.total == explanation.stored == number
            reasons.add((explanation.terms[0].function, float(number)))
    assert reasons == {
        ("the key is padding", -math.inf),
        ("the key comes later than the query", -math.inf),
        ("the query may look at the key", 0.0),
    }


def test_the_backward_pass_begins_with_a_one(case: Case) -> None:
    explanation = explain(case.model, "loss", (0,), "gradient")
    assert explanation.total == explanation.stored == 1.0
    assert (explanation.formula, explanation.origin) == ("dL/dL = 1", "the backward pass begins with it")
    onward = [
        cell
        for detail in explain(case.model, "logits", (0, 0, 0), "gradient").details
        for cell in detail.cells
    ]
    assert explanation.cell in onward


def test_a_normalisation_s_gradient_has_three_parts(model: Transformer) -> None:
    explanation = explain(model, "encoder.layers.0.residual1", (1, 2, 3), "gradient")
    parts = {name: [term for term in explanation.terms if term.part == name] for name in
             ("directly", "through the mean", "through the variance")}  # fmt: skip
    assert [len(terms) for terms in parts.values()] == [1, CONFIG.d_model, CONFIG.d_model]
    details = {detail.name: detail.values[0] for detail in explanation.details}
    for name, terms in parts.items():
        assert details[name] == pytest.approx(sum(term.product for term in terms), rel=1e-12)
    x = model.tensors["encoder.layers.0.residual1"].value[1, 2]
    assert (details["mean"], details["variance"]) == pytest.approx((x.mean(), x.var()))


def test_where_streams_meet_the_gradient_is_the_sum_over_the_readers(model: Transformer) -> None:
    explanation = explain(model, "encoder.input", (0, 1, 2), "gradient")
    assert (explanation.operation_type, explanation.phase) == ("Fork", "backward")
    sources = [term.factors[0].cell for term in explanation.terms]
    assert sources == [
        Cell(f"encoder.layers.0.fork1.{reader}", (0, 1, 2), "gradient") for reader in ("branch", "skip")
    ]


def test_an_embedding_s_gradient_is_summed_over_the_positions_that_read_it(model: Transformer) -> None:
    source = BATCH[0]
    for token in range(CONFIG.source_vocabulary):
        explanation = explain(model, "source_embedding.weight", (token, 0), "gradient")
        assert len(explanation.terms) == np.count_nonzero(source == token)
        assert explanation.total == pytest.approx(explanation.stored, rel=1e-9)


def test_rows_of_a_shared_projection_are_explained_by_the_layer_that_has_them(model: Transformer) -> None:
    path = "transformer.decoder.layers.0.multihead_attn.in_proj_weight"
    width = CONFIG.d_model
    layers = [explain(model, path, (row, 0), "gradient").operation for row in (0, width, 3 * width - 1)]
    attention = "decoder.layers.0.multihead_attn"
    assert layers == [f"{attention}.in_proj_query"] + 2 * [f"{attention}.in_proj_key_value"]


def test_what_has_no_producer_says_so(model: Transformer) -> None:
    for name, index, origin in (
        ("source", (0, 0), "read from the batch"),
        ("generator.bias", (0,), "a parameter: moved by the optimiser"),
    ):
        explanation = explain(model, name, index)
        assert (explanation.operation, explanation.terms, explanation.origin) == ("", (), origin)
        assert explanation.total == explanation.stored


def test_a_broken_run_can_be_looked_at() -> None:
    """Infinities give numbers that are not numbers, as in the pass itself, and no error."""
    broken = Transformer(CONFIG, 3, 5, 4, 0.1, np.float64, parameters=random_parameters(CONFIG))
    broken.parameters["transformer.encoder.layers.0.norm1.weight"].value[0] = np.inf
    with np.errstate(all="ignore"):
        broken.forward(*BATCH)
        broken.backward()
    assert not math.isfinite(explain(broken, "loss", (0,)).total)
    for cell in random_cells(broken, np.random.default_rng(4)):
        explanation = explain(broken, *cell)
        if not math.isfinite(explanation.stored) and explanation.terms:
            assert not math.isfinite(explanation.total), explanation


@pytest.mark.parametrize(
    ("name", "index", "of", "message"),
    [
        ("nowhere", (0,), "value", "no tensor and no parameter 'nowhere'"),
        ("source_mask", (0, 0, 0, 0), "gradient", "source_mask has no gradient"),
        ("source", (0, 0), "gradient", "source has no gradient"),
        ("logits", (0, 0), "value", r"logits has shape \(3, 4, \d+\), and no cell \(0, 0\)"),
        ("logits", (3, 0, 0), "value", r"no cell \(3, 0, 0\)"),
        ("logits", (0, 0, -1), "value", r"no cell \(0, 0, -1\)"),
        ("logits", (0, 0, 0), "moment", "not of 'moment'"),
    ],
)
def test_a_cell_that_is_not_there_is_named(
    model: Transformer, name: str, index: tuple[int, ...], of: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        explain(model, name, index, of)


def test_a_model_that_keeps_no_activations_says_so() -> None:
    recycling = Transformer(CONFIG, 3, 5, 4, recycle=True)
    with pytest.raises(ValueError, match="recycle=False"):
        explain(recycling, "logits", (0, 0, 0))
