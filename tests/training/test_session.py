"""A session: train, go back, branch and change, and nothing that was recorded is ever lost or different."""

import math
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.training.small_runs import (
    EVERYTHING,
    HARD,
    SMALL,
    fields,
    file_config,
    moment,
    new_trainer,
    same,
    scalars,
)
from tfviz.training.config import RunConfig
from tfviz.training.events import Branched, Intervened
from tfviz.training.rules import ConfigurationError
from tfviz.training.run_file.branch import Branch
from tfviz.training.session import Session

RATE = "training.learning_rate"


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(HARD) as made:
        yield made


def everything(session: Session) -> object:
    """All that an operation which fails must leave as it was."""
    lines = [
        (line.branch, tuple(line.configs), scalars(line.history), line.keyframes.steps)
        for line in session.lines.values()
    ]
    return fields(session.trainer.state()), session.step, session.line.branch, tuple(lines), session.probe


def test_a_new_session_stands_at_step_0() -> None:
    session = Session(SMALL)
    assert (session.step, session.frontier, len(session.history)) == (0, 0, 0)
    assert math.isnan(session.loss)
    assert session.seed == 0 and session.config == SMALL and session.total_steps is None
    assert session.branches == (Branch(0, "main", None, 0, SMALL),)
    assert session.keyframes.steps == (0,)
    assert not session.running
    assert session.parameter_count == sum(array.size for array in session.parameters.values())


def test_training_records_every_step(session: Session) -> None:
    trainer = new_trainer(HARD)
    session.train(12)
    expected = [trainer.train_batch() for _ in range(12)]
    assert session.step == session.frontier == len(session.history) == 12
    assert session.history.names == trainer.scalar_names
    for place, name in enumerate(trainer.scalar_names):
        if name != "step_time" and not name.startswith("validation"):
            assert session.history[name].tolist() == [row[place] for row in expected], name
    assert session.loss == expected[-1][0]
    assert same(session.trainer.state(), trainer.state())


def test_validation_is_recorded_every_so_many_steps(session: Session) -> None:
    session.train(12)
    recorded = session.history["validation_loss"]
    assert np.flatnonzero(~np.isnan(recorded)).tolist() == [4, 9]  # after 5 and 10 steps
    session.go_to(10)
    expected = session.trainer.validate()
    names = ("validation_loss", "validation_token_accuracy", "validation_sequence_accuracy")
    assert tuple(session.history[name][9] for name in names) == expected


def test_validation_can_be_off_or_impossible(tmp_path: Path) -> None:
    for config in (SMALL.replace("training.validation_every", 0), file_config(tmp_path)):
        session = Session(config)
        session.train(6)
        assert np.isnan(session.history["validation_loss"]).all()


def test_a_validation_that_fails_leaves_the_step_recorded(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise MemoryError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(session.trainer, "validate", fail)
        with pytest.raises(MemoryError):
            session.train(7)
    assert session.step == session.frontier == 5
    session.train(2)
    unharmed = Session(HARD)
    unharmed.train(7)
    assert same(session.trainer.state(), unharmed.trainer.state())
    assert session.history["loss"].tolist() == unharmed.history["loss"].tolist()


def test_training_ends_with_the_run() -> None:
    session = Session(SMALL.replace("training.steps", 7))
    session.train(5)
    session.train(5)
    assert session.step == 7
    session.train()
    assert session.step == 7
    session.go_to(2)
    session.train()
    assert session.step == 7


def test_a_run_without_an_end_has_to_be_told_how_far() -> None:
    with pytest.raises(ValueError, match="the run has no last step: say how many steps to train"):
        Session(SMALL).train()


def test_whoever_trains_hears_of_every_step(session: Session) -> None:
    heard: list[int] = []
    session.train(4, lambda: heard.append(session.step))
    assert heard == [1, 2, 3, 4]


def test_parameters_and_columns_are_copies(session: Session) -> None:
    session.train(2)
    before = fields(session.trainer.state())
    for array in session.parameters.values():
        array[...] = 0
    session.history["loss"][...] = 0
    assert fields(session.trainer.state()) == before and session.loss > 0


def test_any_step_can_be_gone_to_and_is_as_it_was(session: Session) -> None:
    session.keyframes.near = session.keyframes.spacing = 8
    moments = {0: moment(session)}
    session.train(30, lambda: moments.update({session.step: moment(session)}))
    record = scalars(session.history)
    for step in (30, 0, 29, 8, 7, 9, 16, 1, 30):
        session.go_to(step)
        assert session.step == step and session.frontier == 30
        assert moment(session) == moments[step]
    assert scalars(session.history) == record


def test_training_from_the_past_takes_the_recorded_steps_again(session: Session) -> None:
    session.train(20)
    end, record, steps = moment(session), scalars(session.history), session.keyframes.steps
    session.go_to(6)
    session.train(10)
    assert session.step == 16 and session.frontier == 20
    session.train(4)
    assert moment(session) == end
    assert scalars(session.history) == record and session.keyframes.steps == steps
    session.train(1)
    assert session.frontier == 21


@pytest.mark.parametrize("step", [-1, 11, 10**9])
def test_a_step_that_was_not_recorded_cannot_be_gone_to(session: Session, step: int) -> None:
    session.train(10)
    session.go_to(4)
    before = everything(session)
    with pytest.raises(ValueError, match=f"step {step} is not recorded: 0 to 10"):
        session.go_to(step)
    with pytest.raises(ValueError, match=f"step {step} is not recorded in branch main: 0 to 10"):
        session.view(step)
    assert everything(session) == before


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
        ("training.optimizer", "sgd"),
        ("training.schedule", "cosine"),
    ],
)
@pytest.mark.parametrize("step", [6, 10])
def test_a_change_that_cannot_be_leaves_everything_as_it_was(
    session: Session, path: str, value: object, step: int
) -> None:
    session.train(10)
    session.go_to(step)
    before = everything(session)
    with pytest.raises(ConfigurationError) as caught:
        session.intervene(path, value)
    assert caught.value.path == path
    assert everything(session) == before and session.mailbox.events() == []


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
    before = everything(session)
    for ask in (session.switch, session.delete, lambda number: session.view(1, number)):
        with pytest.raises(ValueError, match=r"there is no branch 5: 0 \(main\), 1 \(one\)"):
            ask(5)
    assert everything(session) == before


