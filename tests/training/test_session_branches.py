"""Changing a run: at its frontier in place, before it in a branch, and never what was recorded."""

from collections.abc import Iterator

import pytest

from tests.training.small_runs import (
    HARD,
    RATE,
    moment,
    new_trainer,
    same,
    scalars,
    whole,
)
from tfviz.training.events import Branched, Intervened
from tfviz.training.rules import ConfigurationError
from tfviz.training.run_file.branch import Branch
from tfviz.training.session import Session


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(HARD) as made:
        yield made


def test_an_intervention_at_the_frontier_stays_in_the_branch(session: Session) -> None:
    session.train(10)
    before = session.trainer.state()
    assert session.intervene(RATE, 0.002) == session.branches[0]
    assert len(session.branches) == 1 and session.config == HARD.replace(RATE, 0.002)
    assert same(session.trainer.state(), before)
    session.train(5)
    warm = new_trainer(HARD).schedule
    expected = [warm(step) for step in range(1, 11)] + [0.2 * warm(step) for step in range(11, 16)]
    assert session.history["learning_rate"].tolist() == pytest.approx(expected)
    assert session.mailbox.events() == [Intervened(10, "learning_rate 0.002")]


def test_an_intervention_before_the_frontier_starts_a_branch(session: Session) -> None:
    session.train(20)
    record = scalars(session.history)
    session.go_to(12)
    past = session.trainer.state()
    branch = session.intervene(RATE, 0.002)
    assert branch == Branch(1, "learning_rate 0.002 from step 12", 0, 12, HARD)
    assert session.branches == (Branch(0, "main", None, 0, HARD), branch)
    assert session.line.branch == branch and session.step == session.frontier == 12
    assert same(session.trainer.state(), past)
    session.train(8)
    other = scalars(session.history)
    assert scalars(session.lines[0].history) == record
    assert scalars(session.history, 12) == scalars(session.lines[0].history, 12)
    assert other["loss"] != record["loss"]
    assert session.mailbox.events() == [
        Branched(12, 1, "learning_rate 0.002 from step 12"),
        Intervened(12, "learning_rate 0.002"),
    ]


def test_a_branch_without_a_change_has_the_same_future(session: Session) -> None:
    session.train(20)
    end, record = moment(session), scalars(session.history)
    session.go_to(7)
    assert session.branch("again") == Branch(1, "again", 0, 7, HARD)
    session.train(13)
    assert moment(session) == end and scalars(session.history) == record


def test_a_branch_may_leave_at_the_frontier_and_from_a_branch(session: Session) -> None:
    session.train(5)
    session.branch("one")
    session.train(5)
    session.branch("two")
    session.intervene(RATE, 0.001)
    session.train(5)
    assert [(b.number, b.parent, b.fork) for b in session.branches] == [(0, None, 0), (1, 0, 5), (2, 1, 10)]
    assert [line.frontier for line in session.lines.values()] == [5, 10, 15]


def test_setting_what_is_set_already_changes_nothing(session: Session) -> None:
    session.train(10)
    session.go_to(3)
    assert session.intervene(RATE, HARD.training.learning_rate) == session.branches[0]
    assert len(session.branches) == 1 and session.step == 3 and session.mailbox.events() == []


def test_another_seed_draws_other_batches_from_there_on_and_keeps_what_is_held_out(session: Session) -> None:
    session.train(10)
    held_out, end = session.task.validation, session.trainer.state()
    session.go_to(5)
    session.intervene("training.seed", 7)
    session.train(5)
    assert session.task.validation == held_out and session.seed == 0
    assert not same(session.trainer.state(), end)
    assert session.history["loss"][5] != session.lines[0].history["loss"][5]
    assert session.history["loss"][:5].tolist() == session.lines[0].history["loss"][:5].tolist()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("training.colour", "red"),
        ("nothing", 1),
        (RATE, -0.5),
        (RATE, "fast"),
        ("model.dropout", 1.5),
        ("model.d_model", 16),
        ("model.architecture", "encoder"),
        ("model.positions", "learned"),
        ("model.heads_off", ("encoder.7.0",)),
        ("training.frozen", ("attic",)),
        ("training.schedule", "cosine"),
    ],
)
@pytest.mark.parametrize("step", [6, 10])
def test_a_change_that_cannot_be_leaves_everything_as_it_was(
    session: Session, path: str, value: object, step: int
) -> None:
    session.train(10)
    session.go_to(step)
    before = whole(session)
    with pytest.raises(ConfigurationError) as caught:
        session.intervene(path, value)
    assert caught.value.path == path
    assert whole(session) == before and session.mailbox.events() == []


