"""Disks that fail and files that go away: one warning, training goes on, and the file catches up where it can."""

import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import tfviz
from tests.training.run_file.runs import (
    CONFIG,
    beside,
    history,
    new_recorder,
    record_run,
    same_arrays,
    same_history,
    state,
)
from tfviz.training.run_file import Branch, Recorder, RunFileError, RunReader
from tfviz.training.run_file import recorder as recorder_module

ROOT = Path(tfviz.__file__).parents[1]


class Warnings:
    """What a recorder said, and when it first did."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.steps: list[int] = []
        self.heard = threading.Event()

    def __call__(self, text: str, step: int) -> None:
        self.texts.append(text)
        self.steps.append(step)
        self.heard.set()


@pytest.fixture
def warnings() -> Warnings:
    return Warnings()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(recorder_module, "RETRY", 0.2)
    yield


FULL_DISK = """
    import resource, sys
    import tfviz
    from tests.training.run_file.runs import CONFIG, TOKENS, history, same_history, state
    from tfviz.training.run_file import Branch, Recorder, RunReader

    path, heard = sys.argv[1], []
    rows = history(1000)
    recorder = Recorder.create(path, CONFIG, TOKENS, TOKENS, warn=lambda *warning: heard.append(warning))
    recorder.follow(Branch(config=CONFIG), rows)
    recorder.keyframe(0, 1000, state())
    assert recorder.flush()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))  # no file may grow beyond this
    more = history(30_000)
    rows.extend({name: more[name][1000:] for name in more.names})
    recorder.event(0, 2000, "note", {})
    assert not recorder.flush()
    assert not recorder.flush()
    assert recorder.problem
    ((text, step),) = heard  # once, however often it fails
    assert text.startswith(f"Recording stopped after step 1000: cannot write {path}: "), text
    assert "Training goes on unrecorded" in text and step == 1000
    print(text)
    if sys.argv[2] == "recovers":
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert recorder.flush() and recorder.problem is None
    recorder.close()
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    reader = RunReader(path)
    recorded = 30_000 if sys.argv[2] == "recovers" else 1000
    assert len(reader.history()) == recorded, len(reader.history())
    assert same_history(reader.history(), rows, recorded)
    assert reader.keyframe_steps() == [1000]
    assert len(reader.events()) == 1  # small enough for the space that was left
"""


@pytest.mark.skipif(os.name != "posix", reason="a limit on the size of files is POSIX's")
@pytest.mark.parametrize("ending", ["recovers", "stays full"])
def test_a_full_disk_costs_a_warning_and_what_it_cannot_hold(tmp_path: Path, ending: str) -> None:
    program = textwrap.dedent(FULL_DISK)
    path = tmp_path / "run.tfviz"
    done = subprocess.run([sys.executable, "-c", program, path, ending], cwd=ROOT, timeout=120)
    assert done.returncode == 0
    assert beside(path) == ["run.tfviz"]


@pytest.mark.skipif(os.name != "posix", reason="a limit on the size of files is POSIX's")
def test_a_disk_too_full_for_a_new_file_leaves_nothing(tmp_path: Path) -> None:
    program = f"""
import resource, tfviz
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    tfviz.RunWriter({str(tmp_path / "run.tfviz")!r}, {{}})
except OSError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, timeout=60, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(f"cannot write {tmp_path}/run.tfviz: ")
    assert done.stderr == ""
    assert beside(tmp_path / "run.tfviz") == []


def test_a_removed_file_is_made_anew_with_all_that_was_in_it(tmp_path: Path, warnings: Warnings) -> None:
    path, rows = tmp_path / "run.tfviz", history(30)
    with new_recorder(path, warn=warnings) as recorder:
        recorder.follow(Branch(config=CONFIG), rows)
        recorder.keyframe(0, 30, state())
        recorder.flush()
        path.unlink()
        rows.append(31, loss=0.5)
        assert recorder.flush()
        assert path.exists()
    reader = RunReader(path)
    assert same_history(reader.history(), rows)
    assert same_arrays(reader.keyframe(0, 30), state())
    assert beside(path) == ["run.tfviz"]


