"""The playground: real keys and clicks, and what is shown and asked for."""

from collections.abc import Callable

import numpy
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from tests.training.small_runs import SMALL
from tests.views.hand_made import colours_in, picture
from tfviz.training.generation.beam_search import Beam
from tfviz.training.generation.playground import PlaygroundWish, play
from tfviz.training.generation.sampling import Sampling
from tfviz.training.mailbox import Demand
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot
from tfviz.views.grids.cells import Scale, colour_table
from tfviz.views.playground.answer_map import reading
from tfviz.views.playground.beam_view import node_text
from tfviz.views.playground.draft import Draft
from tfviz.views.playground.kept_sentences import MOST_KEPT
from tfviz.views.playground.playground_panel import PlaygroundPanel
from tfviz.views.playground.token_board import TOKENS
from tfviz.views.predictions.chips import Chip, ChipRow, Tone
from tfviz.views.predictions.prediction_rows import FORCED, RUNNING, TARGET
from tfviz.views.style.theme import DARK, LIGHT

LEFT = Qt.MouseButton.LeftButton
Answer = Callable[[], Snapshot]


@pytest.fixture(scope="module")
def session() -> Session:
    session = Session(SMALL)
    session.train(200)
    return session


@pytest.fixture
def panel(qtbot: QtBot, session: Session) -> PlaygroundPanel:
    made = PlaygroundPanel()
    qtbot.addWidget(made)
    made.resize(900, 640)
    made.use_task(session.task, "0 1 2 3")
    made.show()
    made.activateWindow()
    return made


@pytest.fixture
def answer(panel: PlaygroundPanel, session: Session) -> Answer:
    """Gives the panel what it asks for."""

    def answer() -> Snapshot:
        panel._asking.now()
        snapshot = session.snapshot(panel.demand)
        panel.show_snapshot(snapshot)
        return snapshot

    return answer


def row(panel: PlaygroundPanel, key: str) -> ChipRow:
    return next(row for row in panel.parts.board.rows if row.key == key)


def tokens(panel: PlaygroundPanel) -> list[str]:
    return [chip.text for chip in row(panel, TOKENS).chips]


def chip(panel: PlaygroundPanel, position: int, key: str = TOKENS) -> Chip:
    return row(panel, key).chips[position]


def centre(panel: PlaygroundPanel, position: int, key: str = TOKENS) -> QPoint:
    placed = panel.parts.board.arrangement.find(key)
    assert placed is not None
    return placed.chips[position].center() + QPoint(1, 1)


def mask(panel: PlaygroundPanel, qtbot: QtBot, position: int) -> None:
    board = panel.parts.board
    qtbot.mouseClick(board, LEFT, pos=centre(panel, position))
    qtbot.keyClick(board, Qt.Key.Key_M)


# the sentence


def test_the_tokens_follow_every_keystroke_before_there_is_any_answer(
    panel: PlaygroundPanel, qtbot: QtBot
) -> None:
    panel.parts.sentence_edit.clear()
    panel._type("")
    seen = []
    for letter in "0 zz":
        qtbot.keyClicks(panel.parts.sentence_edit, letter)
        seen.append(tokens(panel)[1:-1])
    assert seen == [["0"], ["0"], ["0", "z"], ["0", "zz"]]
    assert panel.played is None


def test_a_chip_says_its_id_and_an_unknown_word_says_so_in_words_and_by_a_sign(
    panel: PlaygroundPanel, qtbot: QtBot, session: Session
) -> None:
    qtbot.keyClicks(panel.parts.sentence_edit, " <s>")
    identifier = session.task.source_tokenizer.tokens.index("1")
    assert f"id {identifier}" in chip(panel, 2).tip(2)
    unknown = chip(panel, 5)
    assert (unknown.text, unknown.tone, unknown.note) == ("<s>", Tone.UNKNOWN, "unk?")
    assert "not in the vocabulary" in unknown.tip(5) and "id 3" in unknown.tip(5)
    assert panel.parts.remark.isVisible() and "<unk>: <s>" in panel.parts.remark.text()


