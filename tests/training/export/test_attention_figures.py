import dataclasses
import itertools

import numpy
import pytest

from tests.training.export.pages import Page
from tfviz.training.export import attention_figure
from tfviz.training.export.colormaps import lookup_table
from tfviz.training.export.figure import Cells, Line, Rectangle, Text
from tfviz.training.export.head_figure import cell_length
from tfviz.training.export.html import html


def of(kind, figure):
    return [shape for shape in figure.shapes if isinstance(shape, kind)]


def texts(figure):
    return [text.text for text in of(Text, figure)]


def maps(figure):
    return {cells.name: cells for cells in of(Cells, figure)}


def with_cross(snapshot, change):
    weights = snapshot.attention.cross.copy()
    change(weights)
    return dataclasses.replace(snapshot, attention=dataclasses.replace(snapshot.attention, cross=weights))


def test_the_atlas_shows_every_head_once_in_the_colours_of_its_weights(snapshot):
    found = maps(attention_figure(snapshot))
    assert set(found) == {
        f"{kind} L{layer}H{head}"
        for kind, layers in (("encoder", 2), ("decoder", 3), ("cross", 3))
        for layer in range(layers)
        for head in range(4)
    } | {"colour bar"}
    weights = snapshot.attention.cross[1, 2]
    numpy.testing.assert_array_equal(found["cross L1H2"].indices, numpy.rint(weights * 255))
    numpy.testing.assert_array_equal(found["cross L1H2"].table, lookup_table("viridis"))


def test_the_atlas_names_kinds_layers_heads_and_axes(snapshot):
    words = texts(attention_figure(snapshot))
    for word in (
        "encoder self-attention",
        "decoder self-attention",
        "cross-attention",
        "L0",
        "L2",
        "H0",
        "H3",
    ):
        assert word in words
    assert "rows: query (target), columns: key (source)" in words


def test_one_head_has_tokens_on_both_axes_and_says_which_are_queries(snapshot):
    figure = attention_figure(snapshot, "cross.L1H0")
    tokens = [text.text for text in of(Text, figure) if text.monospace]
    assert tokens == ["<s>", "how", "are", "you", "<s>", "how", "are", "you", "</s>"]
    words = texts(figure)
    assert "cross L1H0" in words
    assert "query (target)" in words and "key (source)" in words


@pytest.mark.parametrize("head", [None, "encoder.L0H3"])
def test_every_picture_says_step_seed_sentence_run_and_decoding(snapshot, head):
    figure = attention_figure(snapshot, head)
    for said in (" ".join(texts(figure)), figure.description):
        for fact in (
            "step 1,284",
            "seed 7",
            "teacher-forced",
            "run identity",
            "“how are you”",
            "validation 3/64",
        ):
            assert fact in said
        assert ("encoder layer 0, head 3" if head else "all heads") in said


def test_a_free_running_picture_says_so(snapshot):
    prediction = dataclasses.replace(snapshot.prediction, teacher_forced=None)
    figure = attention_figure(dataclasses.replace(snapshot, prediction=prediction), "cross.L0H0")
    assert "free-running" in figure.description and "teacher-forced" not in figure.description


def test_light_is_viridis_on_white_and_dark_is_inferno_on_the_panel_colour(snapshot):
    light, dark = (attention_figure(snapshot, "cross.L0H0", theme) for theme in ("light", "dark"))
    assert (light.background, dark.background) == ("#ffffff", "#1b1e25")
    numpy.testing.assert_array_equal(maps(dark)["cross L0H0"].table, lookup_table("inferno"))
    numpy.testing.assert_array_equal(maps(dark)["cross L0H0"].indices, maps(light)["cross L0H0"].indices)


@pytest.mark.parametrize("head", [None, "cross.L0H0"])
def test_the_colour_bar_runs_from_0_to_1(snapshot, head):
    figure = attention_figure(snapshot, head)
    assert maps(figure)["colour bar"].indices[:, 0].tolist() == list(range(255, -1, -1))
    words = texts(figure)
    assert [word for word in words if word.replace(".", "").isdecimal()] == [
        "0.0",
        "0.2",
        "0.4",
        "0.6",
        "0.8",
        "1.0",
    ]
    assert "attention weight" in words


def test_another_upper_end_changes_colours_and_bar_and_marks_what_is_above(snapshot):
    def change(weights):
        weights[0, 0, 0, :3] = 0.1, 0.05, 0.4

    figure = attention_figure(with_cross(snapshot, change), "cross.L0H0", upper=0.1)
    assert maps(figure)["cross L0H0"].indices[0, :3].tolist() == [255, 128, 255]
    assert {"0.00", "0.08", "≥0.10"} <= set(texts(figure))


