import os
import re
import subprocess
import sys

import numpy
import pytest
from PySide6.QtGui import QImage

from tfviz.training.config import RunConfig
from tfviz.training.export import attention_figure
from tfviz.training.export.colormaps import lookup_table
from tfviz.training.export.figure import THEMES as FIGURE_THEMES
from tfviz.training.export.figure import Cells, Figure, Text
from tfviz.training.readings import Attention
from tfviz.training.snapshot import Snapshot
from tfviz.views.figures.figure_image import export_image, paint_image, png
from tfviz.views.style.theme import THEMES

SOURCE = ("<s>", "how", "are", "you", "</s>")
TARGET = ("<s>", "how", "are", "you")


def softmax(scores):
    weights = numpy.exp(scores)
    return weights / weights.sum(axis=-1, keepdims=True)


@pytest.fixture
def snapshot():
    random = numpy.random.Generator(numpy.random.Philox(3))
    shapes = [(2, 4, 5, 5), (2, 4, 4, 4), (2, 4, 4, 5)]
    arrays = [softmax(random.normal(size=shape) * 2) for shape in shapes]
    return Snapshot(
        12, 7, RunConfig(name="a run"), Attention(*arrays, SOURCE, TARGET, "how are you", "how are you")
    )


@pytest.fixture
def folder(tmp_path):
    """Empty: Qt's fonts may leave a cache in tmp_path."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def pixels(image):
    """(row, column, red green blue)."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = numpy.frombuffer(image.constBits(), numpy.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def maps(figure):
    return {shape.name: shape for shape in figure.shapes if isinstance(shape, Cells)}


def assert_cells_are_painted(found, cells, scale):
    """Every cell has its colour everywhere but on its very edge."""
    for (row, column), index in numpy.ndenumerate(cells.indices):
        left, top = cells.x + column * cells.cell_width, cells.y + row * cells.cell_height
        box = numpy.array([top, top + cells.cell_height, left, left + cells.cell_width]) * scale
        up, down, start, end = numpy.array([numpy.ceil(box[0]), box[1], numpy.ceil(box[2]), box[3]]).astype(
            int
        )
        inside = found[up + 1 : down - 1, start + 1 : end - 1]
        assert inside.size
        assert (inside == cells.table[index]).all(), f"{cells.name} {row} {column}"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("head", ["cross.L1H2", None])
def test_every_cell_has_the_colour_of_its_weight(qapp, snapshot, theme, scale, head):
    figure = attention_figure(snapshot, head, theme)
    found = pixels(paint_image(figure, scale))
    assert found.shape[:2] == (figure.height * scale, figure.width * scale)
    weights = snapshot.attention.cross[1, 2]
    cells = maps(figure)["cross L1H2"]
    table = lookup_table({"light": "viridis", "dark": "inferno"}[theme])
    numpy.testing.assert_array_equal(cells.table[cells.indices], table[numpy.rint(weights * 255).astype(int)])
    for name, cells in maps(figure).items():
        if name != "colour bar":
            assert_cells_are_painted(found, cells, scale)


def test_the_file_is_the_picture_with_its_resolution_and_description(qapp, snapshot, folder):
    export_image(snapshot, folder / "a.png", head="cross.L0H1", theme="dark", scale=2.0)
    image = QImage(str(folder / "a.png"))
    figure = attention_figure(snapshot, "cross.L0H1", "dark")
    assert (image.width(), image.height()) == (2 * figure.width, 2 * figure.height)
    numpy.testing.assert_array_equal(pixels(image), pixels(paint_image(figure, 2.0)))
    assert round(image.dotsPerMeterX() * 0.0254) == 192
    assert image.text("Title") == "cross L0H1 attention"
    for fact in ("step 12", "seed 7", "how are you", "teacher-forced", "run a run", "layer 0, head 1"):
        assert fact in image.text("Description")


def ink(text, **options):
    """The box of what a text paints, (left, top, right, bottom), on a page of 200 x 200."""
    shape = Text(100.0, 100.0, text, 20.0, "#000000", **options)
    found = pixels(paint_image(Figure(200.0, 200.0, "#ffffff", "", "", (shape,)), 1.0))
    rows, columns = numpy.nonzero((found < 128).any(axis=2))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_texts_start_end_or_centre_at_their_place_and_stand_on_it(qapp):
    left, top, right, bottom = ink("<s>HHH")
    assert 99 <= left <= 104 and 80 <= top <= 90 and 98 <= bottom <= 107
    assert 97 <= ink("HHH", anchor="end")[2] <= 101
    left, _, right, _ = ink("HHH", anchor="middle")
    assert abs((left + right) / 2 - 100) <= 1.5


