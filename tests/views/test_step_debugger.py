"""A step is taken apart in a thread of its own; what comes of it is told in the window's."""

import threading

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from tests.training.small_runs import HARD, fields, new_trainer, same
from tfviz.training.stepping.stepper import Stepper
from tfviz.training.trainer import Trainer
from tfviz.views.operations.step_debugger import Chosen, StepDebugger


class Run:
    """Opens the first step of a run as soon as `go` lets it, after as many looks at the progress."""

    def __init__(self, looks: int = 0) -> None:
        self.looks, self.go = looks, threading.Semaphore(0)
        self.given_up: list[int] = []
        self.trainer: Trainer = new_trainer(HARD)
        self.trainer.models.close()

    def stepper(self, step: int, branch: int | None = None, progress: object = None) -> Stepper | None:
        for done in range(self.looks):
            if not self.go.acquire(timeout=20):
                raise TimeoutError
            if not progress(done, self.looks):
                self.given_up.append(step)
                return None
        if step:
            raise ValueError(f"step {step} is not recorded")
        return Stepper.following(self.trainer)


@pytest.fixture
def opened(debugger: StepDebugger, qtbot: QtBot) -> StepDebugger:
    with qtbot.waitSignal(debugger.opened):
        debugger.open(Run(), 0, 0)
    return debugger


def position(debugger: StepDebugger) -> int:
    assert debugger.rests
    assert debugger.stepper is not None
    return debugger.stepper.position


def test_a_step_opens_at_its_start(debugger: StepDebugger, qtbot: QtBot) -> None:
    assert debugger.stepper is None
    assert not debugger.busy
    with qtbot.waitSignal(debugger.opened):
        debugger.open(Run(), 0, 0)
        assert debugger.busy
        assert debugger.opening
    assert position(debugger) == 0
    assert not debugger.busy
    assert not debugger.opening


def test_moves_lead_where_the_last_one_says(opened: StepDebugger, qtbot: QtBot) -> None:
    for order, goal in (
        (lambda: opened.forward(3), 3),
        (opened.back, 2),
        (lambda: opened.back(10), 0),
        (lambda: opened.run_to(6), 7),
    ):
        with qtbot.waitSignal(opened.moved):
            order()
        assert position(opened) == goal


def test_moves_that_were_asked_for_together_add_up(opened: StepDebugger, qtbot: QtBot) -> None:
    for _ in range(5):
        opened.forward()
    opened.back()
    opened.forward(2)
    qtbot.waitUntil(lambda: not opened.busy)
    assert position(opened) == 6


def test_the_phases_end_with_loss_gradients_and_update(opened: StepDebugger, qtbot: QtBot) -> None:
    stepper = opened.stepper
    with qtbot.waitSignal(opened.moved):
        opened.run_to_loss()
    assert stepper.last.name == "loss"
    assert stepper.loss is not None
    with qtbot.waitSignal(opened.moved):
        opened.run_to_gradients()
    assert stepper.last.phase == "backward"
    assert stepper.next.phase == "clipping"
    with qtbot.waitSignal(opened.moved):
        opened.run_to_update()
    assert stepper.next is None


def test_a_step_that_was_wandered_through_ends_where_training_ends(
    opened: StepDebugger, qtbot: QtBot
) -> None:
    opened.run_to_gradients()
    qtbot.waitUntil(lambda: not opened.busy)
    gradients = {name: fields(opened.stepper.gradient(name)) for name in opened.stepper.tensors}
    opened.back(7)
    qtbot.waitUntil(lambda: not opened.busy)
    opened.forward(7)
    qtbot.waitUntil(lambda: not opened.busy)
    assert {name: fields(opened.stepper.gradient(name)) for name in opened.stepper.tensors} == gradients
    with qtbot.waitSignal(opened.moved):
        opened.run_to_update()
    trainer = new_trainer(HARD)
    trainer.train_batch()
    trainer.models.close()
    assert same(opened.stepper.state(), trainer.state())


def test_what_is_asked_while_a_step_opens_is_asked_of_that_one(debugger: StepDebugger, qtbot: QtBot) -> None:
    found: list[int] = []
    debugger.open(Run(), 0, 0)
    debugger.run_to_loss()
    debugger.run(lambda stepper: stepper.position, found.append)
    qtbot.waitUntil(lambda: bool(found))
    assert found == [position(debugger)]
    assert debugger.stepper.loss is not None


def test_another_wish_gives_up_the_way_to_the_first(debugger: StepDebugger, qtbot: QtBot) -> None:
    slow = Run(looks=3)
    debugger.open(slow, 0, 0)
    slow.go.release()
    qtbot.waitUntil(lambda: debugger.progress == (0, 3))
    with qtbot.waitSignal(debugger.opened):
        debugger.open(Run(), 0, 0)
        slow.go.release()
    assert slow.given_up == [0]
    assert position(debugger) == 0


