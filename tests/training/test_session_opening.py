"""A session that is opened again from its file: every branch and change is there, to the last bit, and goes on."""

import os
from pathlib import Path

import pytest

from tests.training.recorded_sessions import everything, flush
from tests.training.run_file.runs import beside
from tests.training.small_runs import (
    HARD,
    RATE,
    dense,
    file_config,
    moment,
    same,
    with_branches,
)
from tfviz.training import run as run_module
from tfviz.training.run_file import RunReader
from tfviz.training.session import Session


@pytest.fixture(autouse=True)
def keyframes_every_four_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "Keyframes", dense())


@pytest.mark.parametrize(
    "way", ["recorded from the first step", "recorded late", "saved", "saved while recorded"]
)
def test_branches_and_changes_come_back(tmp_path: Path, way: str) -> None:
    path = tmp_path / "run.tfviz"
    session = with_branches(path=path if way == "recorded from the first step" else None)
    if way == "recorded late":
        session.record(path)
        session.train(2)
    elif way == "saved":
        session.save(path)
    elif way == "saved while recorded":
        session.record(tmp_path / "record.tfviz")
        session.save(path)
    expected, state, total = everything(session), session.trainer.state(), session.frontier
    session.close()
    opened = Session.open(path)
    assert everything(opened) == expected
    assert opened.line.branch.number == 2 and opened.frontier == total
    assert same(opened.trainer.state(), state)
    assert [list(line.interventions) for line in opened.lines.values()] == [
        list(line.interventions) for line in session.lines.values()
    ]
    opened.close()


def test_what_is_trained_after_opening_is_what_would_have_been(tmp_path: Path) -> None:
    session = with_branches()
    session.save(tmp_path / "run.tfviz")
    opened = Session.open(tmp_path / "run.tfviz")
    for each in (session, opened):
        each.train(6)
        each.switch(1)
        each.train(4)
        each.go_to(18)
        each.intervene(RATE, 0.5)
        each.train(3)
    assert everything(opened) == everything(session)
    assert opened.branches == session.branches
    opened.close()


def test_a_resumed_run_goes_on_in_its_file(tmp_path: Path) -> None:
    path, whole = tmp_path / "run.tfviz", with_branches()
    with_branches(path=path).close()
    with Session.open(path, record=True) as resumed:
        for each in (whole, resumed):
            each.train(5)
            each.intervene("training.weight_decay", 0.2)
            each.train(5)
            each.go_to(12)
            each.branch("late")
            each.train(9)
    assert beside(path) == ["run.tfviz"]
    with Session.open(path) as opened:
        assert everything(opened) == everything(whole)


def test_deleted_branches_leave_the_file(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with Session(HARD) as session:
        session.record(path)
        session.train(6)
        session.branch("one")
        session.train(3)
        session.switch(0)
        session.delete(1)
        session.branch("two")
        session.train(2)
        flush(session)
        assert [branch.name for branch in RunReader(path).branches] == ["main", "two"]
        expected = everything(session)
    with Session.open(path) as opened:
        assert everything(opened) == expected


def test_a_branch_may_leave_a_branch_before_that_one_left(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with Session(HARD) as session:
        session.record(path)
        session.train(9)
        session.branch("child")
        session.train(2)
        session.go_to(4)
        session.branch("grandchild")  # of steps that are the main branch's
        session.intervene(RATE, 0.03)
        session.train(6)
        expected = everything(session)
    with Session.open(path) as opened:
        assert everything(opened) == expected


def test_closing_in_the_past_keeps_the_future(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with Session(HARD) as session:
        session.record(path)
        session.train(15)
        end = moment(session)
        session.go_to(6)
    with Session.open(path) as opened:
        assert opened.step == 15 and moment(opened) == end


def test_a_task_with_data_of_its_own_is_opened_again(tmp_path: Path) -> None:
    config = file_config(tmp_path, 2, HARD)
    with Session(config) as session:
        session.train(8)
        session.save(tmp_path / "run.tfviz")
        expected = everything(session)
    with Session.open(tmp_path / "run.tfviz") as opened:
        assert everything(opened) == expected
    os.remove(tmp_path / "pairs.tsv")
    with pytest.raises(ValueError, match=r"pairs\.tsv cannot be read"):
        Session.open(tmp_path / "run.tfviz")


def test_two_shards_come_back_as_they_were(tmp_path: Path) -> None:
    with Session(HARD.replace("training.shards", 2)) as session:
        session.train(9)
        session.save(tmp_path / "run.tfviz")
        state = session.trainer.state()
    with Session.open(tmp_path / "run.tfviz") as opened:
        assert same(opened.trainer.state(), state)
