from itertools import pairwise

import pytest

from tfviz.training.benchmark import bench_timeline
from tfviz.training.benchmark.bench_timeline import ANYWHERE, NEIGHBOURS, measure_timeline, summary, visits


def test_visits_go_anywhere_and_from_there_to_both_sides() -> None:
    found = list(visits(500, rounds=40))
    assert [kind for kind, _ in found].count(ANYWHERE) == 40
    assert found[0] == (ANYWHERE, 500)  # the ends are among them
    assert (ANYWHERE, 0) in found
    assert all(0 <= step <= 500 for _, step in found)
    for (_, before), (kind, step) in pairwise(found):
        if kind in NEIGHBOURS and 10 <= before <= 490:
            assert step == before + NEIGHBOURS[kind]
    assert len({step for kind, step in found if kind == ANYWHERE}) > 30
    assert found == list(visits(500, rounds=40))


def test_a_run_of_no_length_has_one_step_to_visit() -> None:
    assert {step for _, step in visits(0, rounds=3)} == {0}


def test_every_way_of_looking_back_is_measured_and_what_recording_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench_timeline, "ROUNDS", 3)
    monkeypatch.setattr(bench_timeline, "PAIRS", 2)
    monkeypatch.setattr(bench_timeline, "SETTLING", 0.0)
    told: list[str] = []
    (cost,) = measure_timeline(("tiny",), steps=40, seconds=0.05, tell=told.append)
    assert [looks.source for looks in cost.looks] == ["memory", "file"]
    for looks in cost.looks:
        assert looks.seconds.keys() == {ANYWHERE, *NEIGHBOURS}
        assert len(looks.all) == 3 * 5 and min(looks.all) > 0
        assert looks.keyframes >= 2 and looks.keyframe_bytes > 0
        assert looks.quantile(0.5) <= looks.quantile(1.0) == max(looks.all)
    assert len(cost.recorded) == len(cost.plain) == len(cost.ratios) == 2
    assert cost.file_bytes > 0 and cost.opening > 0 and told
    plain = summary(cost)
    assert plain["steps"] == 40 and plain["within"] == (0.1, 0.25)
    assert [looks["shown"] for looks in plain["looks"]] == [15, 15]  # type: ignore[attr-defined]
