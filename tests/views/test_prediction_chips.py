"""Rows of chips: what stands in them, where, and in which colours and marks."""

from itertools import pairwise

import numpy
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication

from tests.views.hand_made import SOURCE, TARGET_OUT, colours_in, decoded, picture, prediction, snapshot
from tests.views.predictions_shown import BOTH, WRONG, Open, opener
from tfviz.views.predictions.chip_board import ChipBoard
from tfviz.views.predictions.chips import CHIP_HEIGHT, MARKER, NOTE, Chip, ChipRow, Tone, arrange
from tfviz.views.predictions.prediction_rows import first_difference, judged, probe_rows, sample_rows, score
from tfviz.views.style.theme import DARK, LIGHT, Theme


@pytest.fixture
def open_panel(qtbot, qapp: QApplication) -> Open:
    return opener(qtbot, qapp)


def fill(board: ChipBoard, key: str, position: int) -> QColor:
    """The colour of a chip, beside its text."""
    placed = board.arrangement.find(key)
    assert placed is not None
    return picture(board).pixelColor(placed.chips[position].topLeft() + QPoint(5, 4))


def inked(image: QImage) -> numpy.ndarray:
    """(y, x): which pixels are clearly not the ground, whatever their colour."""
    ground = image.pixelColor(0, 0)
    parts = [
        [image.pixelColor(x, y).getRgb()[:3] for x in range(image.width())] for y in range(image.height())
    ]
    return numpy.abs(numpy.array(parts) - numpy.array(ground.getRgb()[:3])).max(axis=2) > 60


def test_rows_are_source_target_and_both_decodings() -> None:
    rows = probe_rows(prediction(forced=WRONG))
    assert [row.key for row in rows] == ["source", "target", "teacher_forced", "free_running"]
    assert [chip.text for chip in rows[0].chips] == list(SOURCE)
    assert [chip.tone for chip in rows[2].chips] == [Tone.RIGHT, Tone.WRONG, Tone.RIGHT, Tone.RIGHT]
    assert {chip.tone for chip in rows[3].chips} == {Tone.RIGHT}
    assert [chip.note for chip in rows[2].chips] == ["90"] * 4
    assert rows[2].note == "3/4"


def test_the_first_difference_of_the_decodings_is_marked() -> None:
    parted = prediction(forced=TARGET_OUT, running=WRONG)
    assert first_difference(parted) == 1
    running = probe_rows(parted)[3]
    assert (running.marked, running.note) == ((1,), "differs at 1 · 3/4")
    assert first_difference(prediction()) is None
    assert probe_rows(prediction())[3].marked == ()


def test_an_answer_that_ends_early_shows_what_is_missing() -> None:
    chips = judged(decoded(("how", "</s>")), TARGET_OUT)
    assert [chip.tone for chip in chips] == [Tone.RIGHT, Tone.WRONG, Tone.MISSING, Tone.MISSING]
    assert chips[3].tip(3) == "position 3: –\nexpected </s>"
    assert score(decoded(("how", "</s>")), TARGET_OUT) == "1/4"


def test_an_answer_that_is_too_long_is_wrong_beyond_the_target() -> None:
    chips = judged(decoded((*TARGET_OUT, "again")), TARGET_OUT)
    assert chips[4].tone is Tone.WRONG
    assert chips[4].tip(4).endswith("the target has ended")
    assert score(decoded((*TARGET_OUT, "again")), TARGET_OUT) == "4/5"


def test_without_a_known_target_nothing_is_judged() -> None:
    rows = probe_rows(prediction(target=()))
    assert [row.key for row in rows] == ["source", "teacher_forced", "free_running"]
    assert {chip.tone for chip in rows[1].chips} == {Tone.UNJUDGED}
    assert rows[1].note == ""


