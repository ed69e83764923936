"""The flow map in the window: measured while it is seen, at the frontier and in the past, and a way to any tensor."""

from PySide6.QtCore import Qt

from tests.app.driving import Driver
from tfviz.views.flow.flow_panel import FlowPanel
from tfviz.views.operations.step_debugger import Chosen


def raised(driver: Driver) -> FlowPanel:
    """The map, brought to the front."""
    panel = driver.bring_to_front(FlowPanel)
    driver.qtbot.waitUntil(lambda: panel.view.flow is not None)
    return panel


def test_the_flow_is_measured_only_while_the_map_is_seen(driver: Driver) -> None:
    assert not driver.session.mailbox.wanted.flow
    panel = raised(driver)
    assert driver.session.mailbox.wanted.flow
    driver.train(5)
    driver.qtbot.waitUntil(lambda: "step 5" in panel.step_label.text())
    driver.window.docks["attention_panel"].raise_()
    driver.qtbot.waitUntil(lambda: not driver.session.mailbox.wanted.flow)


def test_the_map_shows_a_past_step_as_it_was(driver: Driver) -> None:
    panel = raised(driver)
    driver.train(4)
    assert panel.view.flow is not None
    then = dict(panel.view.flow.gradients)
    driver.train(4)
    assert panel.view.flow.gradients != then
    driver.window.controls.go_to(4)
    driver.wait_shown(4)
    assert panel.view.flow.gradients == then
    driver.qtbot.waitUntil(lambda: "step 4" in panel.step_label.text())


def test_a_map_that_is_opened_in_the_past_has_its_picture(driver: Driver) -> None:
    driver.train(6)
    driver.window.controls.go_to(3)
    driver.wait_shown(3)
    panel = raised(driver)
    driver.qtbot.waitUntil(lambda: "step 3" in panel.step_label.text())


def test_a_click_on_a_block_chooses_its_tensor(driver: Driver) -> None:
    panel = raised(driver)
    plan = panel.view.plan
    assert plan is not None
    box = next(box for box in plan.boxes if box.kind == "feed_forward")
    driver.qtbot.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=box.area.center().toPoint())
    assert driver.window.debugging.debugger.chosen == Chosen("encoder.layers.0.linear2", "gradient")
