from collections.abc import Callable

import numpy
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPushButton,
    QSlider,
    QTabBar,
)

from tests.training.small_runs import SMALL
from tests.views.hand_made import colours_in, picture
from tests.views.inspected import ENCODER_SCORES, SCORES, Inspected, expected, small_stepper
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.grids import cells
from tfviz.views.inspector.cell_readout import HINT
from tfviz.views.inspector.inspector_panel import EMPTY, InspectorPanel
from tfviz.views.inspector.tensor_scale import Reach
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.parts.page_stack import Arrangement
from tfviz.views.style.theme import DARK, LIGHT, THEMES, Theme

BOTH = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
Open = Callable[..., Inspected]
NORM = "encoder.layers.0.norm1"


@pytest.fixture
def inspect(qtbot, qapp: QApplication) -> Open:
    """Opens an inspector for a small step at the end of its backward pass, or at another position."""

    def make(
        position: int | None = None,
        theme: Theme = DARK,
        size: tuple[int, int] = (1000, 640),
        stepper: Stepper | None = None,
    ) -> Inspected:
        if qapp.styleSheet() != theme.style_sheet():
            theme.apply(qapp)
        stepper = stepper or small_stepper()
        inspected = Inspected(qtbot, stepper, theme, size)
        inspected.go_to(len(stepper.places) - 2 if position is None else position)
        return inspected

    return make


# what is painted


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
    masked = numpy.isneginf(mask[:, 0, 0, :].T)
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


# labels


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


# mouse and keys


