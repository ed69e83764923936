import numpy
import pytest

from tfviz.training.export.colormaps import lookup_table
from tfviz.training.export.figure import THEMES
from tfviz.training.export.palette import FigurePalette


def packed(colours):
    red, green, blue = colours.astype(numpy.uint32).T
    return (red << 16 | green << 8 | blue)[None]


@pytest.fixture(params=sorted(THEMES))
def theme(request):
    return THEMES[request.param]


def test_colours_of_weights_are_met_closely(theme):
    palette, table = FigurePalette(theme), lookup_table(theme.colour_map)
    found = palette.colours[palette.indices(packed(table))[0]].astype(int)
    assert abs(found - table).max() <= 5  # of 255


def test_the_plain_colours_are_met_exactly(theme):
    palette = FigurePalette(theme)
    names = (
        theme.background,
        theme.text,
        theme.dim,
        theme.line,
        theme.masked,
        theme.not_a_number,
        theme.infinite,
    )
    colours = numpy.array([list(bytes.fromhex(name[1:])) for name in names])
    indices = palette.indices(packed(colours))[0]
    numpy.testing.assert_array_equal(palette.colours[indices], colours)
    assert indices[0] == 0


def test_any_colour_gets_the_nearest_and_the_same_again(theme):
    palette = FigurePalette(theme)
    colours = numpy.random.Generator(numpy.random.Philox(5)).integers(0, 256, (3000, 3))
    first = palette.indices(packed(colours))[0]
    distances = ((colours[:, None] - palette.colours.astype(int)) ** 2).sum(axis=2)
    numpy.testing.assert_array_equal(distances[numpy.arange(3000), first], distances.min(axis=1))
    numpy.testing.assert_array_equal(palette.indices(packed(colours))[0], first)
    assert len(palette.colours) == 255
