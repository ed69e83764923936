"""Numbers and their nouns."""

import pytest

from tfviz.training.counted import all_done, counted


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 steps"), (1, "1 step"), (2, "2 steps"), (1284, "1,284 steps")]
)
def test_a_noun_agrees_with_its_number(count: int, text: str) -> None:
    assert counted(count, "step") == text


def test_a_run_of_one_step_is_done_as_one_says_it() -> None:
    assert all_done(1) == "The only step is done"
    assert all_done(600) == "All 600 steps are done"
