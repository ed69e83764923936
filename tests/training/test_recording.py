"""A session and its file: recorded from the first step, readable meanwhile, and opened again to the last bit."""

import os
from pathlib import Path

import pytest

from tests.training.small_runs import (
    EVERYTHING,
    HARD,
    RATE,
    SMALL,
    dense,
    fields,
    file_config,
    in_worker,
    moment,
    same,
    scalars,
    with_branches,
    worker_waits,
)
from tfviz.training import run as run_module
from tfviz.training.events import Warned
from tfviz.training.record.recording import Recording
from tfviz.training.run_file import RunReader
from tfviz.training.session import Session


@pytest.fixture(autouse=True)
def keyframes_every_four_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "Keyframes", dense())


def beside(path: Path) -> list[str]:
    return sorted(name for name in os.listdir(path.parent) if name != "user")


def flush(session: Session) -> None:
    assert session._file.recording is not None
    session._file.recording.flush()


def everything(session: Session) -> dict[int, object]:
    """Of every branch: what it is, how it was configured, its scalars, and what its steps look like."""
    return {
        number: (
            line.branch,
            [line.config_after(step) for step in range(line.frontier + 1)],
            scalars(line.history),
            [fields(session.view(step, number)) for step in range(0, line.frontier + 1, 5)],
        )
        for number, line in session.lines.items()
    }


def test_a_run_is_recorded_from_its_first_step_on_and_opens_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    session = Session(HARD)
    session.record(path)
    session.train(23)
    expected, state = everything(session), session.trainer.state()
    session.close()
    assert beside(path) == ["run.tfviz"]
    opened = Session.open(path)
    assert opened.config == HARD and opened.step == opened.frontier == 23
    assert same(opened.trainer.state(), state) and everything(opened) == expected
    opened.close()


@pytest.mark.parametrize(
    "way", ["recorded from the first step", "recorded late", "saved", "saved while recorded"]
)
def test_branches_and_changes_come_back(tmp_path: Path, way: str) -> None:
    path = tmp_path / "run.tfviz"
    session = with_branches(path=path if way == "recorded from the first step" else None)
    if way == "recorded late":
        session.record(path)
        session.train(2)
    elif way == "saved":
        session.save(path)
    elif way == "saved while recorded":
        session.record(tmp_path / "record.tfviz")
        session.save(path)
    expected, state, total = everything(session), session.trainer.state(), session.frontier
    session.close()
    opened = Session.open(path)
    assert everything(opened) == expected
    assert opened.line.branch.number == 2 and opened.frontier == total
    assert same(opened.trainer.state(), state)
    assert [list(line.interventions) for line in opened.lines.values()] == [
        list(line.interventions) for line in session.lines.values()
    ]
    opened.close()


def test_what_is_trained_after_opening_is_what_would_have_been(tmp_path: Path) -> None:
    session = with_branches()
    session.save(tmp_path / "run.tfviz")
    opened = Session.open(tmp_path / "run.tfviz")
    for each in (session, opened):
        each.train(6)
        each.switch(1)
        each.train(4)
        each.go_to(18)
        each.intervene(RATE, 0.5)
        each.train(3)
    assert everything(opened) == everything(session)
    assert opened.branches == session.branches
    opened.close()


def test_a_resumed_run_goes_on_in_its_file(tmp_path: Path) -> None:
    path, whole = tmp_path / "run.tfviz", with_branches()
    with_branches(path=path).close()
    with Session.open(path, record=True) as resumed:
        for each in (whole, resumed):
            each.train(5)
            each.intervene("training.weight_decay", 0.2)
            each.train(5)
            each.go_to(12)
            each.branch("late")
            each.train(9)
    assert beside(path) == ["run.tfviz"]
    with Session.open(path) as opened:
        assert everything(opened) == everything(whole)


