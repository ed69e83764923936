import dataclasses
import math
from collections.abc import Callable

import numpy
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QColor, QImage
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QApplication, QMainWindow

from tests.views.hand_made import TARGET_IN, attention, colours_in, picture, snapshot
from tfviz.training.export.heads import Head
from tfviz.training.snapshot import Attention
from tfviz.views.attention.atlas_layout import SMALLEST_TILE, arrange, best_width
from tfviz.views.attention.attention_panel import AttentionPanel
from tfviz.views.grids import cells
from tfviz.views.grids.cells import Scale
from tfviz.views.style.theme import DARK, LIGHT, THEMES, Theme

BOTH = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
LEFT = Qt.MouseButton.LeftButton
Open = Callable[..., AttentionPanel]
WHOLE = Scale()


@pytest.fixture
def open_panel(qtbot, qapp: QApplication) -> Open:
    def make(weights: Attention | None = None, theme: Theme = DARK, size=(950, 640)) -> AttentionPanel:
        theme.apply(qapp)
        panel = AttentionPanel()
        qtbot.addWidget(panel)
        panel.recolour(theme)
        panel.resize(*size)
        panel.show()
        panel.show_snapshot(snapshot(attention=weights or attention()))
        return panel

    return make


def expected(value: float, theme: Theme, scale: Scale = WHOLE) -> str:
    """The colour of a weight, straight from the theme's table of 256 colours."""
    level = int((value - scale.low) / (scale.high - scale.low) * (cells.LEVELS - 1) + 0.5)
    red, green, blue = theme.lookup_table()[round(level * 255 / (cells.LEVELS - 1)), :3]
    return QColor(int(red), int(green), int(blue)).name()


def tile_centre(panel: AttentionPanel, head: Head) -> QPoint:
    rectangle = panel.atlas.layout_of_tiles.rectangle(head)
    assert rectangle is not None
    return panel.atlas.mapFromScene(rectangle.center())


def cell_centre(panel: AttentionPanel, row: int, column: int) -> QPoint:
    assert panel.head_view.place is not None
    return panel.head_view.place.cell(row, column).center()


def at(image: QImage, point: QPoint) -> str:
    return image.pixelColor(point).name()


@BOTH
def test_every_cell_of_the_enlarged_head_has_the_colour_of_its_weight(theme: Theme, open_panel: Open) -> None:
    panel = open_panel(theme=theme)
    head = Head("cross", 1, 2)
    panel.select(head)
    image = picture(panel.head_view.viewport())
    weights = head.weights(attention())
    assert weights.shape == (4, 5)
    for (row, column), weight in numpy.ndenumerate(weights):
        assert at(image, cell_centre(panel, row, column)) == expected(weight, theme)


@BOTH
def test_every_cell_of_every_tile_has_the_colour_of_its_weight(theme: Theme, open_panel: Open) -> None:
    panel = open_panel(theme=theme)
    image = picture(panel.atlas.viewport())
    for head in panel.atlas.layout_of_tiles:
        weights = head.weights(attention())
        rectangle = panel.atlas.layout_of_tiles.rectangle(head)
        assert rectangle is not None
        for (row, column), weight in numpy.ndenumerate(weights):
            x = rectangle.x() + (column + 0.5) * rectangle.width() / weights.shape[1]
            y = rectangle.y() + (row + 0.5) * rectangle.height() / weights.shape[0]
            masked = head.kind == "decoder" and column > row
            colour = QColor(theme.masked).name() if masked else expected(weight, theme)
            assert at(image, QPoint(int(x), int(y))) == colour, (head, row, column)


@BOTH
def test_what_the_decoder_cannot_see_is_hatched_and_never_zero(theme: Theme, open_panel: Open) -> None:
    panel = open_panel(theme=theme)
    panel.select(Head("decoder", 0, 1))
    image = picture(panel.head_view.viewport())
    assert panel.head_view.place is not None
    marks = {QColor(theme.masked).name(), QColor(theme.masked_hatch).name()}
    for row in range(4):
        for column in range(row + 1, 4):
            assert colours_in(image.copy(panel.head_view.place.cell(row, column))) == marks


def test_a_decoder_without_the_causal_mask_shows_its_weights(open_panel: Open) -> None:
    weights = attention(causal=False)
    panel = open_panel(weights)
    panel.select(Head("decoder", 0, 0))
    image = picture(panel.head_view.viewport())
    assert at(image, cell_centre(panel, 0, 3)) == expected(weights.decoder_self[0, 0, 0, 3], DARK)


