"""Heads are chosen and cells read and locked in the panel of attention, by mouse and by keys."""

import numpy
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QColor
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QApplication, QMainWindow

from tests.views.attention_shown import LEFT, Open, at, cell_centre, expected, opener, tile_centre
from tests.views.hand_made import attention, picture, snapshot
from tfviz.training.export.heads import Head
from tfviz.views.style.theme import DARK


@pytest.fixture
def open_panel(qtbot, qapp: QApplication) -> Open:
    return opener(qtbot, qapp)


def test_a_click_on_a_tile_selects_its_head(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    head = Head("encoder", 0, 3)
    qtbot.mouseClick(panel.atlas.viewport(), LEFT, pos=tile_centre(panel, head))
    assert panel.selected == panel.shown == head
    assert panel.head_label.text() == "encoder L0H3"
    rectangle = panel.atlas.layout_of_tiles.rectangle(head)
    assert rectangle is not None
    edge = rectangle.topLeft() - QPoint(2, 2)
    assert at(picture(panel.atlas.viewport()), edge) == QColor(DARK.accent).name()
    weights = head.weights(attention())
    assert at(picture(panel.head_view.viewport()), cell_centre(panel, 4, 4)) == expected(weights[4, 4], DARK)


def test_hovering_a_tile_previews_its_head_and_leaving_returns(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    qtbot.mouseMove(panel.atlas.viewport(), tile_centre(panel, Head("decoder", 1, 2)))
    qtbot.waitUntil(lambda: panel.shown == Head("decoder", 1, 2))
    assert panel.head_label.text() == "decoder L1H2"
    assert panel.selected == Head("cross", 1, 0)
    qtbot.mouseMove(panel.atlas.viewport(), QPoint(2, 2))
    qtbot.waitUntil(lambda: panel.shown == Head("cross", 1, 0))


def test_arrow_keys_move_the_selection_while_the_atlas_has_the_focus(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    qtbot.keyClick(panel.atlas, Qt.Key.Key_Right)
    assert panel.selected == Head("cross", 1, 1)
    for _ in range(2):
        qtbot.keyClick(panel.atlas, Qt.Key.Key_Up)
    assert panel.selected == Head("decoder", 1, 1)
    for _ in range(5):
        qtbot.keyClick(panel.atlas, Qt.Key.Key_Left)
    assert panel.selected == Head("decoder", 1, 0)


def test_a_double_click_shows_a_head_alone_and_escape_returns(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    point = tile_centre(panel, Head("decoder", 0, 0))
    qtbot.mouseClick(panel.atlas.viewport(), LEFT, pos=point)
    qtbot.mouseDClick(panel.atlas.viewport(), LEFT, pos=point)
    assert not panel.atlas.isVisible()
    assert panel.shown == Head("decoder", 0, 0)
    assert panel.release()
    assert panel.atlas.isVisible()


def test_hovering_a_cell_reads_it(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    assert panel.readout.reading is None
    qtbot.mouseMove(panel.head_view.viewport(), cell_centre(panel, 1, 3))
    qtbot.waitUntil(lambda: panel.readout.reading is not None)
    reading = panel.readout.reading
    row = attention().cross[1, 0, 1].astype(float)
    assert reading is not None
    assert (reading.query_token, reading.key_token, reading.locked) == ("how", "you", False)
    assert reading.weight == pytest.approx(row[3])
    assert reading.entropy == pytest.approx(-(row * numpy.log(row)).sum())
    before = picture(panel.readout)
    qtbot.mouseMove(panel.head_view.viewport(), cell_centre(panel, 2, 0))
    qtbot.waitUntil(lambda: panel.readout.reading != reading)
    assert picture(panel.readout) != before


def test_a_click_locks_a_cell_until_escape_or_another_click(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    viewport = panel.head_view.viewport()
    qtbot.mouseClick(viewport, LEFT, pos=cell_centre(panel, 1, 3))
    assert panel.head_view.locked
    assert panel.head_view.cell == (1, 3)
    qtbot.mouseMove(viewport, cell_centre(panel, 3, 0))
    assert panel.head_view.cell == (1, 3)
    assert panel.head_view.place is not None
    frame = panel.head_view.place.cell(1, 3).topLeft() + QPoint(1, 1)
    assert at(picture(viewport), frame) == QColor(DARK.cell_frame).name()
    assert panel.readout.reading is not None
    assert panel.readout.reading.locked
    qtbot.keyClick(panel.head_view, Qt.Key.Key_Escape)
    assert not panel.head_view.locked
    for wanted in (True, False):
        qtbot.mouseClick(viewport, LEFT, pos=cell_centre(panel, 2, 2))
        assert panel.head_view.locked is wanted


def test_a_locked_cell_follows_the_weights_of_new_steps(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    panel.head_view.lock((0, 1))
    later = attention(seed=5)
    panel.show_snapshot(snapshot(step=1285, attention=later))
    qtbot.waitUntil(lambda: panel.step_label.text().startswith("step 1,285"))
    assert panel.readout.reading is not None
    assert panel.readout.reading.weight == pytest.approx(later.cross[1, 0, 0, 1])


def test_a_lock_is_dropped_when_the_sentence_becomes_too_short_for_it(open_panel: Open) -> None:
    panel = open_panel()
    panel.head_view.lock((3, 4))
    panel.show_snapshot(snapshot(attention=attention(source=("<s>", "hi", "</s>"), target=("<s>", "hi"))))
    assert not panel.head_view.locked
    assert panel.readout.reading is None


def test_a_lock_outlives_a_preview_and_ends_with_another_kind(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    panel.head_view.lock((3, 4))
    panel.atlas.head_hovered.emit(Head("decoder", 0, 0))
    assert panel.head_view.cell is None
    panel.atlas.head_hovered.emit(None)
    assert panel.head_view.cell == (3, 4)
    panel.select(Head("cross", 0, 1))
    assert panel.head_view.cell == (3, 4)
    panel.select(Head("encoder", 0, 0))
    assert not panel.head_view.locked


def test_arrow_keys_are_the_atlas_own_even_where_the_window_uses_them(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setCentralWidget(panel)
    step = QAction("step", window, shortcut="Right")
    window.addAction(step)
    steps = QSignalSpy(step.triggered)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_Right)
    assert steps.count() == 1
    border = panel.atlas.mapTo(panel, QPoint(20, 0))
    assert at(picture(panel), border) == QColor(DARK.panel).name()
    panel.atlas.setFocus()
    assert at(picture(panel), border) == QColor(DARK.accent).name()
    qtbot.keyClick(panel.atlas, Qt.Key.Key_Right)
    assert steps.count() == 1
    assert panel.selected == Head("cross", 1, 1)
    window.takeCentralWidget()  # each is closed on its own


def test_a_masked_cell_reads_as_masked(open_panel: Open) -> None:
    panel = open_panel()
    panel.select(Head("decoder", 0, 0))
    panel.head_view.lock((0, 2))
    assert panel.readout.reading is not None
    assert panel.readout.reading.weight_text == "masked"


def test_arrow_keys_and_enter_read_and_lock_without_a_mouse(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Return):
        qtbot.keyClick(panel.head_view, key)
    assert panel.head_view.cell == (1, 1)
    assert panel.head_view.locked
