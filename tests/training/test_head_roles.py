"""Roles of heads: taken on above one threshold, lost below a lower one, by what was measured and nothing else."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.small_runs import SMALL
from tfviz.training.heads.head_metrics import column_name, head_metrics
from tfviz.training.heads.head_roles import ENOUGH, ROLES, Role, RoleTaken, roles_taken
from tfviz.training.record.sparse_record import SparseRecord
from tfviz.training.session import Session

ROLE = Role("looks at itself", "diagonal", 0.5, 0.4, ("encoder",))
HEAD = "encoder L0H0"


def measured(*columns: list[float], head: str = HEAD) -> SparseRecord:
    """A record of heads with these diagonals at steps 10, 20, ..."""
    record = SparseRecord()
    heads = [head, *(f"{head[:-1]}{number}" for number in range(1, len(columns)))]
    for row, values in enumerate(zip(*columns, strict=True)):
        names = [column_name(one, "diagonal") for one in heads]
        record.add(10 * (row + 1), dict(zip(names, values, strict=True)))
    return record


def taken(values: list[float], enough: int = 3) -> list[tuple[int, float]]:
    """(step, value) of the roles that a head with these diagonals takes on."""
    found = roles_taken(measured(values), [ROLE], enough)
    assert found == tuple(RoleTaken(one.step, HEAD, ROLE, one.value) for one in found)
    return [(one.step, one.value) for one in found]


def step_by_step(values: list[float], enough: int) -> list[tuple[int, float]]:
    """What roles_taken finds, by the rule itself, one measurement after the other."""
    has: bool | None = None
    counts, since, found = {True: 0, False: 0}, (0, 0.0), []
    for row, value in enumerate(values):
        if math.isnan(value):
            continue
        has = value >= ROLE.enter if has is None else has
        if ROLE.leave <= value < ROLE.enter:
            continue
        gained = value >= ROLE.enter
        counts[not gained] = 0
        counts[gained] += 1
        if counts[gained] == 1:
            since = 10 * (row + 1), value
        if counts[gained] == enough:
            if gained and not has:
                found.append(since)
            has = gained
    return found


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([0.1, 0.2, 0.6, 0.7, 0.8, 0.9], [(30, 0.6)]),
        ([0.1, 0.5, 0.5, 0.5], [(20, 0.5)]),
        ([0.1, 0.6, 0.6, 0.2, 0.6, 0.6, 0.6], [(50, 0.6)]),  # two measurements are not enough
        ([0.1, 0.45, 0.45, 0.45, 0.45], []),  # between the thresholds nothing is gained
        ([0.6, 0.7, 0.8, 0.9], []),  # born with it
        ([0.45, 0.7, 0.8, 0.9], [(20, 0.7)]),  # not born with it
        ([0.6, 0.1, 0.7, 0.7, 0.7], []),  # lost for one measurement: never lost
        ([0.6, 0.45, 0.45, 0.45, 0.7, 0.7, 0.7], []),  # nor between the thresholds
        ([0.6, 0.1, 0.1, 0.1, 0.7, 0.7, 0.7], [(50, 0.7)]),
        ([math.nan, 0.1, 0.6, math.nan, 0.6, 0.6], [(30, 0.6)]),  # what is not known changes nothing
        ([math.nan, 0.6, 0.6, 0.6], []),
        ([0.1, 0.6, 0.6], []),
        ([math.nan, math.nan, math.nan], []),
        ([], []),
    ],
)
def test_a_role_is_taken_on_when_the_threshold_is_reached_and_kept(
    values: list[float], found: list[tuple[int, float]]
) -> None:
    assert taken(values) == found


@pytest.mark.parametrize("threshold", [ROLE.enter, ROLE.leave])
@pytest.mark.parametrize("seed", range(5))
def test_a_metric_that_hovers_about_a_threshold_is_marked_once(threshold: float, seed: int) -> None:
    trembling = np.random.default_rng(seed).uniform(-0.04, 0.04, 200) + threshold
    values = [0.1, 0.1, 0.1, 0.52, *trembling.tolist(), 0.8, 0.8, 0.8]
    assert len(taken(values)) == 1
    assert len(taken([value + 0.05 for value in values])) == 1
    alternating = [0.1, *([0.49, 0.51] * 50)]
    assert taken(alternating) == [(30, 0.51)]


@given(st.lists(st.sampled_from([0.1, 0.39, 0.4, 0.45, 0.5, 0.9, math.nan]), max_size=40), st.integers(1, 4))
def test_all_measurements_at_once_tell_what_they_tell_one_by_one(values: list[float], enough: int) -> None:
    assert taken(values, enough) == step_by_step(values, enough)


def test_the_same_measurements_give_the_same_marks_in_whatever_order_they_were_made() -> None:
    generator = np.random.default_rng(3)
    values = np.clip(np.cumsum(generator.normal(0, 0.2, (60, 8)), axis=0) + 0.3, 0, 1)
    names = [column_name(f"encoder L0H{head}", "diagonal") for head in range(8)]
    found = []
    for order in (range(60), range(59, -1, -1), generator.permutation(60)):
        record = SparseRecord()
        for row in order:
            record.add(int(row), dict(zip(names, values[row].tolist(), strict=True)))
            roles_taken(record)  # looking at the marks in between changes nothing
        found.append(roles_taken(record))
    assert len(found[0]) > 4 and found[0] == found[1] == found[2]
    assert [one.step for one in found[0]] == sorted(one.step for one in found[0])


def test_a_look_at_the_past_makes_a_mark_more_exact() -> None:
    record = measured([0.1, 0.2, 0.9, 0.9, 0.9])
    assert [one.step for one in roles_taken(record)] == [30]
    record.add(25, {column_name(HEAD, "diagonal"): 0.7})
    assert [(one.step, one.value) for one in roles_taken(record)] == [(25, 0.7)]


def test_roles_belong_to_kinds_of_heads_and_every_head_stands_for_itself() -> None:
    assert roles_taken(measured([0.1, 0.9, 0.9, 0.9], head="cross L0H0"), [ROLE]) == ()
    found = roles_taken(measured([0.9, 0.9], [0.1, 0.9]), [ROLE], enough=1)
    assert found == (RoleTaken(20, "encoder L0H1", ROLE, 0.9),)


def test_rules_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="after 0 measurements; allowed: at least 1"):
        roles_taken(SparseRecord(), ROLES, 0)
    with pytest.raises(ValueError, match=r"lost below 0.5, which is not below 0.5"):
        Role("looks at itself", "diagonal", 0.5, 0.5, ("encoder",))


def test_a_model_that_learns_to_copy_has_a_head_that_takes_on_following_the_source() -> None:
    config = SMALL.with_values(
        {"model.d_model": 16, "task.length": 3, "task.minimum_length": 3, "training.batch_size": 32,
         "training.learning_rate": 0.02, "training.validation_every": 0}
    )  # fmt: skip
    record = SparseRecord()
    with Session(config) as session:
        example = session.task.example(1)
        alignment = session.task.alignment(example.source)
        for _ in range(30):
            metrics = head_metrics(session.reader.read_attention(example), alignment)
            cross = {head: found for head, found in metrics.items() if head.startswith("cross")}
            record.add(
                session.step,
                {
                    column_name(head, "source_alignment"): found.source_alignment
                    for head, found in cross.items()
                },
            )
            session.train(10)
    following = roles_taken(record)
    assert following and all(one.role.name == "follows the source" and one.value >= 0.5 for one in following)
    assert all(one.step % 10 == 0 and one.step <= 300 - 10 * ENOUGH for one in following)
