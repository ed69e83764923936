"""Into how many parts a batch was cut is written down: a run's bits must not hang on a rule that may change."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.training.small_runs import HARD, same, scalars, with_branches
from tfviz.training import trainer
from tfviz.training.config import with_shards
from tfviz.training.run_file import RunReader
from tfviz.training.session import Session

OPEN = HARD.replace("training.shards", None)


def other_rule(monkeypatch: pytest.MonkeyPatch, shards: int) -> None:
    """What a later version may think best for a model of this size."""
    monkeypatch.setattr(trainer, "default_shards", lambda *sizes: shards)


def forget_shards(path: Path, fingerprint: bool) -> None:
    """Make it a file of a time when configurations did not hold them."""
    connection = sqlite3.connect(path, isolation_level=None)
    for table, column in (("branches", "config"), ("events", "data")):
        for row, text in connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall():
            data = json.loads(text)
            data.get("config", data)["training"]["shards"] = None
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (json.dumps(data), row))
    if fingerprint:
        connection.execute("UPDATE run SET value = '{}' WHERE key = 'fingerprint'")
    connection.close()


def test_only_what_is_left_open_is_filled_in() -> None:
    assert with_shards(OPEN, 2).training.shards == 2
    assert with_shards(OPEN, None) is OPEN
    assert with_shards(HARD, 2) is HARD


@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("way", ["recorded", "saved"])
def test_a_file_says_the_shards_of_every_configuration_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shards: int, way: str
) -> None:
    other_rule(monkeypatch, shards)
    path = tmp_path / "run.tfviz"
    with with_branches(OPEN, path if way == "recorded" else None) as session:
        assert session.trainer.shards == shards
        if way == "saved":
            session.save(path)
    reader = RunReader(path)
    assert len(reader.branches) == 3
    assert {branch.config.to_dict()["training"]["shards"] for branch in reader.branches} == {shards}
    changes = [event.data["config"] for event in reader.events() if event.kind == "intervention"]
    assert changes and {change["training"]["shards"] for change in changes} == {shards}
    newest = reader.snapshot(2, reader.snapshot_steps(2)[-1])
    assert newest.config.training.shards == shards


@pytest.mark.parametrize("age", ["new", "old", "old, without fingerprint"])
def test_an_opened_run_goes_on_with_the_shards_that_it_was_made_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age: str
) -> None:
    path = tmp_path / "run.tfviz"
    other_rule(monkeypatch, 2)
    session = with_branches(OPEN)
    session.save(path)
    if age != "new":
        forget_shards(path, fingerprint="without" in age)
    if "without" not in age:  # then nobody can know but by the rule
        other_rule(monkeypatch, 1)
    with Session.open(path, record=True) as opened:
        assert opened.trainer.shards == 2
        assert same(opened.trainer.state(), session.trainer.state())
        for each in (session, opened):
            each.train(4)
            each.intervene("training.learning_rate", 0.5)
            each.train(4)
        assert same(opened.trainer.state(), session.trainer.state())
    session.close()
    other_rule(monkeypatch, 1)
    with Session.open(path) as again:
        assert again.config.training.shards == again.trainer.shards == 2
        assert len(again.lines) == 3 and scalars(again.history) == scalars(session.history)
        assert same(again.trainer.state(), session.trainer.state())


def test_a_fingerprint_that_cannot_be_decides_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with Session(OPEN) as session:
        session.train(3)
        session.save(path)
    forget_shards(path, fingerprint=True)
    for shards in (0, 3, "2", None, True):
        connection = sqlite3.connect(path, isolation_level=None)
        values = (json.dumps({"shards": shards}),)
        connection.execute("UPDATE run SET value = ? WHERE key = 'fingerprint'", values)
        connection.close()
        with Session.open(path) as opened:
            assert opened.trainer.shards == session.trainer.shards and opened.step == 3
