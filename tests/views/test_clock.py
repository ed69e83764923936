"""The clock follows, plays and stands still; new data never moves a pinned one."""

from tfviz.views.clock import LONGEST_STRIDE, Clock, Mode


def clock_at(step: int, frontier: int) -> Clock:
    clock = Clock()
    clock.observe(frontier, frontier)
    if step != frontier:
        clock.pin(step)
    return clock


def test_it_follows_the_newest_step_at_first() -> None:
    clock = Clock()
    clock.observe(7, 7)
    assert (clock.mode, clock.step, clock.frontier) == (Mode.FOLLOWING, 7, 7)


def test_new_data_never_moves_a_pinned_clock() -> None:
    clock = clock_at(3, 10)
    clock.observe(20, 20)
    assert (clock.mode, clock.step, clock.frontier) == (Mode.PAUSED, 3, 20)


def test_it_is_pinned_within_the_record() -> None:
    clock = clock_at(10, 10)
    assert clock.pin(-5) == 0
    assert clock.pin(99) == 10


def test_a_branch_with_a_shorter_record_holds_the_clock_within_it() -> None:
    clock = clock_at(8, 10)
    clock.observe(5, 5)
    assert (clock.mode, clock.step, clock.at_end) == (Mode.PAUSED, 5, True)


def test_playing_takes_steps_at_its_speed_and_follows_at_the_end() -> None:
    clock = clock_at(3, 10)
    clock.speed = 10
    clock.play()
    steps = []
    for turn in range(6):
        clock.advance(100 + turn * 0.05)
        steps.append(clock.step)
    assert steps == [3, 3, 4, 4, 5, 5]
    assert clock.mode is Mode.PLAYING
    for turn in range(6, 16):
        clock.advance(100 + turn * 0.05)
    assert (clock.mode, clock.step) == (Mode.FOLLOWING, 10)


def test_new_data_does_not_disturb_a_replay() -> None:
    clock = clock_at(3, 10)
    clock.play()
    clock.advance(100)
    clock.observe(20, 20)
    assert (clock.mode, clock.step, clock.frontier) == (Mode.PLAYING, 3, 20)


def test_a_slow_replay_waits_for_its_time() -> None:
    clock = clock_at(0, 10)
    clock.speed = 1
    clock.play()
    steps = []
    for turn in range(25):
        clock.advance(100 + turn * 0.1)
        steps.append(clock.step)
    assert steps == [0] * 10 + [1] * 10 + [2] * 5


def test_a_replay_whose_pictures_take_long_skips_no_more_than_a_moment_of_it() -> None:
    clock = clock_at(0, 10_000)
    clock.speed = 100
    clock.play()
    clock.advance(100)
    clock.advance(103)
    assert clock.step == LONGEST_STRIDE * 100


def test_a_replay_can_be_paused() -> None:
    clock = clock_at(3, 10)
    clock.play()
    clock.advance(100)
    clock.advance(100.1)
    there = clock.step
    clock.pause()
    clock.advance(101)
    assert (clock.mode, clock.step) == (Mode.PAUSED, there)
    assert there > 3


def test_following_does_not_replay() -> None:
    clock = clock_at(10, 10)
    clock.play()
    clock.pause()
    assert clock.following


def test_follow_returns_to_the_newest_step() -> None:
    clock = clock_at(3, 10)
    clock.follow()
    assert (clock.mode, clock.step) == (Mode.FOLLOWING, 10)


def test_it_can_follow_from_a_step_that_training_went_back_to() -> None:
    clock = clock_at(3, 10)
    clock.follow(3)
    assert (clock.mode, clock.step) == (Mode.FOLLOWING, 3)
    clock.observe(4, 10)
    assert clock.step == 4
