"""Learning-rate schedules: the first step is step 1."""

import math
from itertools import pairwise

import pytest

from tfviz.core.schedules import SCHEDULES, constant, cosine, warmup_inverse_sqrt


def test_the_schedules_are_known_by_name() -> None:
    assert {
        "constant": constant, "warmup_inverse_sqrt": warmup_inverse_sqrt, "cosine": cosine
    } == SCHEDULES  # fmt: skip


def test_a_constant_rate_stays() -> None:
    rate = constant(0.1)
    assert {rate(step) for step in (1, 10, 1_000_000)} == {0.1}


def test_a_constant_rate_may_be_warmed_up_to() -> None:
    rate = constant(0.1, warmup_steps=4)
    assert [rate(step) for step in (1, 2, 3, 4, 5, 99)] == pytest.approx([0.025, 0.05, 0.075, 0.1, 0.1, 0.1])


def test_the_paper_s_schedule_peaks_at_the_end_of_the_warm_up_and_falls_with_the_root_of_the_step() -> None:
    rate = warmup_inverse_sqrt(0.1, warmup_steps=100)
    assert rate(1) == pytest.approx(0.001)
    assert rate(50) == pytest.approx(0.05)
    assert rate(100) == pytest.approx(0.1)
    assert rate(400) == pytest.approx(0.05)
    assert max(range(1, 1000), key=rate) == 100


def test_the_paper_s_schedule_is_its_formula() -> None:
    """d_model^-0.5 min(step^-0.5, step warmup^-1.5), section 5.3, whose peak is (d_model warmup)^-0.5."""
    rate = warmup_inverse_sqrt(1 / math.sqrt(512 * 4000), warmup_steps=4000)
    for step in (1, 77, 3999, 4000, 4001, 100_000):
        assert rate(step) == pytest.approx(512**-0.5 * min(step**-0.5, step * 4000**-1.5))


def test_without_a_warm_up_the_paper_s_schedule_begins_at_its_peak() -> None:
    rate = warmup_inverse_sqrt(0.1)
    assert [rate(step) for step in (1, 4)] == pytest.approx([0.1, 0.05])


def test_the_cosine_falls_from_the_rate_to_zero_at_the_last_step() -> None:
    rate = cosine(0.1, warmup_steps=10, total_steps=110)
    assert [rate(step) for step in (1, 5, 10)] == pytest.approx([0.01, 0.05, 0.1])
    assert rate(60) == pytest.approx(0.05)
    assert rate(35) == pytest.approx(0.1 * (1 + math.cos(math.pi / 4)) / 2)
    assert rate(110) == pytest.approx(0.0, abs=1e-15)
    assert rate(500) == pytest.approx(0.0, abs=1e-15)
    assert all(later < earlier for earlier, later in pairwise(map(rate, range(10, 111))))


def test_the_cosine_needs_a_last_step() -> None:
    with pytest.raises(ValueError, match="needs a last step"):
        cosine(0.1, 10, None)


@pytest.mark.parametrize("total", [1, 3, 10])
def test_a_cosine_run_that_ends_within_its_warm_up_only_warms_up(total: int) -> None:
    rate = cosine(0.1, 10, total)
    assert [rate(step) for step in range(1, total + 1)] == pytest.approx(
        [0.01 * s for s in range(1, total + 1)]
    )


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_rate_of_a_warmed_up_schedule_is_above_zero_before_the_end(name: str) -> None:
    rate = SCHEDULES[name](0.1, 5, 100)
    assert all(0.0 < rate(step) <= 0.1 for step in range(1, 100))