def test_switching_goes_on_at_the_other_branchs_frontier(session: Session) -> None:
    session.train(20)
    main = moment(session)
    session.go_to(11)
    session.intervene("model.dropout", 0.5)
    session.train(6)
    branch = moment(session)
    session.mailbox.events()
    session.switch(0)
    assert session.step == 20 and moment(session) == main
    session.switch(1)
    assert session.step == 17 and moment(session) == branch
    assert session.mailbox.events() == [Branched(20, 0, "main"), Branched(17, 1, "dropout 0.5 from step 11")]


def test_going_to_a_step_of_a_branch_before_it_left_is_its_parents_step(session: Session) -> None:
    session.train(20)
    session.go_to(4)
    shared = moment(session)
    session.go_to(11)
    session.intervene(RATE, 0.001)
    session.train(3)
    session.go_to(4)
    assert moment(session) == shared and session.line.branch.number == 1


def test_a_branch_that_does_not_exist_is_refused_with_those_there_are(session: Session) -> None:
    session.train(3)
    session.branch("one")
    before = whole(session)
    for ask in (session.switch, session.delete, lambda number: session.view(1, number)):
        with pytest.raises(ValueError, match=r"there is no branch 5: 0 \(main\), 1 \(one\)"):
            ask(5)
    assert whole(session) == before


def test_a_branch_can_be_deleted_unless_it_is_needed(session: Session) -> None:
    session.train(3)
    session.branch("one")
    session.train(1)
    session.branch("two")
    before = whole(session)
    with pytest.raises(ValueError, match="branch 'two' cannot be deleted: it is the main or the current one"):
        session.delete(2)
    with pytest.raises(ValueError, match="branch 'one' cannot be deleted: two left it"):
        session.delete(1)
    with pytest.raises(ValueError, match="branch 'main' cannot be deleted: one left it"):
        session.delete(0)
    assert whole(session) == before
    session.switch(1)
    session.delete(2)
    session.switch(0)
    session.delete(1)
    with pytest.raises(
        ValueError, match="branch 'main' cannot be deleted: it is the main or the current one"
    ):
        session.delete(0)
    assert [branch.name for branch in session.branches] == ["main"] and session.step == 3


def test_the_number_of_a_deleted_branch_is_not_used_again(session: Session) -> None:
    session.train(2)
    session.branch("one")
    session.switch(0)
    session.delete(1)
    assert session.branch("another").number == 2


def test_branches_share_one_budget_of_keyframes(session: Session) -> None:
    whole = session.keyframes.budget
    session.train(2)
    for name in ("one", "two", "three"):
        session.branch(name)
    assert {line.keyframes.budget for line in session.lines.values()} == {whole // 4}
    session.switch(0)
    for number in (3, 2, 1):
        session.delete(number)
    assert session.keyframes.budget == whole


def test_several_fields_change_in_one_intervention(session: Session) -> None:
    session.train(10)
    session.go_to(6)
    branch = session.change({RATE: 0.002, "training.clip_norm": 0.5})
    assert (branch.number, branch.fork) == (1, 6)
    assert session.line.own_changes == [
        (
            6,
            {
                RATE: (HARD.training.learning_rate, 0.002),
                "training.clip_norm": (HARD.training.clip_norm, 0.5),
            },
        )
    ]
    assert [type(event) for event in session.mailbox.events()] == [Branched, Intervened]


def test_a_session_says_why_a_branch_is_kept(session: Session) -> None:
    session.train(5)
    session.branch("one")
    session.branch("two")
    main, current = "it is the main or the current one", session.why_kept(2)
    assert current == f"branch 'two' cannot be deleted: {main}"
    assert session.why_kept(1) == "branch 'one' cannot be deleted: two left it"
    session.switch(0)
    assert session.why_kept(2) is None
