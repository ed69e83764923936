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
    RATE,
    SMALL,
    fields,
    file_config,
    moment,
    new_trainer,
    same,
    scalars,
    whole,
)
from tfviz.training.config import RunConfig
from tfviz.training.rules import ConfigurationError
from tfviz.training.run_file.branch import Branch
from tfviz.training.session import Session


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(HARD) as made:
        yield made


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
    session.keyframes.fix(8)
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
    before = whole(session)
    for look in (session.go_to, session.view):
        with pytest.raises(ValueError, match=f"step {step} is not recorded in branch main: 0 to 10"):
            look(step)
    assert whole(session) == before


def test_a_view_of_any_step_is_what_going_there_would_show(session: Session) -> None:
    session.train(25)
    session.go_to(14)
    session.intervene(RATE, 0.001)
    session.train(6)
    before = whole(session)
    views = {
        (step, branch): fields(session.view(step, branch))
        for branch, last in ((0, 25), (1, 20), (None, 20))
        for step in (last, 0, 13, 14, 15)
    }
    assert whole(session) == before  # views never touch the frontier, nor where the session stands
    assert views[15, None] == views[15, 1] != views[15, 0]
    for branch in (1, 0):
        session.switch(branch)
        for step in {step for step, viewed in views if viewed == branch}:
            session.go_to(step)
            assert fields(session.snapshot(EVERYTHING)) == views[step, branch]


def test_a_view_is_given_up_when_nobody_wants_it_any_more(session: Session) -> None:
    session.keyframes.fix(16)
    session.train(15)
    before, told = whole(session), []

    def twice(done: int, of: int) -> bool:
        told.append((done, of))
        return done < 2

    assert session.view(9, progress=twice) is None
    assert told == [(0, 9), (1, 9), (2, 9)]
    assert whole(session) == before
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
