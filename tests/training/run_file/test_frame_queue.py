from itertools import pairwise

import pytest

from tfviz.training.run_file.frame_queue import FrameQueue, Waiting


def frame(step: int, size: int = 10, branch: int = 0, optional: bool = False) -> Waiting:
    return Waiting(("keyframe", branch, step), size, dict, optional)


def steps(queue: FrameQueue) -> list[int]:
    found = []
    while (first := queue.first()) is not None:
        found.append(first.key[2])
        queue.drop(first)
    return found


def filled(*frames: Waiting, most_bytes: int = 1000) -> FrameQueue:
    queue = FrameQueue(most_bytes)
    for waiting in frames:
        queue.put(waiting)
    return queue


def test_frames_come_out_in_the_order_in_which_they_went_in() -> None:
    assert steps(filled(frame(3), frame(1), frame(2))) == [3, 1, 2]


def test_a_frame_of_the_same_step_takes_the_place_of_one_that_waits() -> None:
    queue = filled(frame(1), newer := frame(1, size=20))
    assert len(queue) == 1
    assert queue.first() is newer


def test_a_frame_that_was_replaced_while_it_was_written_is_written_again() -> None:
    old, new = frame(1), frame(1)
    queue = filled(old)
    queue.put(new)
    queue.drop(old)
    assert queue.first() is new


def test_a_slow_disk_costs_frames_between_the_oldest_and_the_newest() -> None:
    found = steps(filled(*(frame(step) for step in range(100)), most_bytes=100))
    assert (found[0], found[-1]) == (0, 99)
    assert len(found) == 10
    assert max(later - earlier for earlier, later in pairwise(found)) <= 16


def test_two_frames_wait_however_large_they_are() -> None:
    assert steps(filled(frame(1, 5000), frame(2, 5000), frame(3, 5000))) == [1, 3]


def test_only_optional_frames_are_spared_and_never_the_newest() -> None:
    queue = filled(*(frame(step, optional=step % 2 == 0) for step in range(20)))
    queue.spare(50, 100)
    assert steps(queue) == sorted([*range(1, 20, 2), 2, 6, 10, 14, 18])


@pytest.mark.parametrize("limits", [(40, 100), (1000, 4)])
def test_optional_frames_are_spared_evenly_by_bytes_and_by_number(limits: tuple[int, int]) -> None:
    queue = filled(*(frame(step, optional=True) for step in range(20)))
    queue.spare(*limits)
    assert steps(queue) == [4, 9, 14, 19]


@pytest.mark.parametrize("limits", [(-5, 100), (1000, 0)])
def test_the_newest_optional_frame_stays_without_any_room(limits: tuple[int, int]) -> None:
    queue = filled(*(frame(step, optional=True) for step in range(20)))
    queue.spare(*limits)
    assert steps(queue) == [19]


def test_the_frames_of_a_deleted_branch_go() -> None:
    queue = filled(frame(1, branch=1), frame(2, branch=2))
    queue.drop_branch(1)
    assert steps(queue) == [2]