@BOTH
def test_nan_and_infinity_have_marks_of_their_own(theme: Theme, open_panel: Open) -> None:
    weights = attention()
    cross = weights.cross.copy()
    cross[1, 0, 1, 2], cross[1, 0, 2, 3] = math.nan, math.inf
    panel = open_panel(dataclasses.replace(weights, cross=cross), theme)
    image = picture(panel.head_view.viewport())
    corner = QPoint(4, 4)
    assert panel.head_view.place is not None
    for cell, token in (((1, 2), "not_a_number"), ((2, 3), "infinite")):
        inside = panel.head_view.place.cell(*cell).topLeft() + corner
        assert at(image, inside) == QColor(getattr(theme, token)).name()
    assert at(image, cell_centre(panel, 0, 0)) == expected(cross[1, 0, 0, 0], theme)
    panel.show_snapshot(snapshot(attention=weights))
    assert at(picture(panel.head_view.viewport()), cell_centre(panel, 1, 2)) == expected(
        weights.cross[1, 0, 1, 2], theme
    )


def test_a_peak_is_seen_even_where_cells_are_smaller_than_pixels(open_panel: Open) -> None:
    words = ("<s>", *(f"w{number}" for number in range(150)), "</s>")
    weights = attention(1, 16, words, words[:-1])
    cross = numpy.zeros_like(weights.cross)
    cross[0, 3, 77, 101] = 1.0
    panel = open_panel(dataclasses.replace(weights, cross=cross), size=(760, 500))
    rectangle = panel.atlas.layout_of_tiles.rectangle(Head("cross", 0, 3))
    assert rectangle is not None
    assert rectangle.width() < len(words)
    image = picture(panel.atlas.viewport()).copy(rectangle)
    assert expected(1.0, DARK) in colours_in(image)


def test_recolouring_while_open_changes_both_pictures(open_panel: Open, qapp: QApplication) -> None:
    panel = open_panel(theme=DARK)
    LIGHT.apply(qapp)
    panel.recolour(LIGHT)
    weight = attention().cross[1, 0, 2, 2]
    assert at(picture(panel.head_view.viewport()), cell_centre(panel, 2, 2)) == expected(weight, LIGHT)
    grounds = colours_in(picture(panel.atlas.viewport()))
    assert QColor(LIGHT.panel).name() in grounds
    assert QColor(DARK.panel).name() not in grounds


def test_it_begins_with_the_last_layers_cross_attention_and_says_step_seed_and_origin(
    open_panel: Open,
) -> None:
    panel = open_panel()
    assert panel.selected == Head("cross", 1, 0)
    assert panel.head_label.text() == "cross L1H0"
    assert panel.step_label.text() == "step 1,284 · seed 7 · validation 1/64"


def test_without_attention_it_says_what_to_do(qtbot, qapp: QApplication) -> None:
    panel = AttentionPanel()
    qtbot.addWidget(panel)
    panel.show()
    panel.show_snapshot(snapshot())
    assert panel.stack.currentIndex() == 0
    assert not panel.release()


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


