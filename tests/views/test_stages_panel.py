"""One head in stages: what is painted, what a cell says in every stage, what can be chosen, locked and inspected."""

from collections.abc import Callable
from dataclasses import replace

import numpy
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QLabel
from pytestqt.qtbot import QtBot

from tests.views.hand_made import colours_in, picture, snapshot
from tests.views.on_screen import exposed
from tfviz.training.config import RunConfig
from tfviz.training.export.heads import Head
from tfviz.training.mailbox import WHOLE
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot
from tfviz.training.stepping.stages import HeadStages, StagesWish
from tfviz.training.tasks import Example
from tfviz.views.grids import cells
from tfviz.views.grids.cells import Scale
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.stages.stages_layout import STAGES, Layout, Sizes, arrange, least_height
from tfviz.views.stages.stages_panel import StagesPanel
from tfviz.views.stages.stages_reading import MISSING, NOT_RECORDED, Pointer, arithmetic, values_of
from tfviz.views.stages.stages_scales import Scales, round_up
from tfviz.views.style.theme import DARK, LIGHT, Theme

Take = Callable[..., Snapshot]
STEPS = 8


@pytest.fixture(scope="module")
def session() -> Session:
    small = {"model.d_model": 16, "model.nhead": 2, "model.dim_feedforward": 16}
    session = Session(RunConfig.preset("identity").with_values(small))
    session.train(STEPS)
    return session


@pytest.fixture
def take(session: Session) -> Take:
    """Pictures of recorded steps of that run."""

    def take(head: str = "decoder L1H1", position: int | None = None, step: int = 5) -> Snapshot:
        found = session.view(step, demand=replace(WHOLE, stages=StagesWish(head, position)))
        assert found is not None
        return found

    return take


@pytest.fixture
def panel(qtbot: QtBot) -> StagesPanel:
    return exposed(qtbot, StagesPanel(), 1000, 640)


def stages_of(panel: StagesPanel) -> HeadStages:
    assert panel.stages is not None
    return panel.stages


def layout(panel: StagesPanel) -> Layout:
    assert panel.view.place is not None
    return panel.view.place


def centre(panel: StagesPanel, stage: str, row: int, column: int) -> QPoint:
    return layout(panel).maps[stage].cell(row, column).center()


def colour(panel: StagesPanel, stage: str, row: int, column: int) -> str:
    return picture(panel.view).pixelColor(centre(panel, stage, row, column)).name()


def expected_colour(value: float, scale: Scale, theme: Theme, signed: bool) -> str:
    return QColor(cells.colour_table(theme, signed)[scale.byte(value)]).name()


def text(panel: StagesPanel, name: str) -> str:
    label = panel.findChild(QLabel, name)
    assert label is not None
    return label.text().replace("\N{NO-BREAK SPACE}", " ")


def test_nothing_is_shown_before_there_is_a_head(panel: StagesPanel, take: Take) -> None:
    assert panel.stack.currentIndex() == 0
    panel.show_snapshot(snapshot())
    assert panel.stack.currentIndex() == 0 and panel.stages is None
    panel.show_snapshot(take())
    assert panel.stack.currentIndex() == 1
    panel.forget()
    assert panel.stack.currentIndex() == 0 and panel.stages is None


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_every_cell_has_the_colour_of_its_number(panel: StagesPanel, take: Take, theme: Theme) -> None:
    panel.recolour(theme)
    panel.show_snapshot(take())
    stages = stages_of(panel)
    for stage in STAGES:
        values = values_of(stages, stage.name)
        assert values is not None
        reach = round_up(float(abs(values).max()))
        scale = Scale(-reach, reach) if stage.signed else Scale()
        for row, column in ((1, 0), (2, 1), (3, 2)):
            wanted = expected_colour(values[row, column], scale, theme, stage.signed)
            assert colour(panel, stage.name, row, column) == wanted, stage.name


def test_positive_pressure_is_blue_and_negative_orange(panel: StagesPanel, take: Take) -> None:
    panel.show_snapshot(take())
    pressure = stages_of(panel).pressure
    assert pressure is not None
    for place, blue in ((pressure.argmax(), True), (pressure.argmin(), False)):
        row, column = divmod(int(place), pressure.shape[1])
        found = QColor(colour(panel, "pressure", row, column))
        assert (found.blue() > found.red()) is blue


