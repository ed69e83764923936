import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy
import pytest

import tfviz
from tests.training.run_file.runs import (
    CONFIG,
    beside,
    execute,
    foreign_run,
    history,
    new_recorder,
    record_run,
    same_history,
    snapshot,
    state,
)
from tfviz.training.record.history import History
from tfviz.training.run_file import FORMAT, Branch, RunFileError, RunReader, copy_run_file

ROOT = Path(tfviz.__file__).parents[1]


@contextmanager
def without_privileges() -> Iterator[None]:
    """As somebody whom permissions stop; nobody stops root."""
    if os.name != "posix" or os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody can enter, and only its owner can write."""
    path = Path(tempfile.mkdtemp(prefix="tfviz-test-"))
    path.chmod(0o755)
    yield path
    path.chmod(0o755)
    shutil.rmtree(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no file .*run\.tfviz"):
        RunReader(tmp_path / "run.tfviz")
    assert beside(tmp_path / "x") == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no run file: it is empty"),
        (b"x", "is no run file|is damaged"),
        (b"\x93NUMPY" + bytes(4000), "is no run file"),
        (b"SQLite format 3\0" + bytes(84), "is no run file|is damaged"),
        (b"SQLite format 3\0" + bytes(20000), "is no run file|is damaged"),
        (os.urandom(70_000), "is no run file"),
    ],
)
def test_other_files_are_refused_and_left_alone(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "run.tfviz"
    path.write_bytes(content)
    with pytest.raises(RunFileError, match=message):
        RunReader(path)
    assert path.read_bytes() == content
    assert beside(path) == ["run.tfviz"]


def test_another_program_s_database_is_refused(tmp_path: Path) -> None:
    execute(tmp_path / "run.tfviz", "CREATE TABLE run (key, value)")
    with pytest.raises(RunFileError, match=r"run\.tfviz is no run file$"):
        RunReader(tmp_path / "run.tfviz")


def test_folders_pipes_and_sockets_are_refused_unopened(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match="is no run file but a folder"):
        RunReader(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(RunFileError, match="a pipe, device or socket"):
            RunReader(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener, tempfile.TemporaryDirectory() as short:
        listener.bind(f"{short}/socket")
        with pytest.raises(RunFileError, match="a pipe, device or socket"):
            RunReader(f"{short}/socket")


def test_a_path_that_is_none_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="is no path"):
        RunReader("a\0b")


def test_a_newer_format_is_refused_unread(tmp_path: Path) -> None:
    path = record_run(tmp_path / "run.tfviz")
    execute(path, f"PRAGMA user_version = {FORMAT + 1}", "DROP TABLE scalars")
    message = f"has format {FORMAT + 1}, written by a newer tfviz; this one reads formats up to {FORMAT}"
    with pytest.raises(RunFileError, match=message):
        RunReader(path)
    with pytest.raises(RunFileError, match=message):
        copy_run_file(path, tmp_path / "copy.tfviz")
    assert beside(path) == ["run.tfviz"]


@pytest.mark.parametrize("name", ["a run? no #1 50%.tfviz", "größe ✓.tfviz", "it's; DROP TABLE run.tfviz"])
def test_any_name_will_do(tmp_path: Path, name: str) -> None:
    assert len(RunReader(record_run(tmp_path / name)).history()) == 30


def test_a_link_leads_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    record_run(tmp_path / "elsewhere" / "run.tfviz")
    os.symlink("elsewhere/run.tfviz", tmp_path / "link.tfviz")
    assert len(RunReader(tmp_path / "link.tfviz").history()) == 30
    copy_run_file(tmp_path / "elsewhere" / "run.tfviz", tmp_path / "copy.tfviz")
    os.symlink("copy.tfviz", tmp_path / "other.tfviz")
    copy_run_file(tmp_path / "link.tfviz", tmp_path / "other.tfviz")
    assert os.path.islink(tmp_path / "other.tfviz")


def test_refresh_finds_what_was_written_since(tmp_path: Path) -> None:
    rows = history(10)
    with new_recorder(tmp_path / "run.tfviz") as recorder:
        recorder.follow(Branch(config=CONFIG), rows)
        recorder.flush()
        reader = RunReader(recorder.path)
        read = reader.history()
        assert not reader.closed
        rows.append(11, loss=1.0)
        recorder.keyframe(0, 11, state())
        recorder.snapshot(0, snapshot(11))
        recorder.event(0, 11, "alert", {"text": "look"})
        recorder.follow(Branch(1, "other", 0, 4, CONFIG), history(6, seed=3))
        recorder.flush()
        assert len(read) == 10
        assert reader.refresh()
        assert reader.history() is read
        assert same_history(read, rows)
        assert (reader.keyframe_steps(), reader.snapshot_steps()) == ([11], [11])
        assert [event.kind for event in reader.events()] == ["alert"]
        assert len(reader.history(1)) == 6
    assert reader.refresh()
    assert reader.closed


def test_refresh_reads_nothing_where_nothing_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = record_run(tmp_path / "run.tfviz")
    os.utime(path, (1e9, 1e9))
    reader = RunReader(path)
    monkeypatch.setattr("tfviz.training.run_file.reader.reading", None)
    assert not reader.refresh()


def test_a_deleted_branch_disappears_at_the_next_refresh(tmp_path: Path) -> None:
    with new_recorder(tmp_path / "run.tfviz") as recorder:
        recorder.follow(Branch(config=CONFIG), history(10))
        recorder.follow(Branch(1, "gone", 0, 5, CONFIG), history(10))
        recorder.flush()
        reader = RunReader(recorder.path)
        reader.history(1)
        recorder.remove_branch(1)
        recorder.flush()
        reader.refresh()
        with pytest.raises(RunFileError, match="no branch 1"):
            reader.history(1)


def test_a_frame_thinned_meanwhile_is_said_to_be_gone(tmp_path: Path) -> None:
    path = record_run(tmp_path / "run.tfviz")
    reader = RunReader(path)
    execute(path, "DELETE FROM pieces", "DELETE FROM frames")
    with pytest.raises(RunFileError, match="no longer has the keyframe of step 30"):
        reader.keyframe(0, 30)


def test_another_run_under_the_same_name_is_noticed(tmp_path: Path) -> None:
    path = record_run(tmp_path / "run.tfviz")
    reader = RunReader(path)
    new_recorder(path, overwrite=True).close()
    with pytest.raises(RunFileError, match="holds another run now; open it again"):
        reader.refresh()


def test_a_removed_file_is_noticed(tmp_path: Path) -> None:
    path = record_run(tmp_path / "run.tfviz")
    reader = RunReader(path)
    path.unlink()
    with pytest.raises(FileNotFoundError, match="there is no file"):
        reader.refresh()


def test_many_threads_may_read(tmp_path: Path) -> None:
    reader = RunReader(record_run(tmp_path / "run.tfviz", 3000))
    found: list[bool] = []

    def read() -> None:
        for _ in range(10):
            reader.refresh()
            found.append(
                same_history(reader.history(), history(3000)) and reader.snapshot(0, 3000).step == 3000
            )
            reader.keyframe(0, 3000)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [True] * 40


WRITER = """
import sys, tfviz
with tfviz.RunWriter(sys.argv[1], {}) as run:
    run.keyframe(0, {"weight": [1.0, 2.0]})
    for step in range(1, 20001):
        run.scalars(step, loss=1 / step)
        if step % 500 == 0:
            run.keyframe(step, {"weight": [float(step)]})
        if step == 1000:
            run.flush()
            print("begun", flush=True)
        if step % 1000 == 0:
            run.flush()
