"""What the answer in the playground looked at: the map, the token that is chosen, and token by token."""

import numpy
import pytest
from PySide6.QtCore import QPoint, QPointF
from pytestqt.qtbot import QtBot

from tests.training.small_runs import SMALL
from tests.views.hand_made import colours_in, picture
from tests.views.playground_shown import (
    LEFT,
    Answer,
    answering,
    centre,
    chip,
    mask,
    open_playground,
    row,
    small_session,
)
from tfviz.training.generation.playground import PlaygroundWish, play
from tfviz.training.session import Session
from tfviz.views.grids.cells import Scale, colour_table
from tfviz.views.playground.answer_map import reading
from tfviz.views.playground.playground_panel import PlaygroundPanel
from tfviz.views.predictions.prediction_rows import RUNNING
from tfviz.views.style.theme import DARK, LIGHT


@pytest.fixture(scope="module")
def session() -> Session:
    return small_session()


@pytest.fixture
def panel(qtbot: QtBot, session: Session) -> PlaygroundPanel:
    return open_playground(qtbot, session)


@pytest.fixture
def answer(panel: PlaygroundPanel, session: Session) -> Answer:
    return answering(panel, session)


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