def test_a_file_is_readable_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with Session(HARD) as session:
        session.record(path)
        session.start()
        worker_waits(session)
        session.gate.run_until(step=30)
        worker_waits(session)
        flush(session)
        reader = RunReader(path)
        assert not reader.closed and reader.config == HARD
        history = reader.history()
        assert len(history) == 30 and scalars(history) == scalars(session.history)
        assert 0 in reader.keyframe_steps()
        assert reader.snapshot_steps()[-1] == 30
        assert fields(reader.snapshot(0, 30)) == fields(
            in_worker(session, lambda: session.snapshot(EVERYTHING))
        )
        session.gate.run_steps(10)
        worker_waits(session)
        flush(session)
        assert reader.refresh() and len(history) == 40
    assert reader.refresh() and reader.closed


def test_a_keyframe_in_the_file_is_the_state_of_its_step(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with Session(HARD) as session:
        session.record(path)
        session.train(10)
        flush(session)
        reader = RunReader(path)
        for step in reader.keyframe_steps():
            session.go_to(step)
            assert same(reader.keyframe(0, step), session.trainer.state())


def test_recording_late_writes_what_happened_before(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with Session(HARD) as session:
        session.train(9)
        session.record(path)
        session.train(9)
    reader = RunReader(path)
    assert scalars(reader.history()) == scalars(session.history) and len(reader.history()) == 18


def test_an_existing_file_is_not_overwritten_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    path.write_text("precious")
    with Session(SMALL) as session:
        with pytest.raises(FileExistsError, match=r"run\.tfviz exists already"):
            session.record(path)
        assert path.read_text() == "precious" and beside(path) == ["run.tfviz"]
        session.train(2)
        session.record(path, overwrite=True)
    assert len(RunReader(path).history()) == 2


def test_a_record_that_cannot_be_begun_leaves_the_session_as_it_was(tmp_path: Path) -> None:
    with Session(SMALL) as session:
        with pytest.raises(OSError, match="does not exist"):
            session.record(tmp_path / "nowhere" / "run.tfviz")
        session.train(2)
    assert beside(tmp_path / "x") == []


def test_recording_to_another_file_closes_the_first(tmp_path: Path) -> None:
    with Session(HARD) as session:
        session.record(tmp_path / "first.tfviz")
        session.train(5)
        session.record(tmp_path / "second.tfviz")
        first = RunReader(tmp_path / "first.tfviz")
        assert first.closed and len(first.history()) == 5
        session.train(5)
    assert beside(tmp_path / "x") == ["first.tfviz", "second.tfviz"]
    assert len(RunReader(tmp_path / "first.tfviz").history()) == 5
    assert len(RunReader(tmp_path / "second.tfviz").history()) == 10


def test_saving_does_not_record(tmp_path: Path) -> None:
    with Session(HARD) as session:
        session.train(5)
        session.save(tmp_path / "run.tfviz")
        session.train(5)
        assert len(RunReader(tmp_path / "run.tfviz").history()) == 5
        session.save(tmp_path / "run.tfviz")  # an older file is replaced
        assert len(RunReader(tmp_path / "run.tfviz").history()) == 10
    assert beside(tmp_path / "x") == ["run.tfviz"]


@pytest.mark.parametrize("recorded", [False, True])
def test_saving_while_the_worker_trains_writes_one_moment(tmp_path: Path, recorded: bool) -> None:
    with Session(HARD) as session:
        if recorded:
            session.record(tmp_path / "record.tfviz")
        session.start()
        session.gate.run()
        for number in range(4):
            path = tmp_path / f"{number}.tfviz"
            session.save(path)
            with Session.open(path) as opened:
                frontier, state, row = opened.frontier, opened.trainer.state(), opened.history["loss"]
                found = opened.step
            assert found == frontier == len(row)
        session.gate.pause()
        worker_waits(session)
    with Session(HARD) as again:
        again.train(frontier)
        assert same(again.trainer.state(), state) and again.history["loss"].tolist() == row.tolist()


def test_what_is_trained_while_a_file_is_saved_is_not_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed = Recording.flush

    with Session(HARD) as session:
        session.train(7)
        expected = everything(session)

        def meanwhile(recording: Recording) -> None:
            session.train(2)
            session.intervene(RATE, 0.5)
            session.branch("new")
            session.train(2)
            flushed(recording)

        monkeypatch.setattr(Recording, "flush", meanwhile)
        session.save(tmp_path / "run.tfviz")
    with Session.open(tmp_path / "run.tfviz") as opened:
        assert everything(opened) == expected


def test_saving_onto_the_record_itself_brings_it_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with Session(HARD) as session:
        session.record(path)
        session.train(7)
        session.save(path)
        reader = RunReader(path)
        assert len(reader.history()) == 7 and reader.snapshot_steps()[-1] == 7 and not reader.closed
        session.train(1)
    assert len(RunReader(path).history()) == 8


def test_a_file_that_cannot_be_saved_is_an_error_and_the_old_one_stays(tmp_path: Path) -> None:
    with Session(SMALL) as session:
        session.train(3)
        with pytest.raises(OSError, match="does not exist"):
            session.save(tmp_path / "nowhere" / "run.tfviz")
        (tmp_path / "folder").mkdir()
        with pytest.raises(OSError, match="no ordinary file"):
            session.save(tmp_path / "folder")
        session.save(tmp_path / "run.tfviz")
        before = (tmp_path / "run.tfviz").read_bytes()

        def fail() -> None:
            raise MemoryError("no room")

        session.snapshot = lambda demand=None: fail()  # type: ignore[method-assign,assignment,return-value]
        with pytest.raises(MemoryError):
            session.save(tmp_path / "run.tfviz")
        del session.snapshot
        assert (tmp_path / "run.tfviz").read_bytes() == before
    assert beside(tmp_path / "x") == ["folder", "run.tfviz"]


def test_a_record_that_was_removed_can_be_saved_elsewhere(tmp_path: Path) -> None:
    session = Session(HARD)
    (tmp_path / "folder").mkdir()
    session.record(tmp_path / "folder" / "run.tfviz")
    session.train(5)
    flush(session)
    for name in os.listdir(tmp_path / "folder"):
        os.remove(tmp_path / "folder" / name)
    os.rmdir(tmp_path / "folder")
    session.train(5)
    session.save(tmp_path / "saved.tfviz")
    assert any(isinstance(event, Warned) for event in session.mailbox.events())
    with Session.open(tmp_path / "saved.tfviz") as opened:
        assert everything(opened) == everything(session)
    session.close()


def test_deleted_branches_leave_the_file(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with Session(HARD) as session:
        session.record(path)
        session.train(6)
        session.branch("one")
        session.train(3)
        session.switch(0)
        session.delete(1)
        session.branch("two")
        session.train(2)
        flush(session)
        assert [branch.name for branch in RunReader(path).branches] == ["main", "two"]
        expected = everything(session)
    with Session.open(path) as opened:
        assert everything(opened) == expected


def test_a_branch_may_leave_a_branch_before_that_one_left(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with Session(HARD) as session:
        session.record(path)
        session.train(9)
        session.branch("child")
        session.train(2)
        session.go_to(4)
        session.branch("grandchild")  # of steps that are the main branch's
        session.intervene(RATE, 0.03)
        session.train(6)
        expected = everything(session)
    with Session.open(path) as opened:
        assert everything(opened) == expected


def test_closing_in_the_past_keeps_the_future(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with Session(HARD) as session:
        session.record(path)
        session.train(15)
        end = moment(session)
        session.go_to(6)
    with Session.open(path) as opened:
        assert opened.step == 15 and moment(opened) == end


def test_a_task_with_data_of_its_own_is_opened_again(tmp_path: Path) -> None:
    config = file_config(tmp_path, 2, HARD)
    with Session(config) as session:
        session.train(8)
        session.save(tmp_path / "run.tfviz")
        expected = everything(session)
    with Session.open(tmp_path / "run.tfviz") as opened:
        assert everything(opened) == expected
    os.remove(tmp_path / "pairs.tsv")
    with pytest.raises(ValueError, match=r"pairs\.tsv cannot be read"):
        Session.open(tmp_path / "run.tfviz")


def test_two_shards_come_back_as_they_were(tmp_path: Path) -> None:
    with Session(HARD.replace("training.shards", 2)) as session:
        session.train(9)
        session.save(tmp_path / "run.tfviz")
        state = session.trainer.state()
    with Session.open(tmp_path / "run.tfviz") as opened:
        assert same(opened.trainer.state(), state)
