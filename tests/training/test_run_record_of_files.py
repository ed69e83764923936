"""A run that was opened from a file: when it is written to that file, and when the file is left alone."""

from pathlib import Path

import pytest

from tests.training.saved_runs import saved, steps_in
from tests.training.small_runs import HARD, same, with_branches
from tfviz.training.record.run_library import RunLibrary
from tfviz.training.record.run_record import RunRecord
from tfviz.training.run_file import RunReader
from tfviz.training.session import Session


@pytest.fixture
def library(tmp_path: Path) -> RunLibrary:
    return RunLibrary(tmp_path / "runs")


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
