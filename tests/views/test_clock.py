"""The clock follows, plays and stands still; new data never moves a pinned one."""

from tfviz.views.clock import Clock, Mode


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


def test_playing_moves_with_the_replay_and_follows_at_the_end() -> None:
    clock = clock_at(3, 10)
    clock.play()
    clock.observe(4, 10)
    assert (clock.mode, clock.step) == (Mode.PLAYING, 4)
    clock.observe(10, 10)
    assert clock.following


def test_a_replay_can_be_paused() -> None:
    clock = clock_at(3, 10)
    clock.play()
    clock.observe(5, 10)
    clock.pause()
    clock.observe(6, 10)
    assert (clock.mode, clock.step) == (Mode.PAUSED, 5)


def test_following_does_not_replay() -> None:
    clock = clock_at(10, 10)
    clock.play()
    clock.pause()
    assert clock.following


def test_follow_returns_to_the_newest_step() -> None:
    clock = clock_at(3, 10)
    clock.follow()
    assert (clock.mode, clock.step) == (Mode.FOLLOWING, 10)
