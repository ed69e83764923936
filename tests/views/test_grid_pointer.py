"""What points at a cell points at that one alone: the frame, the bars beside the grid, the labels."""

import numpy
import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage

from tests.views.hand_made import picture
from tests.views.on_screen import exposed
from tfviz.views.grids.cells import Scale
from tfviz.views.grids.grid_axes import Axes
from tfviz.views.grids.grid_view import GridView
from tfviz.views.style.theme import DARK

SIZES = pytest.mark.parametrize(("rows", "columns"), [(6, 4), (120, 64), (8, 300)])


def grid(qtbot, rows: int, columns: int) -> GridView:
    view = exposed(qtbot, GridView(), 420, 480)
    view.recolour(DARK)
    names = tuple(map(str, range(rows))), tuple(map(str, range(columns)))
    values = numpy.linspace(0, 1, rows * columns, dtype=numpy.float32).reshape(rows, columns)
    view.show_cells(values, None, Axes(*names, "row", "column", Scale(0.0, 1.0)))
    return view


def shown(view: GridView) -> QImage:
    return picture(view.viewport())


def colours(image: QImage, area: QRect) -> set[str]:
    places = (
        (x, y) for x in range(area.left(), area.right() + 1) for y in range(area.top(), area.bottom() + 1)
    )
    return {image.pixelColor(x, y).name() for x, y in places}


@SIZES
def test_a_frame_leaves_the_cell_to_be_seen_and_hides_no_more_of_the_others_than_it_is_wide(
    qtbot, rows: int, columns: int
) -> None:
    view = grid(qtbot, rows, columns)
    assert view.place is not None
    before, cell = shown(view), view.place.cell(3, 2)
    view.lock((3, 2))
    after = shown(view)
    assert after.pixelColor(cell.center()) == before.pixelColor(cell.center())
    assert DARK.cell_frame in colours(after, cell.adjusted(-1, -1, 1, 1))
    roomy = min(cell.width(), cell.height()) >= 10
    around = cell if roomy else cell.adjusted(-2, -2, 2, 2)
    left_of_it = QRect(
        view.place.plot.left(), cell.top(), around.left() - view.place.plot.left(), cell.height()
    )
    assert after.copy(left_of_it) == before.copy(left_of_it)
    if not roomy:
        assert after.copy(cell) == before.copy(cell)


@SIZES
def test_bars_beside_the_grid_are_as_long_as_the_row_and_the_column(qtbot, rows: int, columns: int) -> None:
    view = grid(qtbot, rows, columns)
    view.lock((3, 2))
    image, place = shown(view), view.place
    assert place is not None
    cell, accent = place.cell(3, 2), DARK.colour("accent").name()
    left, below = place.plot.left() - 2, place.plot.bottom() + 2
    marked = [y for y in range(image.height()) if image.pixelColor(left, y).name() == accent]
    assert marked == list(range(cell.top(), cell.bottom() + 1))
    marked = [x for x in range(image.width()) if image.pixelColor(x, below).name() == accent]
    assert marked == list(range(cell.left(), cell.right() + 1))


def test_a_label_that_is_laid_over_others_leaves_none_of_them_in_part(qtbot) -> None:
    view = grid(qtbot, 120, 64)
    place = view.place
    assert place is not None and place.every_row == 5 and place.every_column == 10
    before = shown(view)
    view.lock((3, 8))
    after = shown(view)
    # Above and below the label of row 3 are those of rows 0 and 5; beside that of column 8 is that of column 10.
    middle = place.cell(3, 0).center().y()
    labels = QRect(22, 0, place.plot.left() - 30, 1)
    for row in (0, 5):
        area = QRect(QPoint(22, place.cell(row, 0).center().y() - 7), labels.size())
        area.setHeight(15)
        assert len(colours(before, area)) > 1
        beyond = area.intersected(
            QRect(22, 0, area.width(), middle - 8) if row == 0 else QRect(22, middle + 9, 99, 99)
        )
        assert colours(after, beyond) == {DARK.panel}
    top = place.plot.bottom() + 8
    ten = QRect(place.cell(0, 10).center().x() + 2, top, 7, 12)
    assert len(colours(before, ten)) > 1
    assert colours(after, ten) == {DARK.panel}
