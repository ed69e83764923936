"""Pictures of one byte a pixel, and the bar that explains their colours."""

import numpy
import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from tfviz.views.grids.cells import colour_bar
from tfviz.views.parts.byte_image import ByteImage
from tfviz.views.style.theme import DARK, LIGHT, Theme

COLOURS = [QColor(byte, 255 - byte, 7).rgb() for byte in range(256)]


@pytest.mark.parametrize("width", [1, 3, 4, 5, 8])
def test_every_byte_has_its_colour_at_its_place_whatever_the_width(qapp: QApplication, width: int) -> None:
    cells = numpy.arange(3 * width, dtype=numpy.uint8).reshape(3, width)
    painted = ByteImage.of(cells, COLOURS).pixmap().toImage()
    assert (painted.width(), painted.height()) == (width, 3)
    for (row, column), byte in numpy.ndenumerate(cells):
        assert painted.pixel(column, row) == COLOURS[byte]


def test_what_is_written_later_is_in_the_next_picture_alone(qapp: QApplication) -> None:
    made = ByteImage(6, 2, COLOURS, 2.0)
    before = made.pixmap()
    made.bytes[1, 5] = 200
    after = made.pixmap()
    assert before.devicePixelRatio() == after.devicePixelRatio() == 2.0
    assert before.toImage().pixel(5, 1) == COLOURS[0] and after.toImage().pixel(5, 1) == COLOURS[200]


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
@pytest.mark.parametrize("signed", [False, True])
def test_a_bar_has_the_colours_of_the_map_and_is_made_once_a_theme(theme: Theme, signed: bool) -> None:
    bar = colour_bar(theme, signed)
    colours = [QColor(bar.pixel(place, 0)).getRgb() for place in range(bar.width())]
    assert colours == list(map(tuple, theme.lookup_table(signed).tolist()))
    assert colour_bar(theme, signed) is bar
