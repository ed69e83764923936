"""A session is recorded: from its first step or later, into a file that is readable meanwhile."""

from pathlib import Path

import pytest

from tests.training.recorded_sessions import everything, flush
from tests.training.run_file.runs import beside
from tests.training.small_runs import (
    EVERYTHING,
    HARD,
    SMALL,
    dense,
    fields,
    in_worker,
    same,
    scalars,
    worker_waits,
)
from tfviz.training import run as run_module
from tfviz.training.run_file import RunReader
from tfviz.training.session import Session


@pytest.fixture(autouse=True)
def keyframes_every_four_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "Keyframes", dense())


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
