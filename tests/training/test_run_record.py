"""Which file a run is written to, from its first step on, and what of it is not saved."""

import errno
import os
from pathlib import Path

import pytest

from tests.training.small_runs import HARD, SMALL, same, with_branches
from tfviz.training.record.run_library import RunLibrary
from tfviz.training.record.run_record import RunRecord
from tfviz.training.run_file import Recorder, RunReader
from tfviz.training.session import Session


@pytest.fixture
def library(tmp_path: Path) -> RunLibrary:
    return RunLibrary(tmp_path / "runs")


def saved(path: Path, steps: int = 10) -> Path:
    with Session(SMALL) as session:
        session.train(steps)
        session.save(path)
    return path


def steps_in(path: Path, branch: int = 0) -> int:
    return len(RunReader(path).history(branch))


def test_a_run_without_a_step_leaves_no_file(library: RunLibrary) -> None:
    record = RunRecord(Session(SMALL), library)
    assert not record.due
    assert not record.unsaved
    assert record.begin() == ""
    record.finish()
    assert not library.folder.exists()


def test_the_first_step_is_recorded_and_all_that_follow(library: RunLibrary) -> None:
    session = Session(SMALL)
    record = RunRecord(session, library)
    session.train(1)
    assert record.due
    assert record.begin() == ""
    assert not record.due
    session.train(6)
    assert record.unsaved
    path = record.path
    assert path is not None and library.owns(path)
    assert record.name == "small"
    record.finish()
    assert steps_in(path) == 7
    assert [run.claimed for run in library.runs()] == [False]
    assert library.interrupted() == []
    with Session.open(path) as again:
        assert same(again.parameters, session.parameters)


def test_what_was_trained_in_the_last_moment_is_recorded_when_it_ends(library: RunLibrary) -> None:
    session = Session(SMALL)
    record = RunRecord(session, library)
    session.train(3)
    session.close()
    record.finish()
    assert steps_in(library.runs()[0].path) == 3


def test_without_a_library_nothing_is_recorded(tmp_path: Path) -> None:
    session = Session(SMALL)
    record = RunRecord(session, None)
    session.train(2)
    assert not record.due
    assert record.unsaved
    record.save(tmp_path / "mine.tfviz")
    assert not record.unsaved
    session.train(1)
    assert record.unsaved
    record.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["mine.tfviz"]


def test_saving_copies_the_record_and_names_the_run(library: RunLibrary, tmp_path: Path) -> None:
    session = Session(SMALL)
    record = RunRecord(session, library)
    session.train(5)
    record.begin()
    record.save(tmp_path / "mine.tfviz")
    assert record.name == "mine"
    assert not record.unsaved
    assert record.path != record.named
    session.train(2)
    assert record.unsaved
    record.finish()
    assert steps_in(tmp_path / "mine.tfviz") == 5
    assert steps_in(library.runs()[0].path) == 7


def test_the_record_of_a_saved_run_is_not_kept_twice(library: RunLibrary, tmp_path: Path) -> None:
    session = Session(SMALL)
    record = RunRecord(session, library)
    session.train(5)
    record.begin()
    record.save(tmp_path / "mine.tfviz")
    record.finish()
    assert library.runs() == []
    assert steps_in(tmp_path / "mine.tfviz") == 5


def test_the_record_stays_where_the_saved_file_has_gone(library: RunLibrary, tmp_path: Path) -> None:
    session = Session(SMALL)
    record = RunRecord(session, library)
    session.train(5)
    record.begin()
    record.save(tmp_path / "mine.tfviz")
    (tmp_path / "mine.tfviz").unlink()
    record.finish()
    assert steps_in(library.runs()[0].path) == 5


def test_a_save_that_fails_changes_nothing(library: RunLibrary, tmp_path: Path) -> None:
    session = Session(SMALL)
    record = RunRecord(session, library)
    session.train(5)
    record.begin()
    with pytest.raises(OSError, match="missing"):
        record.save(tmp_path / "missing" / "mine.tfviz")
    assert record.unsaved
    assert record.named is None
    record.finish()


