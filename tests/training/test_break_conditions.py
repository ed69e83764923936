"""Conditions that stop training before an update: when they are met, what they say, and that nothing is changed."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.training.small_runs import HARD, losses, new_trainer, same
from tests.training.test_non_finite import writing
from tfviz.core.operations.mask import PADDING
from tfviz.training.heads.head_entropies import head_entropies, weights_of_head
from tfviz.training.record.history import History
from tfviz.training.stepping.break_conditions import (
    BreakCondition,
    EntropyBelow,
    Facts,
    GradientAbove,
    LossAbove,
    NonFinite,
    UpdateRatioOutside,
    first_hit,
)
from tfviz.training.stepping.non_finite import NonFiniteError, first_non_finite
from tfviz.training.stepping.stepper import Stepper


def history(*losses: float) -> History:
    made = History(("loss",))
    for step, loss in enumerate(losses, 1):
        made.append(step, loss=loss)
    return made


def nobody_asks() -> str:
    raise AssertionError("the step must not be run again for a healthy loss")


FACTS = Facts(
    step=5,
    loss=1.0,
    history=history(1.0, 2.0, 3.0, 2.0),
    gradient_norm=2.0,
    group_norms={"encoder.norm": 0.5, "generator": 1.5},
    non_finite_place=nobody_asks,
    entropies={"encoder L0H0": 1.0, "cross L1H2": 0.2, "decoder L0H1": 0.3},
    update_ratios={"encoder.norm": 1e-3, "generator": 1e-2},
)
ALL = [NonFinite(), LossAbove(3.0, 4), GradientAbove(10.0), EntropyBelow(0.1), UpdateRatioOutside()]


def test_a_healthy_step_meets_no_condition() -> None:
    assert first_hit(ALL, FACTS) is None
    assert first_hit([], FACTS) is None


def test_the_first_condition_that_is_met_counts() -> None:
    hit = first_hit([NonFinite(), GradientAbove(1.5), EntropyBelow(5.0)], FACTS)
    assert hit is not None and hit.condition == GradientAbove(1.5)


def test_a_number_that_leaves_no_trace_in_loss_and_gradient_is_traced_all_the_same() -> None:
    place = "encoder.layers.0.linear1 (forward, Linear)"
    hit = NonFinite().test(replace(FACTS, spoiled=True, non_finite_place=lambda: place))
    assert hit is not None and (hit.subject, hit.place) == ("number", place)
    assert str(hit) == (
        f"step 5, before the update: a number is NaN or infinite, although loss and gradient are not ({place})"
    )


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize(("fact", "subject"), [("loss", "loss"), ("gradient_norm", "gradient")])
def test_a_value_that_is_not_finite_is_traced_to_its_operation(fact: str, subject: str, value: float) -> None:
    spoiled = replace(FACTS, **{fact: value}, non_finite_place=lambda: "logits (forward, Linear)")
    hit = NonFinite().test(spoiled)
    assert hit is not None
    assert (hit.step, hit.subject, hit.place) == (5, subject, "logits (forward, Linear)")
    assert str(hit) == f"step 5, before the update: the {subject} is {value:.4g} (logits (forward, Linear))"


def test_a_loss_is_compared_with_its_running_mean() -> None:
    condition = LossAbove(2.0, window=3)  # mean of 2, 3 and 2
    limit = 2.0 * 7.0 / 3.0
    assert condition.test(replace(FACTS, loss=limit - 1e-9)) is None
    hit = condition.test(replace(FACTS, loss=limit + 1e-9))
    assert hit is not None
    assert (hit.place, hit.subject, hit.limit) == ("loss", "loss", pytest.approx(limit))
    assert str(hit) == (
        "step 5, before the update: the loss is 4.667, above 4.667, 2 times its mean over 3 steps (loss)"
    )


def test_a_loss_is_not_judged_before_there_are_enough_steps() -> None:
    assert LossAbove(2.0, window=5).test(replace(FACTS, loss=1e9)) is None
    assert LossAbove(2.0, window=4).test(replace(FACTS, loss=1e9)) is not None


def test_a_gradient_is_compared_with_its_limit_as_a_whole_or_by_group() -> None:
    assert GradientAbove(2.0).test(FACTS) is None
    hit = GradientAbove(1.9).test(FACTS)
    assert hit is not None and (hit.place, hit.subject, hit.value, hit.limit) == (
        "clipping",
        "gradient",
        2.0,
        1.9,
    )
    assert GradientAbove(0.6, "encoder.norm").test(FACTS) is None
    hit = GradientAbove(0.6, "generator").test(FACTS)
    assert hit is not None and (hit.subject, hit.value) == ("generator", 1.5)
    assert str(hit) == (
        "step 5, before the update: the gradient norm of generator is 1.5, above 0.6 (clipping)"
    )


def test_the_sharpest_head_below_the_limit_is_named() -> None:
    hit = EntropyBelow(0.5).test(FACTS)
    assert hit is not None
    assert (hit.subject, hit.value, hit.place) == (
        "cross L1H2",
        0.2,
        "decoder.layers.1.multihead_attn.weights",
    )
    assert str(hit) == (
        "step 5, before the update: the attention of cross L1H2 has an entropy of 0.2 nats, below 0.5 "
        "(decoder.layers.1.multihead_attn.weights)"
    )
    hit = EntropyBelow(0.5, "decoder L0H1").test(FACTS)
    assert hit is not None and hit.subject == "decoder L0H1"
    assert EntropyBelow(0.5, "encoder L0H0").test(FACTS) is None


@pytest.mark.parametrize(
    ("ratios", "group", "side"),
    [
        ({"a": 1e-3, "b": 1.1e-2}, "b", "above 0.01"),
        ({"a": 0.9e-4, "b": 2e-2}, "b", "above 0.01"),
        ({"a": 0.9e-5, "b": 2e-2}, "a", "below 0.0001"),
        ({"a": 0.0, "b": 1e6}, "a", "below 0.0001"),
        ({"a": 1e-3, "b": math.inf}, "b", "above 0.01"),
    ],
)
def test_the_group_whose_update_is_furthest_outside_the_band_is_named(
    ratios: dict[str, float], group: str, side: str
) -> None:
    hit = UpdateRatioOutside(1e-4, 1e-2).test(replace(FACTS, update_ratios=ratios))
    assert hit is not None and (hit.subject, hit.place, hit.value) == (group, "update", ratios[group])
    assert str(hit).endswith(f"of its weights, {side} (update)")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LossAbove(0.0), "factor 0.0 is not a number above 0"),
        (lambda: LossAbove(2.0, 0), "window 0"),
        (lambda: GradientAbove(math.nan), "limit nan"),
        (lambda: EntropyBelow(-1.0), "limit -1.0"),
        (lambda: UpdateRatioOutside(0.1, 0.01), "a band from 0.1 to 0.01 is empty"),
    ],
)
def test_a_condition_that_could_never_be_met_is_refused(make: type[BreakCondition], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_the_entropy_of_a_head_is_the_mean_over_its_real_queries() -> None:
    trainer = new_trainer(HARD)
    losses(trainer, 3)
    trainer.models.close()
    stepper = Stepper.following(trainer)
    stepper.run_to_loss()
    found = head_entropies(stepper.model)
    kinds = {"encoder": "source", "decoder": "target_in", "cross": "target_in"}
    assert list(found) == [f"{kind} L0H{head}" for kind in kinds for head in range(2)]
    for name, entropy in found.items():
        kind, _, place = name.partition(" ")
        weights = stepper.value(weights_of_head(name))
        ids = stepper.value(kinds[kind])
        assert weights is not None and ids is not None
        assert (ids == PADDING).any()
        by_hand = [
            -sum(p * math.log(p) for p in weights[sequence, int(place[-1]), query].tolist() if p > 0.0)
            for sequence, query in np.argwhere(ids != PADDING)
        ]
        assert entropy == pytest.approx(np.mean(by_hand), abs=1e-6)
        assert 0.0 < entropy < math.log(weights.shape[3])


def test_conditions_are_tested_on_a_real_step_before_its_update() -> None:
    trainer = new_trainer(HARD)
    record = history(*losses(trainer, 3))
    trainer.models.close()
    stepper = Stepper.following(trainer)
    before = stepper.state()
    stepper.run_to(stepper.place("clipping", "clipping"))
    clipping, loss, ratios = stepper.clipping, stepper.loss, stepper.update_ratios()
    assert clipping is not None and loss is not None and ratios is not None
    facts = Facts(
        stepper.step, loss, record, clipping.norm, clipping.group_norms,
        lambda: first_non_finite(stepper.model, stepper.batch), head_entropies(stepper.model), ratios,
    )  # fmt: skip
    assert first_hit([NonFinite(), LossAbove(3.0, 3), GradientAbove(clipping.norm)], facts) is None
    largest = max(ratios.values())
    for condition in (
        LossAbove(0.9 * loss / record["loss"].mean(), 3),
        GradientAbove(0.99 * clipping.norm),
        EntropyBelow(10.0),
        UpdateRatioOutside(0.0, 0.99 * largest),
    ):
        hit = first_hit([NonFinite(), condition], facts)
        assert hit is not None and hit.condition == condition and hit.step == 4
        assert hit.place in {place.name for place in stepper.places}
    assert same(stepper.state(), before)


def test_the_place_of_a_wrong_number_is_that_of_the_refused_update() -> None:
    trainer = new_trainer(HARD)
    trainer.models.close()
    stepper = Stepper.following(trainer)
    operation = stepper.model.program.operations[20]
    with writing(stepper.model, operation, "forward", operation.outputs[-1].data, math.nan):
        with pytest.raises(NonFiniteError) as caught:
            stepper.run_to_update()
        assert stepper.clipping is not None and stepper.loss is not None
        facts = replace(
            FACTS,
            loss=stepper.loss,
            gradient_norm=stepper.clipping.norm,
            non_finite_place=lambda: first_non_finite(stepper.model, stepper.batch),
        )
        hit = first_hit(ALL, facts)
    assert hit is not None and hit.place == caught.value.place == str(
        stepper.place(operation.name, "forward")
    )