def test_closing_gives_up_what_is_under_way(debugger: StepDebugger, qtbot: QtBot) -> None:
    slow = Run(looks=2)
    debugger.open(slow, 0, 0)
    debugger.forward(3)
    with qtbot.waitSignal(debugger.opened):
        debugger.close()
    assert not debugger.busy
    assert debugger.stepper is None
    slow.go.release(2)
    qtbot.waitUntil(lambda: slow.given_up == [0])
    with qtbot.assertNotEmitted(debugger.moved, wait=50):
        debugger.forward()
    assert debugger.stepper is None


def test_a_closed_step_is_open_again_for_who_asks_again(opened: StepDebugger, qtbot: QtBot) -> None:
    opened.forward(4)
    opened.close()
    with qtbot.waitSignal(opened.opened):
        opened.open(Run(), 0, 0)
    assert position(opened) == 0


def test_an_error_arrives_once_and_leaves_no_step(opened: StepDebugger, qtbot: QtBot) -> None:
    errors: list[Exception] = []
    opened.failed.connect(errors.append)
    opened.open(Run(), 0, 5)
    opened.forward()
    qtbot.waitUntil(lambda: not opened.busy)
    assert [str(error) for error in errors] == ["step 5 is not recorded"]
    assert opened.stepper is None
    with qtbot.waitSignal(opened.opened):
        opened.open(Run(), 0, 0)
    assert len(errors) == 1


def test_an_update_that_would_spoil_the_parameters_is_refused_and_the_step_rests_before_it(
    debugger: StepDebugger, qtbot: QtBot
) -> None:
    run = Run()
    run.trainer.parameters.flat[...] = np.nan
    errors: list[Exception] = []
    debugger.failed.connect(errors.append)
    debugger.open(run, 0, 0)
    debugger.run_to_update()
    qtbot.waitUntil(lambda: not debugger.busy)
    assert len(errors) == 1
    assert position(debugger) == len(debugger.stepper.places) - 1
    with qtbot.waitSignal(debugger.moved):
        debugger.back()
    assert debugger.stepper.next.phase == "clipping"


def test_work_is_done_in_the_thread_and_told_in_the_window_s(opened: StepDebugger, qtbot: QtBot) -> None:
    told: list[tuple[object, bool]] = []
    here = threading.get_ident()

    def tell(result: object) -> None:
        told.append((result, threading.get_ident() == here))

    opened.run(lambda stepper: (stepper.position, threading.get_ident() == here), tell)
    opened.forward(2)
    opened.run(lambda stepper: (stepper.position, threading.get_ident() == here), tell)
    qtbot.waitUntil(lambda: not opened.busy)
    assert told == [((0, False), True), ((2, False), True)]


def test_the_step_rests_while_work_is_done(opened: StepDebugger, qtbot: QtBot) -> None:
    go = threading.Event()
    told: list[bool] = []
    opened.run(lambda stepper: go.wait(20), told.append)
    assert opened.busy
    assert opened.rests
    opened.forward()
    assert not opened.rests
    go.set()
    qtbot.waitUntil(lambda: not opened.busy)
    assert told == [True]


def test_work_for_a_step_that_was_closed_is_dropped(opened: StepDebugger, qtbot: QtBot) -> None:
    begun, go = threading.Event(), threading.Event()
    told: list[object] = []

    def slow(stepper: Stepper) -> bool:
        begun.set()
        return go.wait(20)

    opened.run(slow, told.append)
    opened.run(lambda stepper: "second", told.append)
    assert begun.wait(20)
    opened.close()
    go.set()
    with qtbot.waitSignal(opened.opened):
        opened.open(Run(), 0, 0)
    opened.run(lambda stepper: "third", told.append)
    qtbot.waitUntil(lambda: not opened.busy)
    assert told == ["third"]


def test_work_that_fails_is_told_once_and_others_go_on(opened: StepDebugger, qtbot: QtBot) -> None:
    errors: list[Exception] = []
    told: list[object] = []
    opened.failed.connect(errors.append)
    opened.run(lambda stepper: stepper.tensors["nothing"], told.append)
    opened.run(lambda stepper: "after", told.append)
    qtbot.waitUntil(lambda: not opened.busy)
    assert [type(error) for error in errors] == [KeyError]
    assert told == ["after"]


def test_what_is_looked_at_is_told_when_it_changes_and_forgotten_with_the_step(
    opened: StepDebugger, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(opened.chosen_changed):
        opened.choose(Chosen("logits", "gradient", (0, 1, 2)))
    with qtbot.assertNotEmitted(opened.chosen_changed):
        opened.choose(Chosen("logits", "gradient", (0, 1, 2)))
    opened.close()
    assert opened.chosen is None


def test_a_debugger_that_was_stopped_has_no_thread_and_begins_again(
    opened: StepDebugger, qtbot: QtBot
) -> None:
    opened.forward(5)
    opened.stop()
    assert "tfviz step" not in [thread.name for thread in threading.enumerate()]
    with qtbot.waitSignal(opened.opened):
        opened.open(Run(), 0, 0)
    assert position(opened) == 0
