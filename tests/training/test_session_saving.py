"""A session is saved: as of one moment, whatever is trained or recorded meanwhile, or not at all."""

import os
from pathlib import Path

import pytest

from tests.training.recorded_sessions import everything, flush
from tests.training.run_file.runs import beside
from tests.training.small_runs import (
    HARD,
    RATE,
    SMALL,
    dense,
    same,
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
