"""Run files that no session can go on from: each is refused in a sentence, and leaves nothing behind."""

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from tests.training.small_runs import (
    HARD,
    SMALL,
    dense,
    with_branches,
)
from tfviz.training import run as run_module
from tfviz.training.branching.keyframes import Keyframes
from tfviz.training.config import RunConfig
from tfviz.training.run_file import RunFileError, RunWriter
from tfviz.training.session import Session


@pytest.fixture(autouse=True)
def keyframes_every_four_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "Keyframes", dense())


def saved(folder: Path, config: RunConfig = HARD) -> Path:
    path = folder / "run.tfviz"
    session = with_branches(config)
    session.save(path)
    session.close()
    return path


def change(path: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(statement, values)
    connection.close()


def test_a_run_of_another_trainer_can_be_looked_at_but_not_trained_on(tmp_path: Path) -> None:
    tokens = ("<pad>", "<s>", "</s>", "<unk>")
    with RunWriter(tmp_path / "run.tfviz", {"name": "theirs"}, tokens, tokens, trainer="torch") as run:
        run.scalars(1, loss=1.0)
    with pytest.raises(ValueError, match="was written by torch: it can be looked at, not trained on"):
        Session.open(tmp_path / "run.tfviz")


@pytest.mark.parametrize("shards", [1, 2])
def test_a_keyframe_of_another_model_is_refused(tmp_path: Path, shards: int) -> None:
    wide = Session(SMALL.with_values({"model.d_model": 16, "training.shards": shards}))
    path = tmp_path / "run.tfviz"
    with Session(SMALL.replace("training.shards", shards)) as session:
        session.record(path)
        session.train(2)
        assert session._file.recording is not None
        session._file.recording.keyframe(session.line, 1, wide.trainer.state(), optional=False)
    with pytest.raises(RunFileError, match="damaged: its keyframe of step 1 does not fit the run's model"):
        Session.open(path)
    wide.close()


def test_a_keyframe_with_the_number_of_another_step_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with Session(SMALL) as session:
        session.record(path)
        session.train(3)
        assert session._file.recording is not None
        session._file.recording.keyframe(session.line, 2, session.trainer.state(), optional=False)
    with pytest.raises(RunFileError, match="its keyframe of step 2 does not fit"):
        Session.open(path)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"config": None},
        {"config": {"training": {"learning_rate": -1}}},
        {"config": SMALL.replace("model.d_model", 16).to_dict()},
        {"config": SMALL.replace("training.optimizer", "sgd").to_dict()},
    ],
    ids=["nothing", "no configuration", "a bad value", "another model", "another optimiser"],
)
def test_an_event_that_no_run_can_have_is_refused(tmp_path: Path, data: dict[str, object]) -> None:
    path = saved(tmp_path)
    change(path, "UPDATE events SET data = ? WHERE branch = 0 AND step = 10", json.dumps(data))
    with pytest.raises(RunFileError, match=r"run\.tfviz is damaged: its "):
        Session.open(path)


def test_a_branch_of_another_model_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    other = HARD.replace("model.nhead", 1)
    change(path, "UPDATE branches SET config = ? WHERE branch = 1", other.to_json())
    with pytest.raises(RunFileError, match="changes what cannot change in the middle of a run"):
        Session.open(path)


def test_a_branch_whose_past_was_not_written_any_more_is_left_out(tmp_path: Path) -> None:
    path = saved(tmp_path)
    change(path, "UPDATE branches SET fork = 999 WHERE branch = 2")
    with Session.open(path, record=True) as opened:
        assert [branch.number for branch in opened.branches] == [0, 1]
        opened.train(2)
        assert opened.branch("new").number == 3  # the number is taken in the file
        opened.train(2)
    with Session.open(path) as again:
        assert [branch.number for branch in again.branches] == [0, 1, 3]


@pytest.mark.parametrize("content", [b"", b"no run at all", b"SQLite format 3\0" + bytes(5000)])
def test_what_is_no_run_file_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.tfviz"
    path.write_bytes(content)
    with pytest.raises(RunFileError, match=r"run\.tfviz"):
        Session.open(path)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        Session.open(tmp_path / "missing.tfviz")


def test_opening_many_branches_keeps_to_one_budget(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with Session.open(path) as opened:
        whole = Keyframes().budget
        assert {line.keyframes.budget for line in opened.lines.values()} == {whole // 3}
        main, fork = opened.lines[0].keyframes, opened.lines[1].keyframes
        shared = [step for step in fork.steps if 0 < step <= 20]
        assert shared and all(main.nearest(step)[1] is fork.nearest(step)[1] for step in shared)
        assert np.isfinite(opened.loss)
