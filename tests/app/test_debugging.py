"""A step is taken apart in the window: by keys, at the frontier and in the past, and left when the clock goes on."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton

from tests.app.conftest import Open
from tests.app.driving import Driver
from tests.training.small_runs import fields, same
from tfviz.app.dialogs.keys_dialog import KeysDialog
from tfviz.training.config import RunConfig
from tfviz.training.stepping.break_conditions import (
    BreakCondition,
    EntropyBelow,
    GradientAbove,
    UpdateRatioOutside,
)
from tfviz.training.stepping.step_places import Of
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.operations.step_debugger import Chosen, StepDebugger
from tfviz.views.panel import Panel

WEIGHTS = "encoder.layers.0.self_attn.weights"


class Window:
    """What these tests ask of a window."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.debugging = driver.window.debugging
        self.debugger: StepDebugger = self.debugging.debugger

    @property
    def stepper(self) -> Stepper:
        assert self.debugger.stepper is not None
        return self.debugger.stepper

    def press(self, *keys: Qt.Key) -> None:
        for key in keys:
            self.driver.press(key)

    def settle(self) -> None:
        """Wait until the step rests, and whoever is seen has been shown it."""
        self.driver.qtbot.waitUntil(
            lambda: (
                self.debugger.stepper is not None and not self.debugger.busy and self.debugging.shown_to_all
            ),
            timeout=10_000,
        )

    def begin(self) -> None:
        self.press(Qt.Key.Key_Period)
        self.settle()

    def wait_left(self) -> None:
        """Wait until no step is open, and whoever is seen has been told."""
        self.driver.qtbot.waitUntil(
            lambda: self.debugger.stepper is None and not self.debugging.open and self.debugging.shown_to_all
        )


@pytest.fixture
def window(driver: Driver) -> Window:
    driver.train(3)
    return Window(driver)


def everything(stepper: Stepper) -> dict[tuple[str, Of], object]:
    names = [*stepper.tensors, *stepper.parameters]
    return {(name, "value"): fields(stepper.value(name)) for name in names} | {
        (name, "gradient"): fields(stepper.gradient(name)) for name in names
    }


def is_in_front(driver: Driver, panel: str) -> bool:
    return not driver.window.docks[panel].visibleRegion().isEmpty()


def test_a_dot_opens_the_next_step_at_its_start_and_shows_the_operations(window: Window) -> None:
    assert not is_in_front(window.driver, "operation_panel")
    window.begin()
    assert (window.stepper.step, window.stepper.position) == (4, 0)
    assert is_in_front(window.driver, "operation_panel")
    label = window.driver.find(QLabel, "operation_position")
    assert label.text().startswith("step 4, before operation 1 of")


def test_before_that_the_panel_says_which_key_to_press(window: Window) -> None:
    assert "Press ." in window.driver.window.panels["operation_panel"].empty.label.text()


def test_a_dot_pauses_training_first(driver: Driver) -> None:
    window = Window(driver)
    driver.click("play_pause")
    driver.qtbot.waitUntil(lambda: driver.step > 5)
    window.begin()
    assert driver.session.gate.parked
    assert window.stepper.step == driver.step + 1 == driver.clock.step + 1


def test_dots_and_commas_go_by_one_operation(window: Window) -> None:
    window.begin()
    window.press(Qt.Key.Key_Period, Qt.Key.Key_Period, Qt.Key.Key_Period)
    window.settle()
    assert window.stepper.position == 3
    window.press(Qt.Key.Key_Comma)
    window.settle()
    assert window.stepper.position == 2
    label = window.driver.find(QLabel, "operation_position")
    assert label.text().startswith("step 4, after operation 2 of")


def test_a_comma_without_an_open_step_does_nothing(window: Window) -> None:
    window.press(Qt.Key.Key_Comma)
    assert not window.debugging.open
    assert not window.driver.window.commands["leave_step"].isEnabled()


def test_stepping_through_with_the_keys_ends_where_training_ends(window: Window) -> None:
    window.begin()
    for _ in window.stepper.places:
        window.press(Qt.Key.Key_Period)
    window.settle()
    assert window.stepper.next is None
    state = window.stepper.state()
    window.press(Qt.Key.Key_Escape)
    window.wait_left()
    window.press(Qt.Key.Key_Right)
    window.driver.wait_parked_at(4)
    trained = window.driver.session.gate.call(window.driver.session.trainer.state).result(10)
    assert same(state, trained)


