"""Pictures of the difference of two steps: its values, its signed scale, and that both steps are named."""

import dataclasses

import numpy
import pytest

from tests.training.export.test_attention_figures import maps, texts
from tfviz.training.export import Pinned, attention_figure, export_snapshot
from tfviz.training.export.colormaps import lookup_table
from tfviz.training.export.figure import THEMES


@pytest.fixture
def pinned(snapshot):
    """Step 20 of another seed: the same tokens, the weights of each row in another order."""
    turned = {
        name: getattr(snapshot.attention, name)[..., ::-1]
        for name in ("encoder_self", "cross", "decoder_self")
    }
    before = dataclasses.replace(
        snapshot, step=20, seed=8, attention=dataclasses.replace(snapshot.attention, **turned)
    )
    return Pinned(before, "slower", 1)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("head", [None, "cross.L1H2"])
def test_cells_have_the_colours_of_current_less_pinned_on_a_symmetric_scale(snapshot, pinned, head, theme):
    found = maps(attention_figure(snapshot, head, theme, pinned=pinned))["cross L1H2"]
    difference = snapshot.attention.cross[1, 2].astype(float) - pinned.snapshot.attention.cross[1, 2].astype(
        float
    )
    assert difference.min() < -0.1 < 0.1 < difference.max()
    wanted = numpy.rint((difference + 1) / 2 * 255)
    assert abs(found.indices.astype(int) - wanted).max() <= 1  # float32 less float32
    numpy.testing.assert_array_equal(found.table, lookup_table(THEMES[theme].diverging_map))


@pytest.mark.parametrize("head", [None, "decoder.L2H1"])
def test_both_steps_seeds_the_branch_and_the_sentence_are_written(snapshot, pinned, head):
    figure = attention_figure(snapshot, head, pinned=pinned)
    words = "\n".join(texts(figure))
    for part in (
        "step 1,284 − step 20",
        "seed 7",
        "step 20 · slower · seed 8",
        "how are you",
        "difference of weights",
    ):
        assert part in words
    assert "step 1,284 − step 20" in figure.title
    assert "step 20 · slower · seed 8" in figure.description
    if head is not None:
        assert "decoder layer 2, head 1" in words


def test_the_colour_bar_runs_from_minus_1_over_0_to_1(snapshot, pinned):
    words = texts(attention_figure(snapshot, "cross.L0H0", pinned=pinned))
    assert [word for word in words if word in ("−1.0", "−0.5", "0.0", "+0.5", "+1.0")] == [
        "−1.0", "−0.5", "0.0", "+0.5", "+1.0"
    ]  # fmt: skip
    narrow = texts(attention_figure(snapshot, "cross.L0H0", upper=0.1, pinned=pinned))
    assert "≤−0.10" in narrow
    assert "≥+0.10" in narrow


def test_numbers_in_cells_have_a_sign(snapshot, pinned):
    difference = snapshot.attention.cross[0, 0] - pinned.snapshot.attention.cross[0, 0]
    words = texts(attention_figure(snapshot, "cross.L0H0", numbers=True, pinned=pinned))
    for value in difference[abs(difference) >= 0.005]:
        assert f"{value:+.2f}".replace("-", "−") in words


def test_a_weight_that_is_no_number_in_one_of_the_two_has_a_cross(snapshot, pinned):
    broken = pinned.snapshot.attention.cross.copy()
    broken[0, 0, 1, 1] = numpy.nan
    attention = dataclasses.replace(pinned.snapshot.attention, cross=broken)
    other = dataclasses.replace(pinned, snapshot=dataclasses.replace(pinned.snapshot, attention=attention))
    whole, marked = (attention_figure(snapshot, "cross.L0H0", pinned=one) for one in (pinned, other))
    assert len(marked.shapes) == len(whole.shapes) + 3


def test_an_svg_holds_the_difference_and_a_file_of_single_steps_refuses_it(snapshot, pinned, tmp_path):
    export_snapshot(snapshot, tmp_path / "d.svg", "attention", "svg", "cross.L0H0", pinned=pinned)
    assert "step 20 · slower · seed 8" in (tmp_path / "d.svg").read_text(encoding="utf-8")
    for format in ("npz", "json", "csv", "html"):
        with pytest.raises(ValueError, match="difference"):
            export_snapshot(snapshot, tmp_path / f"d.{format}", "attention", format, pinned=pinned)
    assert [path.name for path in tmp_path.iterdir()] == ["d.svg"]


def test_steps_with_other_tokens_or_heads_have_no_difference(snapshot, make_snapshot):
    for other in (make_snapshot(source=("<s>", "hello", "</s>")), make_snapshot(heads=2)):
        with pytest.raises(ValueError, match="pinned"):
            attention_figure(snapshot, pinned=Pinned(other, "other.tfviz"))
