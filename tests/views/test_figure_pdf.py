"""The pdf is read here with as much of a parser as Qt's own files need; poppler, where installed, looks as well."""

import re
import subprocess
import zlib

import numpy
import pytest

from tests.tools import needs
from tests.training.export.conftest import make
from tfviz.training.export import attention_figure
from tfviz.training.export.colormaps import lookup_table
from tfviz.training.export.figure import MOST_CELLS, Cells
from tfviz.views.figures.figure_image import export_image
from tfviz.views.figures.figure_pdf import pdf

NUMBER = rb"-?[\d.]+"
UNIT = 72 / 96
"""Points a unit of the figure."""


def streams(data):
    """Every stream of the file, decompressed."""
    found = []
    for match in re.finditer(rb"<<([^>]*(?:>(?!>)[^>]*)*)>>\s*stream\r?\n", data):
        body = data[match.end() : data.index(b"endstream", match.end())]
        found.append(zlib.decompress(body) if b"/FlateDecode" in match.group(1) else body)
    return found


def page_content(data):
    return max((stream for stream in streams(data) if b" scn" in stream), key=len)


def filled_rectangles(content):
    """(x, y, width, height, colour) in points, y downwards from the top of the page, in their order."""
    found, saved, operands = [], [], []
    matrix, colour, shape = numpy.eye(3), None, None
    for word in content.split():
        if re.fullmatch(NUMBER, word):
            operands.append(float(word))
            continue
        if word == b"cm":
            a, b, c, d, e, f = operands[-6:]
            matrix = numpy.array([[a, b, 0], [c, d, 0], [e, f, 1]]) @ matrix
        elif word == b"scn":
            colour = "#" + bytes(round(value * 255) for value in operands[-3:]).hex()
        elif word == b"re":
            shape = operands[-4:]
        elif word == b"f" and shape:
            x, y, width, height = shape
            corners = numpy.array([[x, y, 1], [x + width, y + height, 1]]) @ matrix
            low, high = corners[:, :2].min(axis=0), corners[:, :2].max(axis=0)
            found.append((*low, *(high - low), colour))
            shape = None
        elif word == b"q":
            saved.append((matrix, colour))
        elif word == b"Q":
            matrix, colour = saved.pop()
        operands.clear()
    return found


def page_size(data):
    box = re.search(rb"/MediaBox \[0 0 (%s) (%s)\]" % (NUMBER, NUMBER), data)
    return float(box.group(1)), float(box.group(2))


@pytest.fixture
def snapshot():
    return make()


def test_the_page_is_as_large_as_the_figure(qapp, snapshot):
    for head in (None, "cross.L0H1"):
        figure = attention_figure(snapshot, head)
        width, height = page_size(pdf(figure))
        assert abs(width - figure.width * UNIT) <= 0.5 and abs(height - figure.height * UNIT) <= 0.5
        assert b"/Count 1" in pdf(figure)


@pytest.mark.parametrize(("theme", "colour_map"), [("light", "viridis"), ("dark", "inferno")])
@pytest.mark.parametrize("head", ["cross.L1H2", None])
def test_each_cell_is_a_rectangle_in_the_colour_of_its_weight(qapp, snapshot, theme, colour_map, head):
    figure = attention_figure(snapshot, head, theme)
    data = pdf(figure)
    assert b"/Subtype /Image" not in data
    rectangles = filled_rectangles(page_content(data))
    cells = next(s for s in figure.shapes if isinstance(s, Cells) and s.name == "cross L1H2")
    table = lookup_table(colour_map)
    height = page_size(data)[1]
    for (row, column), weight in numpy.ndenumerate(snapshot.attention.cross[1, 2]):
        x, y = cells.x + (column + 0.5) * cells.cell_width, cells.y + (row + 0.5) * cells.cell_height
        x, y = x * UNIT, height - y * UNIT
        over = [r for r in rectangles if r[0] < x < r[0] + r[2] and r[1] < y < r[1] + r[3]]
        assert over[-1][4] == "#" + bytes(table[round(float(weight) * 255)]).hex()
        assert over[-1][2] < cells.cell_width * UNIT * 1.2


def test_fonts_are_in_the_file_and_its_texts_can_be_searched(qapp, snapshot):
    data = pdf(attention_figure(snapshot, "cross.L0H1"))
    descriptors = re.findall(rb"/Type /FontDescriptor", data)
    assert len(descriptors) >= 3  # Inter twice, JetBrains Mono
    assert len(re.findall(rb"/FontFile[23]? \d+ 0 R", data)) == len(descriptors)
    assert data.count(b"/ToUnicode") == len(descriptors)


def test_a_map_of_very_many_cells_is_an_image_without_loss(qapp):
    snapshot = make(["w"] * 64, ["v"] * 60, layers=(1, 1), heads=6)
    figure = attention_figure(snapshot)
    assert sum(s.indices.size for s in figure.shapes if isinstance(s, Cells)) > MOST_CELLS
    data = pdf(figure)
    assert data.count(b"/Subtype /Image") == 18
    assert b"/DCTDecode" not in data


def test_the_file_says_what_it_is(qapp, snapshot, tmp_path):
    export_image(snapshot, tmp_path / "a.pdf", "pdf", "cross.L0H1")
    data = (tmp_path / "a.pdf").read_bytes()
    assert data.startswith(b"%PDF-1.") and data.rstrip().endswith(b"%%EOF")
    assert "cross L0H1 attention".encode("utf-16-be") in data.replace(b"\\", b"")


@needs("pdftotext")
def test_another_program_reads_every_text(qapp, tmp_path):
    source = ["<s>", "&", "</script>", "Grüße", "(x)", "</s>"]
    export_image(make(source), tmp_path / "a.pdf", "pdf", "encoder.L0H0")
    command = ["pdftotext", "-layout", str(tmp_path / "a.pdf"), "-"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert found.stderr == ""
    for text in (*source, "query (source)", "key (source)", "step 1,284", "seed 7", "teacher-forced"):
        assert text in found.stdout
