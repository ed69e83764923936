"""The sentence of the playground, by real keys and clicks: typed, edited, masked and kept."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from tests.views.playground_shown import (
    LEFT,
    Answer,
    answering,
    centre,
    chip,
    mask,
    open_playground,
    small_session,
    tokens,
)
from tfviz.training.generation.playground import PlaygroundWish
from tfviz.training.mailbox import Demand
from tfviz.training.session import Session
from tfviz.views.playground.answer_map import reading
from tfviz.views.playground.draft import Draft
from tfviz.views.playground.kept_sentences import MOST_KEPT
from tfviz.views.playground.playground_panel import PlaygroundPanel
from tfviz.views.predictions.chips import Tone


@pytest.fixture(scope="module")
def session() -> Session:
    return small_session()


@pytest.fixture
def panel(qtbot: QtBot, session: Session) -> PlaygroundPanel:
    return open_playground(qtbot, session)


@pytest.fixture
def answer(panel: PlaygroundPanel, session: Session) -> Answer:
    return answering(panel, session)


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


def test_a_text_is_split_once_a_keystroke(
    panel: PlaygroundPanel, qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer, texts = session.task.source_tokenizer, list[str]()
    split = tokenizer.pieces
    monkeypatch.setattr(tokenizer, "pieces", lambda text: texts.append(text) or split(text))
    panel.use_task(session.task, "0 1 2 3")
    for letter in " 12":
        qtbot.keyClicks(panel.parts.sentence_edit, letter)
    panel._asking.now()
    mask(panel, qtbot, 1)
    assert texts == ["0 1 2 3", "0 1 2 3 ", "0 1 2 3 1", "0 1 2 3 12"]


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
