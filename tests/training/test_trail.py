"""Stepping back is short: what a replay has passed is at hand."""

import numpy

from tests.training.small_runs import HARD, new_trainer, same
from tfviz.training.branching.past import Past
from tfviz.training.session import Session
from tfviz.training.stepping.trail import Trail
from tfviz.training.trainer import State


def state(number: int, size: int = 4) -> State:
    return {"parameters": numpy.full(size, number, numpy.float32)}


def test_the_nearest_state_before_a_step_is_found() -> None:
    trail = Trail()
    assert trail.nearest(9) is None
    for step in (5, 6, 8):
        trail.keep(step, state(step))
    assert trail.nearest(4) is None
    assert [trail.nearest(step)[0] for step in (5, 7, 100)] == [5, 6, 8]
    trail.clear()
    assert trail.steps == ()


def test_only_so_many_states_are_kept_and_the_oldest_go_first() -> None:
    trail = Trail(longest=3)
    for step in range(6):
        trail.keep(step, state(step))
    assert trail.steps == (3, 4, 5)


def test_states_take_no_more_memory_than_they_may() -> None:
    trail = Trail(memory=100)
    for step in range(6):
        trail.keep(step, state(step, size=10))
    assert trail.steps == (4, 5)
    trail.keep(6, state(6, size=1000))
    assert trail.steps == (6,)


def test_only_the_last_steps_before_the_goal_are_wanted() -> None:
    trail = Trail(longest=3)
    assert [step for step in range(10) if trail.wants(step, 10)] == [7, 8, 9]
    trail.keep(8, state(8))
    assert not trail.wants(8, 10)


def test_going_back_step_by_step_computes_no_step_twice() -> None:
    session = Session(HARD)
    session.keyframes.fix(16)
    states = {0: session.trainer.state()}
    session.train(30, lambda: states.update({session.step: session.trainer.state()}))
    trainer = new_trainer(HARD)
    past = Past(trainer, session.task)
    replayed: list[int] = []

    def count(done: int, of: int) -> bool:
        replayed.append(done)
        return True

    for step in (30, *range(29, 15, -1)):
        assert past.visit(session.line, step, count)
        assert same(trainer.state(), states[step])
    assert len(replayed) == 14  # from the keyframe at 16 to 30, once
    for step in (20, 21, 19, 30, 3):
        past.visit(session.line, step)
        assert same(trainer.state(), states[step])
    past.close()
    session.close()


def test_another_branch_has_a_trail_of_its_own() -> None:
    session = Session(HARD)
    session.train(12)
    session.go_to(6)
    session.intervene("training.learning_rate", 0.05)
    session.train(6)
    expected = session.trainer.state()
    main, branch = session.lines[0], session.line
    trainer = new_trainer(HARD)
    past = Past(trainer, session.task)
    past.visit(main, 12)
    past.visit(branch, 12)
    assert same(trainer.state(), expected)
    past.close()
    session.close()
