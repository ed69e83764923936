"""Which file a new run is written to, from its first step on, and what of it is not saved."""

import errno
import os
from pathlib import Path

import pytest

from tests.training.saved_runs import saved, steps_in
from tests.training.small_runs import SMALL, same
from tfviz.training.record.run_library import RunLibrary
from tfviz.training.record.run_record import RunRecord
from tfviz.training.run_file import Recorder
from tfviz.training.session import Session


@pytest.fixture
def library(tmp_path: Path) -> RunLibrary:
    return RunLibrary(tmp_path / "runs")


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
