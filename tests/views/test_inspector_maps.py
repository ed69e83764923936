"""What the inspector paints: every cell in the colour of its number, marks for what is no number, labels of axes."""

import numpy
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from tests.training.small_runs import SMALL
from tests.views.hand_made import colours_in, picture
from tests.views.inspected import BOTH, ENCODER_SCORES, NORM, SCORES, Open, expected, opener, small_stepper
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.grids import cells
from tfviz.views.inspector.tensor_scale import Reach
from tfviz.views.style.theme import DARK, LIGHT, Theme


@pytest.fixture
def inspect(qtbot, qapp: QApplication) -> Open:
    return opener(qtbot, qapp)


@BOTH
@pytest.mark.parametrize("of", ["value", "gradient"])
def test_every_cell_has_the_colour_of_its_number(theme: Theme, of: str, inspect: Open) -> None:
    inspected = inspect(theme=theme)
    inspected.look_at("encoder.layers.0.self_attn.query", of)
    numbers = inspected.stepper.value("encoder.layers.0.self_attn.query")
    if of == "gradient":
        numbers = inspected.stepper.gradient("encoder.layers.0.self_attn.query")
    assert numbers is not None and numbers[0, 0].any()
    scale = inspected.panel.maps.halves[of].scale
    assert scale.low == -scale.high and scale.high >= abs(numbers[0, 0]).max()
    for place, colour in numpy.ndenumerate(inspected.colours(of)):
        assert colour == expected(float(numbers[0, 0][place]), scale.low, scale.high, theme)


@BOTH
def test_what_cannot_be_negative_has_the_sequential_map(theme: Theme, inspect: Open) -> None:
    inspected = inspect(theme=theme)
    inspected.look_at("encoder.layers.0.self_attn.weights")
    weights = inspected.stepper.value("encoder.layers.0.self_attn.weights")
    assert weights is not None
    scale = inspected.panel.maps.halves["value"].scale
    assert scale.low == 0 and inspected.panel.maps.halves["gradient"].scale.low < 0
    assert inspected.colours()[0, 0] == expected(float(weights[0, 0, 0, 0]), 0, scale.high, theme)


@BOTH
def test_a_masked_cell_is_hatched_and_counted(theme: Theme, inspect: Open) -> None:
    inspected = inspect(theme=theme)
    inspected.look_at(SCORES)
    mask = inspected.stepper.value("target_mask")
    assert mask is not None
    masked = numpy.isneginf(mask[0, 0])
    assert masked[0, 1:].all() and not masked[:, 0].any()
    for of in ("value", "gradient"):
        colours = inspected.colours(of)
        assert set(colours[masked]) <= {theme.masked, theme.masked_hatch}
        assert not set(colours[~masked]) & {theme.masked, theme.masked_hatch}
        assert inspected.marks(of) == [f"masked {masked.sum()}"]
    assert {theme.masked, theme.masked_hatch} <= colours_in(picture(inspected.map()))


def test_keys_at_padding_are_masked_for_the_encoder_and_across(inspect: Open) -> None:
    inspected = inspect(stepper=small_stepper(SMALL.with_values({"task.minimum_length": 1})))
    source = inspected.stepper.batch.source
    short = int(numpy.argmax((source == 0).sum(axis=1)))
    padding = source[short] == 0
    assert padding.any()
    for tensor in (ENCODER_SCORES, "decoder.layers.0.multihead_attn.weights"):
        inspected.look_at(tensor, "value", (short, 0, 0, 0))
        colours = inspected.colours()
        assert all(set(column) <= {DARK.masked, DARK.masked_hatch} for column in colours.T[padding])
        assert not {DARK.masked, DARK.masked_hatch} & set(colours[1:, ~padding].flat)


def poisoned(places: dict[tuple[int, int], float]) -> Stepper:
    """A step whose embedding of the source has these entries."""
    stepper = small_stepper()
    state = dict(stepper.state())
    weight = stepper.value("source_embedding.weight")
    assert weight is not None
    state["parameters"] = state["parameters"].copy()
    start = stepper._trainer.parameters.layout.entries["source_embedding.weight"]
    for place, value in places.items():
        start.view(state["parameters"])[place] = value
    return Stepper(stepper.config, stepper.task, state)


@BOTH
def test_nan_and_infinity_have_their_own_marks(theme: Theme, inspect: Open) -> None:
    stepper = poisoned({(0, 1): numpy.nan, (2, 3): numpy.inf, (2, 4): -numpy.inf})
    inspected = inspect(0, theme, stepper=stepper)
    inspected.look_at("source_embedding.weight")
    colours = inspected.colours(corner=True)
    assert colours[0, 1] == QColor(theme.not_a_number).name()
    assert colours[2, 3] == colours[2, 4] == QColor(theme.infinite).name()
    assert (colours == QColor(theme.not_a_number).name()).sum() == 1
    assert (colours == QColor(theme.infinite).name()).sum() == 2
    assert inspected.marks() == ["NaN 1", "infinite 2"]
    texts = []
    for place in ((0, 1), (2, 3), (2, 4)):
        inspected.look_at("source_embedding.weight", "value", place)
        reading = inspected.panel.maps.readout.reading
        assert reading is not None
        texts.append(reading.value)
    assert texts == ["NaN", "∞", "−∞"]
    assert inspected.panel.numbers.cells["NaN", "value", "tensor"].text() == "1"
    assert inspected.panel.numbers.cells["infinite", "value", "slice"].text() == "2"
    told, size = inspected.panel.numbers.left_out, inspected.colours().size
    assert told.isVisible()
    assert told.text().startswith(
        f"2 of {size} values are infinite, 1 of {size} values is NaN. Min, max, mean, RMS"
    )


