"""A step is taken apart in the window: by keys and buttons, and what the panels are shown of it."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton

from tests.app.conftest import Open
from tests.app.driving import Driver
from tests.app.step_window import WEIGHTS, Window, is_in_front
from tests.training.small_runs import fields, same
from tfviz.app.dialogs.keys_dialog import KeysDialog
from tfviz.training.stepping.step_places import Of
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.panel import Panel


@pytest.fixture
def window(driver: Driver) -> Window:
    driver.train(3)
    return Window(driver)


def everything(stepper: Stepper) -> dict[tuple[str, Of], object]:
    names = [*stepper.tensors, *stepper.parameters]
    return {(name, "value"): fields(stepper.value(name)) for name in names} | {
        (name, "gradient"): fields(stepper.gradient(name)) for name in names
    }


def test_a_dot_opens_the_next_step_at_its_start_and_shows_the_operations(window: Window) -> None:
    assert not is_in_front(window.driver, "operation_panel")
    window.begin()
    assert (window.stepper.step, window.stepper.position) == (4, 0)
    assert is_in_front(window.driver, "operation_panel")
    label = window.driver.find(QLabel, "operation_position")
    assert label.text().startswith("step 4, before operation 1 of")


def test_before_that_the_panel_says_which_key_to_press(window: Window) -> None:
    assert "Press ." in window.driver.window.panels["operation_panel"].empty.label.text()


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