@pytest.mark.parametrize("of", ["value", "gradient"])
def test_a_click_locks_a_cell_and_wishes_for_it(of: str, inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(ENCODER_SCORES)
    inspected.click(2, 1, of)
    assert inspected.wished == [Chosen(ENCODER_SCORES, of, (0, 0, 2, 1))]  # type: ignore[arg-type]
    assert all(inspected.map(half).locked for half in ("value", "gradient"))
    image = picture(inspected.map(of).viewport())
    cell = inspected.map(of).place.cell(2, 1)  # type: ignore[union-attr]
    assert image.pixelColor(cell.left() + 1, cell.center().y()).name() == DARK.cell_frame
    inspected.click(2, 1, of)
    assert inspected.wished[-1].index is None
    assert not inspected.map(of).locked


def test_hovering_reads_a_cell_with_all_digits_and_its_tokens(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(ENCODER_SCORES, "value", None)
    inspected.qtbot.mouseMove(inspected.map().viewport(), inspected.centre(1, 0))
    reading = inspected.panel.maps.readout.reading
    scores, gradient = (
        inspected.stepper.value(ENCODER_SCORES),
        inspected.stepper.gradient(ENCODER_SCORES),
    )
    assert reading is not None and scores is not None and gradient is not None
    assert numpy.float32(reading.value.replace("−", "-")) == scores[0, 0, 1, 0]
    assert numpy.float32(reading.gradient.replace("−", "-")) == gradient[0, 0, 1, 0]
    batch = inspected.stepper.batch
    token = batch.source_tokenizer.token(int(batch.source[0, 1]))
    words = batch.sentences[0][0]
    assert reading.place == f"head 0 · query 1 {token} · key 0 <s> · sentence 0: {words}"
    assert not reading.locked and inspected.wished == []


def test_a_token_id_is_read_with_its_word(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at("source", "value", (1, 0))
    reading = inspected.panel.maps.readout.reading
    assert reading is not None and reading.value == "1 (<s>)" and reading.gradient == "none"


def test_arrow_keys_move_the_locked_cell_up_to_the_edge(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(ENCODER_SCORES)
    inspected.click(0, 0)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Left):
        inspected.qtbot.keyClick(inspected.map(), key)
    assert [chosen.index for chosen in inspected.wished][:4] == [
        (0, 0, 0, 0),
        (0, 0, 0, 1),
        (0, 0, 1, 1),
        (0, 0, 1, 0),
    ]
    assert inspected.map().cell == (1, 0)
    assert inspected.map("gradient").cell == (1, 0)


def test_escape_lets_go_of_the_cell_and_then_has_nothing_to_let_go(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(ENCODER_SCORES)
    inspected.click(1, 1)
    assert inspected.panel.release()
    assert inspected.wished[-1] == Chosen(ENCODER_SCORES, "value", None)
    assert not inspected.map().locked
    assert not inspected.panel.release()


# slices


def test_sliders_choose_the_place_on_the_other_axes(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(ENCODER_SCORES)
    batch, heads = inspected.panel.slice_bar.lines
    batch.slider.setFocus()
    inspected.qtbot.keyClick(batch.slider, Qt.Key.Key_Right)
    inspected.qtbot.keyClick(batch.slider, Qt.Key.Key_Right)
    inspected.qtbot.keyClick(heads.spin, Qt.Key.Key_Up)
    scores = inspected.stepper.value(ENCODER_SCORES)
    assert scores is not None
    assert numpy.array_equal(inspected.map().values, scores[2, 1])
    assert (batch.spin.value(), heads.slider.value()) == (2, 1)
    assert batch.words.text() == f"sentence 2: {inspected.stepper.batch.sentences[2][0]}"
    inspected.click(0, 1)
    assert inspected.wished == [Chosen(ENCODER_SCORES, "value", (2, 1, 0, 1))]


def test_any_two_axes_can_be_rows_and_columns(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(ENCODER_SCORES)
    scores = inspected.stepper.value(ENCODER_SCORES)
    assert scores is not None
    bar = inspected.panel.slice_bar
    bar.rows.setFocus()
    inspected.qtbot.keyClicks(bar.rows, "key")  # exchanged with the columns
    assert numpy.array_equal(inspected.map().values, scores[0, 0].T)
    inspected.qtbot.keyClicks(bar.columns, "heads")
    assert numpy.array_equal(inspected.map().values, scores[0, :, 0, :].T)
    assert (bar.rows.currentText(), bar.columns.currentText()) == ("key", "heads")
    inspected.click(3, 1)
    assert inspected.wished[-1].index == (0, 1, 0, 3)


def test_another_tensor_keeps_the_slice_where_its_axes_fit(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(ENCODER_SCORES, "value", (3, 1, 0, 0))
    inspected.look_at("decoder.layers.0.multihead_attn.weights")
    assert inspected.panel.seen is not None and inspected.panel.seen.at[:2] == (3, 1)
    inspected.look_at("logits")
    assert inspected.panel.seen.at[0] == 3
    inspected.look_at("generator.bias")
    inspected.look_at(ENCODER_SCORES)
    assert inspected.panel.seen.at == (0, 0, 0, 0)


def test_a_cell_of_another_slice_brings_that_slice_into_view(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(ENCODER_SCORES)
    inspected.look_at(ENCODER_SCORES, "gradient", (1, 1, 2, 0))
    gradient = inspected.stepper.gradient(ENCODER_SCORES)
    assert gradient is not None
    assert numpy.array_equal(inspected.map("gradient").values, gradient[1, 1])
    assert inspected.map("gradient").cell == (2, 0)
    inspected.panel.slice_bar.lines[0].slider.setValue(0)
    assert not inspected.map("gradient").locked
    inspected.go_to(inspected.stepper.position - 1)
    assert inspected.panel.slice_bar.lines[0].slider.value() == 0


def test_the_scale_reaches_over_the_slice_or_over_the_whole_tensor(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at("encoder.layers.0.self_attn.query")
    query = inspected.stepper.value("encoder.layers.0.self_attn.query")
    assert query is not None
    high = inspected.panel.maps.halves["value"].scale.high
    assert abs(query[0, 0]).max() <= high <= 1.1 * abs(query[0, 0]).max()
    box = inspected.panel.slice_bar.reach
    box.setFocus()
    inspected.qtbot.keyClick(box, Qt.Key.Key_Down)
    high = inspected.panel.maps.halves["value"].scale.high
    assert abs(query).max() <= high <= 1.1 * abs(query).max()


# choosing, and going back


def test_a_tensor_is_found_by_parts_of_its_name(inspect: Open) -> None:
    inspected = inspect()
    chooser = inspected.panel.chooser
    inspected.qtbot.mouseClick(chooser, Qt.MouseButton.LeftButton)
    inspected.qtbot.waitUntil(chooser.popup.isVisible)
    inspected.qtbot.keyClicks(chooser.popup.search, "multihead weights")
    inspected.qtbot.keyClick(chooser.popup.search, Qt.Key.Key_Return)
    assert not chooser.popup.isVisible()
    assert [chosen.tensor for chosen in inspected.wished] == ["decoder.layers.0.multihead_attn.weights"]
    QApplication.processEvents()
    assert "multihead_attn.weights" in chooser.text()


def test_the_list_has_every_tensor_and_parameter_in_the_groups_of_the_step(inspect: Open) -> None:
    inspected = inspect(0)
    popup = inspected.panel.chooser.popup
    inspected.qtbot.mouseClick(inspected.panel.chooser, Qt.MouseButton.LeftButton)
    found = {item.text(0): (item.parent().text(0), item.text(1)) for item in popup._leaves()}
    assert found.keys() == {*inspected.stepper.tensors, *inspected.stepper.parameters}
    assert found[SCORES] == ("decoder layer 0", "batch × heads × query × key, not computed yet")
    weight = "transformer.decoder.layers.0.linear1.weight"
    assert found[weight] == ("decoder layer 0", "parameter, output × input")
    assert found["source"] == ("tokens", "batch × position")
    popup.search.setText("no such tensor")
    assert popup.nothing.isVisible()
    inspected.qtbot.keyClick(popup.search, Qt.Key.Key_Return)
    assert inspected.wished == []
    popup.hide()


def test_going_back_and_forward_retraces_tensors_and_cells(inspect: Open) -> None:
    inspected = inspect()
    panel = inspected.panel
    path = [Chosen(SCORES, "gradient", (0, 1, 2, 1)), Chosen(NORM), Chosen("logits", "value", (1, 0, 4))]
    for chosen in path:
        panel.show_chosen(chosen)
    assert panel.back_button.isEnabled() and not panel.forward_button.isEnabled()
    inspected.qtbot.mouseClick(panel.back_button, Qt.MouseButton.LeftButton)
    inspected.qtbot.keyClick(panel, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    inspected.qtbot.waitUntil(lambda: inspected.wished == [path[1], path[0]])
    assert inspected.map("gradient").cell == (2, 1)
    assert not panel.back_button.isEnabled()
    inspected.qtbot.keyClick(panel, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    inspected.qtbot.waitUntil(lambda: panel.looked_at == path[1])
    panel.show_chosen(Chosen("source"))  # what lay ahead is forgotten
    assert not panel.forward_button.isEnabled()
    inspected.qtbot.mouseClick(panel.back_button, Qt.MouseButton.LeftButton)
    assert panel.looked_at == path[1]


def test_moving_a_locked_cell_by_keys_is_one_place_in_the_history(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(NORM)
    inspected.look_at(ENCODER_SCORES)
    inspected.click(0, 0)
    for _ in range(3):
        inspected.qtbot.keyClick(inspected.map(), Qt.Key.Key_Right)
    inspected.qtbot.mouseClick(inspected.panel.back_button, Qt.MouseButton.LeftButton)
    assert inspected.panel.looked_at == Chosen(ENCODER_SCORES)


def test_a_click_brings_where_the_cell_came_from_to_the_front_and_sources_can_be_walked(
    inspect: Open,
) -> None:
    inspected = inspect()
    panel = inspected.panel
    inspected.look_at(SCORES)
    assert panel.pages.page is panel.numbers
    inspected.click(1, 0, "gradient")
    assert panel.pages.page is panel.cell and panel.cell.isVisible()
    assert panel.cell.chosen == Chosen(SCORES, "gradient", (0, 0, 1, 0))
    panel.cell.tensor_wished.emit(Chosen(NORM, "gradient", (0, 1, 2)))
    assert inspected.map("gradient").cell == (1, 2)
    inspected.qtbot.mouseClick(panel.back_button, Qt.MouseButton.LeftButton)
    assert panel.looked_at == Chosen(SCORES, "gradient", (0, 0, 1, 0))
    panel.pages.show_page(panel.check)
    inspected.click(0, 0)
    assert panel.pages.page is panel.check


def test_every_page_is_told_of_the_step_and_of_what_is_looked_at(inspect: Open) -> None:
    inspected = inspect(4)
    panel = inspected.panel
    for page in (panel.cell, panel.formula, panel.check):
        assert page.stepper is inspected.stepper
        assert page.chosen == panel.looked_at is not None
        panel.pages.show_page(page)
        assert page.isVisible()
    panel.show_stepper(None)
    assert panel.cell.stepper is panel.cell.chosen is None


# which step


def test_without_a_step_it_says_what_to_do(qtbot) -> None:
    panel = InspectorPanel()
    qtbot.addWidget(panel)
    panel.resize(900, 600)
    panel.show()
    assert panel.stack.currentWidget().empty.label.text() == EMPTY
    assert not panel.chooser.isVisible()
    panel.show_stepper(None)
    panel.show_chosen(None)
    assert panel.stack.currentIndex() == 0
    begin = panel.findChild(QPushButton, "begin_step_to_inspect")
    with qtbot.waitSignal(panel.action_wished) as wished:
        qtbot.mouseClick(begin, Qt.MouseButton.LeftButton)
    assert wished.args == ["step_operation"]


def test_with_nothing_chosen_it_follows_the_operations(inspect: Open) -> None:
    inspected = inspect(0)
    panel, stepper = inspected.panel, inspected.stepper
    shown = []
    for position in (0, *(stepper.place(name, phase).number + 1 for name, phase in (
        (SCORES, "forward"), (NORM, "forward"), (SCORES, "backward"), ("clipping", "clipping"), ("update", "update"),
    ))):  # fmt: skip
        inspected.go_to(position)
        assert panel.reading is not None and panel.looked_at is not None
        assert panel.reading.tensor == panel.looked_at.tensor
        assert stepper.computed(panel.looked_at.tensor, panel.looked_at.of)
        shown.append((panel.looked_at.tensor, panel.looked_at.of))
    first = next(iter(stepper.parameters))
    assert shown[:3] == [("source", "value"), (SCORES, "value"), (NORM, "value")]
    assert shown[3][1] == "gradient" and stepper.complete_at(*shown[3]) is not None
    assert shown[4:] == [(first, "gradient"), (first, "value")]


def test_leaving_the_step_empties_the_panel(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(NORM)
    inspected.panel.show_chosen(None)
    inspected.panel.show_stepper(None)
    assert inspected.panel.stack.currentIndex() == 0
    assert not inspected.panel.chooser.isVisible()
    assert inspected.panel.looked_at is None
    inspected.panel.show_stepper(inspected.stepper)
    assert not inspected.panel.back_button.isEnabled()


def test_a_reading_that_comes_late_is_dropped(qtbot) -> None:
    stepper = small_stepper()
    panel = InspectorPanel()
    qtbot.addWidget(panel)
    orders = []
    panel.work_wished.connect(lambda work, done: orders.append((work, done)))
    panel.show_stepper(stepper)
    panel.show_chosen(Chosen("source"))
    panel.show_chosen(Chosen("target_in"))
    for work, done in (orders[2], orders[1]):
        done(work(stepper))
    assert panel.reading is not None and panel.reading.tensor == "target_in"


def test_what_is_shown_is_a_copy_that_going_on_does_not_write_to(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(NORM, "gradient")
    assert inspected.panel.reading is not None
    shown = inspected.panel.reading.gradient.numbers
    assert shown is not None
    before = shown.copy()
    inspected.stepper.back(5)
    assert numpy.array_equal(shown, before)


def test_with_two_shards_the_whole_batch_is_shown(inspect: Open) -> None:
    inspected = inspect(stepper=small_stepper(SMALL.with_values({"training.shards": 2})))
    inspected.look_at(ENCODER_SCORES, "value", (3, 1, 0, 0))
    scores = inspected.stepper.value(ENCODER_SCORES)
    assert scores is not None and len(scores) == 4
    assert numpy.array_equal(inspected.map().values, scores[3, 1])


# the page of numbers, and where everything stands


def test_statistics_are_those_of_the_tensor_and_of_the_slice(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at("logits", "value", (1, 0, 0))
    logits, gradient = inspected.stepper.value("logits"), inspected.stepper.gradient("logits")
    assert logits is not None and gradient is not None
    numbers = inspected.panel.numbers
    assert numbers.shape_label.text() == " × ".join(map(str, logits.shape))
    assert numbers.type_label.text() == f"batch × position × vocabulary · float32 · {logits.size:,} numbers"
    for of, part, array in (
        ("value", "tensor", logits), ("value", "slice", logits[1]),
        ("gradient", "tensor", gradient), ("gradient", "slice", gradient[1]),
    ):  # fmt: skip
        exact = array.astype(numpy.float64)
        wanted = {
            "min": exact.min(), "max": exact.max(), "mean": exact.mean(), "RMS": numpy.sqrt((exact**2).mean()),
        }  # fmt: skip
        for name, value in wanted.items():
            text = numbers.cells[name, of, part].text().replace("−", "-")
            assert float(text) == float(f"{value:.3g}"), (name, of, part)
        assert numbers.cells["zeros", of, part].text() == f"{(array == 0).sum():,}"
    assert numbers.histograms["value"].bars()


def test_counts_can_be_logarithmic(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(SCORES, "gradient")
    histogram = inspected.panel.numbers.histograms["gradient"]
    linear = [bar.height() for bar in histogram.bars()]
    inspected.panel.numbers.logarithmic.click()
    logarithmic = [bar.height() for bar in histogram.bars()]
    assert max(linear) == max(logarithmic)
    assert sum(logarithmic) > sum(linear)
    assert len(linear) == 64


@pytest.mark.parametrize(
    ("size", "arrangement"),
    [((1000, 640), Arrangement.BESIDE), ((620, 420), Arrangement.TABS), ((600, 800), Arrangement.BELOW)],
)
def test_pages_stand_where_there_is_room(size, arrangement: Arrangement, inspect: Open) -> None:
    inspected = inspect(size=size)
    panel = inspected.panel
    assert (panel.width(), panel.height()) == size
    assert panel.pages.arrangement is arrangement
    corner = panel.numbers.mapTo(panel, QPoint(0, 0))
    if arrangement is Arrangement.TABS:
        assert panel.maps.isVisible() and not panel.numbers.isVisible()
        tabs = panel.pages.tabs
        inspected.qtbot.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=tabs.tabRect(1).center())
        assert panel.numbers.isVisible() and not panel.maps.isVisible()
        panel.resize(1000, 640)
        assert panel.maps.isVisible() and panel.numbers.isVisible()
    else:
        assert panel.maps.isVisible() and panel.numbers.isVisible()
        beside = arrangement is Arrangement.BESIDE
        assert corner.x() > 500 if beside else corner.y() > 300


def test_a_click_says_where_its_number_came_from_also_where_the_maps_take_turns_with_that_page(
    inspect: Open,
) -> None:
    inspected = inspect(size=(700, 420))
    panel = inspected.panel
    assert "Click a cell to see where its number came from" in HINT
    inspected.look_at(SCORES)
    assert panel.pages.arrangement is Arrangement.TABS and not panel.cell_button.isVisible()
    inspected.click(1, 0)
    assert panel.cell_button.isVisible() and panel.maps.isVisible()
    inspected.qtbot.mouseClick(panel.cell_button, Qt.MouseButton.LeftButton)
    assert panel.cell.isVisible() and not panel.maps.isVisible()
    panel.resize(1000, 640)
    inspected.click(1, 1)
    assert panel.cell.isVisible() and not panel.cell_button.isVisible()


def test_two_sliders_stand_in_one_row_where_there_is_room(inspect: Open) -> None:
    inspected = inspect(size=(700, 420))
    panel = inspected.panel
    inspected.look_at(SCORES)
    QApplication.processEvents()
    first, second = (line.slider.geometry() for line in panel.slice_bar.lines)
    assert first.right() < second.left() and first.top() == second.top()
    panel.resize(560, 420)
    QApplication.processEvents()
    first, second = (line.slider.geometry() for line in panel.slice_bar.lines)
    assert first.left() == second.left() and first.bottom() < second.top()


def test_every_control_has_a_name_and_a_tool_tip(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(SCORES)
    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QSlider, QTabBar)
    found = [widget for kind in kinds for widget in inspected.panel.findChildren(kind)]
    own = [
        widget
        for widget in found
        if not (widget.property("segment") or "cornerbutton" in widget.objectName())
    ]
    assert len(own) > 10
    for widget in own:
        if widget.parent() and isinstance(widget.parent(), QAbstractSpinBox | QTabBar | QLineEdit):
            continue
        assert widget.objectName() and widget.accessibleName() and widget.toolTip(), widget