@BOTH
def test_numbers_beyond_the_scale_are_marked(theme: Theme, inspect: Open) -> None:
    stepper = poisoned({(1, 1): 1000.0, (1, 2): -2000.0})
    inspected = inspect(0, theme, stepper=stepper)
    inspected.look_at("source_embedding.weight")
    assert inspected.marks() == []
    box = inspected.panel.slice_bar.reach
    box.setFocus()
    inspected.qtbot.keyClick(box, Qt.Key.Key_End)
    inspected.qtbot.waitUntil(lambda: inspected.panel._reach is Reach.BULK)
    assert inspected.marks() == ["▲ above the scale 1", "▼ below the scale 1"]
    colours, table = inspected.colours(corner=True), cells.colour_table(theme, signed=True)
    assert colours[1, 1] == QColor(table[cells.ABOVE]).name()
    assert colours[1, 2] == QColor(table[cells.BELOW]).name()
    assert len({QColor(table[byte]).name() for byte in (cells.ABOVE, cells.BELOW, 1, cells.LEVELS)}) == 4
    assert inspected.panel.maps.halves["value"].scale.high < 1000


@BOTH
def test_what_is_not_computed_yet_is_hatched_and_says_when_it_will_be(theme: Theme, inspect: Open) -> None:
    inspected = inspect(0, theme)
    inspected.look_at(NORM)
    complete = inspected.stepper.complete_at(NORM, "gradient")
    assert complete is not None
    assert "computed by encoder.layers.0.norm1 (forward), " in inspected.map().missing
    maker = inspected.stepper.places[complete - 1]
    told = f"computed by {maker.name} (backward), {complete} operations on"
    assert told in inspected.map("gradient").missing
    assert inspected.marks() == inspected.marks("gradient") == ["not computed yet"]
    zero = expected(0.0, -1.0, 1.0, theme)
    assert zero not in set(inspected.colours().flat) or zero == theme.panel
    hatched = picture(inspected.map().viewport())
    inspected.go_to(inspected.stepper.complete_at(NORM, "value") or 0)
    assert inspected.map().missing == "" and inspected.marks() == []
    assert picture(inspected.map().viewport()) != hatched
    inspected.go_to(complete - 1)
    assert "the next operation" in inspected.map("gradient").missing
    inspected.go_to(complete)
    assert inspected.map("gradient").missing == ""


def test_the_gradient_of_the_loss_is_a_one(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at("loss", "gradient", (0,))
    assert inspected.map("gradient").missing == ""
    assert inspected.panel.maps.readout.reading.gradient == "1"


def test_what_has_no_gradient_says_so(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at("source")
    assert inspected.map("gradient").missing == "token ids have no gradient"
    assert inspected.marks("gradient") == []


@BOTH
def test_the_colours_change_with_the_theme_while_it_runs(theme: Theme, inspect: Open, qapp) -> None:
    inspected = inspect(theme=LIGHT if theme is DARK else DARK)
    inspected.look_at(NORM, "gradient")
    theme.apply(qapp)
    inspected.panel.recolour(theme)
    gradient = inspected.stepper.gradient(NORM)
    scale = inspected.panel.maps.halves["gradient"].scale
    assert gradient is not None
    assert inspected.colours("gradient")[0, 0] == expected(
        float(gradient[0, 0, 0]), scale.low, scale.high, theme
    )
    inspected.look_at(SCORES)
    inspected.panel.recolour(LIGHT if theme is DARK else DARK)
    inspected.panel.recolour(theme)
    assert theme.masked in colours_in(picture(inspected.panel.maps.halves["value"].legend))
    assert picture(inspected.map()).pixelColor(1, 1).name() == theme.panel
    assert theme.activation in colours_in(picture(inspected.panel.numbers.histograms["value"]))


def test_positions_are_labelled_with_the_tokens_of_the_sentence(inspect: Open) -> None:
    inspected = inspect()
    batch = inspected.stepper.batch
    inspected.look_at("decoder.layers.0.multihead_attn.weights", "value", (2, 1, 0, 0))
    axes = inspected.map().axes
    assert axes is not None
    assert (axes.row_title, axes.column_title) == ("query (target)", "key (source)")
    assert list(axes.rows) == [batch.target_tokenizer.token(token) for token in batch.target_in[2].tolist()]
    assert list(axes.columns) == [batch.source_tokenizer.token(token) for token in batch.source[2].tolist()]
    assert axes.rows[0] == "<s>"


def test_the_vocabulary_is_labelled_with_its_words(inspect: Open) -> None:
    inspected = inspect()
    tokens = inspected.stepper.batch.target_tokenizer.tokens
    inspected.look_at("logits")
    axes = inspected.map().axes
    assert axes is not None and axes.columns == tokens and axes.column_title == "vocabulary (target)"
    inspected.look_at("generator.weight")
    axes = inspected.map().axes
    assert axes is not None and axes.rows == tokens and axes.column_title == "features"


def test_a_parameter_is_shown_output_by_input_and_one_axis_as_a_row(inspect: Open) -> None:
    inspected = inspect()
    name = "transformer.encoder.layers.0.linear1.weight"
    inspected.look_at(name)
    axes = inspected.map().axes
    assert axes is not None
    assert (axes.row_title, axes.column_title) == ("output", "input")
    assert (len(axes.rows), len(axes.columns)) == (12, 8)
    inspected.look_at("transformer.encoder.layers.0.linear1.bias")
    axes = inspected.map().axes
    assert axes is not None and (len(axes.rows), len(axes.columns)) == (1, 12)
    assert not inspected.panel.slice_bar.rows.isVisible()
