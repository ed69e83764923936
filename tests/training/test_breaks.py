"""A run that stops before an update: where, with which state, and how it goes on."""

from collections.abc import Iterator

import numpy as np
import pytest

from tests.training.live_sessions import events_until, run_steps, started
from tests.training.small_runs import HARD, in_worker, same, scalars, worker_waits
from tfviz.training.events import BreakHit, Failed, Paused
from tfviz.training.mailbox import Demand
from tfviz.training.session import Session
from tfviz.training.stepping.break_conditions import (
    BreakCondition,
    EntropyBelow,
    GradientAbove,
    LossAbove,
    NonFinite,
    UpdateRatioOutside,
)
from tfviz.training.stepping.breaks import ENTROPY_EVERY, BreakError

NEVER = (NonFinite(), LossAbove(1e6, 3), GradientAbove(1e9), EntropyBelow(1e-9), UpdateRatioOutside(0.0, 1e9))


@pytest.fixture
def session() -> Iterator[Session]:
    with started(HARD) as made:
        yield made


def until_break(session: Session) -> BreakHit:
    session.mailbox.events()
    session.gate.run()
    found = events_until(session, Paused)
    worker_waits(session)
    return next(event for event in found if isinstance(event, BreakHit))


@pytest.mark.parametrize(
    ("condition", "stops_before", "place", "says"),
    [
        (LossAbove(0.01, 6), 7, "loss", "times its mean over 6 steps"),
        (GradientAbove(1e-6), 1, "clipping", "the gradient norm is"),
        (GradientAbove(1e-6, "generator"), 1, "clipping", "the gradient norm of generator is"),
        (EntropyBelow(10.0), ENTROPY_EVERY, "weights", "has an entropy of"),
        (UpdateRatioOutside(0.0, 1e-9), 1, "update", "of its weights, above 1e-09"),
    ],
)
def test_a_condition_stops_before_the_update_with_the_state_intact(
    session: Session, condition: BreakCondition, stops_before: int, place: str, says: str
) -> None:
    session.break_conditions = (condition,)
    hit = until_break(session)
    assert hit.step == session.step == session.frontier == stops_before - 1
    assert session.gate.state == "paused"
    assert hit.place.endswith(place) and says in hit.text
    assert hit.text.startswith(f"step {stops_before}, before the update: ")
    with Session(HARD) as other:
        other.train(stops_before - 1)
        assert same(in_worker(session, session.trainer.state), other.trainer.state())
        session.break_conditions = ()
        run_steps(session, 4)
        other.train(4)
        assert same(in_worker(session, session.trainer.state), other.trainer.state())
        assert scalars(session.history) == scalars(other.history)


def test_play_steps_over_a_hit_once(session: Session) -> None:
    session.break_conditions = (GradientAbove(1e-6),)
    assert [until_break(session).step for _ in range(4)] == [0, 1, 2, 3]
    session.break_conditions = (GradientAbove(1e-6), UpdateRatioOutside(0.0, 1e-9))
    assert until_break(session).text.count("update of") == 1  # the gradient of this step was told of already
    assert session.step == 3
    assert until_break(session).step == 4


def test_a_step_that_is_taken_again_from_the_past_is_stopped_again(session: Session) -> None:
    run_steps(session, 3)
    session.break_conditions = (GradientAbove(1e-6),)
    assert until_break(session).step == 3
    session.go_to(3)
    assert until_break(session).step == 3
    assert until_break(session).step == 4


def test_looking_back_is_never_stopped() -> None:
    with Session(HARD) as session:
        session.train(30)
        session.break_conditions = (GradientAbove(1e-6), UpdateRatioOutside(0.0, 1e-9), EntropyBelow(10.0))
        session.go_to(17)
        assert session.step == 17
        assert session.view(23, demand=Demand(optimiser=True)) is not None
        session.parameters_at(11)
        session.go_to(30)
        with pytest.raises(BreakError, match="step 31, before the update"):
            session.train(1)
        assert session.step == session.frontier == 30


def test_a_loss_is_compared_with_the_steps_before_it_even_where_later_ones_are_recorded() -> None:
    with Session(HARD) as session:
        session.train(20)
        session.history.column("loss")  # twenty rows, of which the first nine count
        mean = float(session.history["loss"][4:9].mean())
        session.go_to(9)
        session.break_conditions = (LossAbove(1e-3, 5),)
        with pytest.raises(BreakError) as caught:
            session.train(1)
        assert caught.value.hit.limit == pytest.approx(1e-3 * mean)


def test_conditions_that_are_not_met_change_no_bit() -> None:
    with Session(HARD) as session, Session(HARD) as other:
        session.break_conditions = NEVER
        session.train(25)
        other.train(25)
        assert same(session.trainer.state(), other.trainer.state())
        assert scalars(session.history) == scalars(other.history)


def test_conditions_may_be_set_while_training_runs(session: Session) -> None:
    session.gate.run()
    session.break_conditions = (GradientAbove(1e-6),)
    found = events_until(session, BreakHit)
    worker_waits(session)
    hit = next(event for event in found if isinstance(event, BreakHit))
    assert hit.step == session.step


def test_entropies_are_those_of_the_steps_batch_with_nothing_dropped() -> None:
    config = HARD.replace("model.dropout", 0.0)
    with Session(config) as session:
        session.train(ENTROPY_EVERY - 1)
        stepper = session.stepper(session.step)
        assert stepper is not None
        stepper.run_to_loss()
        session.break_conditions = (EntropyBelow(10.0, "cross L0H1"),)
        with pytest.raises(BreakError) as caught:
            session.train(1)
        weights = stepper.value("decoder.layers.0.multihead_attn.weights")
        queries = stepper.value("target_in")
        assert weights is not None and queries is not None
        by_query = -(weights * np.log(np.maximum(weights, 1e-30))).sum(axis=3)[:, 1][queries != 0]
        assert caught.value.hit.value == pytest.approx(by_query.mean(), rel=1e-4)


def test_a_wrong_number_is_told_with_the_place_to_look_at(session: Session) -> None:
    run_steps(session, 2)
    session.mailbox.events()
    name = "transformer.decoder.layers.0.linear1.weight"
    in_worker(session, lambda: session.trainer.parameters[name].fill(np.nan))
    session.break_conditions = NEVER
    session.gate.run()
    failed = next(event for event in events_until(session, Paused) if isinstance(event, Failed))
    assert failed.place == f"parameter {name}, before the step" and failed.place in failed.text
