"""One head in stages: what a cell says in every stage, what can be chosen, locked and inspected."""

import numpy
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from tests.views.hand_made import colours_in, picture, snapshot
from tests.views.stages_shown import (
    STEPS,
    Take,
    centre,
    layout,
    open_stages,
    small_session,
    stages_of,
    taker,
    text,
)
from tfviz.training.export.heads import Head
from tfviz.training.session import Session
from tfviz.training.stepping.stages import StagesWish
from tfviz.training.tasks import Example
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.stages.stages_layout import STAGES
from tfviz.views.stages.stages_panel import StagesPanel
from tfviz.views.stages.stages_reading import MISSING, NOT_RECORDED, Pointer, arithmetic, values_of
from tfviz.views.style.theme import DARK


@pytest.fixture(scope="module")
def session() -> Session:
    return small_session()


@pytest.fixture
def take(session: Session) -> Take:
    return taker(session)


@pytest.fixture
def panel(qtbot: QtBot) -> StagesPanel:
    return open_stages(qtbot)


def test_nothing_is_shown_before_there_is_a_head(panel: StagesPanel, take: Take) -> None:
    assert panel.stack.currentIndex() == 0
    panel.show_snapshot(snapshot())
    assert panel.stack.currentIndex() == 0 and panel.stages is None
    panel.show_snapshot(take())
    assert panel.stack.currentIndex() == 1
    panel.forget()
    assert panel.stack.currentIndex() == 0 and panel.stages is None


def test_one_cell_is_read_in_all_stages_at_once(panel: StagesPanel, take: Take, qtbot: QtBot) -> None:
    panel.show_snapshot(take())
    stages = stages_of(panel)
    assert stages.gradients is not None and stages.moved is not None
    for stage in ("scores", "masked", "weights", "weights_gradient", "pressure", "moved"):
        qtbot.mouseMove(panel.view, centre(panel, stage, 3, 1))
        read = text(panel, "stages_reading")
        assert read.startswith(f"query 3 {stages.queries[3]}   key 1 {stages.keys[1]}")
        for name, value in (
            ("score", stages.values.scores[3, 1]),
            ("gradient", stages.gradients.weights[3, 1]),
            ("pressure", -stages.gradients.scores[3, 1]),
            ("moved", stages.moved.weights[3, 1]),
            ("score moved", stages.moved.scores[3, 1]),
        ):
            assert f"   {name} {value:+.3g}".replace("-", "−") in read
        assert f"weight {stages.values.weights[3, 1]:.3f}" in read
    qtbot.mouseMove(panel.view, centre(panel, "weights", 0, 3))
    assert text(panel, "stages_reading").endswith("weight masked")


def test_a_number_of_a_vector_is_read_with_its_gradient(panel: StagesPanel, take: Take, qtbot: QtBot) -> None:
    panel.show_snapshot(take("cross L1H0"))
    stages = stages_of(panel)
    assert stages.gradients is not None
    for name, side in (("query", "query"), ("key", "key"), ("value", "key"), ("context", "query")):
        qtbot.mouseMove(panel.view, centre(panel, name, 2, 4))
        read = text(panel, "stages_reading")
        assert read.startswith(f"{side} 2 ")
        for part, arrays in ((f"{name}[4]", stages.values), ("gradient", stages.gradients)):
            assert f"{part} {getattr(arrays, name)[2, 4]:+.3g}".replace("-", "−") in read


def test_a_click_locks_a_query_until_it_is_released(panel: StagesPanel, take: Take, qtbot: QtBot) -> None:
    panel.show_snapshot(take())
    view = panel.view
    row = layout(panel).maps["pressure"].row(2)
    before = colours_in(picture(view).copy(row))
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=centre(panel, "weights", 2, 1))
    assert view.locked and view.pointer == Pointer(2, 1, None, "weights")
    qtbot.mouseMove(view, centre(panel, "pressure", 4, 0))
    assert view.pointer == Pointer(2, 0, None, "pressure")
    assert DARK.accent in colours_in(picture(view).copy(row)) - before
    panel.show_snapshot(take(step=6))  # the next picture leaves it locked
    assert view.pointer.query == 2
    assert panel.release() and not view.locked and not panel.release()
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=centre(panel, "query", 3, 1))
    assert view.pointer.query == 3 and view.locked
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=centre(panel, "context", 3, 2))
    assert not view.locked


def test_a_lock_ends_where_the_sentence_is_another(panel: StagesPanel, take: Take, qtbot: QtBot) -> None:
    panel.show_snapshot(take())
    panel.view.lock(2)
    panel.show_snapshot(take("decoder L0H0"))
    assert panel.view.locked  # the same tokens
    panel.show_snapshot(take("cross L0H0"))
    assert not panel.view.locked


