"""The user says when training is to stop: the dialog, what it leads to, and that it is remembered."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QLabel, QToolButton

from tests.app.conftest import Open
from tests.app.driving import LEFT, Driver
from tfviz.app.dialogs.break_choices import BreakChoices
from tfviz.app.dialogs.break_dialog import BreakDialog
from tfviz.app.settings import Settings
from tfviz.training.stepping.break_conditions import (
    EntropyBelow,
    GradientAbove,
    LossAbove,
    NonFinite,
    UpdateRatioOutside,
)
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.optimiser.optimiser_panel import OptimiserPanel


def ask(driver: Driver) -> BreakDialog:
    """Open the dialog by the button of the optimiser's panel."""
    driver.window.docks["optimiser_panel"].raise_()
    button = driver.find(QToolButton, "optimiser_breaks")
    driver.qtbot.waitUntil(button.isVisible)
    driver.click_on(button)
    dialog = driver.window.findChild(BreakDialog)
    assert dialog is not None
    return dialog


def tick(driver: Driver, dialog: BreakDialog, name: str) -> None:
    box = dialog.findChild(QCheckBox, f"break_{name}")
    assert box is not None
    driver.qtbot.mouseClick(box, LEFT, pos=QPoint(9, box.height() // 2))


def type_number(driver: Driver, dialog: BreakDialog, name: str, text: str) -> None:
    field = dialog.findChild(QDoubleSpinBox, f"break_{name}")
    assert field is not None
    field.setFocus()
    field.selectAll()
    driver.qtbot.keyClicks(field, text)
    driver.qtbot.keyClick(field, Qt.Key.Key_Return)
    assert dialog.isVisible()


def test_a_limit_on_the_gradient_stops_training_and_says_why(driver: Driver) -> None:
    dialog = ask(driver)
    tick(driver, dialog, "gradient")
    type_number(driver, dialog, "gradient_limit", "0.001")
    assert driver.session.break_conditions == (GradientAbove(0.001),)
    mark = driver.find(QToolButton, "break_mark")
    assert mark.isVisible() and mark.text() == "1"
    dialog.close()
    before = driver.session.parameters
    driver.click("play_pause")
    status = driver.window.status
    driver.qtbot.waitUntil(lambda: "before the update" in status.currentMessage())
    assert status.currentMessage().startswith("Stopped at step 1, before the update: the gradient norm is ")
    assert "above 0.001 (clipping)" in status.currentMessage()
    driver.qtbot.waitUntil(lambda: driver.session.gate.parked)
    after = driver.session.parameters
    assert mark.isVisible()  # beside the sentence
    assert driver.step == 0 and all(np.array_equal(after[name], before[name]) for name in before)
    driver.click("play_pause")  # over that hit, and to the next
    driver.qtbot.waitUntil(lambda: driver.step == 1 and driver.session.gate.parked)
    driver.qtbot.waitUntil(lambda: "step 2, before" in status.currentMessage())


def test_a_number_that_hides_from_the_loss_stops_training_and_is_opened(driver: Driver) -> None:
    driver.train(1)
    weights = driver.session.trainer.parameters
    name = "transformer.encoder.layers.0.linear1.bias"
    driver.session.gate.call(lambda: weights[name].__setitem__(0, -np.inf)).result(10)
    driver.train(1)  # a ReLU makes 0 of it, forward and backward
    assert all(np.isfinite(driver.session.history[scalar][1]) for scalar in ("loss", "gradient_norm"))
    dialog = ask(driver)
    tick(driver, dialog, "number")
    assert driver.session.break_conditions == (NonFinite(),)
    dialog.close()
    driver.click("play_pause")
    debugger = driver.window.debugging.debugger
    driver.qtbot.waitUntil(lambda: debugger.chosen == Chosen(name))
    assert driver.step == 2
    assert "although loss and gradient are not" in driver.window.status.currentMessage()
    assert f"parameter {name}, before the step" in driver.window.status.currentMessage()


def test_conditions_can_be_turned_on_and_off_while_training_runs(driver: Driver) -> None:
    driver.click("play_pause")
    dialog = ask(driver)
    tick(driver, dialog, "ratio")
    type_number(driver, dialog, "ratio_high", "3")
    type_number(driver, dialog, "ratio_low", "2")
    driver.qtbot.waitUntil(lambda: driver.session.gate.parked)
    stopped = driver.step
    tick(driver, dialog, "ratio")
    assert not driver.find(QToolButton, "break_mark").isVisible()
    dialog.close()
    driver.click("play_pause")
    driver.qtbot.waitUntil(lambda: driver.step > stopped + 3)
    driver.qtbot.waitUntil(lambda: driver.window.status.currentMessage() == "")


def test_numbers_that_make_no_band_are_refused_and_those_before_still_count(driver: Driver) -> None:
    dialog = ask(driver)
    tick(driver, dialog, "ratio")
    before = driver.session.break_conditions
    assert before == (UpdateRatioOutside(1e-6, 1e-1),)
    type_number(driver, dialog, "ratio_low", "0")
    problem = dialog.findChild(QLabel, "break_problem")
    assert problem is not None and "0 to -1 is no band" in problem.text()
    assert driver.session.break_conditions == before
    tick(driver, dialog, "loss")
    assert LossAbove(3.0, 50) in driver.session.break_conditions
    type_number(driver, dialog, "ratio_high", "2")
    assert problem.text() == ""
    assert UpdateRatioOutside(1.0, 100.0) in driver.session.break_conditions


def test_choices_are_remembered_and_given_to_every_run(
    open_window: Open, settings: Settings, store: Path
) -> None:
    driver = open_window()
    dialog = ask(driver)
    tick(driver, dialog, "entropy")
    dialog.close()
    old = driver.session
    driver.click("restart")
    driver.wait_for_new_session(old)
    assert driver.session.break_conditions == (EntropyBelow(0.05),)
    driver.window.close()
    again = Settings(QSettings(str(store), QSettings.Format.IniFormat))
    assert again.breaks == BreakChoices(entropy=True)
    second = open_window(settings=again)
    assert second.session.break_conditions == (EntropyBelow(0.05),)
    assert second.find(QToolButton, "break_mark").isVisible()


def test_the_menu_opens_the_dialog_once(driver: Driver) -> None:
    driver.window.commands["break_conditions"].trigger()
    driver.window.commands["break_conditions"].trigger()
    assert len(driver.window.findChildren(BreakDialog)) == 1
    assert driver.window.commands["break_conditions"] in driver.window.menu.actions()


def test_the_panel_follows_the_clock_into_the_past(driver: Driver) -> None:
    panel = driver.bring_to_front(OptimiserPanel)
    driver.qtbot.waitUntil(lambda: driver.session.mailbox.wanted.optimiser)
    driver.train(8)
    driver.qtbot.waitUntil(lambda: panel._state_step == 8 and panel.state is not None)
    driver.click("step_back")
    driver.qtbot.waitUntil(lambda: panel._state_step == 7)
    assert panel.state is not None and "update 7" in panel.caption.text()
    steps = driver.session.history.update_ratios.column(panel.state.groups[0])[0]
    assert {7.0, 8.0} <= set(steps.tolist())
    driver.click("go_start")
    driver.qtbot.waitUntil(lambda: panel.empty.isVisible())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        '{"lost": true}',
        '{"loss": 1}',
        BreakChoices(loss_factor=-1.0).to_text(),
        "1e999",
    ],
)
def test_stored_choices_that_make_no_sense_count_as_absent(text: str) -> None:
    assert BreakChoices.from_text(text) == BreakChoices()


def test_choices_stored_before_there_was_another_condition_still_count() -> None:
    assert BreakChoices.from_text('{"loss": true, "loss_window": 7}') == BreakChoices(
        loss=True, loss_window=7
    )


def test_choices_survive_being_stored() -> None:
    choices = BreakChoices(loss=True, loss_window=7, ratio=True, ratio_low=-5.5)
    assert BreakChoices.from_text(choices.to_text()) == choices
    assert choices.conditions() == (LossAbove(3.0, 7), UpdateRatioOutside(10**-5.5, 0.1))
