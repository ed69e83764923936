"""What is written beside a grid of cells: upright for reading where that is possible, and never over its neighbour."""

from itertools import pairwise

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QFontMetricsF
from pytestqt.qtbot import QtBot

from tfviz.views.grids.cells import Scale
from tfviz.views.grids.grid_axes import LABEL, OVERHANG, SMALL_LABEL, Axes, Geometry, geometry
from tfviz.views.style.fonts import monospace_font

WORDS = ("<s>", "the", "cat", "is", "under", "the", "table", "</s>")


@pytest.fixture(autouse=True)
def fonts(qtbot: QtBot) -> None:
    """Text can be measured only once there is an application."""


def placed(words: tuple[str, ...], width: int) -> Geometry:
    return geometry(Axes(words, words, "query", "key", Scale(0.0, 1.0)), QSize(width, 300))


def runs_into_another(words: tuple[str, ...], place: Geometry) -> bool:
    widths = [QFontMetricsF(monospace_font(place.label)).horizontalAdvance(word) for word in words]
    middles = [place.cell(0, column).center().x() for column in range(len(words))]
    between = zip(pairwise(middles), pairwise(widths), strict=True)
    return any(right - left < sum(pair) / 2 for (left, right), pair in between)


def test_words_lie_flat_as_long_as_there_is_room_then_grow_smaller_and_only_then_are_turned() -> None:
    places = [placed(WORDS, width) for width in range(700, 240, -10)]
    looks = [(place.upright, place.label) for place in places]
    assert looks == sorted(looks, key=[(False, LABEL), (False, SMALL_LABEL), (True, LABEL)].index)
    assert len(set(looks)) == 3
    assert not any(runs_into_another(WORDS, place) for place in places if not place.upright)


def test_a_long_word_at_the_end_may_stand_out_over_its_cell_but_not_by_much() -> None:
    words = ("</s>", *"abcdefgh", "</s>")
    place = next(place for width in range(240, 700, 2) if not (place := placed(words, width)).upright)
    wide = QFontMetricsF(monospace_font(place.label)).horizontalAdvance("</s>")
    cell = place.cell(0, 0).width()
    assert cell < wide <= cell + 2 * OVERHANG
    assert not runs_into_another(words, place)
