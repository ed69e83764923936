"""Tensors are found and cells read, locked and walked along in the inspector, by mouse and by keys, and back again."""

import numpy
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.views.hand_made import picture
from tests.views.inspected import ENCODER_SCORES, NORM, SCORES, Open, opener
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.style.theme import DARK


@pytest.fixture
def inspect(qtbot, qapp: QApplication) -> Open:
    return opener(qtbot, qapp)


@pytest.mark.parametrize("of", ["value", "gradient"])
def test_a_click_locks_a_cell_and_wishes_for_it(of: str, inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(ENCODER_SCORES)
    inspected.click(2, 1, of)
    assert inspected.wished == [Chosen(ENCODER_SCORES, of, (0, 0, 2, 1))]  # type: ignore[arg-type]
    assert all(inspected.map(half).locked for half in ("value", "gradient"))
    image = picture(inspected.map(of).viewport())
    cell = inspected.map(of).place.cell(2, 1)  # type: ignore[union-attr]
    assert image.pixelColor(cell.left() + 1, cell.center().y()).name() == DARK.cell_frame
    inspected.click(2, 1, of)
    assert inspected.wished[-1].index is None
    assert not inspected.map(of).locked


def test_hovering_reads_a_cell_with_all_digits_and_its_tokens(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(ENCODER_SCORES, "value", None)
    inspected.qtbot.mouseMove(inspected.map().viewport(), inspected.centre(1, 0))
    reading = inspected.panel.maps.readout.reading
    scores, gradient = (
        inspected.stepper.value(ENCODER_SCORES),
        inspected.stepper.gradient(ENCODER_SCORES),
    )
    assert reading is not None and scores is not None and gradient is not None
    assert numpy.float32(reading.value.replace("−", "-")) == scores[0, 0, 1, 0]
    assert numpy.float32(reading.gradient.replace("−", "-")) == gradient[0, 0, 1, 0]
    batch = inspected.stepper.batch
    token = batch.source_tokenizer.token(int(batch.source[0, 1]))
    words = batch.sentences[0][0]
    assert reading.place == f"head 0 · query 1 {token} · key 0 <s> · sentence 0: {words}"
    assert not reading.locked and inspected.wished == []


def test_a_token_id_is_read_with_its_word(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at("source", "value", (1, 0))
    reading = inspected.panel.maps.readout.reading
    assert reading is not None and reading.value == "1 (<s>)" and reading.gradient == "none"


def test_arrow_keys_move_the_locked_cell_up_to_the_edge(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(ENCODER_SCORES)
    inspected.click(0, 0)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Left):
        inspected.qtbot.keyClick(inspected.map(), key)
    assert [chosen.index for chosen in inspected.wished][:4] == [
        (0, 0, 0, 0),
        (0, 0, 0, 1),
        (0, 0, 1, 1),
        (0, 0, 1, 0),
    ]
    assert inspected.map().cell == (1, 0)
    assert inspected.map("gradient").cell == (1, 0)


def test_escape_lets_go_of_the_cell_and_then_has_nothing_to_let_go(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(ENCODER_SCORES)
    inspected.click(1, 1)
    assert inspected.panel.release()
    assert inspected.wished[-1] == Chosen(ENCODER_SCORES, "value", None)
    assert not inspected.map().locked
    assert not inspected.panel.release()


def test_a_tensor_is_found_by_parts_of_its_name(inspect: Open) -> None:
    inspected = inspect()
    chooser = inspected.panel.chooser
    inspected.qtbot.mouseClick(chooser, Qt.MouseButton.LeftButton)
    inspected.qtbot.waitUntil(chooser.popup.isVisible)
    inspected.qtbot.keyClicks(chooser.popup.search, "multihead weights")
    inspected.qtbot.keyClick(chooser.popup.search, Qt.Key.Key_Return)
    assert not chooser.popup.isVisible()
    assert [chosen.tensor for chosen in inspected.wished] == ["decoder.layers.0.multihead_attn.weights"]
    QApplication.processEvents()
    assert "multihead_attn.weights" in chooser.text()


def test_the_list_has_every_tensor_and_parameter_in_the_groups_of_the_step(inspect: Open) -> None:
    inspected = inspect(0)
    popup = inspected.panel.chooser.popup
    inspected.qtbot.mouseClick(inspected.panel.chooser, Qt.MouseButton.LeftButton)
    found = {item.text(0): (item.parent().text(0), item.text(1)) for item in popup._leaves()}
    assert found.keys() == {*inspected.stepper.tensors, *inspected.stepper.parameters}
    assert found[SCORES] == ("decoder layer 0", "batch × heads × query × key, not computed yet")
    weight = "transformer.decoder.layers.0.linear1.weight"
    assert found[weight] == ("decoder layer 0", "parameter, output × input")
    assert found["source"] == ("tokens", "batch × position")
    popup.search.setText("no such tensor")
    assert popup.nothing.isVisible()
    inspected.qtbot.keyClick(popup.search, Qt.Key.Key_Return)
    assert inspected.wished == []
    popup.hide()


def test_going_back_and_forward_retraces_tensors_and_cells(inspect: Open) -> None:
    inspected = inspect()
    panel = inspected.panel
    path = [Chosen(SCORES, "gradient", (0, 1, 2, 1)), Chosen(NORM), Chosen("logits", "value", (1, 0, 4))]
    for chosen in path:
        panel.show_chosen(chosen)
    assert panel.back_button.isEnabled() and not panel.forward_button.isEnabled()
    inspected.qtbot.mouseClick(panel.back_button, Qt.MouseButton.LeftButton)
    inspected.qtbot.keyClick(panel, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    inspected.qtbot.waitUntil(lambda: inspected.wished == [path[1], path[0]])
    assert inspected.map("gradient").cell == (2, 1)
    assert not panel.back_button.isEnabled()
    inspected.qtbot.keyClick(panel, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    inspected.qtbot.waitUntil(lambda: panel.looked_at == path[1])
    panel.show_chosen(Chosen("source"))  # what lay ahead is forgotten
    assert not panel.forward_button.isEnabled()
    inspected.qtbot.mouseClick(panel.back_button, Qt.MouseButton.LeftButton)
    assert panel.looked_at == path[1]


def test_moving_a_locked_cell_by_keys_is_one_place_in_the_history(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(NORM)
    inspected.look_at(ENCODER_SCORES)
    inspected.click(0, 0)
    for _ in range(3):
        inspected.qtbot.keyClick(inspected.map(), Qt.Key.Key_Right)
    inspected.qtbot.mouseClick(inspected.panel.back_button, Qt.MouseButton.LeftButton)
    assert inspected.panel.looked_at == Chosen(ENCODER_SCORES)


def test_a_click_brings_where_the_cell_came_from_to_the_front_and_sources_can_be_walked(
    inspect: Open,
) -> None:
    inspected = inspect()
    panel = inspected.panel
    inspected.look_at(SCORES)
    assert panel.pages.page is panel.numbers
    inspected.click(1, 0, "gradient")
    assert panel.pages.page is panel.cell and panel.cell.isVisible()
    assert panel.cell.chosen == Chosen(SCORES, "gradient", (0, 0, 1, 0))
    panel.cell.tensor_wished.emit(Chosen(NORM, "gradient", (0, 1, 2)))
    assert inspected.map("gradient").cell == (1, 2)
    inspected.qtbot.mouseClick(panel.back_button, Qt.MouseButton.LeftButton)
    assert panel.looked_at == Chosen(SCORES, "gradient", (0, 0, 1, 0))
    panel.pages.show_page(panel.check)
    inspected.click(0, 0)
    assert panel.pages.page is panel.check


def test_every_page_is_told_of_the_step_and_of_what_is_looked_at(inspect: Open) -> None:
    inspected = inspect(4)
    panel = inspected.panel
    for page in (panel.cell, panel.formula, panel.check):
        assert page.stepper is inspected.stepper
        assert page.chosen == panel.looked_at is not None
        panel.pages.show_page(page)
        assert page.isVisible()
    panel.show_stepper(None)
    assert panel.cell.stepper is panel.cell.chosen is None
