"""What heads did over training is kept as far as somebody looked: equal to what pictures show, bounded, by branch."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.live_sessions import picture, run_steps, started
from tests.training.small_runs import SMALL, new_trainer, same
from tfviz.training.heads.head_history import MOST_TAKEN, HeadHistory
from tfviz.training.heads.head_metrics import HeadMetrics, column_name, head_metrics
from tfviz.training.heads.head_roles import ENOUGH
from tfviz.training.mailbox import Demand
from tfviz.training.readings import Attention
from tfviz.training.record.followed import FollowedRun
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot
from tfviz.training.tasks import Task, create_task

ATTENTION = Demand(attention=True)


@pytest.fixture
def session() -> Iterator[Session]:
    with started(SMALL) as made:
        yield made


@pytest.fixture
def task() -> Task:
    return create_task(SMALL)


def looks(history: HeadHistory) -> list[int]:
    return [int(step) for step in history.record.rows()[0]]


def kept(history: HeadHistory, step: int) -> dict[str, float]:
    steps, rows = history.record.rows(step, most=1)
    assert steps.tolist() == [step]
    return dict(zip(history.record.names, rows[0].tolist(), strict=True))


def assert_equal_metrics(history: HeadHistory, shown: Snapshot, task: Task) -> None:
    assert shown.attention is not None
    wanted = head_metrics(shown.attention, task.alignment(shown.attention.sentence))
    found = kept(history, shown.step)
    for head, metrics in wanted.items():
        for metric, value in vars(metrics).items():
            if head.startswith("cross") or metric != "source_alignment":
                assert found.pop(column_name(head, metric)) == value, (head, metric)
    assert not found


def one_head(diagonal: float, sentence: str = "1 2 3") -> Attention:
    """One encoder head whose weight on its own position is as given; nothing else."""
    weights = np.full((1, 1, 5, 5), (1 - diagonal) / 4, np.float32)
    weights[..., range(5), range(5)] = diagonal
    none = np.zeros((0, 1, 4, 4), np.float32)
    tokens = ("<s>", *sentence.split(), "</s>")
    return Attention(
        weights, none, np.zeros((0, 1, 4, 5), np.float32), tokens, tokens[:-1], sentence, sentence
    )


def test_what_is_kept_are_the_metrics_of_the_picture(session: Session) -> None:
    session.mailbox.request(ATTENTION)
    for _ in range(3):
        run_steps(session, 2)
        assert_equal_metrics(session.history.heads, picture(session), session.task)
    assert looks(session.history.heads) == [0, 2, 4, 6]


def test_every_manual_step_is_looked_at_and_every_past_step_that_is_viewed() -> None:
    with Session(SMALL) as session:
        session.train(9)
        assert looks(session.history.heads) == []
        for step in (7, 3, 3, 5):
            shown = session.view(step)
            assert shown is not None
            assert_equal_metrics(session.history.heads, shown, session.task)
        assert looks(session.history.heads) == [3, 5, 7]
        for step in range(10, 14):
            session.train(1)
            session.snapshot(ATTENTION)
            assert looks(session.history.heads)[-1] == step


def test_a_picture_without_attention_leaves_nothing_to_measure() -> None:
    with Session(SMALL) as session:
        session.train(2)
        session.snapshot(Demand(samples=True))
        assert looks(session.history.heads) == []


def test_looks_of_a_running_training_are_five_a_second_at_most(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    history = HeadHistory()
    for step in range(100):
        history.look(step, one_head(0.2), task, hurried=True)
        now[0] += 1 / 64
    assert len(history.record) == pytest.approx(100 / 64 * 5, abs=1)
    history.look(100, one_head(0.2), task)
    assert looks(history)[-1] == 100


def test_pictures_of_a_running_training_are_hurried_looks(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurried: list[bool] = []

    def note(history: HeadHistory, step: int, attention: Attention, task: Task, in_hurry: bool) -> None:
        hurried.append(in_hurry)

    monkeypatch.setattr(HeadHistory, "look", note)
    session.mailbox.request(ATTENTION)
    run_steps(session, 50)  # its first picture is taken while it runs, its last one parked
    assert hurried[0] and not hurried[-1]


def test_a_long_history_is_thinned_evenly(task: Task) -> None:
    history = HeadHistory(most=50)
    for step in range(1000):
        history.look(step, one_head(0.2 + step / 5000), task)
        assert len(history.record) <= 50
    steps = np.array(looks(history))
    assert len(steps) > 20 and np.ptp(np.diff(steps)) == 0
    values = history.record.column(column_name("encoder L0H0", "diagonal"))[1]
    np.testing.assert_allclose(values, 0.2 + steps / 5000, rtol=1e-5)


def test_looking_changes_no_bit_of_training() -> None:
    with started(SMALL) as session:
        session.mailbox.request(ATTENTION)
        for _ in range(4):
            run_steps(session, 3)
            session.mailbox.take()
            session.view(session.step // 2)
        assert len(session.history.heads.record) > 4
        state = session.gate.call(session.trainer.state).result(30)
    trainer = new_trainer()
    for _ in range(12):
        trainer.train_batch()
    assert same(state, trainer.state())


def test_another_sentence_begins_a_new_record_and_keeps_the_roles(task: Task) -> None:
    history = HeadHistory()
    for step, diagonal in enumerate([0.1, 0.7, 0.8, 0.9]):
        history.look(step, one_head(diagonal), task)
    taken, before = history.taken, history.record
    assert len(taken) == 1
    for step in (4, 5):
        history.look(step, one_head(0.1, "3 2 1"), task, hurried=True)  # the first one at once
    assert history.sentence == "3 2 1" and looks(history) == [4] and history.taken == taken
    assert before is not history.record and len(before) == 4
    assert history.up_to(3).taken == taken and history.up_to(0).taken == ()


def test_a_sentence_chosen_in_a_session_begins_a_new_record() -> None:
    with Session(SMALL) as session:
        session.train(1)
        session.snapshot()
        session.set_probe(2)
        session.train(1)
        shown = session.snapshot()
        assert_equal_metrics(session.history.heads, shown, session.task)
        assert session.history.heads.sentence == session.task.example(2).source
        session._pictures.keep_heads(
            session.line, replace(shown, attention=one_head(0.5, "9 9 9"))
        )  # comes too late
        assert looks(session.history.heads) == [2]


def test_an_answer_of_the_model_itself_is_aligned_with_nothing() -> None:
    with Session(SMALL.with_values({"task.name": "sort"})) as session:
        session.train(1)
        session.set_probe("what is this")
        assert not session.probe.target
        session.snapshot()
        found = kept(session.history.heads, 1)
        assert np.isnan(found["cross L0H0/source_alignment"]) and np.isfinite(found["cross L0H0/diagonal"])


def test_a_head_that_takes_on_a_role_is_told_of_once(task: Task) -> None:
    history = HeadHistory()
    for step, diagonal in enumerate([0.1, 0.3, 0.6, 0.7, 0.8, 0.9, 0.9]):
        history.look(10 * step, one_head(diagonal), task)
        history.look(10 * step, one_head(diagonal), task)  # a panel came back
    history.look(25, one_head(0.9), task)  # somebody looks back
    assert [(found.step, found.head, found.sentence) for found in history.taken] == [
        (20, "encoder L0H0", "encoder L0H0 becomes a diagonal head (0.60)")
    ]
    history.look(15, one_head(0.55), task)  # and finds that it was earlier
    assert [(found.step, found.value) for found in history.taken] == [(15, pytest.approx(0.55))]


def test_roles_that_come_and_go_are_told_of_so_often_at_most(task: Task) -> None:
    history = HeadHistory()
    for step in range(2 * ENOUGH * (MOST_TAKEN + 5)):
        history.look(step, one_head(0.9 if step // ENOUGH % 2 else 0.1), task)
    assert len(history.taken) == MOST_TAKEN


def test_a_branch_takes_along_what_was_seen_before_it(task: Task) -> None:
    history = HeadHistory()
    for step, diagonal in enumerate([0.1, 0.7, 0.8, 0.9, 0.1, 0.1, 0.1, 0.7, 0.8, 0.9]):
        history.look(step, one_head(diagonal), task)
    assert [found.step for found in history.taken] == [1, 7]
    branch = history.up_to(7)
    assert looks(branch) == list(range(8))
    assert [found.step for found in branch.taken] == [1]  # what comes of it is not known there yet
    for step in (8, 9):
        branch.look(step, one_head(0.2), task)
    assert [found.step for found in branch.taken] == [1] and kept(history, 9) != kept(branch, 9)
    other = history.up_to(6)
    for step in range(7, 10):
        other.look(step, one_head(0.6), task)
    assert [found.step for found in other.taken] == [1, 7] and other.taken[1].value == pytest.approx(0.6)


def test_every_branch_of_a_session_has_a_history_of_its_own() -> None:
    with Session(SMALL) as session:
        for _ in range(4):
            session.train(1)
            session.snapshot()
        session.go_to(2)
        session.branch("other")
        assert looks(session.history.heads) == [1, 2]
        session.train(3)
        session.snapshot()
        assert looks(session.history.heads) == [1, 2, 5]
        session.view(3, 0)
        assert looks(session.lines[0].history.heads) == [1, 2, 3, 4]


def test_columns_tell_heads_and_metrics_apart(task: Task) -> None:
    history = HeadHistory()
    history.look(0, one_head(0.4), task)
    assert history.record.names == tuple(
        column_name("encoder L0H0", metric)
        for metric in vars(HeadMetrics(0, 0, 0, 0))
        if metric != "source_alignment"
    )


def test_a_run_that_others_train_is_looked_at_too(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    with Session(SMALL) as session:
        session.record(path)
        session.train(6)
        session.snapshot()
    with FollowedRun(path) as followed:
        for step in (6, 2):
            shown = followed.view(step)
            assert shown is not None
            assert_equal_metrics(followed.history.heads, shown, followed.task)
        assert looks(followed.history.heads) == [2, 6]
