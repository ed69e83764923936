import base64
import re
import struct
import zlib
from xml.etree import ElementTree

import numpy
import pytest

from tfviz.training.export import attention_figure, export_snapshot
from tfviz.training.export.colormaps import lookup_table
from tfviz.training.export.figure import MOST_CELLS
from tfviz.training.export.heads import Head
from tfviz.training.export.svg import svg

SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"


def parsed(snapshot, head=None, **options):
    return ElementTree.fromstring(svg(attention_figure(snapshot, head, **options)).encode())


def texts(root):
    return [element.text for element in root.iter(f"{SVG}text")]


def group(root, name):
    """The group of cells with this title."""
    return next(g for g in root.iter(f"{SVG}g") if g.find(f"{SVG}title").text == name)


def cell_colours(cells):
    """(row, column) -> colour, by painting the rectangles in their order onto a fine grid."""
    rectangles = cells.findall(f"{SVG}rect")
    colours = {}
    for rectangle in rectangles:
        x, y, width, height = (float(rectangle.get(name)) for name in ("x", "y", "width", "height"))
        assert 1 <= width <= 1.5 and 1 <= height <= 1.5
        colours[int(y), int(x)] = rectangle.get("fill")
    assert len(colours) == len(rectangles)
    return colours


def hexadecimal(weight, colour_map):
    return "#" + bytes(lookup_table(colour_map)[round(float(weight) * 255)]).hex()


@pytest.mark.parametrize("head", ["encoder.L1H3", "decoder.L0H0", "cross.L2H1"])
@pytest.mark.parametrize(("theme", "colour_map"), [("light", "viridis"), ("dark", "inferno")])
def test_each_cell_is_a_rectangle_in_the_colour_of_its_weight(snapshot, head, theme, colour_map):
    chosen = Head.parse(head)
    colours = cell_colours(group(parsed(snapshot, chosen, theme=theme), chosen.label))
    weights = chosen.weights(snapshot.attention)
    assert colours == {place: hexadecimal(weight, colour_map) for place, weight in numpy.ndenumerate(weights)}


def test_the_atlas_has_a_titled_group_for_each_head(snapshot):
    root = parsed(snapshot)
    weights = snapshot.attention.decoder_self[2, 1]
    colours = cell_colours(group(root, "decoder L2H1"))
    assert colours == {place: hexadecimal(weight, "viridis") for place, weight in numpy.ndenumerate(weights)}
    assert len(list(root.iter(f"{SVG}g"))) == (2 + 3 + 3) * 4 + 1  # and the colour bar


def test_the_last_row_and_column_end_with_the_map(snapshot):
    cells = group(parsed(snapshot, "cross.L0H0"), "cross L0H0").findall(f"{SVG}rect")
    assert max(float(cell.get("x")) + float(cell.get("width")) for cell in cells) == 5
    assert max(float(cell.get("y")) + float(cell.get("height")) for cell in cells) == 4


def test_cells_lie_where_their_labels_stand(snapshot):
    root = parsed(snapshot, "cross.L0H0")
    move, size = re.findall(r"\(([-\d.]+) ([-\d.]+)\)", group(root, "cross L0H0").get("transform"))
    x, width = float(move[0]), float(size[0])
    keys = [
        t
        for t in root.iter(f"{SVG}text")
        if t.get("text-anchor") == "middle" and "Mono" in t.get("font-family", "")
    ]
    assert [float(key.get("x")) for key in keys] == [x + (column + 0.5) * width for column in range(5)]


def test_special_characters_are_escaped_and_come_back(make_snapshot):
    source = ["<s>", "&", '"q"', "<b>x</b>", "]]>", "我们", "é", "\x07", "\udc80", "</s>"]
    root = parsed(make_snapshot(source, name="a & b < c"), "encoder.L0H0")
    assert texts(root).count("<s>") == 2
    for token in ("&", '"q"', "<b>x</b>", "]]>", "我们", "é", "␇", "�", "</s>"):
        assert token in texts(root)
    assert any("run a & b < c" in text for text in texts(root))


def test_the_page_has_a_size_a_title_and_a_description(snapshot):
    root = parsed(snapshot, "cross.L1H0")
    assert root.get("viewBox") == f"0 0 {root.get('width')} {root.get('height')}"
    assert root.find(f"{SVG}title").text == "cross L1H0 attention"
    assert "how are you" in root.find(f"{SVG}desc").text


def test_no_number_is_written_in_scientific_notation(make_snapshot):
    text = svg(attention_figure(make_snapshot(["w"] * 90, ["v"] * 7), "cross.L0H0"))
    values = re.findall(r' (?:x|y|x1|y1|width|height|font-size)="([^"]+)"', text)
    assert all(re.fullmatch(r"-?\d+(\.\d+)?", value) for value in values)


def test_an_atlas_of_very_many_cells_embeds_images_with_the_same_colours(make_snapshot):
    snapshot = make_snapshot(["w"] * 64, ["v"] * 60, layers=(1, 1), heads=6)
    assert MOST_CELLS < 6 * (64 * 64 + 60 * 60 + 60 * 64)
    text = svg(attention_figure(snapshot))
    assert len(text) < 500_000
    root = ElementTree.fromstring(text.encode())
    image = next(i for i in root.iter(f"{SVG}image") if i.find(f"{SVG}title").text == "cross L0H4")
    kind, data = image.get(f"{XLINK}href").split(",")
    assert kind == "data:image/png;base64"
    pixels, palette = read_indexed_png(base64.b64decode(data))
    weights = snapshot.attention.cross[0, 4]
    numpy.testing.assert_array_equal(palette, lookup_table("viridis"))
    numpy.testing.assert_array_equal(pixels[::4, ::4], numpy.rint(weights * 255))
    numpy.testing.assert_array_equal(pixels[3::4, 3::4], numpy.rint(weights * 255))


def read_indexed_png(data):
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, position = {}, 8
    while position < len(data):
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        chunks[kind] = data[position + 8 : position + 8 + length]
        (crc,) = struct.unpack(">I", data[position + 8 + length : position + 12 + length])
        assert crc == zlib.crc32(kind + chunks[kind])
        position += 12 + length
    columns, rows, depth, colour_type = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colour_type) == (8, 3)
    pixels = numpy.frombuffer(zlib.decompress(chunks[b"IDAT"]), numpy.uint8).reshape(rows, columns + 1)
    assert not pixels[:, 0].any()
    return pixels[:, 1:], numpy.frombuffer(chunks[b"PLTE"], numpy.uint8).reshape(256, 3)


def test_the_file_is_what_the_figure_says(snapshot, tmp_path):
    export_snapshot(snapshot, tmp_path / "a.svg", "attention", "svg", head="cross.L0H0", theme="dark")
    written = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert written == svg(attention_figure(snapshot, "cross.L0H0", "dark"))