def test_a_file_that_is_only_looked_at_is_not_changed(library: RunLibrary, tmp_path: Path) -> None:
    path = saved(tmp_path / "mine.tfviz")
    before = path.read_bytes()
    session = Session.open(path)
    record = RunRecord(session, library)
    assert (record.name, record.due, record.unsaved) == ("mine", False, False)
    session.go_to(4)
    session.train(6)
    assert not record.due
    record.finish()
    assert path.read_bytes() == before
    assert not library.folder.exists()


def test_a_file_that_is_gone_on_with_is_written(library: RunLibrary, tmp_path: Path) -> None:
    path = saved(tmp_path / "mine.tfviz")
    session = Session.open(path)
    record = RunRecord(session, library)
    session.train(1)
    assert record.due
    assert record.unsaved
    assert record.begin() == ""
    assert record.path == path
    assert not record.unsaved
    session.train(4)
    record.finish()
    assert steps_in(path) == 15
    assert library.runs() == []
    with Session.open(path) as again:
        assert same(again.parameters, session.parameters)


def test_all_that_a_file_lacks_goes_into_it(library: RunLibrary, tmp_path: Path) -> None:
    path = tmp_path / "mine.tfviz"
    with with_branches(HARD) as first:
        first.save(path)
    session = Session.open(path)
    record = RunRecord(session, library)
    session.delete(1)
    session.switch(0)
    session.intervene("training.learning_rate", 0.005)  # where the file ends
    session.train(3)
    session.go_to(12)
    session.intervene("training.clip_norm", 0.7)
    session.train(4)
    assert record.begin() == ""
    session.intervene("model.dropout", 0.1)
    session.train(2)
    record.finish()
    with Session.open(path) as again:
        assert again.branches == session.branches
        for number, line in session.lines.items():
            assert again.lines[number].configs == line.configs
            assert again.lines[number].frontier == line.frontier
            again.switch(number)
            session.switch(number)
            assert same(again.parameters, session.parameters)


def test_going_on_twice_adds_nothing_that_is_there(library: RunLibrary, tmp_path: Path) -> None:
    path = tmp_path / "mine.tfviz"
    with with_branches(HARD) as first:
        first.save(path)
    events = len(RunReader(path).events())
    for _ in range(2):
        session = Session.open(path)
        record = RunRecord(session, library)
        session.train(1)
        assert record.begin() == ""
        record.finish()
    assert len(RunReader(path).events()) == events


def test_a_file_that_changed_meanwhile_is_left_alone(library: RunLibrary, tmp_path: Path) -> None:
    path = saved(tmp_path / "mine.tfviz")
    session = Session.open(path)
    record = RunRecord(session, library)
    saved(path, steps=12)
    before = path.read_bytes()
    session.train(1)
    assert "has changed since it was opened" in record.begin()
    assert record.unsaved
    record.finish()
    assert path.read_bytes() == before
    assert steps_in(library.runs()[0].path) == 11


def test_a_file_that_was_removed_meanwhile_is_not_made_again(library: RunLibrary, tmp_path: Path) -> None:
    path = saved(tmp_path / "mine.tfviz")
    session = Session.open(path)
    record = RunRecord(session, library)
    path.unlink()
    session.train(1)
    assert "no longer there" in record.begin()
    record.finish()
    assert not path.exists()
    assert steps_in(library.runs()[0].path) == 11


def test_a_file_that_another_window_writes_is_left_to_it(library: RunLibrary, tmp_path: Path) -> None:
    path = saved(tmp_path / "mine.tfviz")
    sessions = [Session.open(path), Session.open(path)]
    records = [RunRecord(session, library) for session in sessions]
    for session in sessions:
        session.train(2)
    assert records[0].begin() == ""
    assert str(path) in records[1].begin()
    sessions[1].train(3)
    for record in records:
        record.finish()
    assert steps_in(path) == 12
    assert steps_in(library.runs()[0].path) == 15