def test_samples_say_their_sentence_and_how_many_tokens_are_right() -> None:
    rows = sample_rows((prediction(), prediction(forced=WRONG, running=None)))
    assert [(row.caption, row.note, row.note_tone) for row in rows] == [
        ("how are you", "4/4", "dim"),
        ("how are you", "3/4", "bad"),
    ]


def test_long_rows_go_on_in_further_lines_and_stay_in_the_width(qapp: QApplication) -> None:
    words = tuple(f"a{'very' * (number % 9)}longword" for number in range(40))
    rows = probe_rows(prediction(forced=words, running=words, target=words))
    for width in (90, 320, 700):
        arrangement = arrange(rows, width)
        chips = [area for placed in arrangement.rows for area in placed.chips]
        assert max(area.right() for area in chips) < width
        assert max(area.bottom() for area in chips) < arrangement.height
        assert not any(first.intersects(second) for first in chips for second in chips if first is not second)


def test_a_mark_above_a_chip_of_a_further_line_does_not_touch_the_number_above(qapp: QApplication) -> None:
    chips = tuple(Chip(f"s{place}", Tone.RIGHT, 0.5) for place in range(12))
    (row,) = arrange([ChipRow("running", "Free-running", chips, marked=(9,))], 200).rows
    tops = sorted({chip.top() for chip in row.chips})
    assert len(tops) > 1
    assert all(below - above >= CHIP_HEIGHT + NOTE + MARKER for above, below in pairwise(tops))


@BOTH
def test_chips_are_coloured_by_correctness_and_stronger_when_more_probable(
    theme: Theme, open_panel: Open
) -> None:
    panel = open_panel(prediction(forced=WRONG), theme)
    low, high = theme.chip_mix
    share = low + (high - low) * 0.9
    assert fill(panel.board, "teacher_forced", 2).name() == theme.mix("panel", "good", share).name()
    assert fill(panel.board, "teacher_forced", 1).name() == theme.mix("panel", "bad", share).name()
    panel.show_snapshot(snapshot(prediction=prediction(probability=0.2)))
    share = low + (high - low) * 0.2
    assert fill(panel.board, "teacher_forced", 2).name() == theme.mix("panel", "good", share).name()


@BOTH
def test_right_and_wrong_differ_by_a_mark_and_not_by_colour_alone(theme: Theme, open_panel: Open) -> None:
    panel = open_panel(prediction(forced=("how", "art", "you", "</s>")), theme)
    placed = panel.board.arrangement.find("teacher_forced")
    assert placed is not None
    image = picture(panel.board)
    wrong, right = (
        inked(image.copy(area.adjusted(0, area.height() + 2, 0, 15))) for area in placed.chips[1:3]
    )
    # The number is the same; of the cross and the check before it, not even half the ink is.
    cross, check = wrong[:, :16], right[:, :16]
    assert (wrong & right)[:, 17:].sum() > 0.7 * (wrong | right)[:, 17:].sum()
    assert (cross & check).sum() < 0.5 * (cross | check).sum()
    assert min(cross.sum(), check.sum()) > 5


def test_recolouring_while_open_repaints_the_chips(open_panel: Open, qapp: QApplication) -> None:
    panel = open_panel()
    LIGHT.apply(qapp)
    panel.recolour(LIGHT)
    low, high = LIGHT.chip_mix
    expected = LIGHT.mix("panel", "good", low + (high - low) * 0.9)
    assert fill(panel.board, "teacher_forced", 2).name() == expected.name()
    assert QColor(DARK.panel).name() not in colours_in(picture(panel))


def test_special_tokens_are_shown_literally(open_panel: Open) -> None:
    panel = open_panel()
    assert panel.board.rows[0].chips[0].text == "<s>"
    placed = panel.board.arrangement.find("source")
    assert placed is not None
    inside = picture(panel.board).copy(placed.chips[0].adjusted(4, 4, -2, -2))
    assert QColor(DARK.dim).name() in colours_in(inside) or len(colours_in(inside)) > 5