def test_masked_cells_have_their_own_mark_after_the_mask_only(panel: StagesPanel, take: Take) -> None:
    panel.show_snapshot(take())
    image = picture(panel.view)
    for stage in STAGES:
        if stage.columns == "key":
            area = layout(panel).maps[stage.name].cell(0, 5)
            found = colours_in(image.copy(area))
            marked = found == {DARK.masked, DARK.masked_hatch}
            assert marked is (stage.name != "scores"), stage.name
    panel.show_snapshot(take("cross L1H0"))
    assert DARK.masked_hatch not in colours_in(picture(panel.view))


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_no_mask_lies_over_the_words_in_place_of_a_map(panel: StagesPanel, take: Take, theme: Theme) -> None:
    panel.recolour(theme)
    panel.show_snapshot(take(step=STEPS))
    assert stages_of(panel).moved is None and stages_of(panel).masked.any()
    marks = {theme.masked, theme.masked_hatch}

    def found(name: str) -> set[str]:
        return colours_in(picture(panel.view).copy(layout(panel).maps[name].plot))

    assert marks.isdisjoint(found("moved")) and len(found("moved")) > 3  # words
    assert marks <= found("weights") and marks <= found("pressure")
    panel.show_snapshot(take(step=STEPS - 1))
    assert marks <= found("moved")
    panel.show_snapshot(take(step=STEPS))
    assert marks.isdisjoint(found("moved"))


def test_what_is_not_finite_is_marked_and_spoils_no_scale(panel: StagesPanel, take: Take) -> None:
    taken = take("cross L0H0")
    assert taken.stages is not None
    scores = taken.stages.values.scores.copy()
    scores[1, 1], scores[2, 2] = numpy.nan, numpy.inf
    values = replace(taken.stages.values, scores=scores)
    panel.show_snapshot(replace(taken, stages=replace(taken.stages, values=values)))
    image = picture(panel.view)
    for place, mark in (((1, 1), DARK.not_a_number), ((2, 2), DARK.infinite)):
        assert mark in colours_in(image.copy(layout(panel).maps["scores"].cell(*place)))
    reach = round_up(float(abs(scores[numpy.isfinite(scores)]).max()))
    assert colour(panel, "scores", 0, 0) == expected_colour(scores[0, 0], Scale(-reach, reach), DARK, True)


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


@pytest.mark.parametrize("size", [(446, 60), (676, 430), (976, 560), (1560, 620)])
@pytest.mark.parametrize("tokens", [3, 9, 16])
def test_all_maps_stand_apart_and_inside(panel: StagesPanel, size: tuple[int, int], tokens: int) -> None:
    words = ("<s>", *("somewhat",) * (tokens - 2), "</s>")
    view = panel.view
    sizes = Sizes(words[:-1], words, 32)
    view.setMinimumHeight(least_height(sizes))
    view.resize(*size)
    found = arrange(sizes, view.size())
    areas = [place.plot for place in found.maps.values()] + [found.rest]
    titles = [place.title for place in found.maps.values()]
    for number, area in enumerate(areas):
        assert view.rect().contains(area)
        assert not any(area.intersects(other) for other in areas[number + 1 :] + titles)
    for place in found.maps.values():
        assert place.plot.width() >= 30 and place.plot.height() >= max(33, 3 * tokens)
        assert place.plot.bottom() + found.column_label <= view.height()


def test_scales_are_round_and_stand_still_while_the_numbers_move_a_little() -> None:
    assert [round_up(value) for value in (0.0, 0.9, 1.0, 1.1, 3.0, 0.021)] == [1, 1, 1, 2, 5, 0.05]
    scales = Scales()
    reaches = [scales.fit("scores", numpy.array([value, -0.1])).high for value in (1.2, 1.9, 0.4, 2.1, 0.5)]
    assert reaches == [2, 2, 2, 5, 0.5]
    assert scales.fit("other", numpy.zeros(3)) == Scale(-1, 1)
