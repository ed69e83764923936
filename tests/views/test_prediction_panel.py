"""The panel of predictions: chips that are chosen, the probe that is asked for, and the shares that are right."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QHelpEvent
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QApplication, QToolTip

from tests.views.hand_made import picture, prediction, snapshot
from tests.views.predictions_shown import LEFT, WRONG, Open, chip, opener
from tfviz.training.record.history import History
from tfviz.views.predictions.chips import Tone
from tfviz.views.predictions.prediction_panel import PredictionPanel
from tfviz.views.predictions.prediction_rows import summary
from tfviz.views.style.theme import DARK


@pytest.fixture
def open_panel(qtbot, qapp: QApplication) -> Open:
    return opener(qtbot, qapp)


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


def test_in_a_narrow_panel_no_text_runs_into_another(open_panel: Open, qtbot) -> None:
    panel = open_panel(prediction(forced=WRONG))
    panel.setMinimumWidth(1)  # as in a dock, which goes by its smallest size
    for width, words in ((350, "Token acc."), (250, "Tokens")):
        panel.resize(width, 600)
        names = panel.accuracy_names
        qtbot.waitUntil(lambda names=names, words=words: names["token"].text() == words)
        qtbot.waitUntil(
            lambda names=names: all(name.width() >= name.sizeHint().width() for name in names.values())
        )
    panel.bars.resize(300, panel.bars.height())
    with_note = picture(panel.bars)
    panel.bars.resize(215, panel.bars.height())
    without = picture(panel.bars)
    right = [
        sum(
            image.pixelColor(x, y).name() != DARK.panel
            for x in range(image.width() - 20, image.width())
            for y in range(20)
        )
        for image in (with_note, without)
    ]
    assert right[0] > 0 and right[1] == 0
