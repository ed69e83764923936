"""The panel of attention: what it says of the step, how it is laid out, and how it is reached by keys and by name."""

import pytest
from PySide6.QtWidgets import QApplication

from tests.views.attention_shown import (
    LEFT,
    Open,
    cell_centre,
    opener,
    tile_centre,
)
from tests.views.hand_made import TARGET_IN, attention, snapshot
from tfviz.training.export.heads import Head
from tfviz.views.attention.atlas_layout import SMALLEST_TILE, arrange, best_width
from tfviz.views.attention.attention_panel import AttentionPanel


@pytest.fixture
def open_panel(qtbot, qapp: QApplication) -> Open:
    return opener(qtbot, qapp)


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


def test_a_filter_shows_one_kind_larger_and_selects_a_head_of_it(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    before = panel.atlas.layout_of_tiles.tile
    qtbot.mouseClick(panel.filter.button(1), LEFT)
    assert {head.kind for head in panel.atlas.layout_of_tiles} == {"encoder"}
    assert panel.selected == Head("encoder", 1, 0)
    assert panel.atlas.layout_of_tiles.tile >= before
    qtbot.mouseClick(panel.filter.button(0), LEFT)
    assert len(list(panel.atlas.layout_of_tiles)) == 24


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
