"""What the panel of attention paints: weights in their colours, and marks for what is no weight."""

import dataclasses
import math

import numpy
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from tests.views.attention_shown import (
    BOTH,
    Open,
    at,
    cell_centre,
    expected,
    opener,
)
from tests.views.hand_made import attention, colours_in, picture, snapshot
from tfviz.training.export.heads import Head
from tfviz.views.grids.cells import Scale
from tfviz.views.style.theme import DARK, LIGHT, Theme


@pytest.fixture
def open_panel(qtbot, qapp: QApplication) -> Open:
    return opener(qtbot, qapp)


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
