import json
from itertools import pairwise
from pathlib import Path

import numpy
import pytest

from tests.training.run_file.runs import (
    CONFIG,
    TOKENS,
    beside,
    execute,
    fields,
    history,
    new_recorder,
    record_run,
    rows_of,
    same_arrays,
    same_history,
    same_snapshot,
    snapshot,
    state,
)
from tfviz.training.record.history import History
from tfviz.training.run_file import Branch, Recorder, RunFileError, RunReader, run_file_summary
from tfviz.training.run_file.pending import PACE

CHANGED = CONFIG.replace("training.learning_rate", 0.1)


def test_a_session_comes_back_as_it_was(tmp_path: Path) -> None:
    reader = RunReader(record_run(tmp_path / "run.tfviz", 3000))
    assert (reader.config, reader.seed, reader.trainer, reader.foreign) == (CONFIG, 0, "tfviz", False)
    assert (reader.source_tokens, reader.target_tokens) == (TOKENS, TOKENS)
    assert same_history(reader.history(), history(3000))
    assert reader.keyframe_steps() == [0, 3000]
    assert same_arrays(reader.keyframe(0, 3000), state(1))
    assert reader.snapshot_steps() == [3000]
    assert same_snapshot(reader.snapshot(0, 3000), snapshot(3000))
    (event,) = reader.events()
    assert (event.branch, event.step, event.kind) == (0, 3, "intervention")
    assert event.data == {"path": "training.learning_rate", "value": 0.1}
    assert reader.closed


def test_closing_leaves_one_file(tmp_path: Path) -> None:
    recorder = new_recorder(tmp_path / "run.tfviz")
    recorder.close()
    recorder.close()
    assert beside(tmp_path / "run.tfviz") == ["run.tfviz"]
    assert not RunReader(tmp_path / "run.tfviz").history()
    assert beside(tmp_path / "run.tfviz") == ["run.tfviz"]


def test_rows_are_in_the_file_within_a_second_unasked(tmp_path: Path) -> None:
    rows = history(5)
    with new_recorder(tmp_path / "run.tfviz") as recorder:
        recorder.follow(Branch(config=CONFIG), rows)
        with recorder._flushes:
            assert recorder._flushes.wait_for(
                lambda: len(RunReader(recorder.path).history()) == 5, timeout=10
            )


def test_rows_arrive_in_any_portions(tmp_path: Path) -> None:
    rows, whole = History(), history(5000)
    portions = [0, 1, 2, 700, 1023, 1024, 1025, 2048, 2500, 4999, 5000]
    with new_recorder(tmp_path / "run.tfviz") as recorder:
        recorder.follow(Branch(config=CONFIG), rows)
        reader = RunReader(recorder.path)
        read = reader.history()
        for start, stop in pairwise(portions):
            rows.extend({name: whole[name][start:stop] for name in whole.names})
            assert recorder.flush()
            assert reader.refresh()
            assert same_history(read, rows)
            assert len(read) == stop
    assert same_history(RunReader(tmp_path / "run.tfviz").history(), whole)
    assert rows_of(tmp_path / "run.tfviz", "SELECT count(*) FROM scalars") == [
        (4 + 2,)
    ]  # blocks, and what came last


def test_recording_goes_on_where_it_ended(tmp_path: Path) -> None:
    path, whole = record_run(tmp_path / "run.tfviz", 1500), history(4000)
    first = {name: history(1500)[name] for name in whole.names}
    rows = History()
    rows.extend(first)
    rows.extend({name: whole[name][1500:] for name in whole.names})
    with Recorder(path) as recorder:
        recorder.follow(Branch(config=CONFIG), rows)
        recorder.keyframe(0, 4000, state(2))
    reader = RunReader(path)
    assert same_history(reader.history(), rows)
    assert reader.keyframe_steps() == [0, 1500, 4000]