def test_a_removed_folder_costs_a_warning_and_is_no_loss_once_it_is_back(
    tmp_path: Path, warnings: Warnings
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path, rows = folder / "run.tfviz", history(30)
    with new_recorder(path, warn=warnings) as recorder:
        recorder.follow(Branch(config=CONFIG), rows)
        recorder.keyframe(0, 30, state())
        recorder.flush()
        shutil.rmtree(folder)
        assert warnings.heard.wait(10)
        assert f"the folder {folder} does not exist" in warnings.texts[0]
        with pytest.raises(RunFileError, match="cannot be copied"):
            recorder.copy_to(tmp_path / "copy.tfviz")
        folder.mkdir()
        rows.append(31, loss=0.5)
        assert recorder.flush()
        assert recorder.problem is None
    assert len(warnings.texts) == 1
    assert same_history(RunReader(path).history(), rows)
    assert RunReader(path).keyframe_steps() == [30]


def test_a_folder_that_stays_away_is_no_error_at_the_end(tmp_path: Path, warnings: Warnings) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with new_recorder(folder / "run.tfviz", warn=warnings) as recorder:
        recorder.follow(Branch(config=CONFIG), history(30))
        recorder.flush()
        shutil.rmtree(folder)
    assert len(warnings.texts) == 1
    assert not folder.exists()


def test_a_file_in_the_place_of_the_recorded_one_is_left_alone(tmp_path: Path, warnings: Warnings) -> None:
    path, rows = tmp_path / "run.tfviz", history(30)
    other = record_run(tmp_path / "other.tfviz", 7)
    with new_recorder(path, warn=warnings) as recorder:
        recorder.follow(Branch(config=CONFIG), rows)
        recorder.flush()
        for name in beside(path):
            if name.startswith("run"):
                (tmp_path / name).unlink()
        os.rename(other, path)
        rows.append(31, loss=0.5)
        assert not recorder.flush()
        assert not recorder.flush()
    assert warnings.texts == [
        f"Recording stopped after step 30: {path} was replaced by another file. Training goes on unrecorded."
    ]
    assert len(RunReader(path).history()) == 7


def test_a_folder_in_the_place_of_the_file_costs_a_warning(tmp_path: Path, warnings: Warnings) -> None:
    path = tmp_path / "run.tfviz"
    with new_recorder(path, warn=warnings) as recorder:
        recorder.follow(Branch(config=CONFIG), history(30))
        recorder.flush()
        path.unlink()
        path.mkdir()
        assert not recorder.flush()
    assert len(warnings.texts) == 1
    assert path.is_dir()


def test_a_file_being_recorded_is_not_recorded_by_another(tmp_path: Path) -> None:
    with (
        new_recorder(tmp_path / "run.tfviz") as recorder,
        pytest.raises(RunFileError, match=r"run\.tfviz is being written by another program"),
    ):
        Recorder(recorder.path)


def test_whoever_lost_the_file_to_another_program_writes_no_more(tmp_path: Path, warnings: Warnings) -> None:
    """Where locks do not hold, as on some network disks."""
    rows = history(30)
    with new_recorder(tmp_path / "run.tfviz", warn=warnings) as recorder:
        recorder.follow(Branch(config=CONFIG), rows)
        recorder.flush()
        connection = sqlite3.connect(recorder.path)
        connection.execute("UPDATE run SET value = 'another' WHERE key = 'writer'")
        connection.commit()
        connection.close()
        rows.append(31, loss=0.5)
        assert not recorder.flush()
        assert not recorder.flush()
    assert len(warnings.texts) == 1
    assert "another program records to" in warnings.texts[0]
    assert len(RunReader(tmp_path / "run.tfviz").history()) == 30


def test_a_file_locked_by_another_program_is_tried_again(tmp_path: Path, warnings: Warnings) -> None:
    rows = history(30)
    with new_recorder(tmp_path / "run.tfviz", warn=warnings) as recorder:
        recorder.follow(Branch(config=CONFIG), rows)
        recorder.flush()
        connection = sqlite3.connect(recorder.path, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        rows.append(31, loss=0.5)
        assert not recorder.flush()
        connection.execute("ROLLBACK")
        connection.close()
        assert recorder.flush()
    assert len(warnings.texts) == 1
    assert "is in use by another program" in warnings.texts[0]
    assert len(RunReader(tmp_path / "run.tfviz").history()) == 31


def test_no_write_ahead_log_on_a_network_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tfviz.training.run_file.connection.is_local", lambda path: False)
    rows = history(30)
    with new_recorder(tmp_path / "run.tfviz") as recorder:
        recorder.follow(Branch(config=CONFIG), rows)
        recorder.flush()
        assert beside(tmp_path / "run.tfviz") == ["run.tfviz"]
        reader = RunReader(recorder.path)
        assert len(reader.history()) == 30
        rows.append(31, loss=0.5)
        recorder.flush()
        assert reader.refresh()
        assert len(reader.history()) == 31
        recorder.copy_to(tmp_path / "copy.tfviz")
    assert len(RunReader(tmp_path / "copy.tfviz").history()) == 31


def test_a_failing_recorder_does_not_hold_up_training(tmp_path: Path, warnings: Warnings) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with new_recorder(folder / "run.tfviz", warn=warnings) as recorder:
        rows = history(1)
        recorder.follow(Branch(config=CONFIG), rows)
        recorder.flush()
        shutil.rmtree(folder)
        assert warnings.heard.wait(10)
        for step in range(2, 2000):
            rows.append(step, loss=1.0)
            recorder.keyframe(0, step, {"parameters": rows.matrix(["loss"])})
            recorder.event(0, step, "note", {})
        waiting = recorder._pending.frames
        assert waiting._bytes <= 64 << 20
        assert len(warnings.texts) == 1
