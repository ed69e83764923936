"""The panel of a step's operations: where the step stands, its loss and tensors, and buttons that lead on."""

import pytest
from PySide6.QtWidgets import QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from tests.views.operations_shown import LEFT, SCORES, at, open_operations, stepper_of, text
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.operations.operation_panel import OperationPanel
from tfviz.views.operations.operation_tensors import result_of
from tfviz.views.operations.step_debugger import Chosen


@pytest.fixture
def stepper() -> Stepper:
    return stepper_of()


@pytest.fixture
def panel(qtbot: QtBot) -> OperationPanel:
    return open_operations(qtbot)


def test_without_a_step_it_says_what_to_press(panel: OperationPanel, qtbot: QtBot) -> None:
    assert "Press ." in panel.empty.label.text()
    assert panel.empty.isVisible()
    assert not panel.tree.isVisible()
    with qtbot.waitSignal(panel.action_wished) as wished:
        qtbot.mouseClick(panel.findChild(QPushButton, "begin_step"), LEFT)
    assert wished.args == ["step_operation"]


def test_while_a_step_opens_it_says_how_far_it_is(panel: OperationPanel) -> None:
    panel.show_opening("Opening step 124: 40 of 120 steps recomputed")
    assert panel.empty.label.text() == "Opening step 124: 40 of 120 steps recomputed"
    assert not panel.begin.isVisible()
    panel.show_stepper(None)
    assert "Press ." in panel.empty.label.text()


def test_it_says_where_the_step_stands(panel: OperationPanel, stepper: Stepper) -> None:
    panel.show_stepper(stepper)
    of = len(stepper.places)
    assert text(panel, "operation_position") == f"step 1, before operation 1 of {of}:"
    place = at(panel, stepper, SCORES)
    assert text(panel, "operation_position") == f"step 1, after operation {place.number + 1} of {of}:"
    assert text(panel, "operation_last") == f"{SCORES} (forward)"
    assert panel.where.accessibleName().endswith(f"{of}: {SCORES} (forward)")


def test_buttons_wish_for_the_window_s_actions(panel: OperationPanel, stepper: Stepper, qtbot: QtBot) -> None:
    at(panel, stepper, SCORES)
    wished: list[str] = []
    panel.action_wished.connect(wished.append)
    names = ["run_to_loss", "run_to_gradients", "run_to_update"]
    for name in names:
        qtbot.mouseClick(panel.findChild(QPushButton, f"{name}_in_panel"), LEFT)
    moves = ["step_operation_back", "step_operation", "leave_step"]
    for name in moves:
        qtbot.mouseClick(panel.findChild(QToolButton, f"{name}_in_panel"), LEFT)
    assert wished == names + moves


def test_no_button_leads_beyond_the_ends_of_the_step(panel: OperationPanel, stepper: Stepper) -> None:
    back, on = (
        panel.findChild(QToolButton, f"{name}_in_panel") for name in ("step_operation_back", "step_operation")
    )
    panel.show_stepper(stepper)
    assert (back.isEnabled(), on.isEnabled()) == (False, True)
    stepper.run_to_update()
    panel.show_stepper(stepper)
    assert (back.isEnabled(), on.isEnabled()) == (True, False)


def test_the_loss_is_shown_as_soon_as_it_is_computed_and_never_before(
    panel: OperationPanel, stepper: Stepper
) -> None:
    stepper.run_to_loss()
    stepper.back()
    panel.show_stepper(stepper)
    assert text(panel, "operation_loss") == "loss not computed yet"
    stepper.forward()
    panel.show_stepper(stepper)
    assert text(panel, "operation_loss") == f"loss {stepper.loss:.6g}"
    stepper.back()
    panel.show_stepper(stepper)
    assert text(panel, "operation_loss") == "loss not computed yet"


def test_the_tensors_of_an_operation_are_listed_with_axes_and_lead_to_what_is_looked_at(
    panel: OperationPanel, stepper: Stepper, qtbot: QtBot
) -> None:
    at(panel, stepper, SCORES)
    lines = [line for line in panel.tensors.lines if line.isVisible()]
    block = SCORES.removesuffix("scores")
    assert [line.sight.name for line in lines] == [f"{block}{name}" for name in ("query", "key", "scores")]
    shape = stepper.value(SCORES).shape
    words = zip(("batch", "heads", "query", "key"), shape, strict=True)
    assert lines[2].axes.text() == " · ".join(f"{axis} {length}" for axis, length in words)
    with qtbot.waitSignal(panel.tensor_wished) as wished:
        qtbot.mouseClick(lines[2].gradient_button, LEFT)
    assert wished.args == [Chosen(SCORES, "gradient")]
    panel.show_chosen(Chosen(SCORES, "gradient", (0, 0, 0, 0)))
    assert lines[2].gradient_button.isChecked()
    assert not lines[2].value_button.isChecked()


def test_what_is_not_computed_yet_is_said_not_to_be(panel: OperationPanel, stepper: Stepper) -> None:
    at(panel, stepper, SCORES)
    line = panel.tensors.lines[2]
    assert line.value_button.property("absent") is False
    assert line.gradient_button.property("absent") is True
    assert "not computed yet" in line.gradient_button.toolTip()
    assert "weights (backward" in line.gradient_button.toolTip()
    at(panel, stepper, SCORES, "backward")
    assert line.gradient_button.property("absent") is False


def test_what_has_no_gradient_has_no_button_for_it(panel: OperationPanel, stepper: Stepper) -> None:
    at(panel, stepper, "source_mask")
    assert not any(line.gradient_button.isVisible() for line in panel.tensors.lines)


def test_the_loss_has_a_gradient_with_which_the_backward_pass_begins(
    panel: OperationPanel, stepper: Stepper
) -> None:
    at(panel, stepper, "loss")
    (line,) = (line for line in panel.tensors.lines if line.name.text() == "loss")
    assert line.gradient_button.isVisible() and line.gradient_button.property("absent") is False


def test_clipping_and_update_say_norm_and_rate(panel: OperationPanel, stepper: Stepper) -> None:
    at(panel, stepper, "clipping", "clipping")
    clipping = stepper.clipping
    assert f"{clipping.norm:.4g}" in text(panel, "operation_clipping")
    assert f"{clipping.learning_rate:.4g}" in text(panel, "operation_clipping")
    assert not panel.tensors.isVisible()


def test_the_result_of_a_pass_is_what_it_writes(stepper: Stepper) -> None:
    assert result_of(stepper, stepper.place(SCORES, "forward")) == Chosen(SCORES)
    query = SCORES.replace("scores", "query")
    assert result_of(stepper, stepper.place(SCORES, "backward")) == Chosen(query, "gradient")
    norm = stepper.place("encoder.layers.0.norm1", "forward")
    assert result_of(stepper, norm) == Chosen("encoder.layers.0.norm1")
    assert result_of(stepper, stepper.place("source_embedding", "backward")) == Chosen(
        "source_embedding.weight", "gradient"
    )
    assert result_of(stepper, stepper.place("source_mask", "backward")) is None
    assert result_of(stepper, stepper.place("update", "update")) is None
