from collections.abc import Callable
from itertools import pairwise

import numpy
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QApplication, QToolTip

from tests.views.hand_made import SOURCE, TARGET_OUT, colours_in, decoded, picture, prediction, snapshot
from tfviz.training.readings import Prediction
from tfviz.training.record.history import History
from tfviz.views.predictions.chip_board import ChipBoard
from tfviz.views.predictions.chips import CHIP_HEIGHT, MARKER, NOTE, Chip, ChipRow, Tone, arrange
from tfviz.views.predictions.prediction_panel import PredictionPanel
from tfviz.views.predictions.prediction_rows import (
    first_difference,
    judged,
    probe_rows,
    sample_rows,
    score,
    summary,
)
from tfviz.views.style.theme import DARK, LIGHT, THEMES, Theme

BOTH = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
LEFT = Qt.MouseButton.LeftButton
Open = Callable[..., PredictionPanel]
WRONG = ("how", "is", "you", "</s>")


@pytest.fixture
def open_panel(qtbot, qapp: QApplication) -> Open:
    def make(
        shown: Prediction | None = None, theme: Theme = DARK, size=(350, 640), **parts
    ) -> PredictionPanel:
        theme.apply(qapp)
        panel = PredictionPanel()
        qtbot.addWidget(panel)
        panel.recolour(theme)
        panel.resize(*size)
        panel.show()
        panel.show_snapshot(snapshot(prediction=shown or prediction(), **parts))
        qapp.processEvents()
        return panel

    return make


def chip(board: ChipBoard, key: str, position: int) -> QPoint:
    """The middle of a chip in the board's coordinates."""
    placed = board.arrangement.find(key)
    assert placed is not None
    return placed.chips[position].center() + QPoint(1, 1)


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


def test_a_click_on_a_chip_shows_the_candidates_of_its_position(open_panel: Open, qtbot) -> None:
    panel = open_panel(prediction(forced=WRONG))
    qtbot.mouseClick(panel.board, LEFT, pos=chip(panel.board, "teacher_forced", 1))
    shown = panel.bars.candidates
    assert shown is not None
    assert shown.heading == "Position 1 · expected “are”"
    assert (shown.note, shown.tokens, shown.expected) == ("teacher-forced", ("is", "other"), "are")
    assert shown.probabilities == pytest.approx((0.9, 0.1))
    assert panel.board.selected == ("teacher_forced", 1)
    qtbot.mouseClick(panel.board, LEFT, pos=chip(panel.board, "free_running", 3))
    assert panel.bars.candidates is not None
    assert panel.bars.candidates.note == "free-running"


def test_bars_are_as_long_as_their_probabilities(open_panel: Open) -> None:
    panel = open_panel(prediction(probability=0.75))
    image = picture(panel.bars)
    lengths = []
    for line, colour in ((0, DARK.accent), (1, DARK.faint)):
        y = 26 + line * 22 + 11
        lengths.append(
            sum(image.pixelColor(x, y).name() == QColor(colour).name() for x in range(image.width()))
        )
    track = panel.bars.width() - 84 - 54
    assert lengths == pytest.approx([0.75 * track, 0.25 * track], abs=3)


def test_a_chosen_position_stays_chosen_when_new_steps_arrive(open_panel: Open) -> None:
    panel = open_panel()
    panel.board.chip_clicked.emit("free_running", 2)
    panel.show_snapshot(snapshot(step=2000, prediction=prediction(running=("how", "are", "they", "</s>"))))
    assert panel.bars.candidates is not None
    assert panel.bars.candidates.tokens[0] == "they"
    assert panel.release()
    assert panel.board.selected == ("teacher_forced", 0)
    assert not panel.release()


def test_a_position_beyond_a_shorter_answer_has_no_candidates(open_panel: Open) -> None:
    panel = open_panel(prediction(running=("how", "</s>")))
    panel.board.chip_clicked.emit("free_running", 3)
    assert panel.bars.candidates is None


def test_a_samples_chip_shows_its_candidates(open_panel: Open, qtbot) -> None:
    panel = open_panel(samples=(prediction(), prediction(forced=WRONG, running=None)), size=(350, 900))
    qtbot.mouseClick(panel.samples_board, LEFT, pos=chip(panel.samples_board, "1", 1))
    assert panel.bars.candidates is not None
    assert panel.bars.candidates.tokens[0] == "is"
    assert panel.samples_board.selected == ("1", 1)
    assert panel.board.selected is None
    panel.show_snapshot(snapshot(prediction=prediction()))
    assert panel.board.selected == ("teacher_forced", 0)
    assert not panel.samples_caption.isVisible()


def test_arrow_keys_move_the_chosen_chip(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Left):
        qtbot.keyClick(panel.board, key)
    assert panel.board.selected == ("free_running", 1)