def test_the_row_is_written_out_as_numbers(panel: StagesPanel, take: Take, qtbot: QtBot) -> None:
    panel.show_snapshot(take())
    stages, rest = stages_of(panel), layout(panel).rest
    without = picture(panel.view).copy(rest)
    qtbot.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=centre(panel, "weights", 3, 1))
    assert picture(panel.view).copy(rest) != without
    for query in range(len(stages.queries)):
        row = arithmetic(stages, query)
        numpy.testing.assert_allclose(row.weights, stages.values.weights[query], atol=1e-6)
        assert row.total == pytest.approx(row.powers.sum()) and row.powers.max() == 1
        assert numpy.isneginf(row.scores).tolist() == stages.masked[query].tolist()
        assert (row.query, row.token, row.keys) == (query, stages.queries[query], stages.keys)


def test_the_keyboard_moves_the_cell_and_locks_its_query(
    panel: StagesPanel, take: Take, qtbot: QtBot
) -> None:
    panel.show_snapshot(take())
    view = panel.view
    view.setFocus(Qt.FocusReason.TabFocusReason)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right):
        qtbot.keyClick(view, key)
    assert (view.pointer.query, view.pointer.key) == (1, 1)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert view.locked
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert view.pointer.query == 2 and view.locked
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert not view.locked


def test_the_boxes_offer_all_heads_and_positions_and_state_the_wish(
    panel: StagesPanel, take: Take, qtbot: QtBot
) -> None:
    panel.show_snapshot(take("cross L1H0"))
    heads, positions = (panel.findChild(QComboBox, f"stages_{name}") for name in ("head", "position"))
    assert heads is not None and positions is not None
    stages = stages_of(panel)
    assert [heads.itemText(row) for row in range(heads.count())] == list(stages.heads)
    assert heads.currentText() == "cross L1H0"
    assert positions.itemText(0) == "loss of: whole sentence" == positions.currentText()
    assert positions.itemText(4) == f"loss of: position 3 {stages.targets[3]}"
    assert positions.count() == len(stages.targets) + 1
    qtbot.keyClick(heads, Qt.Key.Key_Up)
    assert panel.wish == StagesWish("cross L0H1")
    qtbot.keyClick(positions, Qt.Key.Key_Down)
    assert panel.wish == StagesWish("cross L0H1", 0) == panel.demand.stages
    panel.show_snapshot(take("cross L1H0"))  # of the wish before
    assert heads.currentText() == "cross L0H1" and panel.wish == StagesWish("cross L0H1", 0)


def test_a_head_that_was_selected_elsewhere_is_taken_apart(panel: StagesPanel, take: Take) -> None:
    panel.choose_head(Head("encoder", 0, 1))
    assert panel.wish == StagesWish("encoder L0H1")
    panel.show_snapshot(take("encoder L0H1", 2))
    panel.choose_head(Head("decoder", 1, 0))
    assert panel.wish == StagesWish("decoder L1H0")
    assert panel.head_box.currentText() == "decoder L1H0"


def test_a_title_opens_its_tensor(panel: StagesPanel, take: Take, qtbot: QtBot) -> None:
    panel.show_snapshot(take("cross L1H1"))
    wished: list[Chosen] = []
    panel.tensor_wished.connect(wished.append)
    for stage in STAGES:
        button = panel.view.titles[stage.name]
        assert button.toolTip() and button.accessibleName() and button.objectName()
        assert panel.view.rect().contains(button.geometry())
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        path = f"decoder.layers.1.multihead_attn.{stage.tensor}"
        assert wished.pop() == Chosen(path, stage.of, None) and not wished
    assert [stage.of for stage in STAGES].count("gradient") == 2


def test_the_caption_names_what_is_seen(panel: StagesPanel, take: Take, session: Session) -> None:
    panel.show_snapshot(take("decoder L1H1", 2))
    caption = text(panel, "stages_caption")
    for part in (
        "decoder L1H1",
        "step 5",
        f"seed {session.seed}",
        session.probe.source,
        session.probe.origin,
    ):
        assert part in caption
    assert f"{stages_of(panel).loss:#.4g} of position 2: {stages_of(panel).targets[2]}" in caption


def test_the_agreement_of_pressure_and_move_is_told_where_the_update_is_recorded(
    panel: StagesPanel, take: Take
) -> None:
    panel.show_snapshot(take())
    stages = stages_of(panel)
    assert stages.moved is not None and stages.pressure is not None
    agreement = stages.moved.agreement(stages.pressure)
    told = text(panel, "stages_agreement")
    assert f"followed {agreement.followed} of the {agreement.largest} largest pressures" in told
    assert f"{agreement.cosine:+.2g}".replace("-", "−") in told
    panel.show_snapshot(take(step=STEPS))
    assert text(panel, "stages_agreement") == NOT_RECORDED
    assert values_of(stages_of(panel), "moved") is None and MISSING["moved"]


def test_without_a_known_target_the_stages_are_there_and_no_gradient(
    panel: StagesPanel, session: Session, take: Take
) -> None:
    known, session.probe = session.probe, Example(session.probe.source, "", "typed")
    try:
        panel.show_snapshot(take("encoder L0H0"))
    finally:
        session.probe = known
    assert "no loss" in text(panel, "stages_caption")
    assert panel.position_box.count() == 1
    assert DARK.dim in colours_in(picture(panel.view).copy(layout(panel).maps["pressure"].plot))