def test_recorded_rows_win_over_those_of_a_replay(tmp_path: Path) -> None:
    path, other = record_run(tmp_path / "run.tfviz", 30), history(40, seed=9)
    with Recorder(path) as recorder:
        recorder.follow(Branch(config=CONFIG), other)
    found = RunReader(path).history()
    assert same_history(found, history(30), 30)
    assert numpy.array_equal(found["loss"][30:], other["loss"][30:])


def test_a_curve_that_begins_late_has_no_numbers_before(tmp_path: Path) -> None:
    rows = History()
    with new_recorder(tmp_path / "run.tfviz") as recorder:
        recorder.follow(Branch(config=CONFIG), rows)
        rows.append(1, loss=1.0)
        recorder.flush()
        rows.append(2, loss=0.5, entropy=3.0)
    found = RunReader(tmp_path / "run.tfviz").history()
    assert numpy.array_equal(found["entropy"], [numpy.nan, 3.0], equal_nan=True)


def test_a_branch_shares_its_record_with_its_parent_up_to_the_fork(tmp_path: Path) -> None:
    main, child = history(50), history(40, seed=1)
    with new_recorder(tmp_path / "run.tfviz") as recorder:
        recorder.follow(Branch(config=CONFIG), main)
        recorder.follow(Branch(1, "hot", 0, 20, CHANGED), child)
        recorder.follow(Branch(2, "hotter", 1, 30, CHANGED), history(35, seed=2))
        for branch, step in [(0, 0), (0, 20), (0, 40), (1, 25), (1, 40), (2, 33)]:
            recorder.keyframe(branch, step, state(step))
            recorder.snapshot(branch, snapshot(step))
            recorder.event(branch, step, "note", {"branch": branch})
    reader = RunReader(tmp_path / "run.tfviz")
    assert [(b.number, b.name, b.parent, b.fork) for b in reader.branches] == [
        (0, "main", None, 0),
        (1, "hot", 0, 20),
        (2, "hotter", 1, 30),
    ]
    assert reader.branch(1).config == CHANGED
    assert same_history(reader.history(0), main)
    found = reader.history(1)
    assert len(found) == 40
    assert numpy.array_equal(found["loss"], numpy.concatenate([main["loss"][:20], child["loss"][20:]]))
    assert numpy.array_equal(reader.history(2)["loss"][:30], found["loss"][:30])
    assert reader.keyframe_steps(2) == [0, 20, 25, 33]
    assert same_arrays(reader.keyframe(2, 20), state(20))
    assert reader.snapshot_at_or_before(1, 24).step == 20
    assert reader.snapshot_at_or_before(2, 100).step == 33
    assert [event.step for event in reader.events(2)] == [0, 20, 25, 33]
    with pytest.raises(RunFileError, match=r"no keyframe of step 40; it has those of 0, 20, 25, 33"):
        reader.keyframe(2, 40)
    with pytest.raises(RunFileError, match=r"no branch 7; there are 0 \(main\), 1 \(hot\), 2 \(hotter\)"):
        reader.history(7)


def test_a_snapshot_keeps_a_configuration_that_is_not_its_branch_s(tmp_path: Path) -> None:
    with new_recorder(tmp_path / "run.tfviz") as recorder:
        recorder.follow(Branch(config=CONFIG), History())
        recorder.snapshot(0, snapshot(1, config=CHANGED))
    assert RunReader(tmp_path / "run.tfviz").snapshot(0, 1).config == CHANGED


def test_a_deleted_branch_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with new_recorder(path) as recorder:
        recorder.follow(Branch(config=CONFIG), history(10))
        recorder.follow(Branch(1, "gone", 0, 5, CHANGED), history(10))
        recorder.keyframe(1, 7, state())
        recorder.event(1, 7, "note", {})
        recorder.flush()
        recorder.remove_branch(1)
        recorder.flush()
        assert [branch.number for branch in RunReader(path).branches] == [0]
        with pytest.raises(ValueError, match="main branch"):
            recorder.remove_branch(0)
    for table in ("scalars", "frames", "events", "branches"):
        assert not rows_of(path, f"SELECT * FROM {table} WHERE branch = 1")
    assert not rows_of(path, "SELECT * FROM pieces")


