import numpy
import pytest

from tfviz.training.export.colormaps import COLOUR_MAPS, lookup_table


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("viridis", (68, 1, 84), (253, 231, 37)), ("inferno", (0, 0, 4), (252, 255, 164))],
)
def test_a_table_runs_from_dark_to_bright_without_turning(name, first, last):
    table = lookup_table(name)
    assert (table.shape, table.dtype) == ((256, 3), numpy.uint8)
    assert (tuple(table[0]), tuple(table[-1])) == (first, last)
    brightness = table @ numpy.array([0.2126, 0.7152, 0.0722])
    assert (numpy.diff(brightness) > -0.5).all()


def test_a_table_is_a_copy():
    lookup_table("viridis")[:] = 0
    assert lookup_table("viridis").any()


def test_an_unknown_colour_map_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=r"'jet' is unknown: one of viridis, inferno"):
        lookup_table("jet")
    assert set(COLOUR_MAPS) == {"viridis", "inferno"}
