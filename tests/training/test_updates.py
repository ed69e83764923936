"""What an update does to the weights, as the optimiser panel shows it, against the definitions."""

import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.training.live_sessions import picture, run_steps, started
from tests.training.small_runs import HARD, SMALL, losses, new_trainer, same
from tfviz.training.config import RunConfig
from tfviz.training.mailbox import WHOLE, Demand
from tfviz.training.record.followed import FollowedRun
from tfviz.training.record.sparse_record import SparseRecord
from tfviz.training.session import Session
from tfviz.training.snapshot import OptimiserState
from tfviz.training.stepping.updates import measured, tried_ratios
from tfviz.training.trainer import Trainer

OPTIMISER = Demand(optimiser=True)
WATCHED = WHOLE | OPTIMISER
ADAM = HARD.with_values({"training.clip_norm": 0.5})
SGD = SMALL.with_values({"training.optimizer": "sgd", "training.clip_norm": 0.5})
MOMENTUM = SMALL.with_values({"training.optimizer": "momentum"})


def after_watched_steps(config: RunConfig, steps: int = 4) -> tuple[Trainer, np.ndarray, OptimiserState]:
    """A trainer, its parameters from before the last step, and what was measured of that step's update."""
    trainer = new_trainer(config)
    losses(trainer, steps - 1)
    before = trainer.parameters.flat.copy()
    trainer.watches_updates = True
    losses(trainer, 1)
    found = measured(trainer)
    assert found is not None
    return trainer, before, found


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values.astype(np.float64) ** 2)))


@pytest.mark.parametrize("config", [ADAM, SGD, MOMENTUM], ids=["adamw", "sgd", "momentum"])
def test_ratio_and_change_are_those_of_the_parameters(config: RunConfig) -> None:
    trainer, before, found = after_watched_steps(config)
    change = trainer.parameters.flat.astype(np.float64) - before
    assert found.groups == tuple(trainer.groups)
    for row, rows in enumerate(trainer.groups.values()):
        length = np.linalg.norm(before[rows].astype(np.float64))
        assert found.update_ratio[row] == pytest.approx(np.linalg.norm(change[rows]) / length, rel=1e-4)
        assert found.change[row] == pytest.approx(rms(change[rows]), rel=1e-4)


def test_adams_moments_are_without_their_bias_and_the_step_size_follows_from_them() -> None:
    trainer, _, found = after_watched_steps(ADAM)
    moments = trainer.optimizer.moments
    beta1, beta2 = ADAM.training.betas
    first, second = moments["first_moment"] / (1 - beta1**4), moments["second_moment"] / (1 - beta2**4)
    assert found.first_moment is not None and found.second_moment is not None
    for row, rows in enumerate(trainer.groups.values()):
        assert found.first_moment[row] == pytest.approx(rms(first[rows]), rel=1e-5)
        assert found.second_moment[row] == pytest.approx(rms(np.sqrt(second[rows])), rel=1e-5)
        sizes = found.learning_rate / (np.sqrt(second[rows]) + ADAM.training.eps)
        assert found.step_size[row] == pytest.approx(np.median(sizes), rel=1e-5)


def test_the_median_of_a_large_group_is_that_of_a_spread_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = after_watched_steps(ADAM)[2].step_size
    monkeypatch.setattr("tfviz.training.stepping.updates.MOST_SAMPLED", 64)
    sampled = after_watched_steps(ADAM)[2].step_size
    assert not np.array_equal(sampled, whole)
    assert sampled == pytest.approx(whole, rel=0.5)


def test_an_optimiser_without_moments_has_none() -> None:
    found = after_watched_steps(SGD)[2]
    assert found.first_moment is None and found.second_moment is None
    assert found.step_size == pytest.approx(np.full(len(found.groups), SGD.training.learning_rate))
    velocity = after_watched_steps(MOMENTUM)[2]
    assert velocity.first_moment is not None and velocity.second_moment is None


def test_norms_rate_and_clipping_are_those_of_the_step() -> None:
    trainer = new_trainer(ADAM)
    trainer.watches_updates = True
    row = dict(zip(trainer.scalar_names, trainer.train_batch(), strict=True))
    found = measured(trainer)
    assert found is not None
    assert found.learning_rate == row["learning_rate"]
    assert found.gradient_norm.tolist() == [row[f"gradient_norm/{group}"] for group in found.groups]
    assert found.clip_scale == pytest.approx(0.5 / row["gradient_norm"], rel=1e-4)


def test_weights_that_are_all_zero_have_no_ratio() -> None:
    trainer = new_trainer(SGD)
    trainer.parameters.flat[trainer.groups["generator"]] = 0.0
    trainer.watches_updates = True
    losses(trainer, 1)
    found = measured(trainer)
    assert found is not None
    assert found.update_ratio[found.groups.index("generator")] == math.inf


