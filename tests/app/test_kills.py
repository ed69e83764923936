"""kill -9 of the whole program: a few of those that tests/benchmarks/kills.py deals out by the dozen."""

import pytest

from tests.benchmarks.kills import kill_many, training_command, window_command

STEPS = 600


@pytest.mark.parametrize(
    ("kind", "count", "command"),
    [("training", 2, training_command), ("window", 1, window_command)],
    ids=["training", "window"],
)
def test_a_killed_program_leaves_a_run_that_goes_on_to_the_same_bits(kind, count, command):
    outcomes = kill_many(kind, count, command, STEPS, seed=4, begun=True)
    assert len(outcomes) == count
    assert [outcome.faults for outcome in outcomes] == [[]] * count
    assert all(outcome.reported for outcome in outcomes)
