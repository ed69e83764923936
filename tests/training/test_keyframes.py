"""Keyframes: any step has one not far before it, within a budget, and any thread may ask."""

import threading
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.small_runs import PATIENCE
from tfviz.training.branching.keyframes import KEEPING_SHARE, MEMORY, RECENT, REPLAY, Keyframes
from tfviz.training.trainer import State

BYTES = 1000


def state(step: int) -> State:
    """A state of 1000 bytes that knows its step."""
    return {"step": np.array(step), "parameters": np.zeros(BYTES // 8 - 1)}


def filled(last: int, budget: int = 20 * BYTES, spacing: int = 4) -> Keyframes:
    """What is kept of a run up to a step."""
    keyframes = Keyframes(budget, spacing)
    keyframes.add(0, state(0))
    for step in range(1, last + 1):
        if keyframes.due(step):
            keyframes.add(step, state(step))
    return keyframes


def kept(keyframes: Keyframes) -> list[int]:
    return sorted(keyframes.steps)


def bytes_kept(keyframes: Keyframes) -> int:
    """Of what can be reached, counted anew."""
    found = [keyframes.nearest(step)[1] for step in keyframes.steps]
    return sum(array.nbytes for each in found for array in each.values())


def test_states_are_due_at_the_spacing_and_once() -> None:
    keyframes = Keyframes(spacing=16)
    assert [step for step in range(50) if keyframes.due(step)] == [0, 16, 32, 48]
    keyframes.add(16, state(16))
    assert not keyframes.due(16) and keyframes.due(32)


def test_the_budget_is_256_megabytes_unless_told() -> None:
    assert Keyframes().budget == MEMORY == 256 * 2**20


def test_within_the_budget_all_are_kept_at_the_first_spacing() -> None:
    keyframes = filled(last=76)
    assert kept(keyframes) == list(range(0, 77, 4)) and keyframes.spacing == 4


@pytest.mark.parametrize("last", [80, 81, 200, 1000, 5000])
def test_the_budget_is_kept_however_long_the_run(last: int) -> None:
    assert bytes_kept(filled(last)) <= 20 * BYTES


def test_a_full_budget_doubles_the_spacing() -> None:
    assert filled(76).spacing == 4
    assert filled(80).spacing == 8
    assert filled(5000).spacing == 512  # ten of them behind, and five near the present


@pytest.mark.parametrize("last", [80, 100, 333, 1000, 4999])
def test_keyframes_are_even_behind_and_dense_near_the_present(last: int) -> None:
    keyframes = filled(last)
    steps = kept(keyframes)
    newest = last - last % 4
    recent = [newest - 4 * place for place in (4, 3, 2, 1, 0)]  # a quarter of the budget
    behind = list(range(0, newest, keyframes.spacing))
    assert steps == sorted({*behind, *recent})


def test_at_most_so_many_are_dense_however_large_the_budget() -> None:
    keyframes = filled(20_000, budget=400 * BYTES)
    steps = kept(keyframes)
    recent = [step for step in steps if step > steps[-1] - 4 * RECENT]
    assert len(recent) == RECENT and keyframes.spacing > 4


def test_states_larger_than_the_budget_leave_the_first_and_the_newest() -> None:
    keyframes = filled(40, budget=10)
    assert kept(keyframes) == [0, 40]


def test_the_nearest_is_the_last_one_at_or_before_a_step() -> None:
    keyframes = filled(20)
    for step, expected in ((0, 0), (3, 0), (4, 4), (7, 4), (20, 20), (23, 20), (10**9, 20)):
        found, its_state = keyframes.nearest(step)
        assert found == expected == int(its_state["step"])


def test_there_may_be_none_before_a_step() -> None:
    keyframes = Keyframes()
    with pytest.raises(KeyError, match="no keyframe at or before step 5"):
        keyframes.nearest(5)
    keyframes.add(6, state(6))
    with pytest.raises(KeyError):
        keyframes.nearest(5)


def test_adding_a_step_again_does_not_count_its_bytes_twice() -> None:
    keyframes = filled(76)
    for _ in range(50):
        keyframes.add(76, state(76))
    assert kept(keyframes) == list(range(0, 77, 4)) and keyframes.spacing == 4


def test_a_branch_takes_the_keyframes_up_to_where_it_leaves_without_copying_states() -> None:
    keyframes = filled(40)
    other = keyframes.up_to(18)
    assert kept(other) == [0, 4, 8, 12, 16] and kept(keyframes) == list(range(0, 41, 4))
    assert other.nearest(16)[1] is keyframes.nearest(16)[1]
    other.add(18, state(18))
    assert keyframes.nearest(18)[0] == 16
    assert (other.budget, other.spacing) == (keyframes.budget, keyframes.spacing)


def test_branches_share_the_budget_in_equal_parts() -> None:
    keyframes = Keyframes(MEMORY, spacing=1)
    large = {"parameters": np.zeros(MEMORY // 64 // 8)}  # zeros that are never touched take no memory
    for step in range(60):
        keyframes.add(step, large)
    assert len(kept(keyframes)) == 60
    keyframes.share(2)
    assert keyframes.budget == MEMORY // 2 and len(kept(keyframes)) <= 32
    assert kept(keyframes)[-8:] == list(range(52, 60))
    keyframes.share(1)
    assert keyframes.budget == MEMORY


@given(
    steps=st.lists(st.integers(0, 500), min_size=1, max_size=60),
    budget=st.integers(1, 30),
    spacing=st.integers(1, 20),
)
def test_whatever_is_added_the_budget_holds_and_nearest_finds_the_last(
    steps: list[int], budget: int, spacing: int
) -> None:
    keyframes = Keyframes(budget * BYTES, spacing)
    for step in [0, *steps]:
        keyframes.add(step, state(step))
        there = kept(keyframes)
        assert bytes_kept(keyframes) <= budget * BYTES or len(there) <= 2
        assert there[0] == 0
        for wanted in (step, 250, 500):
            assert keyframes.nearest(wanted)[0] == max(each for each in there if each <= wanted)


def test_another_thread_may_ask_while_keyframes_are_added_and_given_up() -> None:
    keyframes, last = filled(0), 20_000
    failures: list[BaseException] = []
    done = threading.Event()

    def add() -> None:
        try:
            for step in range(1, last + 1):
                if keyframes.due(step):
                    keyframes.add(step, state(step))
                    if keyframes.spacing > 64:  # so that much is given up all the time
                        keyframes.fix(4)
        except BaseException as failure:
            failures.append(failure)
        finally:
            done.set()

    writer = threading.Thread(target=add)
    writer.start()
    asked = 0
    while not done.is_set() or asked < 100:
        for wanted in (0, 17, 400, last):
            step, found = keyframes.nearest(wanted)
            assert int(found["step"]) == step <= wanted
        assert 0 in keyframes.steps
        asked += 1
    writer.join(PATIENCE)
    assert not writer.is_alive() and not failures


def slow(keyframes: Keyframes, steps: range, training: float, keeping: float = 0.0) -> None:
    """Steps that take so long, kept where they are due."""
    for step in steps:
        if keyframes.due(step):
            keyframes.add(step, state(step))
            keyframes.pace(training, keeping)


@pytest.mark.parametrize(
    ("training", "spacing"), [(0.0002, 128), (0.0015, 16), (0.01, 2), (0.5, 1), (1e-9, 256)]
)
def test_the_spacing_follows_the_time_of_a_step(training: float, spacing: int) -> None:
    keyframes = Keyframes()
    slow(keyframes, range(1, 2000), training)
    assert keyframes.near == keyframes.spacing == spacing
    assert spacing == 1 or spacing == 256 or REPLAY / 2 < spacing * training <= REPLAY
    behind = [step for step in kept(keyframes) if step > 4]  # the first was kept before a time was known
    assert {later - earlier for earlier, later in pairwise(behind)} == {spacing}


def test_a_stall_at_the_very_first_keyframe_leaves_no_gap_behind_it() -> None:
    keyframes = Keyframes()
    keyframes.pace(training=0.008, keeping=0.5)
    assert keyframes.near == 2
    keyframes.pace(training=0.008, keeping=0.0001)
    keyframes.pace(training=0.008, keeping=0.0001)
    assert keyframes.near == 2


def test_keeping_takes_no_more_than_its_share() -> None:
    keyframes = Keyframes()
    slow(keyframes, range(1, 200), training=0.1, keeping=0.05)
    assert keyframes.near == 32
    assert 0.05 / (32 * 0.1) <= KEEPING_SHARE < 0.05 / (16 * 0.1)


def test_a_spacing_that_was_given_stays() -> None:
    for keyframes in (Keyframes(spacing=6), filled(0)):
        keyframes.fix(6)
        slow(keyframes, range(1, 100), training=0.5)
        assert kept(keyframes)[-3:] == [84, 90, 96]
    assert Keyframes(spacing=6).up_to(3).near == 6


def test_one_slow_step_or_state_leaves_no_gap() -> None:
    keyframes = Keyframes(20 * BYTES)
    keyframes.add(0, state(0))
    slow(keyframes, range(1, 200), training=0.005)
    assert (keyframes.near, keyframes.spacing) == (4, 16)
    slow(keyframes, range(200, 201), training=0.005, keeping=1.0)
    assert (keyframes.near, keyframes.spacing) == (4, 16)
    slow(keyframes, range(201, 205), training=0.0001)
    assert (keyframes.near, keyframes.spacing) == (256, 256)
    slow(keyframes, range(205, 257), training=0.005)
    assert (keyframes.near, keyframes.spacing) == (4, 16)


def test_steps_that_become_faster_or_slower_keep_the_spacing_of_a_full_budget() -> None:
    keyframes = Keyframes(20 * BYTES)
    keyframes.add(0, state(0))
    slow(keyframes, range(1, 400), training=0.005)
    assert (keyframes.near, keyframes.spacing) == (4, 32)
    slow(keyframes, range(400, 402), training=0.01)
    assert (keyframes.near, keyframes.spacing) == (2, 32)
    slow(keyframes, range(402, 3000), training=0.0005)
    assert keyframes.near == 32
    assert bytes_kept(keyframes) <= 20 * BYTES and kept(keyframes)[0] == 0
    branch = keyframes.up_to(1000)
    slow(branch, range(1001, 1100), training=0.1)
    assert branch.near == 1
