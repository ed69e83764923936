from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tfviz.training.run_file.thinning import RECENT, superfluous

FRAMES = st.dictionaries(st.tuples(st.integers(0, 3), st.integers(0, 500)), st.integers(1, 50), max_size=60)


def test_nothing_goes_while_there_is_room() -> None:
    assert superfluous({(0, step): 10 for step in range(5)}, 50, 5) == []


def test_what_stays_is_even_behind_the_recent_part() -> None:
    frames = {(0, step): 1 for step in range(1000)}
    kept = sorted(step for _, step in frames.keys() - superfluous(frames, 100, 1000))
    assert len(kept) == 100
    assert kept[0] == 0
    assert kept[-RECENT:] == list(range(1000 - RECENT, 1000))
    gaps = {later - earlier for earlier, later in pairwise(kept[: -RECENT + 1])}
    assert max(gaps) <= 2 * 16
    assert min(gaps) >= 5


def test_unevenly_recorded_frames_even_out() -> None:
    frames = {(0, step): 1 for step in [*range(100), *range(100, 2000, 100)]}
    kept = sorted(step for _, step in frames.keys() - superfluous(frames, 30, 1000))
    assert kept[0] == 0
    assert set(range(200, 2000, 100)) <= set(kept)


@given(FRAMES, st.integers(0, 500), st.integers(0, 40))
def test_the_limits_hold_unless_only_first_and_newest_frames_are_left(
    frames: dict[tuple[int, int], int], most_bytes: int, most_frames: int
) -> None:
    removed = superfluous(frames, most_bytes, most_frames)
    kept = {frame: size for frame, size in frames.items() if frame not in removed}
    assert len(kept) + len(removed) == len(frames)
    for branch in {branch for branch, _ in frames}:
        own = [step for number, step in frames if number == branch]
        assert {(branch, min(own)), (branch, max(own))} <= kept.keys()
    recent = max(1, min(RECENT, most_bytes // (2 * max(frames.values(), default=1))))
    if sum(kept.values()) > most_bytes or len(kept) > most_frames:
        assert all(sum(number == branch for number, _ in kept) <= recent + 1 for branch, _ in kept)


def test_large_frames_do_not_all_count_as_recent() -> None:
    frames = {(0, step): 100 for step in range(10)}
    kept = frames.keys() - superfluous(frames, 400, 1000)
    assert len(kept) == 4
    assert {(0, 0), (0, 8), (0, 9)} <= kept