"""


def test_a_run_is_read_while_another_process_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "begun\n"
        reader = RunReader(path)
        read = reader.history()
        lengths = []
        while not reader.closed:
            reader.refresh()
            lengths.append(len(read))
            assert numpy.array_equal(read["loss"], 1 / numpy.arange(1, len(read) + 1))
            for step in reader.keyframe_steps():
                assert reader.keyframe(0, step)["weight"][0] == max(step, 1)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.communicate()
    assert lengths == sorted(lengths)
    assert lengths[-1] == 20_000
    assert beside(path) == ["run.tfviz"]


def test_a_reader_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    path = record_run(tmp_path / "run.tfviz", 100)
    before = path.read_bytes()
    reader = RunReader(path)
    reader.history()
    reader.snapshot(0, 100)
    reader.events()
    assert path.read_bytes() == before
    assert beside(path) == ["run.tfviz"]


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_a_closed_file_is_read_without_permission_to_write(folder: Path) -> None:
    path = record_run(folder / "run.tfviz")
    path.chmod(0o444)
    folder.chmod(0o555)
    with without_privileges():
        assert len(RunReader(path).history()) == 30
    assert os.listdir(folder) == ["run.tfviz"]


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize("left", [("-wal", "-shm"), ("-wal",), ()], ids=["log and index", "log", "nothing"])
def test_a_killed_writer_s_file_is_read_without_permission_to_write(
    folder: Path, left: tuple[str, ...]
) -> None:
    path, other = folder / "run.tfviz", folder / "other"
    with new_recorder(path) as recorder:
        recorder.follow(Branch(config=CONFIG), history(30))
        recorder.flush()
        other.mkdir()
        for suffix in ("", *left):
            shutil.copy(f"{path}{suffix}", f"{other}/run.tfviz{suffix}")
            os.chmod(f"{other}/run.tfviz{suffix}", 0o444)
    other.chmod(0o555)
    with without_privileges():
        assert len(RunReader(other / "run.tfviz").history()) == (30 if left else 0)
    assert sorted(os.listdir(other)) == sorted(f"run.tfviz{suffix}" for suffix in ("", *left))
    other.chmod(0o755)


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_a_file_that_may_not_be_read_says_so(folder: Path) -> None:
    path = record_run(folder / "run.tfviz")
    path.chmod(0o000)
    with without_privileges(), pytest.raises(PermissionError, match=r"cannot read .*run\.tfviz"):
        if os.geteuid() != 65534:
            os.chmod(path, 0o000)
        RunReader(path)


@pytest.mark.parametrize("steps", [0, 1])
def test_a_run_without_steps_opens(tmp_path: Path, steps: int) -> None:
    path = tmp_path / "run.tfviz"
    with new_recorder(path) as recorder:
        recorder.follow(Branch(config=CONFIG), history(steps))
    assert len(RunReader(path).history()) == steps
    assert RunReader(path).snapshot_at_or_before(0, 100) is None
    with pytest.raises(RunFileError, match="has no keyframe of step 3; it has none"):
        RunReader(path).keyframe(0, 3)


def test_a_hundred_thousand_steps_come_back_in_order(tmp_path: Path) -> None:
    whole = history(100_000)
    with new_recorder(tmp_path / "run.tfviz") as recorder:
        recorder.follow(Branch(config=CONFIG), whole)
    found = RunReader(tmp_path / "run.tfviz").history()
    assert isinstance(found, History)
    assert same_history(found, whole)


def test_foreign_runs_name_their_configuration(tmp_path: Path) -> None:
    reader = RunReader(foreign_run(tmp_path / "run.tfviz"))
    assert (reader.config.name, reader.config.description, reader.seed) == ("theirs", "", 5)
