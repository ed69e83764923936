"""Looking back: a second set of parameters goes to any recorded step, and the first never notices."""

import pytest

from tests.training.small_runs import EVERYTHING, HARD, fields, new_trainer, same
from tfviz.training.branching.past import Past, replay
from tfviz.training.session import Session
from tfviz.training.trainer import State, Trainer


@pytest.fixture(scope="module")
def recorded() -> tuple[Session, dict[int, State], dict[int, object]]:
    """A run of 40 steps with a change after 25, its state and its picture after every step."""
    session = Session(HARD)
    session.keyframes.fix(8)
    states, pictures = {}, {}

    def look() -> None:
        states[session.step] = session.trainer.state()
        pictures[session.step] = fields(session.snapshot(EVERYTHING))

    look()
    session.train(25, look)
    session.intervene("training.learning_rate", 0.002)
    session.train(15, look)
    return session, states, pictures


Recorded = tuple[Session, dict[int, State], dict[int, object]]


def another(session: Session) -> Trainer:
    return Trainer(HARD, session.task)


@pytest.mark.parametrize("step", [0, 1, 7, 8, 9, 25, 26, 31, 40])
def test_a_replay_gives_the_state_of_any_step_again(recorded: Recorded, step: int) -> None:
    session, states, _ = recorded
    trainer = another(session)
    assert replay(trainer, session.line, step)
    assert same(trainer.state(), states[step])


def test_a_replay_goes_on_from_where_it_is_if_that_is_on_the_way(recorded: Recorded) -> None:
    session, states, _ = recorded
    trainer, told = another(session), []

    def progress(done: int, of: int) -> bool:
        told.append((done, of))
        return True

    for step, steps in ((18, 2), (22, 4), (22, 0), (21, 5), (23, 2), (31, 7), (40, 0)):
        told.clear()
        assert replay(trainer, session.line, step, progress)
        assert told == [(done, steps) for done in range(steps)]
        assert same(trainer.state(), states[step])


def test_a_replay_that_is_given_up_stands_between_and_can_go_on(recorded: Recorded) -> None:
    session, states, _ = recorded
    trainer = another(session)
    assert not replay(trainer, session.line, 31, lambda done, of: done < 3)
    assert trainer.step == 27 and same(trainer.state(), states[27])
    assert replay(trainer, session.line, 31)
    assert same(trainer.state(), states[31])


def test_a_replay_adds_nothing_to_the_record(recorded: Recorded) -> None:
    session, _, _ = recorded
    steps, length = session.keyframes.steps, len(session.history)
    replay(another(session), session.line, 39)
    assert (session.keyframes.steps, len(session.history)) == (steps, length)


def test_visits_in_any_order_show_each_step_as_it_was(recorded: Recorded) -> None:
    session, states, pictures = recorded
    trainer = another(session)
    past = Past(trainer, session.task)
    for step in (40, 3, 17, 18, 16, 0, 31, 30, 26, 25):
        assert past.visit(session.line, step)
        assert same(trainer.state(), states[step])
        assert fields(session._pictures.take(session.line, past.reader, step, EVERYTHING)) == pictures[step]
    past.close()


def test_a_visit_to_another_branch_starts_from_its_own_keyframes(recorded: Recorded) -> None:
    session, states, _ = recorded
    other = Session(HARD.replace("training.learning_rate", 0.05))
    other.train(20)
    trainer = another(session)
    past = Past(trainer, session.task)
    past.visit(session.line, 18)
    past.visit(other.line, 18)  # on the way from step 16, had it been of this branch
    expected = other.trainer.state()
    other.go_to(18)
    assert same(trainer.state(), other.trainer.state()) and not same(trainer.state(), expected)
    past.visit(session.line, 19)
    assert same(trainer.state(), states[19])
    past.close()


def test_the_live_trainer_is_not_touched(recorded: Recorded) -> None:
    session, _, _ = recorded
    before = session.trainer.state()
    past = Past(another(session), session.task)
    past.visit(session.line, 11)
    assert same(session.trainer.state(), before)
    past.close()


def test_two_shards_visit_as_one_does() -> None:
    with Session(HARD.replace("training.shards", 2)) as session:
        session.train(5)
        middle = session.trainer.state()
        session.train(5)
        trainer = new_trainer(session.config)
        past = Past(trainer, session.task)
        past.visit(session.line, 5)
        assert same(trainer.state(), middle)
        past.close()