def test_stepping_back_shows_bit_identical_tensors(window: Window) -> None:
    window.begin()
    window.driver.window.commands["run_to_loss"].trigger()
    window.press(*[Qt.Key.Key_Period] * 4)
    window.settle()
    before = everything(window.stepper)
    window.press(*[Qt.Key.Key_Period] * 5)
    window.settle()
    assert everything(window.stepper) != before
    window.press(*[Qt.Key.Key_Comma] * 5)
    window.settle()
    assert everything(window.stepper) == before


def test_phases_are_run_to_also_where_no_step_is_open(window: Window) -> None:
    window.driver.window.commands["run_to_gradients"].trigger()
    window.settle()
    assert window.stepper.next.phase == "clipping"
    assert window.driver.find(QLabel, "operation_loss").text() == f"loss {window.stepper.loss:.6g}"
    window.driver.click_on(window.driver.find(QPushButton, "run_to_loss_in_panel"))
    window.settle()
    assert window.stepper.last.name == "loss"


def test_right_finishes_the_step_and_opens_the_next_one(window: Window) -> None:
    window.begin()
    window.press(Qt.Key.Key_Period)
    window.press(Qt.Key.Key_Right)
    window.driver.wait_parked_at(4)
    window.settle()
    window.driver.qtbot.waitUntil(lambda: window.debugger.rests and window.stepper.step == 5)
    assert window.stepper.position == 0
    window.press(Qt.Key.Key_Right, Qt.Key.Key_Right)
    window.driver.wait_parked_at(6)
    window.driver.qtbot.waitUntil(lambda: window.debugger.rests and window.stepper.step == 7)


def test_right_leaves_the_step_where_the_operations_are_not_in_view(window: Window) -> None:
    window.begin()
    window.driver.window.docks["run_panel"].raise_()
    window.driver.qtbot.waitUntil(lambda: not is_in_front(window.driver, "operation_panel"))
    window.press(Qt.Key.Key_Right)
    window.driver.wait_parked_at(4)
    window.wait_left()


def test_a_past_step_is_taken_apart_and_right_goes_on_in_the_record(window: Window) -> None:
    driver = window.driver
    driver.train(10)
    losses = driver.session.history["loss"]
    driver.window.controls.go_to(6)
    driver.wait_shown(6)
    driver.window.commands["run_to_loss"].trigger()
    window.settle()
    assert window.stepper.step == 7
    assert window.stepper.loss == losses[6]
    window.press(Qt.Key.Key_Right)
    driver.wait_shown(7)
    driver.qtbot.waitUntil(lambda: window.debugger.rests and window.stepper.step == 8)
    assert driver.step == 13


def test_a_past_step_is_taken_apart_while_training_goes_on(driver: Driver) -> None:
    window = Window(driver)
    driver.click("play_pause")
    driver.qtbot.waitUntil(lambda: driver.step > 20)
    driver.window.controls.go_to(8)
    driver.wait_shown(8)
    window.begin()
    before = driver.step
    driver.qtbot.waitUntil(lambda: driver.step > before + 10)
    assert window.stepper.step == 9


def test_the_step_is_left_when_the_clock_goes_elsewhere(window: Window) -> None:
    window.begin()
    window.press(Qt.Key.Key_Left)
    window.wait_left()
    assert not window.driver.window.commands["leave_step"].isEnabled()
    assert window.driver.window.panels["operation_panel"].empty.isVisible()


def test_the_step_is_left_when_training_resumes(window: Window) -> None:
    window.begin()
    window.press(Qt.Key.Key_Space)
    window.wait_left()
    window.press(Qt.Key.Key_Space)
    window.driver.settle()


def test_escape_lets_go_of_what_is_looked_at_first_and_then_of_the_step(window: Window) -> None:
    window.begin()
    window.debugger.choose(Chosen(WEIGHTS))
    window.press(Qt.Key.Key_Escape)
    assert window.debugger.chosen is None
    assert window.debugging.open
    window.press(Qt.Key.Key_Escape)
    assert not window.debugging.open
    assert window.debugger.stepper is None