def test_turned_texts_run_upwards(qapp):
    level, turned = ink("HHHH"), ink("HHHH", rotation=-90.0)
    assert turned[1] < level[1] and 97 <= turned[3] <= 101 and turned[2] <= 101
    assert turned[3] - turned[1] == pytest.approx(level[2] - level[0], abs=2)


def test_tokens_that_look_like_html_are_painted_as_they_are(qapp):
    plain = ink("<s>", monospace=True)
    assert plain[2] - plain[0] > 25


def test_the_characters_of_a_token_are_not_joined(qapp):
    def columns(text):
        shape = Text(10.0, 100.0, text, 20.0, "#000000", monospace=True)
        return pixels(paint_image(Figure(200.0, 200.0, "#ffffff", "", "", (shape,)), 1.0))

    both, first = columns("</s>"), columns("<")
    numpy.testing.assert_array_equal(both[:, :20], first[:, :20])


def test_widths_that_the_layout_assumes_are_enough(qapp):
    from tfviz.training.export.figure import text_width

    for text in (
        "donaudampf",
        "WWW",
        "mmmm",
        "step 1,284 · seed 7 · teacher-forced",
        "ILLUSION",
        "0123456789",
    ):
        for monospace in (False, True):
            left, _, right, _ = ink(text[:8], monospace=monospace)
            assert right - left <= text_width(text[:8], 20.0, monospace) * 1.05, (text, monospace)


def test_figures_use_the_tokens_of_the_window(qapp):
    assert FIGURE_THEMES.keys() == THEMES.keys()
    for name, tokens in FIGURE_THEMES.items():
        theme = THEMES[name]
        assert tokens.background == theme.panel
        for token in ("text", "dim", "line", "masked", "not_a_number", "infinite", "colour_map"):
            assert getattr(tokens, token) == getattr(theme, token), token
        numpy.testing.assert_array_equal(lookup_table(tokens.colour_map), theme.lookup_table()[:, :3])


def test_it_works_without_an_application_and_without_a_display(folder):
    code = """
import sys, numpy
from tfviz.training.config import RunConfig
from tfviz.training.readings import Attention
from tfviz.training.snapshot import Snapshot
from tfviz.views.figures.figure_image import export_image
ones = numpy.ones((1, 1, 1, 1))
snapshot = Snapshot(1, 0, RunConfig(), Attention(ones, ones, ones, ("<s>",), ("<s>",)))
for head in (None, "cross.L0H0"):
    export_image(snapshot, sys.argv[1], head=head)
"""
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    command = [sys.executable, "-c", code, str(folder / "a.png")]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    assert found.returncode == 0, found.stderr
    assert found.stderr == ""
    assert QImage(str(folder / "a.png")).width() > 300


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_scale_is_refused(qapp, snapshot, scale):
    with pytest.raises(ValueError, match="the scale of an image is"):
        png(attention_figure(snapshot), scale)


def test_an_image_too_large_to_hold_is_refused_before_it_is_made(qapp, snapshot, folder):
    with pytest.raises(
        ValueError, match=r"an image of \d+ x \d+ pixels is too large; choose a smaller scale than 60"
    ):
        export_image(snapshot, folder / "a.png", scale=60)
    assert list(folder.iterdir()) == []


def test_an_unknown_format_is_refused_with_those_there_are(qapp, snapshot, folder):
    with pytest.raises(ValueError, match="'bmp' is no image format; there is png"):
        export_image(snapshot, folder / "a.bmp", format="bmp")


def test_a_failing_write_leaves_the_old_picture(qapp, snapshot, folder, full_disk):
    (folder / "a.png").write_bytes(b"old")
    with pytest.raises(OSError, match=re.escape(f"cannot write {folder / 'a.png'}: no space left on device")):
        export_image(snapshot, folder / "a.png")
    assert [path.read_bytes() for path in folder.iterdir()] == [b"old"]