def test_what_is_typed_is_asked_for_and_an_empty_line_asks_nothing(
    panel: PlaygroundPanel, qtbot: QtBot
) -> None:
    assert panel.demand == Demand(playground=PlaygroundWish("0 1 2 3"))
    qtbot.keyClicks(panel.parts.sentence_edit, " 0")
    qtbot.waitUntil(lambda: panel.wish == PlaygroundWish("0 1 2 3 0"))
    panel.parts.sentence_edit.selectAll()
    qtbot.keyClick(panel.parts.sentence_edit, Qt.Key.Key_Backspace)
    qtbot.waitUntil(lambda: panel.demand == Demand())
    assert panel.parts.state.text() == "Type a sentence" and not panel.parts.pin_button.isEnabled()


def test_a_double_click_edits_a_token_in_its_place(panel: PlaygroundPanel, qtbot: QtBot) -> None:
    board = panel.parts.board
    qtbot.mouseDClick(board, LEFT, pos=centre(panel, 2))
    assert board.editor.isVisible() and board.editor.text() == "1"
    qtbot.keyClicks(board.editor, "3")
    qtbot.keyClick(board.editor, Qt.Key.Key_Return)
    assert not board.editor.isVisible() and panel.parts.sentence_edit.text() == "0 3 2 3"
    qtbot.waitUntil(lambda: panel.wish == PlaygroundWish("0 3 2 3"))
    qtbot.mouseDClick(board, LEFT, pos=centre(panel, 1))
    board.editor.setText("zz")
    assert panel.release() and not board.editor.isVisible()
    assert panel.drafts.current.text == "0 3 2 3"


def test_the_ends_of_a_sentence_are_neither_edited_nor_masked(panel: PlaygroundPanel, qtbot: QtBot) -> None:
    board = panel.parts.board
    for position in (0, 5):
        qtbot.mouseDClick(board, LEFT, pos=centre(panel, position))
        assert not board.editor.isVisible()
        mask(panel, qtbot, position)
    assert panel.drafts.current.hidden == ()


