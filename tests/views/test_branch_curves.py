"""Several branches in the card "Loss and accuracy": each from where it left, in its colour, until it is hidden."""

import numpy
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from tests.views.curves_shown import near, picture
from tests.views.made_branches import left, main_line
from tests.views.on_screen import exposed
from tfviz.training.branching.branches import Line
from tfviz.views.curves.curve_panel import CurvePanel
from tfviz.views.style.theme import DARK, LIGHT, THEMES, Theme

BOTH = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)


@pytest.fixture
def panel(qtbot: QtBot) -> CurvePanel:
    made = exposed(qtbot, CurvePanel(), 780, 240)
    for name in ("accuracy", "sequence"):
        qtbot.mouseClick(made.legend[name], Qt.MouseButton.LeftButton)
    return made


def two() -> dict[int, Line]:
    """Main at loss 1 up to step 400, and a branch from step 200 at loss 2, up to step 300."""
    main = main_line(400, 1.0)
    return {0: main, 1: left(main, 1, 200, 300, 2.0, "fast")}


def shown(panel: CurvePanel, lines: dict[int, Line], current: int = 0) -> CurvePanel:
    panel.show_branches(lines, current)
    return panel


def spot(panel: CurvePanel, step: float, value: float) -> QPoint:
    return panel.plot.mapFromScene(panel.plot.view.mapViewToScene(QPointF(step, value)))


def is_drawn(panel: CurvePanel, colour: str, step: float, value: float) -> bool:
    # A thin line between two rows of pixels has less than its whole colour in either.
    place, found = spot(panel, step, value), near(picture(panel), QColor(colour), 160)
    return bool(found[place.y() - 3 : place.y() + 4, place.x() - 1 : place.x() + 2].any())


@BOTH
def test_every_branch_has_a_colour_of_its_own_which_no_other_curve_has(theme: Theme) -> None:
    colours = [*theme.branches, *theme.series[1:4], theme.panel]
    values = numpy.array([QColor(colour).getRgb()[:3] for colour in colours])
    distances = numpy.abs(values[:, None] - values[None]).sum(axis=2) + 1000 * numpy.eye(
        len(values), dtype=int
    )
    assert distances.min() > 60
    assert theme.branch(0) == theme.series[0]
    assert [theme.branch(number) for number in (1, 6, 7)] == [*theme.branches[1::5], theme.branches[1]]


@BOTH
def test_another_branch_is_drawn_from_where_it_left_and_not_before(panel: CurvePanel, theme: Theme) -> None:
    panel.recolour(theme)
    shown(panel, two())
    assert panel.picture.others.begins == {1: 200}
    assert is_drawn(panel, theme.branch(1), 290, 2.0)
    assert not is_drawn(panel, theme.branch(1), 100, 1.0)
    assert is_drawn(panel, theme.branch(0), 350, 1.0)


def test_the_parent_is_drawn_from_there_on_behind_a_current_branch(panel: CurvePanel) -> None:
    shown(panel, two(), current=1)
    assert panel.picture.others.begins == {0: 200}
    assert is_drawn(panel, DARK.branch(0), 350, 1.0)
    assert not is_drawn(panel, DARK.branch(0), 100, 1.0)
    assert is_drawn(panel, DARK.branch(1), 100, 1.0)  # the shared past, in the colour of the current branch


def test_what_two_branches_share_is_drawn_once(panel: CurvePanel) -> None:
    lines = two()
    lines[2] = left(lines[1], 2, 250, 300, 3.0)
    lines[3] = left(lines[1], 3, 100, 300, 4.0)  # of steps that are the main branch's
    shown(panel, lines)
    assert panel.picture.others.begins == {1: 200, 2: 250, 3: 100}
    panel.branch_legend.entries[1].click()
    assert panel.picture.others.begins == {2: 200, 3: 100}


def test_a_branch_without_steps_of_its_own_has_a_name_and_no_line(panel: CurvePanel) -> None:
    main = main_line(300)
    shown(panel, {0: main, 1: left(main, 1, 300, 300, 1.0)})
    assert panel.picture.others.begins == {} and panel.picture.others.lines() == {}
    assert list(panel.branch_legend.entries) == [0, 1]


def test_the_ranges_have_room_for_every_branch_that_is_shown(panel: CurvePanel) -> None:
    main = main_line(100, 1.0)
    shown(panel, {0: main, 1: left(main, 1, 80, 900, 5.0)})
    assert panel.plot.last_step >= 900 and panel.plot.value_range[1] >= 5
    panel.branch_legend.entries[1].click()
    assert panel.plot.last_step < 200 and panel.plot.value_range[1] < 5