def test_the_first_keyframe_of_a_step_stays_and_the_last_snapshot(tmp_path: Path) -> None:
    with new_recorder(tmp_path / "run.tfviz") as recorder:
        for seed in (1, 2):
            recorder.keyframe(0, 5, state(seed))
            recorder.snapshot(0, snapshot(5, seed))
            recorder.flush()
    reader = RunReader(tmp_path / "run.tfviz")
    assert same_arrays(reader.keyframe(0, 5), state(1))
    assert reader.snapshot(0, 5).seed == 2


def test_a_frame_larger_than_a_piece_comes_back_whole(tmp_path: Path) -> None:
    large = {"parameters": numpy.random.default_rng(0).random(1_200_000), "few": numpy.arange(3)}
    with new_recorder(tmp_path / "run.tfviz") as recorder:
        recorder.keyframe(0, 1, large)
        recorder.keyframe(0, 2, state())
    reader = RunReader(tmp_path / "run.tfviz")
    assert same_arrays(reader.keyframe(0, 1), large)
    assert same_arrays(reader.keyframe(0, 2), state())


def test_frames_are_thinned_under_the_budget_and_scalars_never(tmp_path: Path) -> None:
    path, budget = tmp_path / "run.tfviz", 2 << 20
    with new_recorder(path, budget=budget) as recorder:
        recorder.follow(Branch(config=CONFIG), history(2000))
        for step in range(0, 2001, 10):
            recorder.keyframe(0, step, {"parameters": numpy.zeros(5000)})
            recorder.snapshot(0, snapshot(step))
    reader = RunReader(path)
    assert path.stat().st_size < 1.2 * budget
    assert len(reader.history()) == 2000
    steps = reader.keyframe_steps()
    assert (steps[0], steps[-1]) == (0, 2000)
    assert 20 < len(steps) < 60
    assert reader.snapshot_steps()[-1] == 2000


def test_optional_keyframes_become_rarer_as_a_run_grows_longer(tmp_path: Path) -> None:
    with new_recorder(tmp_path / "run.tfviz") as recorder:
        for step in range(0, 1600, 40):
            recorder.keyframe(0, step, state())
        recorder.flush()
        store = recorder._store
        assert store is not None
        near = [step for step in range(1560, 1660) if store.has_room_for("keyframe", 0, step)]
    assert near == list(range(1570, 1660))  # a quarter of the mean distance is 10


def test_the_newest_keyframe_is_written_however_near_it_is(tmp_path: Path) -> None:
    with new_recorder(tmp_path / "run.tfviz") as recorder:
        for step in (0, 1000, 2000, 2001):
            recorder.keyframe(0, step, state())
        recorder.flush()
        recorder.keyframe(0, 2002, state(), optional=True)
        recorder.keyframe(0, 2003, state(), optional=True)
    assert RunReader(tmp_path / "run.tfviz").keyframe_steps() == [0, 1000, 2000, 2001, 2003]


def test_optional_keyframes_keep_to_a_pace(tmp_path: Path) -> None:
    megabyte = {"parameters": numpy.zeros(1 << 17)}
    with new_recorder(tmp_path / "run.tfviz") as recorder:
        for step in range(60):
            recorder.keyframe(0, step, megabyte, optional=True)
        recorder.flush()
        found = RunReader(recorder.path).keyframe_steps()
    assert found[-1] == 59
    assert len(found) <= 2 * PACE >> 20


def test_an_event_that_is_no_json_is_refused_at_once(tmp_path: Path) -> None:
    with new_recorder(tmp_path / "run.tfviz") as recorder:
        with pytest.raises(ValueError, match="'note' cannot be written as JSON"):
            recorder.event(0, 1, "note", {"array": numpy.zeros(3)})
        with pytest.raises(ValueError, match="65536 are allowed"):
            recorder.event(0, 1, "note", {"text": "x" * 70_000})
        assert recorder.flush()