def test_a_branch_can_be_deleted_unless_it_is_needed(session: Session) -> None:
    session.train(3)
    session.branch("one")
    session.train(1)
    session.branch("two")
    before = everything(session)
    with pytest.raises(ValueError, match="branch 'two' cannot be deleted: it is the main or the current one"):
        session.delete(2)
    with pytest.raises(ValueError, match="branch 'one' cannot be deleted: two left it"):
        session.delete(1)
    with pytest.raises(ValueError, match="branch 'main' cannot be deleted: one left it"):
        session.delete(0)
    assert everything(session) == before
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


def test_a_view_of_any_step_is_what_going_there_would_show(session: Session) -> None:
    session.train(25)
    session.go_to(14)
    session.intervene(RATE, 0.001)
    session.train(6)
    before = everything(session)
    views = {
        (step, branch): fields(session.view(step, branch))
        for branch, last in ((0, 25), (1, 20), (None, 20))
        for step in (last, 0, 13, 14, 15)
    }
    assert everything(session) == before  # views never touch the frontier, nor where the session stands
    assert views[15, None] == views[15, 1] != views[15, 0]
    for branch in (1, 0):
        session.switch(branch)
        for step in {step for step, viewed in views if viewed == branch}:
            session.go_to(step)
            assert fields(session.snapshot(EVERYTHING)) == views[step, branch]


def test_a_view_is_given_up_when_nobody_wants_it_any_more(session: Session) -> None:
    session.train(15)
    before, told = everything(session), []

    def twice(done: int, of: int) -> bool:
        told.append((done, of))
        return done < 2

    assert session.view(9, progress=twice) is None
    assert told == [(0, 9), (1, 9), (2, 9)]
    assert everything(session) == before
    session.go_to(9)
    expected = fields(session.snapshot(EVERYTHING))
    assert fields(session.view(9)) == expected  # from where the other one was given up


def test_views_from_several_threads_take_turns(session: Session) -> None:
    session.train(12)
    expected = {step: fields(session.view(step)) for step in range(13)}
    wrong: list[int] = []

    def look(steps: list[int]) -> None:
        wrong.extend(step for step in steps if fields(session.view(step)) != expected[step])

    threads = [threading.Thread(target=look, args=(list(steps),)) for steps in (range(13), range(12, -1, -1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert wrong == []


def test_the_probe_is_chosen_by_number_or_typed(session: Session) -> None:
    assert session.probe.origin == "validation 1/6"
    session.set_probe(4)
    assert session.probe == session.task.example(4)
    session.set_probe("0 1")
    assert session.probe.origin == "typed"
    for number in (0, 7):
        with pytest.raises(
            ConfigurationError, match=f"probe is {number}; allowed: a whole number from 1 to 6"
        ):
            session.set_probe(number)
    assert session.probe.origin == "typed"


def test_a_session_that_was_closed_can_be_looked_at_still() -> None:
    for config in (HARD, HARD.replace("training.shards", 2)):
        session = Session(config)
        session.train(6)
        seen = [fields(session.view(step)) for step in (6, 3)]
        session.close()
        assert [fields(session.view(step)) for step in (6, 3)] == seen
        session.go_to(3)
        assert fields(session.snapshot(EVERYTHING)) == seen[1]
        session.close()


def test_a_configuration_that_cannot_be_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        Session(RunConfig().with_values({"task.name": "file", "task.path": str(tmp_path / "missing.tsv")}))
    with pytest.raises(ConfigurationError, match=r"task\.probe is 400"):
        Session(SMALL.replace("task.probe", 400))


def test_a_session_without_a_configuration_is_the_default_one() -> None:
    assert Session().config == RunConfig()
