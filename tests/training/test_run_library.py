"""The folder of unsaved runs: names, who has one open, what a killed program leaves, the disk budget."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from tests.training.small_runs import SMALL
from tfviz.training.record.run_library import MOST_OFFERED, RunLibrary
from tfviz.training.session import Session

RECORD = """
import sys, time
from tfviz.training.record.run_library import MOST_OFFERED, RunLibrary
from tfviz.training.record.run_record import RunRecord
from tfviz.training.session import Session
from tests.training.small_runs import SMALL
session = Session(SMALL)
session.train(10)
record = RunRecord(session, RunLibrary(sys.argv[1]))
record.begin()
session.train(5)
time.sleep(1.2)
print(record.path, flush=True)
while True:
    session.train(1)
"""
DAY = date(2026, 3, 1)


@pytest.fixture
def library(tmp_path: Path) -> RunLibrary:
    return RunLibrary(tmp_path / "runs")


def recording_program(library: RunLibrary) -> tuple[subprocess.Popen[str], Path]:
    """Another program that trains and records, past step 15 for more than a second."""
    process = subprocess.Popen(
        [sys.executable, "-c", RECORD, str(library.folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait(30)
    assert process.stdout is not None
    process.stdout.close()


def add(library: RunLibrary, name: str, kilobytes: int, age: float) -> Path:
    """Something of a size and an age, in the place of a run."""
    library.folder.mkdir(parents=True, exist_ok=True)
    path = library.folder / f"{name}.tfviz"
    path.write_bytes(bytes(kilobytes << 10))
    os.utime(path, (1e9 - age, 1e9 - age))
    return path


def names(library: RunLibrary) -> list[str]:
    return [run.path.stem for run in library.runs()]


def test_a_run_is_named_after_task_day_seed_and_a_number(library: RunLibrary) -> None:
    claims = [library.new(name, 7, DAY) for name in ("identity", "identity", "a / b: c", "..")]
    assert [claim.path.name for claim in claims] == [
        "identity-2026-03-01-seed7-1.tfviz",
        "identity-2026-03-01-seed7-2.tfviz",
        "a_b_c-2026-03-01-seed7-1.tfviz",
        "run-2026-03-01-seed7-1.tfviz",
    ]
    for claim in claims:
        claim.release()


def test_a_number_is_used_again_only_where_no_run_has_it(library: RunLibrary) -> None:
    first = library.new("copy", 0, DAY)
    first.path.touch()
    first.release()
    second = library.new("copy", 0, DAY)
    assert second.path.stem.endswith("-2")
    second.discard()
    third = library.new("copy", 0, DAY)
    assert third.path == second.path
    third.release()


def test_a_library_that_was_never_used_is_empty_and_makes_no_folder(library: RunLibrary) -> None:
    assert library.runs() == []
    assert library.interrupted() == []
    library.clean()
    assert library.clear() == 0
    assert not library.folder.exists()


def test_the_oldest_runs_go_first_until_the_budget_is_kept(library: RunLibrary) -> None:
    for name, age in (("old", 30), ("older", 60), ("new", 10)):
        add(library, name, 100, age)
    assert names(library) == ["new", "old", "older"]
    library.budget = 300 << 10
    library.clean()
    assert names(library) == ["new", "old", "older"]
    library.budget = 250 << 10
    library.clean()
    assert names(library) == ["new", "old"]
    library.budget = 0
    library.clean()
    assert names(library) == []


def test_what_lies_beside_a_run_counts_and_goes_with_it(library: RunLibrary) -> None:
    path = add(library, "killed", 10, 0)
    path.with_name("killed.tfviz-wal").write_bytes(bytes(90 << 10))
    assert library.runs()[0].bytes == 100 << 10
    library.budget = 50 << 10
    library.clean()
    assert list(library.folder.iterdir()) == []


def test_a_run_that_is_open_is_never_deleted(library: RunLibrary) -> None:
    old, new = add(library, "old", 100, 60), add(library, "new", 100, 0)
    claim = library.claim(old)
    assert claim is not None
    assert [run.claimed for run in library.runs()] == [False, True]
    assert library.claim(old) is None
    assert not library.discard(old)
    library.budget = 150 << 10
    library.clean()
    assert (old.exists(), new.exists()) == (True, False)
    assert library.clear() == 0
    claim.release()
    assert library.clear() == 1
    assert names(library) == []


def test_a_run_that_cannot_be_deleted_keeps_nobody_from_the_others(
    library: RunLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, age in (("stuck", 60), ("old", 30), ("new", 0)):
        add(library, name, 100, age)
    unlink = os.unlink

    def refuse(path: str) -> None:
        if str(path).endswith("stuck.tfviz"):
            raise PermissionError(13, "Permission denied")
        unlink(path)

    monkeypatch.setattr(os, "unlink", refuse)
    library.budget = 200 << 10
    library.clean()
    assert names(library) == ["new", "stuck"]
    assert library.clear() == 1


def test_what_killed_programs_leave_is_swept_away_but_not_what_is_being_made(library: RunLibrary) -> None:
    library.folder.mkdir()
    (library.folder / "never-made.tfviz.lock").touch()
    old, young = library.folder / ".tfviz-1.tmp", library.folder / ".tfviz-2.tmp"
    old.touch()
    young.touch()
    os.utime(old, (1e9, 1e9))
    other = library.folder / "notes.txt"
    other.touch()
    claim = library.new("copy", 0)
    library.clean()
    left = {young, other, claim.path.with_name(claim.path.name + ".lock")}
    assert set(library.folder.iterdir()) == left
    claim.release()


def test_a_run_closed_properly_is_not_offered(library: RunLibrary) -> None:
    claim = library.new("copy", 0)
    with Session(SMALL) as session:
        session.train(3)
        session.record(claim.path)
    claim.release()
    assert [(run.claimed, run.interrupted) for run in library.runs()] == [(False, False)]
    assert library.interrupted() == []


def test_the_run_of_a_killed_program_is_offered_and_that_of_a_living_one_is_not(library: RunLibrary) -> None:
    process, path = recording_program(library)
    try:
        assert library.interrupted() == []
        assert library.runs()[0].claimed
        assert not library.discard(path)
        library.budget = 0
        library.clean()
        assert path.exists()
    finally:
        kill(process)
    (found,) = library.interrupted()
    assert (found.path, found.name) == (path, "small")
    assert found.steps >= 15
    assert library.runs()[0].interrupted
    library.keep(path)
    assert library.interrupted() == []
    assert names(library) == [path.stem]


def test_two_programs_record_side_by_side(library: RunLibrary) -> None:
    (one, first), (other, second) = recording_program(library), recording_program(library)
    try:
        assert first != second
        assert [run.claimed for run in library.runs()] == [True, True]
        kill(one)
        assert [run.path for run in library.interrupted()] == [first]
    finally:
        kill(one)
        kill(other)
    assert {run.path for run in library.interrupted()} == {first, second}
    assert library.discard(first)
    assert [run.path for run in library.interrupted()] == [second]


def test_the_run_of_a_killed_program_can_be_gone_on_with_bit_for_bit(library: RunLibrary) -> None:
    process, path = recording_program(library)
    kill(process)
    with Session.open(path) as session, Session(SMALL) as whole:
        reached = session.step
        assert reached >= 15
        session.train(4)
        whole.train(reached + 4)
        for name, array in whole.parameters.items():
            assert array.tobytes() == session.parameters[name].tobytes()


def test_an_interrupted_run_without_a_step_is_not_worth_offering(library: RunLibrary) -> None:
    library.folder.mkdir()
    path = library.folder / "empty.tfviz"
    with Session(SMALL) as session:
        session.record(path)
    path.with_name("empty.tfviz.lock").touch()
    (library.folder / "nonsense.tfviz").write_text("nonsense")
    (library.folder / "nonsense.tfviz.lock").touch()
    assert library.interrupted() == []
    assert names(library) == ["nonsense"]


def test_where_the_folder_cannot_be_made_the_error_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="cannot make the folder"):
        RunLibrary(tmp_path / "file" / "runs").new("copy", 0)


def test_only_the_newest_interrupted_runs_are_read(library: RunLibrary) -> None:
    for number in range(MOST_OFFERED + 2):
        claim = library.new("copy", number, DAY)
        with Session(SMALL) as session:
            session.train(1)
            session.record(claim.path)
        os.utime(claim.path, (1e9 + number, 1e9 + number))
        claim.release()
        claim.path.with_name(claim.path.name + ".lock").touch()
    found = [run.path.stem.split("-")[4] for run in library.interrupted()]
    assert found == [f"seed{number}" for number in range(MOST_OFFERED + 1, 1, -1)]
