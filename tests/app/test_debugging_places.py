"""A step is opened at a place in it: one that was asked for, one that is not finite, one at which training broke."""

import numpy as np
import pytest

from tests.app.conftest import Open
from tests.app.driving import Driver
from tests.app.step_window import WEIGHTS, Window
from tfviz.training.config import RunConfig
from tfviz.training.stepping.break_conditions import (
    BreakCondition,
    EntropyBelow,
    GradientAbove,
    UpdateRatioOutside,
)
from tfviz.views.operations.step_debugger import Chosen


@pytest.fixture
def window(driver: Driver) -> Window:
    driver.train(3)
    return Window(driver)


@pytest.mark.parametrize(
    ("words", "phase", "chosen"),
    [
        (f"{WEIGHTS} (forward, Softmax)", "forward", Chosen(WEIGHTS)),
        (WEIGHTS, "forward", Chosen(WEIGHTS)),
        (
            f"{WEIGHTS} (backward, Softmax)",
            "backward",
            Chosen(WEIGHTS.replace("weights", "scores"), "gradient"),
        ),
    ],
)
def test_a_place_of_a_step_is_opened_with_its_result_in_view(
    window: Window, words: str, phase: str, chosen: Chosen
) -> None:
    window.debugging.open_at(3, words)
    window.driver.qtbot.waitUntil(lambda: window.debugger.chosen is not None)
    window.settle()
    assert (window.stepper.step, window.stepper.last.name, window.stepper.last.phase) == (4, WEIGHTS, phase)
    assert window.debugger.chosen == chosen


def test_a_parameter_wrong_before_the_step_is_in_view_at_the_step_s_start(window: Window) -> None:
    window.debugging.open_at(1, "parameter generator.weight, before the step")
    window.driver.qtbot.waitUntil(lambda: window.debugger.chosen == Chosen("generator.weight"))
    window.settle()
    assert (window.stepper.step, window.stepper.position) == (2, 0)


def test_an_unknown_place_opens_the_step_at_its_start(window: Window) -> None:
    window.debugging.open_at(1, "nowhere")
    window.settle()
    assert (window.stepper.step, window.stepper.position) == (2, 0)
    assert window.driver.clock.step == 1


@pytest.fixture
def wild(open_window: Open, config: RunConfig) -> Window:
    """A run whose second step is not finite."""
    return Window(
        open_window(config.with_values({"training.learning_rate": 1e30, "training.optimizer": "sgd"}))
    )


def test_a_step_that_would_spoil_the_parameters_is_told_once_and_stays_open(wild: Window) -> None:
    driver = wild.driver
    driver.train(1)
    driver.window.commands["run_to_update"].trigger()
    driver.qtbot.waitUntil(lambda: len(driver.window.problems.dialogs) == 1)
    wild.settle()
    assert wild.stepper.next.phase == "update"
    driver.window.problems.dialogs[0].close()


def test_training_that_meets_nan_opens_the_step_where_it_arose(wild: Window) -> None:
    driver = wild.driver
    driver.session.gate.run()
    driver.qtbot.waitUntil(lambda: wild.debugger.chosen is not None, timeout=10_000)
    wild.settle()
    assert driver.session.step == driver.clock.step == wild.stepper.step - 1
    assert not np.isfinite(wild.stepper.value(wild.debugger.chosen.tensor)).all()
    driver.qtbot.waitUntil(lambda: len(driver.window.problems.dialogs) == 1)
    assert wild.stepper.last.name in driver.window.problems.dialogs[0].text_label.text()
    driver.window.problems.dialogs[0].close()


@pytest.mark.parametrize(
    ("condition", "last", "following"),
    [
        (GradientAbove(1e-9), "clipping", "update"),
        (UpdateRatioOutside(0.0, 1e-12), "clipping", "update"),
        (EntropyBelow(100.0), "decoder.layers.0.self_attn.weights", "decoder.layers.0.self_attn.context"),
    ],
)
def test_a_break_opens_the_step_at_the_place_that_it_names(
    window: Window, condition: BreakCondition, last: str, following: str
) -> None:
    window.driver.session.break_conditions = (condition,)
    window.driver.session.gate.run()
    window.driver.qtbot.waitUntil(
        lambda: window.debugger.stepper is not None and window.stepper.position > 0, timeout=10_000
    )
    window.settle()
    assert window.stepper.step == window.driver.session.step + 1
    assert (window.stepper.last.name, window.stepper.next.name) == (last, following)
