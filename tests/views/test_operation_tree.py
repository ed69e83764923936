"""The list of a step's operations: marked by what ran, folded, searched, and run to by clicks and keys."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from tests.training.small_runs import SMALL
from tests.views.operations_shown import LEFT, SCORES, at, open_operations, stepper_of
from tfviz.training.stepping.step_places import Place
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.operations.operation_model import BACKWARD, FORWARD, MARK_ROLE, NAME
from tfviz.views.operations.operation_panel import OperationPanel
from tfviz.views.operations.operation_rows import Mark
from tfviz.views.operations.operation_tree import names_of
from tfviz.views.style.theme import LIGHT


@pytest.fixture
def stepper() -> Stepper:
    return stepper_of()


@pytest.fixture
def panel(qtbot: QtBot) -> OperationPanel:
    return open_operations(qtbot)


def mark(panel: OperationPanel, place: Place) -> Mark:
    return panel.tree.operations.index_of(place).data(MARK_ROLE)


def click(panel: OperationPanel, place: Place, column: int | None = None, qtbot: QtBot | None = None) -> None:
    tree = panel.tree
    index = tree.operations.index_of(place)
    tree.setExpanded(index.parent(), True)
    index = index if column is None else index.siblingAtColumn(column)
    tree.scrollTo(index)
    QTest.mouseClick(tree.viewport(), LEFT, pos=tree.visualRect(index).center())


def test_a_name_without_room_keeps_what_tells_it_from_its_neighbours() -> None:
    assert names_of("multihead_attn.scores") == ("multihead_attn.scores", "cross scores", "…scores")
    assert names_of("self_attn.in_proj") == ("self_attn.in_proj", "self in_proj", "…in_proj")
    assert names_of("encoder layer 0") == ("encoder layer 0", "encoder 0", "enc 0")
    assert names_of("source embedding") == ("source embedding", "source emb", "source emb")


def test_every_operation_is_listed_once_with_both_passes_in_its_row(
    panel: OperationPanel, stepper: Stepper
) -> None:
    panel.show_stepper(stepper)
    model, listed = panel.tree.operations, []
    for group in range(model.rowCount()):
        parent = model.index(group, FORWARD)
        for line in range(model.rowCount(parent)):
            numbers = [model.index(line, column, parent).data() for column in (FORWARD, BACKWARD)]
            listed += [int(number) for number in numbers if number is not None]
            name = model.index(line, NAME, parent).data(Qt.ItemDataRole.AccessibleTextRole)
            assert stepper.places[int(numbers[0]) - 1].name == name
            if numbers[1] is not None:
                assert stepper.places[int(numbers[1]) - 1].name == name
    assert sorted(listed) == list(range(1, len(stepper.places) + 1))


def test_what_ran_what_is_next_and_what_is_to_come_are_marked(
    panel: OperationPanel, stepper: Stepper
) -> None:
    place = at(panel, stepper, SCORES)
    marks = [mark(panel, other) for other in stepper.places]
    assert marks[: place.number] == [Mark.DONE] * place.number
    assert marks[place.number : place.number + 2] == [Mark.CURRENT, Mark.NEXT]
    assert set(marks[place.number + 2 :]) == {Mark.WAITING}
    stepper.back()
    panel.show_stepper(stepper)
    assert mark(panel, place) is Mark.NEXT


def test_the_marks_look_different_without_their_colours(panel: OperationPanel, stepper: Stepper) -> None:
    place = at(panel, stepper, SCORES)
    pictures = []
    for number in (place.number - 1, place.number, place.number + 1, place.number + 2):
        index = panel.tree.operations.index_of(stepper.places[number])
        rectangle = panel.tree.visualRect(index)
        sign = panel.tree.viewport().grab(rectangle.adjusted(3, 3, -30, -3)).toImage()
        grey = [
            sign.pixelColor(x, y).lightness() // 24 for y in range(sign.height()) for x in range(sign.width())
        ]
        corner = grey[0]
        pictures.append(tuple(value != corner for value in grey))
    assert len(set(pictures)) == 4


def test_the_group_of_the_present_operation_is_unfolded_and_the_operation_in_view(
    panel: OperationPanel, stepper: Stepper
) -> None:
    place = at(panel, stepper, "decoder.layers.0.linear2", "backward")
    index = panel.tree.operations.index_of(place)
    assert panel.tree.isExpanded(index.parent())
    assert panel.tree.viewport().rect().contains(panel.tree.visualRect(index))


def test_a_group_folds_and_unfolds_by_a_click(panel: OperationPanel, stepper: Stepper) -> None:
    panel.show_stepper(stepper)
    tree = panel.tree
    parent = tree.operations.index(1, FORWARD)
    for unfolded in (True, False):
        QTest.mouseClick(tree.viewport(), LEFT, pos=tree.visualRect(parent.siblingAtColumn(NAME)).center())
        assert tree.isExpanded(parent) is unfolded


def test_a_click_on_a_pass_wishes_to_run_there(panel: OperationPanel, stepper: Stepper) -> None:
    panel.show_stepper(stepper)
    wished: list[int] = []
    panel.place_wished.connect(wished.append)
    forward, backward = stepper.place(SCORES, "forward"), stepper.place(SCORES, "backward")
    click(panel, forward)
    click(panel, backward)
    click(panel, stepper.place("update", "update"))
    assert wished == [forward.number, backward.number, len(stepper.places) - 1]


def test_a_click_on_a_name_means_the_pass_of_the_phase_that_is_under_way(
    panel: OperationPanel, stepper: Stepper
) -> None:
    panel.show_stepper(stepper)
    wished: list[int] = []
    panel.place_wished.connect(wished.append)
    place = stepper.place(SCORES, "forward")
    click(panel, place, NAME)
    stepper.run_to_loss()
    panel.show_stepper(stepper)
    click(panel, place, NAME)
    assert wished == [place.number, place.facing]


def test_search_shows_what_is_found_and_enter_runs_to_the_first(
    panel: OperationPanel, stepper: Stepper, qtbot: QtBot
) -> None:
    panel.show_stepper(stepper)
    edit = panel.findChild(QLineEdit, "operation_search")
    qtbot.keyClicks(edit, "softmax decoder")
    tree = panel.tree
    shown = [
        tree.operations.index(line, NAME, parent).data(Qt.ItemDataRole.AccessibleTextRole)
        for group in range(tree.operations.rowCount())
        if not tree.isRowHidden(group, tree.rootIndex())
        and tree.isExpanded(parent := tree.operations.index(group, FORWARD))
        for line in range(tree.operations.rowCount(parent))
        if not tree.isRowHidden(line, parent)
    ]
    assert shown == ["decoder.layers.0.self_attn.weights", "decoder.layers.0.multihead_attn.weights"]
    assert panel.found.text() == "2 found"
    with qtbot.waitSignal(panel.place_wished) as wished:
        qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert stepper.places[wished.args[0]].name == shown[0]
    edit.clear()
    assert panel.found.text() == ""
    assert not any(tree.isRowHidden(group, tree.rootIndex()) for group in range(tree.operations.rowCount()))


def test_a_search_without_success_says_so_and_enter_runs_nowhere(
    panel: OperationPanel, stepper: Stepper, qtbot: QtBot
) -> None:
    panel.show_stepper(stepper)
    qtbot.keyClicks(panel.search, "convolution")
    assert panel.found.text() == "none found"
    with qtbot.assertNotEmitted(panel.place_wished):
        qtbot.keyClick(panel.search, Qt.Key.Key_Return)


def test_the_keyboard_shows_tensors_without_running_and_enter_runs(
    panel: OperationPanel, stepper: Stepper, qtbot: QtBot
) -> None:
    at(panel, stepper, SCORES)
    tree = panel.tree
    tree.setFocus()
    tree.setCurrentIndex(tree.operations.index_of(stepper.place(SCORES, "forward")))
    with qtbot.assertNotEmitted(panel.place_wished):
        qtbot.keyClick(tree, Qt.Key.Key_Down)
    assert panel.tensors_title.text().startswith("Softmax")
    with qtbot.waitSignal(panel.place_wished) as wished:
        qtbot.keyClick(tree, Qt.Key.Key_Return)
    assert stepper.places[wished.args[0]].name.endswith("self_attn.weights")


def test_a_step_of_another_model_replaces_the_list(panel: OperationPanel, stepper: Stepper) -> None:
    panel.show_stepper(stepper)
    rows = panel.tree.operations.rowCount()
    panel.show_stepper(stepper_of(SMALL.with_values({"model.num_encoder_layers": 3})))
    assert panel.tree.operations.rowCount() == rows + 2
    panel.show_stepper(None)
    assert panel.empty.isVisible()


def test_every_operation_of_a_deep_model_is_listed_and_reached(panel: OperationPanel) -> None:
    deep = {"model.num_encoder_layers": 12, "model.num_decoder_layers": 12}
    stepper = stepper_of(SMALL.with_values(deep))
    assert len(stepper.places) > 800
    panel.show_stepper(stepper)
    place = at(panel, stepper, "encoder.layers.7.linear1", "backward")
    assert mark(panel, place) is Mark.CURRENT
    rectangle = panel.tree.visualRect(panel.tree.operations.index_of(place))
    assert panel.tree.viewport().rect().contains(rectangle)


def test_it_takes_the_other_theme_while_it_runs(panel: OperationPanel, stepper: Stepper) -> None:
    at(panel, stepper, SCORES)
    panel.recolour(LIGHT)
    index = panel.tree.operations.index_of(stepper.place(SCORES, "forward"))
    place = panel.tree.visualRect(index).topLeft() + QPoint(8, 5)
    assert panel.tree.viewport().grab().toImage().pixelColor(place).name() == LIGHT.accent_fill
