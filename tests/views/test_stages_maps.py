"""The maps of a head in stages: where they stand, and every cell in the colour or mark of its number."""

from dataclasses import replace

import numpy
import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from tests.views.hand_made import colours_in, picture
from tests.views.stages_shown import STEPS, Take, centre, layout, open_stages, small_session, stages_of, taker
from tfviz.training.session import Session
from tfviz.views.grids import cells
from tfviz.views.grids.cells import Scale
from tfviz.views.stages.stages_layout import STAGES, Sizes, arrange, least_height
from tfviz.views.stages.stages_panel import StagesPanel
from tfviz.views.stages.stages_reading import values_of
from tfviz.views.stages.stages_scales import Scales, round_up
from tfviz.views.style.theme import DARK, LIGHT, Theme


@pytest.fixture(scope="module")
def session() -> Session:
    return small_session()


@pytest.fixture
def take(session: Session) -> Take:
    return taker(session)


@pytest.fixture
def panel(qtbot: QtBot) -> StagesPanel:
    return open_stages(qtbot)


def colour(panel: StagesPanel, stage: str, row: int, column: int) -> str:
    return picture(panel.view).pixelColor(centre(panel, stage, row, column)).name()


def expected_colour(value: float, scale: Scale, theme: Theme, signed: bool) -> str:
    return QColor(cells.colour_table(theme, signed)[scale.byte(value)]).name()


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