def test_a_tried_update_is_taken_back_and_was_as_long_as_the_real_one() -> None:
    trainer, tried = new_trainer(ADAM), {}
    losses(trainer, 3)
    before = trainer.state()

    def look(plan: object) -> None:
        tried.update(tried_ratios(trainer, plan))
        assert same(trainer.state(), before)

    trainer.watches_updates = True
    trainer.train_batch(look)
    found = measured(trainer)
    assert found is not None
    assert dict(zip(found.groups, found.update_ratio.tolist(), strict=True)) == tried


def test_a_state_that_no_update_led_to_has_none() -> None:
    trainer = new_trainer()
    assert measured(trainer) is None
    losses(trainer, 2)
    assert measured(trainer) is None  # nobody watched
    trainer.watches_updates = True
    losses(trainer, 1)
    trainer.restore(trainer.state())
    assert measured(trainer) is None


# in a session


@pytest.fixture
def session() -> Iterator[Session]:
    with started(HARD) as made:
        yield made


def test_a_picture_holds_the_update_that_led_to_its_step(session: Session) -> None:
    session.mailbox.request(OPTIMISER)
    run_steps(session, 5)
    shown = picture(session).optimiser
    other = after_watched_steps(HARD, 5)[2]
    assert shown is not None and same(vars(shown), vars(other))


def test_nothing_is_measured_unless_it_is_asked_for(session: Session) -> None:
    run_steps(session, 3)
    assert picture(session).optimiser is None
    assert session.trainer.last_update is None and len(session.history.update_ratios) == 0


def test_the_update_of_a_parked_run_is_made_again_where_nobody_watched_it(session: Session) -> None:
    run_steps(session, 5)
    before = session.gate.call(session.trainer.state).result(30)
    session.mailbox.request(OPTIMISER)
    session.gate.call(session.show).result(30)
    found = picture(session, lambda snapshot: snapshot.optimiser is not None)
    assert found.step == 5
    assert same(vars(found.optimiser), vars(after_watched_steps(HARD, 5)[2]))
    assert same(session.gate.call(session.trainer.state).result(30), before)


@pytest.mark.parametrize("order", [(1, 4, 9, 12), (12, 9, 4, 1)])
def test_a_past_step_has_the_update_of_then(order: tuple[int, ...]) -> None:
    with Session(HARD) as session:
        session.train(12)
        for step in order:
            shown = session.view(step, demand=WATCHED)
            assert shown is not None and shown.step == step
            assert same(vars(shown.optimiser), vars(after_watched_steps(HARD, step)[2]))
            plain = session.view(step)
            assert plain is not None and plain.optimiser is None
            assert same(plain.attention, shown.attention)
        first = session.view(0, demand=WATCHED)
        assert first is not None and first.optimiser is None


def test_looking_at_updates_changes_no_bit() -> None:
    with started(HARD) as session:
        session.mailbox.request(Demand(attention=True, optimiser=True))
        for _ in range(4):
            run_steps(session, 5)
            session.mailbox.take()
            session.view(session.step // 2, demand=WATCHED)
        watched = session.gate.call(session.trainer.state).result(30)
    with Session(HARD) as other:
        other.train(20)
        assert same(watched, other.trainer.state())


def test_ratios_are_remembered_from_the_steps_that_were_looked_at(session: Session) -> None:
    session.mailbox.request(OPTIMISER)
    run_steps(session, 4)
    run_steps(session, 3)
    session.view(2, demand=WATCHED)
    steps, ratios = session.history.update_ratios.column("generator")
    assert {2.0, 4.0, 7.0} <= set(steps.tolist())
    assert ratios[-1] == after_watched_steps(HARD, 7)[2].update_ratio[-1]
    session.go_to(4)
    session.branch("other")
    assert session.history.update_ratios.column("generator")[0].tolist() == steps[:-1].tolist()


# the record


def test_a_full_record_is_thinned_evenly() -> None:
    record = SparseRecord(most=100)
    for step in range(1, 10_001):
        record.add(step, {"a": float(step)})
        assert len(record) <= 100
    steps, values = record.column("a")
    assert steps.tolist() == values.tolist()
    gaps = [second - first for first, second in pairwise(steps.tolist())]
    assert len(steps) >= 50 and min(gaps[1:]) == max(gaps)
    assert steps[-1] > 10_000 - 2 * max(gaps)


def test_steps_may_come_in_any_order_and_twice() -> None:
    record = SparseRecord()
    for step in (5, 2, 9, 5, 2):
        record.add(step, {"a": step / 2, "b": -1.0})
    assert record.column("a")[0].tolist() == [2, 5, 9]
    assert record.column("a")[1].tolist() == [1.0, 2.5, 4.5]
    assert record.changes == 3
    assert len(record.column("c")[0]) == 0


def test_a_recorded_run_that_is_only_looked_at_has_updates_too(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with Session(HARD) as session:
        session.record(path)
        session.train(6)
    with FollowedRun(path) as run:
        for step in (6, 3):
            shown = run.view(step, demand=WATCHED)
            assert shown is not None and shown.step == step and shown.attention is not None
            assert same(vars(shown.optimiser), vars(after_watched_steps(HARD, step)[2]))
