"""The playground's answers and the ways of decoding them; every control has a name."""

import pytest
from pytestqt.qtbot import QtBot

from tests.views.hand_made import colours_in, picture
from tests.views.playground_shown import (
    LEFT,
    Answer,
    answering,
    centre,
    open_playground,
    row,
    small_session,
)
from tfviz.training.generation.beam_search import Beam
from tfviz.training.generation.playground import PlaygroundWish
from tfviz.training.generation.sampling import Sampling
from tfviz.training.session import Session
from tfviz.views.playground.beam_view import node_text
from tfviz.views.playground.playground_panel import PlaygroundPanel
from tfviz.views.playground.token_board import TOKENS
from tfviz.views.predictions.prediction_rows import FORCED, RUNNING, TARGET
from tfviz.views.style.theme import DARK


@pytest.fixture(scope="module")
def session() -> Session:
    return small_session()


@pytest.fixture
def panel(qtbot: QtBot, session: Session) -> PlaygroundPanel:
    return open_playground(qtbot, session)


@pytest.fixture
def answer(panel: PlaygroundPanel, session: Session) -> Answer:
    return answering(panel, session)


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


@pytest.mark.parametrize("sentence", ["3 3", ""])
def test_another_run_begins_without_the_answer_of_the_one_before_it_and_with_the_head_that_was_chosen(
    panel: PlaygroundPanel, qtbot: QtBot, answer: Answer, session: Session, sentence: str
) -> None:
    parts = panel.parts
    qtbot.mouseClick(parts.decoding.method_buttons.button(2), LEFT)
    answer()
    parts.head_box.setCurrentText("cross L0H1")
    qtbot.mouseClick(parts.board, LEFT, pos=centre(panel, 0, RUNNING))
    assert parts.map.looks is not None and parts.reading.text() and parts.tree.placed
    panel.use_task(session.task, sentence)
    assert parts.map.looks is None and parts.map.selected is None and parts.reading.text() == ""
    assert parts.head_box.count() == 0 and not parts.reveal_button.isEnabled()
    assert parts.tree.placed == () and parts.view_buttons.isHidden()
    assert [row.key for row in parts.board.rows] == [TOKENS] and parts.board.selected is None
    assert parts.state.text() == ("Waiting for the model" if sentence else "Type a sentence")
    panel.use_task(session.task, "0 1 2 3")
    answer()
    assert parts.head_box.currentText() == "cross L0H1" and parts.map.selected is None


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