def test_enter_in_the_probe_field_asks_for_the_sentence(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    assert panel.probe_edit.objectName() == "probe_edit"
    with qtbot.waitSignal(panel.probe_edited) as asked:
        qtbot.keyClicks(panel.probe_edit, " are you there ")
        qtbot.keyClick(panel.probe_edit, Qt.Key.Key_Return)
    assert asked.args == ["are you there"]
    panel.probe_edit.clear()
    spy = QSignalSpy(panel.probe_edited)
    qtbot.keyClick(panel.probe_edit, Qt.Key.Key_Return)
    assert spy.count() == 0


def test_the_number_of_the_probe_can_be_chosen_and_is_not_emitted_when_shown(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    spy = QSignalSpy(panel.probe_selected)
    assert panel.probe_number.text() == "validation 1/64"
    panel.show_snapshot(snapshot(prediction=prediction(origin="validation 5/64")))
    assert panel.probe_number.value() == 5
    assert spy.count() == 0
    qtbot.keyClick(panel.probe_number, Qt.Key.Key_Up)
    assert spy.at(0) == [6]
    panel.show_snapshot(snapshot(prediction=prediction(origin="typed")))
    assert panel.probe_number.text().endswith("typed")
    assert spy.count() == 1


def test_unknown_words_are_named_and_marked(open_panel: Open) -> None:
    source = ("<s>", "how", "<unk>", "</s>")
    panel = open_panel(prediction(source=source, origin="typed"), unknown_words=("<blorp>",))
    assert panel.warning.isVisible()
    assert panel.warning.text() == "Not in the vocabulary: “<blorp>”"
    assert panel.warning.textFormat() == Qt.TextFormat.PlainText
    assert panel.board.rows[0].chips[2].tone is Tone.UNKNOWN
    panel.show_snapshot(snapshot(prediction=prediction()))
    assert not panel.warning.isVisible()


def test_a_refused_sentence_is_explained_until_it_is_edited(open_panel: Open, qtbot) -> None:
    panel = open_panel()
    panel.show_problem("the sentence has 400 words: at most 254")
    assert panel.warning.isVisible()
    assert panel.probe_edit.property("invalid")
    qtbot.keyClicks(panel.probe_edit, "a")
    assert not panel.warning.isVisible()
    assert not panel.probe_edit.property("invalid")


def test_accuracies_are_of_the_validation_set_where_there_is_one(open_panel: Open) -> None:
    panel = open_panel()
    history = History()
    panel.show_history(history)
    assert panel.accuracies["token"].text() == "–"
    history.append(1, token_accuracy=0.5, sequence_accuracy=0.25)
    panel.show_history(history)
    assert [value.text() for value in panel.accuracies.values()] == ["50.0 %", "25.0 %"]
    assert panel.accuracy_scope.text() == "last batch"
    history.append(2, token_accuracy=0.5, validation_token_accuracy=0.75, validation_sequence_accuracy=0.5)
    history.append(3, token_accuracy=0.6)
    panel.show_history(history)
    assert [value.text() for value in panel.accuracies.values()] == ["75.0 %", "50.0 %"]
    assert panel.accuracy_scope.text() == "validation"


def test_accuracies_are_those_of_the_clocks_step(open_panel: Open) -> None:
    panel = open_panel()
    history = History()
    history.append(1, token_accuracy=0.25, sequence_accuracy=0.125)
    history.append(2, token_accuracy=0.5, validation_token_accuracy=0.75, validation_sequence_accuracy=0.5)
    history.append(3, token_accuracy=0.6)
    panel.show_history(history)
    shown = {}
    for step in (3, 1, 0, 2):
        panel.show_step(step)
        shown[step] = [value.text() for value in panel.accuracies.values()], panel.accuracy_scope.text()
    assert shown[3] == shown[2] == (["75.0 %", "50.0 %"], "validation")
    assert shown[1] == (["25.0 %", "12.5 %"], "last batch")
    assert shown[0] == (["–", "–"], "")


def test_tool_tips_escape_tokens(open_panel: Open, qapp: QApplication) -> None:
    panel = open_panel(prediction(forced=("<s>", "are", "you", "</s>")))
    point = chip(panel.board, "teacher_forced", 0)
    tip = QHelpEvent(QHelpEvent.Type.ToolTip, point, panel.board.mapToGlobal(point))
    qapp.sendEvent(panel.board, tip)
    assert "&lt;s&gt;" in QToolTip.text()
    assert "expected how" in QToolTip.text()
    QToolTip.hideText()


def test_equal_rows_are_not_painted_again(open_panel: Open, qapp: QApplication, monkeypatch) -> None:
    panel = open_panel()
    updates: list[int] = []
    monkeypatch.setattr(panel.board, "update", lambda *area: updates.append(1))
    panel.show_snapshot(snapshot(step=1285, prediction=prediction()))
    assert not updates
    panel.show_snapshot(snapshot(step=1286, prediction=prediction(forced=WRONG)))
    assert updates


def test_without_a_prediction_it_says_what_to_do(qtbot, qapp: QApplication) -> None:
    panel = PredictionPanel()
    qtbot.addWidget(panel)
    panel.show()
    panel.show_snapshot(snapshot())
    assert panel.stack.currentIndex() == 0


def test_a_reader_that_cannot_see_is_told_everything(open_panel: Open) -> None:
    panel = open_panel(prediction(running=WRONG))
    told = panel.board.accessibleDescription()
    assert told == summary(prediction(running=WRONG), 1284)
    assert "Source: <s> how are you </s>. Target: how are you </s>." in told
    assert "Free-running: how is you </s>, 3/4 right." in told
    assert panel.bars.accessibleDescription() == "Position 0 · expected “how”: how 90 %, other 10 %"


def test_every_control_has_a_name(open_panel: Open) -> None:
    panel = open_panel()
    assert panel.objectName() == "prediction_panel"
    for widget in (panel.board, panel.samples_board, panel.bars, panel.probe_edit, panel.probe_number):
        assert widget.objectName()
        assert widget.accessibleName()