def test_an_unsaved_run_is_claimed_while_it_is_open(library: RunLibrary) -> None:
    claim = library.new("copy", 0)
    saved(claim.path)
    claim.release()
    session, other = Session.open(claim.path), Session.open(claim.path)
    record, second = RunRecord(session, library), RunRecord(other, library)
    assert record.unsaved
    assert not library.discard(claim.path)
    other.train(1)
    assert "open in another window" in second.begin()
    second.finish()
    session.train(1)
    assert record.begin() == ""
    assert record.path == claim.path
    record.finish()
    assert steps_in(claim.path) == 11
    assert len(library.runs()) == 2


def test_an_unsaved_run_that_is_saved_as_it_is_leaves_the_library(
    library: RunLibrary, tmp_path: Path
) -> None:
    claim = library.new("copy", 0)
    saved(claim.path)
    claim.release()
    record = RunRecord(Session.open(claim.path), library)
    record.save(tmp_path / "mine.tfviz")
    record.finish()
    assert library.runs() == []
    assert steps_in(tmp_path / "mine.tfviz") == 10


def test_a_full_disk_is_an_error_and_leaves_nothing_behind(
    library: RunLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(SMALL)
    record = RunRecord(session, library)
    session.train(2)

    def refuse(*arguments: object, **more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(Recorder, "create", refuse)
        with pytest.raises(OSError, match="No space left"):
            record.begin()
    assert list(library.folder.iterdir()) == []
    assert record.due
    session.train(2)
    assert record.begin() == ""
    record.finish()
    assert steps_in(library.runs()[0].path) == 4


def test_a_session_that_is_used_again_goes_on_in_its_file(library: RunLibrary) -> None:
    session = Session(SMALL)
    record = RunRecord(session, library)
    session.train(3)
    record.begin()
    path = record.path
    record.finish()
    assert path is not None
    before = os.stat(path).st_mtime_ns
    record.reopen()
    assert not record.due
    assert os.stat(path).st_mtime_ns == before
    session.train(2)
    assert record.begin() == ""
    assert record.path == path
    record.finish()
    assert steps_in(path) == 5


def test_a_file_that_somebody_else_changed_is_not_saved_over_unasked(
    library: RunLibrary, tmp_path: Path
) -> None:
    session = Session(SMALL)
    record = RunRecord(session, library)
    session.train(3)
    record.begin()
    assert record.file_to_save is None
    mine = tmp_path / "mine.tfviz"
    record.save(mine)
    assert record.file_to_save == mine
    session.train(1)
    record.save(mine)
    assert record.file_to_save == mine
    saved(mine, steps=12)
    assert record.file_to_save is None
    mine.unlink()
    assert record.file_to_save is None
    record.finish()


def test_a_file_that_is_written_may_be_saved_at_any_time(library: RunLibrary, tmp_path: Path) -> None:
    path = saved(tmp_path / "mine.tfviz")
    session = Session.open(path)
    record = RunRecord(session, library)
    assert record.file_to_save == path
    session.train(2)
    record.begin()
    assert record.file_to_save == path
    record.save(path)
    assert record.file_to_save == path
    record.finish()
    assert steps_in(path) == 12
    record.reopen()
    assert not record.unsaved
    assert record.file_to_save == path
    record.finish()


def test_a_run_that_left_its_file_has_no_name_any_more(library: RunLibrary, tmp_path: Path) -> None:
    path = saved(tmp_path / "mine.tfviz")
    session = Session.open(path)
    record = RunRecord(session, library)
    saved(path, steps=12)
    session.train(1)
    record.begin()
    assert (record.name, record.file_to_save) == ("small", None)
    record.finish()
