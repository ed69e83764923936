import os
import shutil
from pathlib import Path

import numpy
import pytest

from tests.training.run_file.runs import (
    CONFIG,
    TOKENS,
    beside,
    history,
    new_recorder,
    record_run,
    same_history,
    state,
)
from tfviz.training.run_file import Branch, RunReader, replacing, saving


def test_a_run_is_saved_with_every_frame(tmp_path: Path) -> None:
    path, rows, megabyte = tmp_path / "run.tfviz", history(3000), numpy.zeros(1 << 17)
    with saving(path, CONFIG, TOKENS, TOKENS, shards=1) as recorder:
        recorder.follow(Branch(config=CONFIG), rows)
        for step in range(80):
            recorder.keyframe(0, step, {"parameters": megabyte})
    reader = RunReader(path)
    assert same_history(reader.history(), rows)
    assert reader.keyframe_steps() == list(range(80))
    assert reader.fingerprint["shards"] == 1
    assert reader.closed
    assert beside(path) == ["run.tfviz"]


def test_a_failure_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    path = record_run(tmp_path / "run.tfviz", 7)
    with (
        pytest.raises(RuntimeError, match="stop"),
        saving(path, CONFIG, TOKENS, TOKENS) as recorder,
    ):
        recorder.keyframe(0, 0, state())
        raise RuntimeError("stop")
    assert len(RunReader(path).history()) == 7
    assert beside(path) == ["run.tfviz"]


@pytest.mark.skipif(os.name != "posix", reason="Windows lets nobody remove an open file")
def test_what_cannot_be_written_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with (
        pytest.raises(OSError, match=r"cannot write .*/folder/run\.tfviz: the folder .* does not exist$"),
        saving(folder / "run.tfviz", CONFIG, TOKENS, TOKENS) as recorder,
    ):
        shutil.rmtree(folder)
        recorder.keyframe(0, 0, state())


def test_a_new_file_never_meets_the_log_of_an_old_one(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with new_recorder(tmp_path / "killed.tfviz") as recorder:
        recorder.follow(Branch(config=CONFIG), history(30))
        recorder.flush()
        for suffix in ("-wal", "-shm"):
            shutil.copy(f"{recorder.path}{suffix}", f"{path}{suffix}")
    new_recorder(path).close()
    assert len(RunReader(path).history()) == 0
    with new_recorder(tmp_path / "other.tfviz") as recorder:
        recorder.follow(Branch(config=CONFIG), history(30))
        recorder.flush()
        for suffix in ("-wal", "-shm"):
            shutil.copy(f"{recorder.path}{suffix}", f"{path}{suffix}")
    new_recorder(path, overwrite=True).close()
    assert len(RunReader(path).history()) == 0


def test_replacing_keeps_what_is_there_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with replacing(path) as temporary:
        Path(temporary).write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    with pytest.raises(FileExistsError, match="exists already"), replacing(path, overwrite=False):
        raise AssertionError("never entered")
    assert beside(path) == ["file"]