def test_m_masks_the_selected_token_and_undo_takes_it_back(
    panel: PlaygroundPanel, qtbot: QtBot, answer: Answer
) -> None:
    mask(panel, qtbot, 3)
    masked = chip(panel, 3)
    assert (masked.tone, masked.note) == (Tone.HIDDEN, "mask") and "nobody looks at it" in masked.tip(3)
    assert "2" in panel.parts.remark.text()
    answer()
    assert panel.wish == PlaygroundWish("0 1 2 3", (2,))
    looks = panel.parts.map.looks
    assert looks is not None and looks.hidden == {3} and (looks.weights[:, 3] == 0).all()
    assert "masked" in reading(looks, 0, 3)
    qtbot.keyClick(panel.parts.board, Qt.Key.Key_M)
    assert panel.drafts.current.hidden == ()
    qtbot.mouseClick(panel.parts.undo_button, LEFT)
    assert panel.drafts.current.hidden == (2,)
    qtbot.keyClick(panel.parts.board, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert panel.drafts.current.hidden == () and not panel.parts.undo_button.isEnabled()


def test_the_menu_of_a_token_edits_and_masks_it(panel: PlaygroundPanel) -> None:
    menu = panel.parts.board.menu(1)
    assert isinstance(menu, QMenu) and [action.text() for action in menu.actions()] == [
        "Edit token",
        "Mask token (M)",
    ]
    menu.actions()[1].trigger()
    assert panel.drafts.current.hidden == (1,)
    again = panel.parts.board.menu(1)
    assert again.actions()[1].text() == "Unmask token (M)"
    again.actions()[0].trigger()
    assert panel.parts.board.editor.isVisible()
    menu.close()
    again.close()


def test_sentences_are_kept_taken_up_again_and_removed(panel: PlaygroundPanel, qtbot: QtBot) -> None:
    kept = panel.parts.kept
    qtbot.mouseClick(panel.parts.keep_button, LEFT)
    mask(panel, qtbot, 1)
    qtbot.mouseClick(panel.parts.keep_button, LEFT)
    qtbot.mouseClick(panel.parts.keep_button, LEFT)  # it is there already
    assert [kept.list.item(row).text() for row in range(kept.list.count())] == [
        "0 1 2 3",
        "0 1 2 3 · 1 masked",
    ]
    first = kept.list.visualItemRect(kept.list.item(0)).center()
    qtbot.mouseClick(kept.list.viewport(), LEFT, pos=first)
    assert panel.drafts.current.hidden == ()
    qtbot.keyClicks(panel.parts.sentence_edit, " 0")
    assert kept.list.currentRow() == -1 and not kept.remove_button.isEnabled()
    kept.list.setCurrentRow(1)
    qtbot.keyClick(kept.list, Qt.Key.Key_Return)
    assert panel.drafts.current.hidden == (0,)
    qtbot.mouseClick(kept.remove_button, LEFT)
    assert [draft.text for draft in kept.drafts] == ["0 1 2 3"]


def test_every_change_of_the_list_is_told_and_the_first_one_goes_where_it_is_full(
    panel: PlaygroundPanel, qtbot: QtBot
) -> None:
    told: list[list[str]] = []
    panel.kept_changed.connect(lambda drafts: told.append([draft.text for draft in drafts]))
    stored = [Draft(f"{number} 1", (0,)) for number in range(MOST_KEPT)]
    panel.show_kept(stored)
    kept = panel.parts.kept
    assert kept.drafts == stored and kept.list.isVisible() and kept.list.currentRow() == -1
    assert told == []  # it was known
    qtbot.mouseClick(panel.parts.keep_button, LEFT)
    texts = [draft.text for draft in (*stored[1:], Draft("0 1 2 3"))]
    assert told == [texts] and kept.list.currentRow() == MOST_KEPT - 1
    qtbot.mouseClick(panel.parts.keep_button, LEFT)  # it is there already
    assert len(told) == 1
    qtbot.keyClick(kept.list, Qt.Key.Key_Delete)
    assert told[1:] == [texts[:-1]]
    panel.show_kept([Draft("3 3"), Draft("0 1 2 3")])
    assert kept.list.currentRow() == 1  # the one that is tried out
    panel.show_kept([])
    assert kept.empty.isVisible() and len(told) == 2


def test_kept_sentences_and_what_was_typed_outlive_the_run_but_not_what_it_began_with(
    panel: PlaygroundPanel, qtbot: QtBot, session: Session
) -> None:
    qtbot.mouseClick(panel.parts.keep_button, LEFT)
    panel.use_task(session.task, "3 3")
    assert panel.parts.sentence_edit.text() == "3 3" and panel.parts.kept.list.count() == 1
    qtbot.keyClicks(panel.parts.sentence_edit, " 0")
    panel.use_task(session.task, "4 4")
    assert panel.parts.sentence_edit.text() == "3 3 0"
    panel.use_task(None)
    assert panel.demand == Demand() and panel.parts.currentIndex() == 0


# the answer


def test_both_answers_stand_below_the_right_one_and_where_they_part_is_marked(
    panel: PlaygroundPanel, answer: Answer, session: Session
) -> None:
    snapshot = answer()
    played = snapshot.playground
    assert played is not None and played.prediction is not None
    forced, said = played.prediction.teacher_forced, played.prediction.free_running
    assert forced is not None and said is not None
    assert [chip.text for chip in row(panel, TARGET).chips] == ["0", "1", "2", "3", "</s>"]
    assert tuple(chip.text for chip in row(panel, FORCED).chips[: len(forced.tokens)]) == forced.tokens
    assert tuple(chip.text for chip in row(panel, RUNNING).chips[: len(said.tokens)]) == said.tokens
    parted = next(
        (
            place
            for place, pair in enumerate(zip(forced.tokens, said.tokens, strict=False))
            if len({*pair}) > 1
        ),
        None,
    )
    assert row(panel, RUNNING).marked == (() if parted is None else (parted,))
    assert f"step {session.step}" in panel.parts.state.text()


def test_an_answer_to_an_earlier_question_is_not_shown_as_one_to_this(
    panel: PlaygroundPanel, qtbot: QtBot, session: Session
) -> None:
    late = session.snapshot(panel.demand)
    qtbot.keyClicks(panel.parts.sentence_edit, " 0")
    qtbot.waitUntil(lambda: panel.wish is not None and panel.wish.sentence == "0 1 2 3 0")
    panel.show_snapshot(late)
    assert panel.played is None and panel.parts.state.text() == "Waiting for the model"


def test_a_sentence_that_is_too_long_has_no_answer_but_a_reason(
    panel: PlaygroundPanel, answer: Answer
) -> None:
    panel.parts.sentence_edit.setText("0 " * 300)
    panel._type("0 " * 300)
    answer()
    assert "at most 254" in panel.parts.state.text() and len(panel.parts.board.rows) == 1


def test_a_selected_token_of_the_answer_marks_its_row_and_says_what_it_looked_at(
    panel: PlaygroundPanel, qtbot: QtBot, answer: Answer
) -> None:
    answer()
    qtbot.mouseClick(panel.parts.board, LEFT, pos=centre(panel, 1, RUNNING))
    shown = panel.parts.map
    assert shown.selected == 1 and panel.parts.reading.text().startswith("Token 1 “")
    looks = shown.looks
    assert (
        looks is not None
        and f"looks at “{looks.keys[looks.strongest(1) or 0]}”" in panel.parts.reading.text()
    )
    qtbot.mouseClick(shown, LEFT, pos=shown.cell(0, 2).center().toPoint())
    assert shown.selected == 0 and panel.parts.board.selected == (RUNNING, 0)
    assert panel.release() and panel.parts.map.selected is None and not panel.release()


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_the_map_paints_the_weights_of_the_chosen_head(
    panel: PlaygroundPanel, answer: Answer, theme: object
) -> None:
    assert theme in (DARK, LIGHT)
    colours = DARK if theme is DARK else LIGHT
    panel.recolour(colours)
    snapshot = answer()
    panel.parts.head_box.setCurrentText("cross L0H1")
    assert snapshot.playground is not None and snapshot.playground.attention is not None
    weights = snapshot.playground.attention.cross[0, 1]
    painted, table, shown = picture(panel.parts.map), colour_table(colours), panel.parts.map
    for place in ((0, 0), (0, 3), (1, 5)):
        cell = shown.cell(*place).center().toPoint() + QPoint(2, 3)
        byte = Scale().byte(float(weights[place]))
        assert painted.pixelColor(cell).rgb() == table[byte], place
        assert shown.cell_at(QPointF(cell)) == place
    panel.parts.head_box.setCurrentIndex(0)
    assert panel.parts.map.looks is not None
    mean = snapshot.playground.attention.cross.mean(axis=(0, 1))
    numpy.testing.assert_allclose(panel.parts.map.looks.weights, mean, rtol=1e-6)


def test_token_by_token_reveals_the_answer_with_its_rows(
    panel: PlaygroundPanel, qtbot: QtBot, answer: Answer
) -> None:
    answer()
    assert panel.played is not None and panel.played.prediction is not None
    said = panel.played.prediction.free_running
    assert said is not None
    count = len(said.tokens)
    for shown in range(1, count + 1):
        qtbot.mouseClick(panel.parts.reveal_button, LEFT)
        assert len(row(panel, RUNNING).chips) == shown
        assert panel.parts.map.selected == shown - 1
        looks = panel.parts.map.looks
        assert looks is not None and looks.rows == shown
        answer()  # training goes on; what is revealed stays
    assert panel.parts.reveal_button.text() == "Whole answer"
    qtbot.mouseClick(panel.parts.reveal_button, LEFT)
    assert len(row(panel, RUNNING).chips) >= count and panel.parts.reveal_button.text() == "Token by token"


def test_in_a_low_panel_the_row_of_a_revealed_token_comes_into_sight(
    panel: PlaygroundPanel, qtbot: QtBot, answer: Answer
) -> None:
    panel.resize(620, 300)
    answer()
    shown = panel.parts.map
    # The new rows are given their places by the event loop.
    qtbot.waitUntil(lambda: not shown.visibleRegion().contains(shown.cell(2, 0).center().toPoint()))
    for _ in range(3):
        qtbot.mouseClick(panel.parts.reveal_button, LEFT)
    assert shown.visibleRegion().contains(shown.cell(2, 0).center().toPoint())


# decoding


def test_the_ways_of_decoding_are_asked_for_as_they_are_set(panel: PlaygroundPanel, qtbot: QtBot) -> None:
    bar = panel.parts.decoding
    qtbot.mouseClick(bar.method_buttons.button(1), LEFT)
    assert bar.temperature.isVisible() and not bar.width_box.isVisible()
    bar.temperature.setValue(0.5)
    bar.top_k.setValue(3)
    bar.top_p.setValue(0.9)
    bar.seed_box.setValue(7)
    bar.limit_box.setValue(2)
    expected = PlaygroundWish("0 1 2 3", (), Sampling(0.5, 3, 0.9), 7, 2)
    qtbot.waitUntil(lambda: panel.wish == expected)
    qtbot.mouseClick(bar.method_buttons.button(2), LEFT)
    bar.width_box.setValue(2)
    bar.limit_box.setValue(0)
    qtbot.waitUntil(lambda: panel.wish == PlaygroundWish("0 1 2 3", (), Beam(2)))
    assert bar.width_box.isVisible() and not bar.temperature.isVisible()


def test_a_beam_search_draws_its_tree_as_the_search_went(
    panel: PlaygroundPanel, qtbot: QtBot, answer: Answer
) -> None:
    assert panel.parts.view_buttons.isHidden()
    qtbot.mouseClick(panel.parts.decoding.method_buttons.button(2), LEFT)
    snapshot = answer()
    played, tree = snapshot.playground, panel.parts.tree
    assert played is not None and played.tree is not None and played.prediction is not None
    assert panel.parts.view_stack.currentIndex() == 1 and panel.parts.view_buttons.isVisible()
    assert len(tree.placed) == len(played.tree.nodes)
    best = [placed.token for placed in tree.placed if placed.best]
    said = played.prediction.free_running
    assert said is not None and tuple(best) == said.tokens
    for placed in tree.placed:
        node = placed.node
        if node.parent is not None:
            assert tree.placed[node.parent].area.right() < placed.area.left()
        fate = "part of the answer" if placed.best else "followed" if node.kept else "given up"
        assert fate in node_text(placed) and f"{100 * node.probability:.1f} %" in node_text(placed)
    areas = [placed.area for placed in tree.placed]
    assert not any(one.intersects(other) for place, one in enumerate(areas) for other in areas[:place])
    assert {DARK.selection, DARK.accent} <= colours_in(picture(tree))
    assert panel.parts.head_box.isHidden()
    qtbot.mouseClick(panel.parts.view_buttons.button(0), LEFT)
    assert panel.parts.view_stack.currentIndex() == 0 and panel.parts.head_box.isVisible()
    qtbot.mouseClick(panel.parts.decoding.method_buttons.button(0), LEFT)
    answer()
    assert panel.parts.view_buttons.isHidden() and tree.placed == ()


def test_weights_that_are_no_numbers_are_marked_and_not_called_zero(panel: PlaygroundPanel) -> None:
    broken = Session(SMALL)
    broken.trainer.parameters.flat[:] = numpy.nan
    panel.show_snapshot(broken.snapshot(panel.demand))
    assert DARK.not_a_number in colours_in(picture(panel.parts.map))
    assert chip(panel, 0, RUNNING).note == "NaN"
    looks = panel.parts.map.looks
    assert looks is not None and "not finite" in reading(looks, 0, None)


@pytest.mark.parametrize("architecture", ["encoder", "decoder"])
def test_models_without_cross_attention_show_what_they_have(
    panel: PlaygroundPanel, qtbot: QtBot, architecture: str
) -> None:
    session = Session(SMALL.with_values({"model.architecture": architecture}))
    panel.use_task(session.task, "0 1 2 3")
    mask(panel, qtbot, 2)
    panel._asking.now()
    snapshot = session.snapshot(panel.demand)
    panel.show_snapshot(snapshot)
    looks, played = panel.parts.map.looks, panel.played
    assert looks is not None and played is not None and played.looks is not None
    assert played.looks.kind == architecture and panel.parts.head_box.itemText(1) == f"{architecture} L0H0"
    assert looks.weights.shape == (len(looks.said), len(looks.keys)) and len(looks.fed) == len(looks.said)
    numpy.testing.assert_allclose(looks.weights.sum(axis=1), 1.0, rtol=1e-5)
    assert (looks.weights[:, 2] == 0).all() and looks.keys[2] == "1"
    reader = session.reader
    assert play(reader, PlaygroundWish("0 1 2 3")).looks is not None


def test_every_control_has_a_name_and_says_what_it_does(panel: PlaygroundPanel) -> None:
    parts = panel.parts
    controls = [
        parts.sentence_edit, parts.undo_button, parts.keep_button, parts.pin_button, parts.reveal_button,
        parts.head_box, parts.kept.list, parts.kept.remove_button, parts.decoding.temperature, parts.decoding.top_k,
        parts.decoding.top_p, parts.decoding.seed_box, parts.decoding.width_box, parts.decoding.limit_box,
        parts.board.editor,
    ]  # fmt: skip
    for control in controls:
        assert control.objectName() and control.accessibleName() and control.toolTip(), control