def test_a_filter_shows_one_kind_larger_and_selects_a_head_of_it(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    before = panel.atlas.layout_of_tiles.tile
    qtbot.mouseClick(panel.filter.button(1), LEFT)
    assert {head.kind for head in panel.atlas.layout_of_tiles} == {"encoder"}
    assert panel.selected == Head("encoder", 1, 0)
    assert panel.atlas.layout_of_tiles.tile >= before
    qtbot.mouseClick(panel.filter.button(0), LEFT)
    assert len(list(panel.atlas.layout_of_tiles)) == 24


def test_the_automatic_scale_ends_at_the_largest_weight_and_says_so(open_panel: Open) -> None:
    weights = attention()
    faint = {
        name: getattr(weights, name) * numpy.float32(0.21)
        for name in ("encoder_self", "decoder_self", "cross")
    }
    panel = open_panel(dataclasses.replace(weights, **faint))
    panel.scale_box.setCurrentIndex(1)
    largest = max(float(array.max()) for array in faint.values())
    assert panel.scale.high == pytest.approx(math.ceil(largest * 20) / 20)
    assert panel.scale_box.currentText() == f"auto 0–{panel.scale.high:.2f}"
    weight = float(faint["cross"][1, 0, 1, 1])
    assert at(picture(panel.head_view.viewport()), cell_centre(panel, 1, 1)) == expected(
        weight, DARK, panel.scale
    )
    panel.scale_box.setCurrentIndex(0)
    assert panel.scale == Scale()


def test_another_model_shape_is_laid_out_anew(open_panel: Open) -> None:
    panel = open_panel()
    panel.select(Head("decoder", 1, 3))
    panel.show_snapshot(snapshot(attention=attention(layers=1, heads=2)))
    assert panel.selected == Head("cross", 0, 0)
    assert len(list(panel.atlas.layout_of_tiles)) == 6


def test_showing_a_step_makes_no_new_items(open_panel: Open) -> None:
    panel = open_panel()
    panel.head_view.lock((1, 1))
    views = (panel.atlas, panel.head_view)
    before = [len(view.scene().items()) for view in views]
    still = panel.head_view._still.pixmap().cacheKey()
    for step in range(30):
        panel.show_snapshot(snapshot(step=step, attention=attention(seed=step)))
    assert [len(view.scene().items()) for view in views] == before
    assert panel.head_view._still.pixmap().cacheKey() == still


def test_a_reader_that_cannot_see_is_told_the_largest_weight(open_panel: Open) -> None:
    panel = open_panel()
    told = panel.head_view.accessibleDescription()
    weights = attention().cross[1, 0]
    assert told.startswith("cross L1H0 at step 1,284")
    assert f"{weights.max():.2f}" in told


@pytest.mark.parametrize("layers", [1, 2, 6, 12])
@pytest.mark.parametrize("heads", [1, 4, 16])
def test_tiles_never_overlap_and_never_become_too_small(layers: int, heads: int) -> None:
    shapes = dict.fromkeys(("encoder", "decoder", "cross"), (layers, heads))
    for width, height in ((300, 560), (160, 300), (900, 400)):
        layout = arrange(shapes, width, height)
        assert layout.tile >= SMALLEST_TILE
        tiles = [layout.rectangle(head) for head in layout]
        assert len(tiles) == 3 * layers * heads
        for number, tile in enumerate(tiles):
            assert tile is not None
            assert tile.right() < layout.width
            assert tile.bottom() < layout.height
            assert not any(other is not None and tile.intersects(other) for other in tiles[number + 1 :])
        for head in layout:
            rectangle = layout.rectangle(head)
            assert rectangle is not None
            assert layout.head_at(rectangle.center().x(), rectangle.center().y()) == head


def test_the_best_width_is_no_wider_than_it_pays() -> None:
    shapes = dict.fromkeys(("encoder", "decoder", "cross"), (2, 4))
    width = best_width(shapes, 560, 160, 600)
    assert arrange(shapes, width, 560).tile >= 0.97 * arrange(shapes, 600, 560).tile
    assert width < 450


def test_the_atlas_gets_its_width_also_when_shown_after_the_first_snapshot(qtbot, qapp: QApplication) -> None:
    late, early = AttentionPanel(), AttentionPanel()
    for panel in (late, early):
        qtbot.addWidget(panel)
        panel.resize(950, 640)
    early.show()
    for panel in (early, late):
        panel.show_snapshot(snapshot(attention=attention()))
    late.show()
    assert late.splitter.sizes() == early.splitter.sizes()
    assert late.atlas.layout_of_tiles.tile == early.atlas.layout_of_tiles.tile > 60


def test_long_sentences_thin_out_their_labels(open_panel: Open) -> None:
    words = ("<s>", *(f"word{number}" for number in range(62)))
    panel = open_panel(attention(1, 2, (*words, "</s>"), words))
    place = panel.head_view.place
    assert place is not None
    assert place.upright
    assert place.every_row * place.plot.height() / len(words) >= 14
    assert place.every_column * place.plot.width() / (len(words) + 1) >= 14


def test_clicking_leaves_the_windows_keys_alone(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    qtbot.mouseClick(panel.atlas.viewport(), LEFT, pos=tile_centre(panel, Head("encoder", 0, 0)))
    qtbot.mouseClick(panel.head_view.viewport(), LEFT, pos=cell_centre(panel, 0, 0))
    assert not panel.atlas.hasFocus()
    assert not panel.head_view.hasFocus()


def test_tab_reaches_atlas_and_head(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    panel.solo_button.setFocus()
    reached = set()
    for _ in range(12):
        panel.focusNextChild()
        reached.add(panel.focusWidget())
    assert {panel.atlas, panel.head_view} <= reached


def test_every_control_has_a_name(open_panel: Open) -> None:
    panel = open_panel()
    assert panel.objectName() == "attention_panel"
    for widget in (
        panel.atlas,
        panel.head_view,
        panel.readout,
        panel.scale_box,
        panel.filter,
        panel.solo_button,
    ):
        assert widget.objectName()
        assert widget.accessibleName()
    assert (panel.atlas.objectName(), panel.head_view.objectName()) == ("attention_atlas", "head_view")


def test_target_rows_are_labelled_with_the_decoders_input(open_panel: Open) -> None:
    panel = open_panel()
    axes = panel.head_view._axes
    assert axes is not None
    assert axes.rows == TARGET_IN
    assert (axes.row_title, axes.column_title) == ("query (decoder)", "key (source)")