def test_an_entry_of_the_legend_hides_its_branch_and_shows_it_again(panel: CurvePanel, qtbot: QtBot) -> None:
    shown(panel, two())
    entry = panel.branch_legend.entries[1]
    assert entry.text() == "fast" and entry.difference == "learning rate 0.001 → 0.01"
    before = near(picture(panel), QColor(DARK.branch(1)), 120).sum()
    qtbot.mouseClick(entry, Qt.MouseButton.LeftButton)
    assert before > 100 and not near(picture(panel), QColor(DARK.branch(1))).any()
    qtbot.mouseClick(entry, Qt.MouseButton.LeftButton)
    assert near(picture(panel), QColor(DARK.branch(1)), 120).sum() > 100


def test_what_is_hidden_stays_hidden_when_another_branch_comes(panel: CurvePanel) -> None:
    lines = two()
    shown(panel, lines)
    panel.branch_legend.entries[1].click()
    lines[2] = left(lines[0], 2, 300, 350, 3.0)
    shown(panel, lines)
    assert panel.branch_legend.hidden == {1} and panel.picture.others.begins == {2: 300}


def test_the_current_branch_is_named_but_hidden_by_the_legend_of_the_curves(
    panel: CurvePanel, qtbot: QtBot
) -> None:
    shown(panel, two(), current=1)
    qtbot.mouseClick(panel.branch_legend.entries[1], Qt.MouseButton.LeftButton)
    assert panel.branch_legend.hidden == set()
    assert panel.legend["train"].branch == 1


def test_with_one_branch_there_is_neither_a_legend_nor_a_second_picture(panel: CurvePanel) -> None:
    shown(panel, {0: main_line(200)})
    assert not panel.branch_legend.isVisible() and not panel.picture.others.canvas.isVisible()
    shown(panel, two())
    assert panel.branch_legend.isVisible() and panel.picture.others.canvas.isVisible()
    shown(panel, {0: main_line(200)})
    assert not panel.branch_legend.isVisible() and not panel.picture.others.canvas.isVisible()


def test_other_branches_are_not_drawn_again_while_the_current_one_goes_on(
    panel: CurvePanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = two()
    shown(panel, lines, current=1)
    drawn: list[float] = []
    monkeypatch.setattr(panel.picture.others.canvas, "begin", lambda left=0.0: drawn.append(left))
    grown = left(lines[0], 1, 200, 390, 2.0).history
    lines[1].history.extend({name: grown.column(name)[300:] for name in grown.names})
    panel.show_history(lines[1].history)
    panel.picture.draw()
    assert len(panel.curves) == 390 and drawn == []


def test_a_branch_of_another_run_with_the_same_number_is_another_one(panel: CurvePanel) -> None:
    shown(panel, two())
    main = main_line(400, 1.0)
    shown(panel, {0: main, 1: left(main, 1, 200, 300, 1.5)})
    assert not is_drawn(panel, DARK.branch(1), 290, 2.0)
    assert is_drawn(panel, DARK.branch(1), 290, 1.5)


def test_a_theme_recolours_the_branches_at_run_time(panel: CurvePanel) -> None:
    shown(panel, two())
    panel.recolour(LIGHT)
    assert near(picture(panel), QColor(LIGHT.branch(1)), 120).sum() > 100
    assert not near(picture(panel), QColor(DARK.branch(1)), 30).any()


def test_a_logarithmic_axis_and_another_smoothing_hold_for_all_branches(panel: CurvePanel) -> None:
    shown(panel, two())
    panel.log_button.click()
    assert panel.picture.others.lines()[1][1][-1] == pytest.approx(numpy.log10(2.0), abs=0.01)
    panel.slider.setValue(0)
    panel._smooth()
    steps, values = panel.picture.others.lines()[1]
    assert steps[0] == 200 and values[1] == pytest.approx(numpy.log10(2.0))


def test_a_switch_to_a_branch_of_the_same_length_shows_its_curve_at_once(panel: CurvePanel) -> None:
    main = main_line(300, 1.0)
    lines = {0: main, 1: left(main, 1, 100, 300, 2.0)}
    shown(panel, lines)
    assert panel.curves.value("loss", 250) == 1.0
    shown(panel, lines, current=1)
    assert panel.curves.value("loss", 250) == 2.0
    assert is_drawn(panel, DARK.branch(1), 290, 2.0)


def test_the_legend_takes_its_room_from_the_plot_and_nothing_is_cut_off(
    panel: CurvePanel, qtbot: QtBot
) -> None:
    shown(panel, {0: main_line(200)})
    least = panel.layout().minimumSize().height()
    shown(panel, two())
    qtbot.waitUntil(lambda: panel.layout().minimumSize().height() <= least)
    assert panel.plot.minimumHeight() == 90 - panel.branch_legend.height() - panel.body.spacing()
    panel.resize(600, least)
    qtbot.waitUntil(lambda: panel.plot.geometry().bottom() < least)
    entries = panel.branch_legend.entries.values()
    assert all(entry.width() >= entry.minimumSizeHint().width() for entry in entries)
