"""Where the numbers of a step came from: the terms give the very number that the step computes, update included."""

import math

import numpy as np
import pytest

from tests.training.small_runs import HARD, losses, new_trainer
from tfviz.core.optimizers import OPTIMIZERS
from tfviz.core.provenance import Explanation
from tfviz.training.config import RunConfig
from tfviz.training.stepping.stepper import Stepper

EXACT = HARD.with_values({"training.dtype": "float64", "training.label_smoothing": 0.1})
WEIGHT = "transformer.encoder.layers.0.linear1.weight"


def stepper_after(config: RunConfig, steps: int = 3) -> Stepper:
    trainer = new_trainer(config)
    losses(trainer, steps)
    trainer.models.close()
    return Stepper.following(trainer)


def assert_tells(explanation: Explanation, tolerance: float) -> None:
    """The total is the stored number, up to rounding relative to the largest term."""
    largest = max((abs(term.product) for term in explanation.terms), default=0.0)
    scale = abs(explanation.total) if explanation.closing or not math.isfinite(largest) else largest
    assert explanation.stored == pytest.approx(explanation.total, rel=tolerance, abs=tolerance * scale), (
        explanation
    )
    if explanation.terms and not explanation.closing:
        assert explanation.total == pytest.approx(sum(term.product for term in explanation.terms), abs=1e-9)


@pytest.mark.parametrize(
    "values",
    [{}, {"training.shards": 2, "model.activation": "gelu", "model.norm_first": True}],
    ids=["relu", "gelu, two shards"],
)
def test_the_terms_of_a_random_cell_of_any_tensor_give_what_the_step_computes(
    values: dict[str, object],
) -> None:
    stepper = stepper_after(EXACT.with_values(values))
    stepper.run_to_gradients()
    generator, met = np.random.default_rng(1), set()
    for name in [*stepper.tensors, *stepper.parameters]:
        for of, array in (("value", stepper.value(name)), ("gradient", stepper.gradient(name))):
            if array is not None:
                index = tuple(int(generator.integers(size)) for size in array.shape)
                explanation = stepper.explain(name, index, of)
                assert explanation.stored == array[index]
                assert_tells(explanation, 1e-9)
                met.add((explanation.operation_type, explanation.phase))
    types = {type(operation).__name__ for operation in stepper.model.program.operations}
    assert len(types) > 12
    assert met >= {(name, "forward") for name in types} | {(name, "backward") for name in types - {"KeyMask"}}


def test_in_float32_the_exact_sum_stands_beside_the_stored_number() -> None:
    stepper = stepper_after(HARD)
    stepper.run_to_gradients()
    name = "encoder.layers.0.linear1"
    for of, array in (("value", stepper.value(name)), ("gradient", stepper.gradient(name))):
        assert array is not None and array.dtype == np.float32
        explanation = stepper.explain(name, (1, 2, 3), of)
        assert explanation.stored == float(array[1, 2, 3]) != explanation.total
        assert explanation.stored == pytest.approx(explanation.total, rel=1e-3, abs=1e-6)


def test_what_has_not_been_computed_is_absent() -> None:
    stepper = stepper_after(HARD)
    assert stepper.explain("logits", (0, 0, 0)).stored is None
    assert stepper.explain(WEIGHT, (0, 0)).stored is not None
    stepper.run_to_loss()
    assert stepper.explain("logits", (0, 0, 0)).stored is not None
    assert stepper.explain("logits", (0, 0, 0), "gradient").stored is None
    stepper.run_to_gradients()
    assert stepper.explain(WEIGHT, (0, 0), "gradient").stored is not None
    assert stepper.explain(WEIGHT, (0, 0), "clipped").stored is None
    assert stepper.explain(WEIGHT, (0, 0)).origin == "a parameter: moved by the optimiser"


@pytest.mark.parametrize("decay", [0.0, 0.05])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_clipping_and_update_are_told_as_the_optimiser_does_them(optimizer: str, decay: float) -> None:
    values = {
        "training.optimizer": optimizer,
        "training.weight_decay": decay,
        "training.clip_norm": 0.2,
    }
    exact = stepper_after(EXACT.with_values(values))
    rounded = stepper_after(HARD.with_values(values))
    for stepper, tolerance in ((exact, 1e-9), (rounded, 1e-4)):
        stepper.run_to_update()
        assert stepper.clipping is not None and stepper.clipping.scale < 1.0
        for index in ((0, 0), (3, 5)):
            for of in ("gradient", "clipped", "value"):
                explanation = stepper.explain(WEIGHT, index, of)
                assert_tells(explanation, tolerance)
        parts = [term.part for term in explanation.terms]
        assert parts[0] == "value before" and ("weight decay" in parts) == bool(decay)
        assert ("earlier gradients" in parts) == (optimizer != "sgd")
        assert (explanation.operation_type.lower(), explanation.phase) == (optimizer, "update")
        links = [factor.cell for term in explanation.terms for factor in term.factors if factor.cell]
        assert links == [explanation.cell._replace(of="clipped")]


def test_the_moments_that_are_told_are_those_of_the_real_update() -> None:
    stepper = stepper_after(EXACT)
    stepper.run_to_update()
    details = {detail.name: detail.values for detail in stepper.explain(WEIGHT, (2, 1)).details}
    entry = stepper.model.parameter_values.layout.entries[WEIGHT]
    for name, told in (("first_moment", "first moment m"), ("second_moment", "second moment v")):
        real = [entry.view(state[name])[2, 1] for state in (stepper.before, stepper.state())]
        assert details[f"{told} before, after"] == pytest.approx(real, rel=1e-9)
    value = [entry.view(state["parameters"])[2, 1] for state in (stepper.before, stepper.state())]
    assert details["change"][0] == pytest.approx(value[1] - value[0], rel=1e-9)
    assert details["update number t"] == (4.0,)


def test_without_a_limit_the_gradient_is_not_scaled() -> None:
    stepper = stepper_after(EXACT.with_values({"training.clip_norm": 0.0}))
    stepper.run_to_update()
    explanation = stepper.explain(WEIGHT, (0, 0), "clipped")
    assert explanation.formula == "clipped = dL/dw, no limit is set"
    assert explanation.stored == stepper.explain(WEIGHT, (0, 0), "gradient").stored
    assert_tells(explanation, 1e-9)


def test_what_is_no_parameter_is_not_clipped() -> None:
    with pytest.raises(ValueError, match="logits is no parameter"):
        stepper_after(HARD).explain("logits", (0, 0, 0), "clipped")
    with pytest.raises(ValueError, match="no tensor and no parameter 'nobody'"):
        stepper_after(HARD).explain("nobody", (0,))


def test_looking_at_numbers_disturbs_neither_the_step_nor_a_check() -> None:
    stepper, other = stepper_after(HARD), stepper_after(HARD)
    stepper.forward(30)
    stepper.explain(WEIGHT, (0, 0), "gradient")
    between = stepper.check(WEIGHT, (0, 0))
    again = stepper.explain(WEIGHT, (0, 0), "gradient")
    assert between.analytic == other.check(WEIGHT, (0, 0)).analytic == pytest.approx(again.total)
    for each in (stepper, other):
        each.run_to_update()
    assert stepper.state()["parameters"].tobytes() == other.state()["parameters"].tobytes()