@pytest.mark.parametrize("upper", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_upper_end_is_refused(snapshot, upper):
    with pytest.raises(ValueError, match="upper end of the colour scale"):
        attention_figure(snapshot, "cross.L0H0", upper=upper)


@pytest.mark.parametrize(("value", "colour"), [(numpy.nan, "#ff2a6d"), (numpy.inf, "#ff8c1a")])
@pytest.mark.parametrize("head", [None, "cross.L0H0"])
def test_a_weight_that_is_no_number_has_a_cross_and_not_the_colour_of_zero(snapshot, head, value, colour):
    def change(weights):
        weights[0, 0, 1, 2] = value

    figure = attention_figure(with_cross(snapshot, change), head)
    cells = maps(figure)["cross L0H0"]
    left, top = cells.x + 2 * cells.cell_width, cells.y + 1 * cells.cell_height
    covers = [shape for shape in of(Rectangle, figure) if shape.fill]
    assert [(c.x, c.y, c.width, c.height) for c in covers] == [
        (left, top, cells.cell_width, cells.cell_height)
    ]
    assert len([line for line in of(Line, figure) if line.colour == colour]) == 2


def test_numbers_are_written_where_asked_and_where_they_can_be_read(snapshot, make_snapshot):
    weight = f"{snapshot.attention.cross[0, 0].max():.2f}"
    assert weight not in texts(attention_figure(snapshot, "cross.L0H0"))
    assert weight in texts(attention_figure(snapshot, "cross.L0H0", numbers=True))
    many = make_snapshot(["w"] * 40, ["v"] * 40)
    assert not any(
        text.anchor == "middle" and text.text[:2] == "0."
        for text in of(Text, attention_figure(many, "cross.L0H0", numbers=True))
    )


def test_key_labels_turn_only_when_they_must(make_snapshot):
    def angle(word, count):
        figure = attention_figure(make_snapshot([word] * count, ["<s>", "a"]), "cross.L0H0")
        return [text.rotation for text in of(Text, figure) if text.monospace][-1]

    assert angle("how", 8) == 0
    assert angle("attention", 12) == -45
    assert angle("attention", 60) == -90


def test_long_tokens_are_elided_and_awkward_ones_made_visible(make_snapshot):
    source = ["<s>", "donaudampfschifffahrtsgesellschaft", "a\nb", " ", "</s>"]
    labels = [
        text.text
        for text in of(Text, attention_figure(make_snapshot(source), "encoder.L0H0"))
        if text.monospace
    ]
    assert labels[1].startswith("donaudampf") and labels[1].endswith("…") and len(labels[1]) < 22
    assert labels[2:5] == ["a␊b", "␣", "</s>"]


@pytest.mark.parametrize("count", [1, 2, 12, 64, 100, 300, 1024])
def test_labels_never_crowd_and_maps_stay_printable(count):
    cell = cell_length(count)
    assert cell * count <= 1000
    assert cell <= 60


def test_labels_thin_out_in_very_long_maps(make_snapshot):
    figure = attention_figure(make_snapshot(["x"] * 300, ["<s>"], layers=(1, 1), heads=1), "encoder.L0H0")
    labels = [text for text in of(Text, figure) if text.monospace]
    assert 2 * 50 < len(labels) < 2 * 150


SHAPES = [
    ((1, 1), 1, 1, 1),
    ((2, 2), 4, 12, 12),
    ((2, 2), 4, 5, 40),
    ((6, 1), 8, 64, 60),
    ((24, 24), 8, 8, 8),
]


@pytest.mark.parametrize(("layers", "heads", "source", "target"), SHAPES)
@pytest.mark.parametrize("head", [None, "encoder.L0H0", "cross.L0H0"])
def test_nothing_leaves_the_page_and_no_map_covers_another(
    make_snapshot, layers, heads, source, target, head
):
    snapshot = make_snapshot(["w"] * source, ["v"] * target, layers=layers, heads=heads)
    figure = attention_figure(snapshot, head)
    boxes = [(c.x, c.y, c.x + c.width, c.y + c.height) for c in of(Cells, figure)]
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= figure.width and 0 <= top < bottom <= figure.height
    if len(boxes) < 100:
        for a, b in itertools.combinations(boxes, 2):
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    for text in of(Text, figure):
        assert 0 <= text.x <= figure.width and 0 < text.y <= figure.height


@pytest.mark.parametrize(("layers", "heads"), [((2, 2), 4), ((24, 24), 8), ((1, 1), 16)])
def test_the_atlas_chooses_a_page_that_is_neither_a_strip_nor_a_tower(make_snapshot, layers, heads):
    figure = attention_figure(make_snapshot(layers=layers, heads=heads))
    assert 0.4 < figure.width / figure.height < 2.6


def test_a_decoder_alone_reads_one_stream(snapshot):
    alone = dataclasses.replace(
        snapshot.attention, encoder_self=numpy.zeros((0, 0, 5, 5)), cross=numpy.zeros((0, 0, 4, 5))
    )
    alone = dataclasses.replace(snapshot, attention=alone)
    assert {"query (stream)", "key (stream)"} <= {*texts(attention_figure(alone, "decoder.L0H0"))}
    assert "rows: query (stream), columns: key (stream)" in texts(attention_figure(alone))
    assert Page(html([alone])).data["kinds"][0]["axes"] == ["stream", "stream"]
    assert Page(html([snapshot])).data["kinds"][2]["axes"] == ["target", "source"]