def test_a_frame_that_cannot_be_stored_is_named_and_holds_up_nothing(tmp_path: Path) -> None:
    heard: list[tuple[str, int]] = []
    with new_recorder(tmp_path / "run.tfviz", warn=lambda *warning: heard.append(warning)) as recorder:
        recorder.keyframe(0, 4, {"odd": numpy.zeros(2, complex)})
        recorder.keyframe(0, 5, state())
        assert recorder.flush()
    assert RunReader(tmp_path / "run.tfviz").keyframe_steps() == [5]
    ((text, step),) = heard
    assert step == 4
    assert "keyframe of step 4 is not recorded: odd has the type complex128" in text


def test_an_existing_file_is_not_overwritten_unasked(tmp_path: Path) -> None:
    path = record_run(tmp_path / "run.tfviz", 12)
    with pytest.raises(FileExistsError, match=r"run\.tfviz exists already"):
        new_recorder(path)
    assert len(RunReader(path).history()) == 12
    new_recorder(path, overwrite=True).close()
    assert len(RunReader(path).history()) == 0


@pytest.mark.parametrize("place", ["missing/run.tfviz", "."])
def test_a_place_where_no_file_can_be_is_an_os_error_of_one_sentence(tmp_path: Path, place: str) -> None:
    with pytest.raises(OSError, match=r"cannot write .*|.*exists already"):
        new_recorder(tmp_path / place)
    assert beside(tmp_path / "x") == []


def test_a_live_run_is_copied_whole(tmp_path: Path) -> None:
    copy = tmp_path / "copy.tfviz"
    copy.write_text("something else")
    with new_recorder(tmp_path / "run.tfviz") as recorder:
        recorder.follow(Branch(config=CONFIG), history(2000))
        recorder.keyframe(0, 7, state())
        recorder.copy_to(copy)
        assert beside(copy) == ["copy.tfviz", "run.tfviz", "run.tfviz-shm", "run.tfviz-wal"]
        with pytest.raises(ValueError, match="is the file to copy itself"):
            recorder.copy_to(tmp_path / "run.tfviz")
    reader = RunReader(copy)
    assert same_history(reader.history(), history(2000))
    assert same_arrays(reader.keyframe(0, 7), state())
    assert reader.closed


def test_a_copy_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    with new_recorder(tmp_path / "run.tfviz") as recorder:
        (tmp_path / "folder").mkdir()
        with pytest.raises(OSError, match="it is no ordinary file"):
            recorder.copy_to(tmp_path / "folder")
        with pytest.raises(FileNotFoundError, match="does not exist"):
            recorder.copy_to(tmp_path / "missing" / "copy.tfviz")
    assert beside(tmp_path / "x") == ["folder", "run.tfviz"]


def test_the_summary_of_a_run_is_json(tmp_path: Path) -> None:
    found = run_file_summary(record_run(tmp_path / "run.tfviz", 30))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    (main,) = found["branches"]
    assert (main["steps"], main["loss"], main["events"]) == (30, history(30)["loss"][-1], 1)
    assert main["keyframes"] == {"count": 2, "first": 0, "last": 30}
    assert (found["name"], found["format"], found["closed"]) == ("a run", 1, True)
    assert found["computed_differently_here"] == {}
    assert found["config"] == json.loads(CONFIG.to_json())


def test_the_summary_says_where_the_run_was_computed_differently(tmp_path: Path) -> None:
    path = record_run(tmp_path / "run.tfviz")
    execute(
        path, """UPDATE run SET value = json_set(value, '$.processor', 'abacus') WHERE key = 'fingerprint'"""
    )
    assert run_file_summary(path)["computed_differently_here"]["processor"][0] == "abacus"


def test_snapshots_compare_by_every_number() -> None:
    assert same_snapshot(snapshot(1), snapshot(1))
    assert fields(snapshot(1)) != fields(snapshot(2))
