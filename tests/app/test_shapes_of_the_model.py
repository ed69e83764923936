"""Every shape of the model in the window: it trains, and no panel fails or offers what does not exist."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QStackedWidget, QWidget

from tests.app.conftest import Open
from tests.app.driving import Driver
from tfviz.training.config import RunConfig
from tfviz.training.tasks import TASKS
from tfviz.views.panel import EmptyState
from tfviz.views.parts.widgets import SegmentedButtons
from tfviz.views.run.field_editors import ChoiceEditor, SwitchEditor, TextEditor

SHAPES: dict[str, dict[str, Any]] = {
    "encoder": {
        "model.architecture": "encoder",
        "task.shared_vocabulary": True,
        "model.tied_embeddings": True,
    },
    "decoder": {"model.architecture": "decoder", "model.positions": "learned"},
    "encoder-decoder": {"model.tied_embeddings": True, "model.positions": "none"},
    "bare": {"model.residual": False, "model.layer_norm": False, "model.causal_mask": False},
}


KINDS = {"encoder": [], "decoder": []}  # one kind: nothing to choose from
ALL_KINDS = ["All heads", "Encoder self", "Decoder self", "Cross"]


def start_from_panel(driver: Driver, values: dict[str, Any]) -> None:
    """Set fields of the run panel as a person would, and click."""
    old = driver.session
    for path, value in values.items():
        editor = driver.find(QWidget, f"field_{path}")
        assert isinstance(editor, ChoiceEditor | SwitchEditor | TextEditor)
        if isinstance(editor, ChoiceEditor):
            editor.setCurrentIndex(editor.findData(value))
            editor.activated.emit(editor.currentIndex())
        elif isinstance(editor, SwitchEditor):
            if editor.isChecked() != value:
                editor.click()
        else:
            editor.setText(str(value))
            editor.textEdited.emit(editor.text())
    button = driver.find(QPushButton, "new_run_button")
    assert button.isEnabled(), button.toolTip()
    driver.click_on(button)
    driver.qtbot.waitUntil(lambda: not driver.window.runs.opening, timeout=10_000)
    assert driver.window.runs.refusal is None
    driver.wait_for_new_session(old)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_run_of_every_shape_starts_from_the_panel_and_is_shown_by_every_panel(
    driver: Driver, shape: str
) -> None:
    start_from_panel(driver, SHAPES[shape])
    model = driver.session.config.model
    assert all(driver.session.config.value(path) == value for path, value in SHAPES[shape].items())
    driver.train(3)
    for name, dock in driver.window.docks.items():
        dock.show()
        dock.raise_()
        driver.qtbot.waitUntil(lambda: driver.window.bridge.settled)
        assert driver.window.panels[name].grab().width() > 0
        assert not driver.window.problems.dialogs, name
    driver.train(1)
    driver.window.controls.go_to(2)
    driver.wait_shown(2)
    driver.press(Qt.Key.Key_Period)
    driver.qtbot.waitUntil(lambda: driver.window.debugging.shown_to_all)
    assert not driver.window.problems.dialogs
    offered = driver.find(SegmentedButtons, "head_filter")
    if offered.isHidden():
        shown = []
    else:
        shown = [button.text() for button in offered.findChildren(QPushButton) if not button.isHidden()]
    assert shown == KINDS.get(model.architecture, ALL_KINDS)


@pytest.mark.parametrize("shape", ["encoder", "decoder"])
def test_every_panel_shows_a_model_of_one_stack_while_it_is_trained(
    open_window: Open, config: RunConfig, shape: str
) -> None:
    driver = open_window(config.with_values(SHAPES[shape] | {"training.validation_every": 5}))
    panels, bridge = driver.window.panels, driver.window.bridge
    driver.press(Qt.Key.Key_Space)
    for name, dock in driver.window.docks.items():
        dock.show()
        dock.raise_()
        before = driver.clock.step
        driver.qtbot.waitUntil(
            lambda name=name, before=before: driver.clock.step > before and panels[name].isVisible()
        )
        driver.qtbot.waitUntil(lambda: bridge.picture is not None and bridge.picture.step > 0)
        for page in panels[name].findChildren(QStackedWidget):
            if page.isVisible():
                empty = [one for one in page.findChildren(EmptyState) if one.isVisible()]
                assert all(one.label.text() for one in empty), name
        assert not driver.window.problems.dialogs, name
    driver.press(Qt.Key.Key_Space)
    driver.settle()
    driver.window.docks["inspector_panel"].raise_()
    driver.window.docks["operation_panel"].raise_()
    driver.press(Qt.Key.Key_Period)
    driver.qtbot.waitUntil(lambda: driver.window.debugging.shown_to_all)
    for part in ("run_to_loss", "run_to_gradients", "run_to_update"):
        driver.window.commands[part].trigger()
        driver.qtbot.waitUntil(lambda: driver.window.debugging.shown_to_all)
        assert not driver.window.problems.dialogs, part


def test_a_run_with_both_stacks_offers_all_kinds_again(driver: Driver) -> None:
    offered = driver.find(SegmentedButtons, "head_filter")
    driver.click_on(offered.button(3))
    start_from_panel(driver, {"model.architecture": "encoder"})
    assert offered.isHidden() and offered.index == 0
    start_from_panel(driver, {"model.architecture": "encoder-decoder"})
    assert not offered.isHidden()
    assert [button.isHidden() for button in offered.findChildren(QPushButton)] == [False] * 4


def test_every_task_starts_from_the_panel(driver: Driver) -> None:
    sizes: dict[str, Any] = {"task.alphabet": 6, "task.length": 5, "task.examples": 40, "task.validation": 12}
    for task in TASKS:
        if task != "file":
            start_from_panel(driver, {"task.name": task} | sizes)
            driver.train(1)
            assert driver.session.config.task.name == task and not driver.window.problems.dialogs
