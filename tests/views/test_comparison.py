"""A pinned step in the panels: the difference in its colours, both predictions, and nothing while nothing is pinned."""

import dataclasses
import math
from collections.abc import Callable

import numpy
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from tests.views.hand_made import TARGET_OUT, attention, colours_in, picture, prediction, snapshot
from tfviz.training.export.comparison import Compared, Pinned, obstacle
from tfviz.training.export.heads import KINDS, Head
from tfviz.training.readings import Attention
from tfviz.views.attention.attention_panel import AttentionPanel
from tfviz.views.grids import cells
from tfviz.views.grids.cells import Scale, Spread
from tfviz.views.parts.compare_bar import Sight
from tfviz.views.predictions.prediction_panel import PredictionPanel
from tfviz.views.predictions.prediction_rows import FORCED, PINNED, RUNNING, probe_rows
from tfviz.views.style.theme import DARK, THEMES, Theme

BOTH = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
LEFT = Qt.MouseButton.LeftButton
HEAD = Head("cross", 1, 2)
CURRENT, BEFORE = attention(seed=0), attention(seed=1)
SIGNED = Scale(-1.0, 1.0)
Open = Callable[..., AttentionPanel]


def pinned(weights: Attention | None = BEFORE, step: int = 20, **other: object) -> Pinned:
    return Pinned(snapshot(step=step, attention=weights, **other), "main", 0)


@pytest.fixture
def open_panel(qtbot, qapp: QApplication) -> Open:
    """A panel that shows CURRENT; BEFORE is pinned unless told otherwise."""

    def make(theme: Theme = DARK, pin: Pinned | None = None, size=(950, 640)) -> AttentionPanel:
        theme.apply(qapp)
        panel = AttentionPanel()
        qtbot.addWidget(panel)
        panel.recolour(theme)
        panel.resize(*size)
        panel.show()
        panel.show_snapshot(snapshot(attention=CURRENT))
        panel.select(HEAD)
        panel.show_pinned(pin or pinned(), "main")
        return panel

    return make


def choose(panel: AttentionPanel, sight: Sight, qtbot) -> None:
    qtbot.mouseClick(panel.compare_bar.sights.button(sight), LEFT)
    assert panel.sight is sight


def colour(value: float, theme: Theme, scale: Scale = SIGNED) -> str:
    level = int((value - scale.low) / (scale.high - scale.low) * (cells.LEVELS - 1) + 0.5)
    red, green, blue = theme.lookup_table(signed=True)[round(level * 255 / (cells.LEVELS - 1)), :3]
    return QColor(int(red), int(green), int(blue)).name()


def centre(panel: AttentionPanel, row: int, column: int) -> QPoint:
    assert panel.head_view.place is not None
    return panel.head_view.place.cell(row, column).center()


@BOTH
def test_every_cell_of_the_head_has_the_colour_of_its_difference(
    theme: Theme, open_panel: Open, qtbot
) -> None:
    panel = open_panel(theme)
    choose(panel, Sight.DIFFERENCE, qtbot)
    image = picture(panel.head_view.viewport())
    differences = HEAD.weights(CURRENT) - HEAD.weights(BEFORE)
    assert differences.min() < -0.2 < 0.2 < differences.max()
    for (row, column), difference in numpy.ndenumerate(differences):
        assert image.pixelColor(centre(panel, row, column)).name() == colour(difference, theme)


@BOTH
def test_every_tile_of_the_atlas_has_the_colours_of_its_differences(
    theme: Theme, open_panel: Open, qtbot
) -> None:
    panel = open_panel(theme)
    choose(panel, Sight.DIFFERENCE, qtbot)
    image = picture(panel.atlas.viewport())
    for head in panel.atlas.layout_of_tiles:
        tile = panel.atlas.layout_of_tiles.rectangle(head)
        assert tile is not None
        differences = head.weights(CURRENT) - head.weights(BEFORE)
        queries, keys = differences.shape
        for (row, column), difference in numpy.ndenumerate(differences):
            x = tile.x() + (column + 0.5) * tile.width() / keys
            y = tile.y() + (row + 0.5) * tile.height() / queries
            point = panel.atlas.mapFromScene(x, y)
            wanted = (
                QColor(theme.masked).name()
                if head.kind == "decoder" and column > row
                else colour(difference, theme)
            )
            assert image.pixelColor(point).name() == wanted