def test_another_run_leaves_the_step(window: Window) -> None:
    window.begin()
    old = window.driver.session
    window.driver.window.commands["restart"].trigger()
    window.driver.wait_for_new_session(old)
    window.wait_left()


def test_closing_the_window_with_an_open_step_leaves_no_thread(window: Window) -> None:
    window.begin()
    window.press(*[Qt.Key.Key_Period] * 9)
    window.driver.window.close()
    assert window.debugger.stepper is None
    assert not window.debugger.busy


def test_dots_and_commas_in_a_text_field_are_text(window: Window) -> None:
    edit = window.driver.find(QLineEdit, "probe_edit")
    edit.setFocus()
    window.driver.qtbot.waitUntil(lambda: QApplication.focusWidget() is edit)
    window.driver.qtbot.keyClicks(edit, "a.b,c")
    assert edit.text() == "a.b,c"
    assert not window.debugging.open


def test_after_a_click_into_the_list_the_keys_still_step(window: Window) -> None:
    window.begin()
    tree = window.driver.window.panels["operation_panel"].tree
    index = tree.operations.index_of(window.stepper.places[2])
    window.driver.click_on(tree.viewport(), tree.visualRect(index).center())
    window.settle()
    assert window.stepper.position == 3
    window.press(Qt.Key.Key_Period)
    window.settle()
    assert window.stepper.position == 4
    window.press(Qt.Key.Key_Right)
    window.driver.wait_parked_at(4)


def test_the_keys_are_in_the_list_of_keys(driver: Driver) -> None:
    driver.press(Qt.Key.Key_Question)
    dialog = driver.window.findChild(KeysDialog)
    shown = [label.text() for label in dialog.findChildren(QLabel)]
    for name in ("step_operation", "step_operation_back"):
        action = driver.window.commands[name]
        assert action.shortcut().toString() in shown
        assert any(text and text in action.toolTip() for text in shown)
    dialog.close()


class _Told(Panel):
    """Writes down what it is shown."""

    title = "Told"
    object_name = "told_panel"

    def __init__(self) -> None:
        super().__init__()
        self.positions: list[int | None] = []
        self.chosen: list[Chosen | None] = []

    def show_stepper(self, stepper: Stepper | None) -> None:
        self.positions.append(None if stepper is None else stepper.position)

    def show_chosen(self, chosen: Chosen | None) -> None:
        self.chosen.append(chosen)


@pytest.fixture
def told(open_window: Open, monkeypatch: pytest.MonkeyPatch) -> Window:
    import tfviz.app.window as module

    monkeypatch.setattr(module, "PANELS", [*module.PANELS, _Told])
    driver = open_window()
    driver.window.tabifyDockWidget(driver.window.docks["curve_panel"], driver.window.docks["told_panel"])
    driver.window.docks["curve_panel"].raise_()
    driver.qtbot.waitUntil(lambda: not is_in_front(driver, "told_panel"))
    return Window(driver)


def test_a_panel_behind_another_tab_is_shown_nothing_and_in_front_everything_at_once(told: Window) -> None:
    panel = told.driver.window.panels["told_panel"]
    told.begin()
    told.press(Qt.Key.Key_Period)
    told.debugger.choose(Chosen(WEIGHTS))
    told.settle()
    assert (panel.positions, panel.chosen) == ([], [])
    told.driver.window.docks["told_panel"].raise_()
    told.driver.qtbot.waitUntil(lambda: panel.positions == [1])
    assert panel.chosen == [Chosen(WEIGHTS)]
    told.press(Qt.Key.Key_Period)
    told.settle()
    assert panel.positions == [1, 2]
    told.press(Qt.Key.Key_Escape, Qt.Key.Key_Escape)
    told.driver.qtbot.waitUntil(lambda: panel.positions[-1] is None)
    assert panel.chosen[-1] is None


def test_panels_wish_for_tensors_and_for_work_in_the_step_s_thread(told: Window) -> None:
    panel = told.driver.window.panels["told_panel"]
    told.begin()
    found: list[int] = []
    panel.tensor_wished.emit(Chosen(WEIGHTS, "gradient"))
    panel.work_wished.emit(lambda stepper: stepper.step, found.append)
    told.driver.qtbot.waitUntil(lambda: found == [1])
    assert told.debugger.chosen == Chosen(WEIGHTS, "gradient")


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