@BOTH
def test_equal_differences_of_either_sign_stand_equally_far_from_the_middle(theme: Theme) -> None:
    for value in (0.0, 0.08, 0.4, 1.0):
        assert SIGNED.byte(value) + SIGNED.byte(-value) == 2 * SIGNED.byte(0.0)
    table = [QColor(rgb) for rgb in cells.colour_table(theme, signed=True)]
    more, less, same = (table[SIGNED.byte(value)] for value in (0.5, -0.5, 0.0))
    assert more.blue() > more.red() + 60
    assert less.red() > less.blue() + 60
    assert max(same.getRgb()[:3]) - min(same.getRgb()[:3]) < 16


def test_the_difference_of_a_step_to_itself_is_neutral_everywhere(open_panel: Open, qtbot) -> None:
    panel = open_panel(pin=pinned(CURRENT))
    choose(panel, Sight.DIFFERENCE, qtbot)
    image = picture(panel.head_view.viewport())
    shown = {image.pixelColor(centre(panel, row, column)).name() for row in range(4) for column in range(5)}
    assert shown == {colour(0.0, DARK)}


def test_the_automatic_scale_is_symmetric_and_reaches_to_the_largest_change(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    choose(panel, Sight.DIFFERENCE, qtbot)
    assert panel.scale == SIGNED
    assert panel.scale_box.currentText() == "scale ±1"
    panel.scale_box.setCurrentIndex(1)
    largest = max(abs(Compared(CURRENT, BEFORE).weights(kind)).max() for kind in KINDS)
    assert panel.scale.high == pytest.approx(math.ceil(largest * 20) / 20)
    assert panel.scale.low == -panel.scale.high
    assert panel.scale_box.currentText() == f"auto ±{panel.scale.high:.2f}"
    choose(panel, Sight.CURRENT, qtbot)
    assert panel.scale.low == 0.0
    assert panel.scale_box.currentText() == f"auto 0–{panel.scale.high:.2f}"


def test_the_pinned_step_is_shown_in_the_colours_of_weights(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    choose(panel, Sight.PINNED, qtbot)
    table = [QColor(rgb).name() for rgb in cells.colour_table(DARK)]
    image = picture(panel.head_view.viewport())
    for (row, column), weight in numpy.ndenumerate(HEAD.weights(BEFORE)):
        assert image.pixelColor(centre(panel, row, column)).name() == table[Scale().byte(weight)]


def test_captions_say_both_steps_and_both_branches(open_panel: Open, qtbot) -> None:
    other = Pinned(snapshot(step=20, seed=8, attention=BEFORE), "slower", 1)
    panel = open_panel(pin=other, size=(1200, 640))
    assert panel.step_label.text().startswith("step 1,284 · seed 7")
    choose(panel, Sight.PINNED, qtbot)
    assert panel.step_label.text().startswith("pinned step 20 · seed 8")
    choose(panel, Sight.DIFFERENCE, qtbot)
    assert panel.step_label.text().startswith("step 1,284 − step 20 · seeds 7 − 8")
    assert "step 20 · slower" in panel.compare_bar.said.text
    assert "current: main" in panel.compare_bar.said.text


def test_the_reading_has_pinned_current_and_difference(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    panel.head_view.lock((1, 3))
    current, before = HEAD.weights(CURRENT)[1, 3], HEAD.weights(BEFORE)[1, 3]
    for sight in Sight:
        choose(panel, sight, qtbot)
        reading = panel.reading()
        assert reading is not None
        assert reading.compared
        assert (reading.weight, reading.pinned) == (pytest.approx(current), pytest.approx(before))
        assert reading.difference_text == f"{current - before:+.3f}".replace("-", "−")
        assert f"pinned {before:.3f}" in reading.sentence()
    panel.show_pinned(None, "main")
    reading = panel.reading()
    assert reading is not None
    assert not reading.compared


def test_masked_cells_and_broken_numbers_keep_their_marks_in_the_difference(open_panel: Open, qtbot) -> None:
    broken = CURRENT.cross.copy()
    broken[1, 2, 0, 0], broken[1, 2, 1, 1] = numpy.nan, numpy.inf
    panel = open_panel(pin=pinned(dataclasses.replace(BEFORE, cross=broken)))
    choose(panel, Sight.DIFFERENCE, qtbot)
    colours = colours_in(picture(panel.head_view.viewport()))
    assert {DARK.not_a_number, DARK.infinite} <= colours
    panel.select(Head("decoder", 0, 0))
    panel.head_view.lock((0, 2))
    assert {DARK.masked, DARK.masked_hatch} <= colours_in(picture(panel.head_view.viewport()))
    reading = panel.reading()
    assert reading is not None
    assert reading.difference_text == "masked"


@BOTH
def test_while_nothing_is_pinned_nothing_of_it_is_to_be_seen(theme: Theme, open_panel: Open, qtbot) -> None:
    panel = open_panel(theme)
    assert panel.compare_bar.isVisible()
    choose(panel, Sight.DIFFERENCE, qtbot)
    panel.show_pinned(None, "main")
    assert not panel.compare_bar.isVisible()
    assert panel.sight is Sight.CURRENT
    table = [QColor(rgb).name() for rgb in cells.colour_table(theme)]
    image = picture(panel.head_view.viewport())
    for (row, column), weight in numpy.ndenumerate(HEAD.weights(CURRENT)):
        assert image.pixelColor(centre(panel, row, column)).name() == table[Scale().byte(weight)]


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (attention(source=("<s>", "good", "day", "</s>")), "another sentence: “good day”"),
        (attention(target=("<s>", "who", "are", "you")), "fed other words: “who are you”"),
        (attention(heads=2), "has 2 + 2 layers × 2 heads, this one 2 + 2 layers × 4 heads"),
        (attention(layers=1), "has 1 + 1 layers × 4 heads"),
    ],
)
def test_steps_that_cannot_be_subtracted_say_why_and_are_shown_one_by_one(
    other: Attention, words: str, open_panel: Open, qtbot
) -> None:
    assert words in obstacle(CURRENT, other)
    with pytest.raises(ValueError, match="pinned"):
        Compared(CURRENT, other)
    panel = open_panel(pin=pinned(other))
    assert words in panel.compare_bar.said.text
    assert not panel.compare_bar.sights.button(Sight.DIFFERENCE).isEnabled()
    choose(panel, Sight.PINNED, qtbot)
    assert panel.shown is not None
    panel.show_pinned(pinned(), "main")
    choose(panel, Sight.DIFFERENCE, qtbot)
    panel.show_snapshot(snapshot(attention=other))
    assert panel.sight is Sight.CURRENT
    panel.show_snapshot(snapshot(attention=CURRENT))
    assert panel.sight is Sight.DIFFERENCE


def test_a_step_without_attention_yet_is_waited_for(open_panel: Open, qtbot) -> None:
    panel = open_panel(pin=pinned(None))
    assert panel.compare_bar.isVisible()
    assert panel.sight is Sight.CURRENT
    panel.show_pinned(pinned(), "main")
    choose(panel, Sight.DIFFERENCE, qtbot)


def test_buttons_ask_for_a_pin_a_swap_and_a_release(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    for signal, button in (
        (panel.pin_requested, panel.pin_button),
        (panel.swap_requested, panel.compare_bar.swap_button),
        (panel.release_requested, panel.compare_bar.release_button),
    ):
        with qtbot.waitSignal(signal):
            qtbot.mouseClick(button, LEFT)


def test_a_step_of_another_run_cannot_be_swapped(open_panel: Open) -> None:
    panel = open_panel(pin=Pinned(snapshot(attention=BEFORE), "other.tfviz"))
    assert not panel.compare_bar.swap_button.isEnabled()


def test_where_cells_share_a_pixel_the_one_farthest_from_zero_is_shown() -> None:
    values = numpy.array([SIGNED.byte(value) for value in (0.1, -0.9, 0.3, 0.2)], numpy.uint8)
    shown = Spread(4, 2, [0], 2, signed=True)(numpy.append(values, cells.GAP).astype(numpy.uint8), 0)
    assert shown.tolist() == [SIGNED.byte(-0.9), SIGNED.byte(0.3)]
    values[0] = cells.NOT_A_NUMBER
    assert Spread(4, 2, [0], 2, signed=True)(numpy.append(values, cells.GAP), 0)[0] == cells.NOT_A_NUMBER


def test_pinned_predictions_stand_below_the_current_ones_with_marks_where_they_differ() -> None:
    before = prediction(forced=("how", "you", "you", "</s>"), running=("how", "</s>"))
    rows = {row.key: row for row in probe_rows(prediction(), pinned(prediction=before))}
    assert list(rows)[-3:] == ["pinned", PINNED + FORCED, PINNED + RUNNING]
    assert rows["pinned"].caption == "Pinned: step 20 · main"
    assert (rows[PINNED + FORCED].marked, rows[PINNED + FORCED].note) == ((1,), "1 differs")
    assert (rows[PINNED + RUNNING].marked, rows[PINNED + RUNNING].note) == ((1, 2, 3), "3 differ")
    assert "the current step says are" in rows[PINNED + FORCED].chips[1].tip(1)
    same = probe_rows(prediction(), pinned(prediction=prediction()))
    assert [row.note for row in same[-2:]] == ["the same", "the same"]
    longer = prediction(running=(*TARGET_OUT[:-1], "you", "</s>"))
    assert probe_rows(longer, pinned(prediction=prediction()))[-1].note == "2 differ"


def test_predictions_of_another_sentence_are_not_set_side_by_side() -> None:
    other = prediction(source=("<s>", "good", "day", "</s>"))
    heading = probe_rows(prediction(), pinned(prediction=other))[-1]
    assert (heading.key, heading.note) == ("pinned", "another sentence")


@BOTH
def test_the_prediction_panel_shows_and_forgets_the_pinned_rows(theme: Theme, qtbot, qapp) -> None:
    theme.apply(qapp)
    panel = PredictionPanel()
    qtbot.addWidget(panel)
    panel.recolour(theme)
    panel.resize(400, 900)
    panel.show()
    panel.show_snapshot(snapshot(prediction=prediction()))
    height = panel.board.height()
    before = prediction(forced=("how", "you", "you", "</s>"))
    panel.show_pinned(pinned(prediction=before), "main")
    qtbot.waitUntil(lambda: panel.board.height() > height)
    placed = panel.board.arrangement.find(PINNED + FORCED)
    assert placed is not None
    marker = placed.chips[1].center().x() + 1, placed.chips[1].top() - 3
    assert picture(panel.board).pixelColor(*marker).name() == theme.warn
    qtbot.mouseClick(panel.board, LEFT, pos=placed.chips[1].center())
    assert panel.board.selected == (PINNED + FORCED, 1)
    assert panel.bars.candidates is not None
    assert panel.bars.candidates.tokens[0] == "you"
    panel.show_pinned(None, "main")
    assert panel.board.arrangement.find(PINNED + FORCED) is None
    assert panel.board.selected == (FORCED, 0)
    qtbot.waitUntil(lambda: theme.warn not in colours_in(picture(panel.board)))


def test_a_pinned_chip_without_a_counterpart_is_no_error() -> None:
    rows = probe_rows(prediction(forced=None), pinned(prediction=prediction(running=None)))
    assert [row.key for row in rows[-1:]] == ["pinned"]
