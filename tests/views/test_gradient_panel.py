"""The card "Gradient norm": colours say the power of ten, marks what is no number, and a click leads to the step."""

import gc
import itertools
import math
import weakref

import numpy
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from tests.views.hand_made import colours_in, picture
from tests.views.made_histories import GROUPS, columns, grow, history
from tests.views.on_screen import exposed
from tfviz.training.record.history import History
from tfviz.views.curves.gradient_panel import GradientPanel, fitting_levels, norm_text
from tfviz.views.plots.heat_map import ABOVE, BELOW, BROKEN, LOWEST, NOTHING, colour_table, indices
from tfviz.views.style.theme import DARK, LIGHT


@pytest.fixture
def panel(qtbot: QtBot) -> GradientPanel:
    return exposed(qtbot, GradientPanel(), 770, 190)


def flat(steps: int) -> dict[str, numpy.ndarray]:
    """Group number i has the norm 10**-i at every step."""
    made = columns(steps)
    for row, group in enumerate(GROUPS):
        made[f"gradient_norm/{group}"] = numpy.full(steps, 10.0**-row)
    return made


def shown(panel: GradientPanel, made: dict[str, numpy.ndarray]) -> GradientPanel:
    panel.show_history(history(made))
    panel._fit_and_draw()
    return panel


def place(panel: GradientPanel, step: float, row: int) -> QPoint:
    scene = panel.plot.view.mapViewToScene(QPointF(step, len(GROUPS) - row - 0.5))
    return panel.plot.mapFromScene(scene)


def colour_at(panel: GradientPanel, step: float, row: int) -> QColor:
    return panel.plot.viewport().grab().toImage().pixelColor(place(panel, step, row))


def test_every_cell_has_the_colour_of_its_power_of_ten(panel: GradientPanel) -> None:
    shown(panel, flat(300))
    low, high = panel.levels
    assert low <= -4 and high >= 0
    for theme in (DARK, LIGHT):
        panel.recolour(theme)
        table = colour_table(theme)
        for row in range(len(GROUPS)):
            index = LOWEST + round((-row - low) / (high - low) * (255 - LOWEST))
            assert colour_at(panel, 150, row).rgb() == table[index]


def test_nan_and_infinity_have_their_own_colour_and_spare_the_neighbours(panel: GradientPanel) -> None:
    made = flat(40)
    made[f"gradient_norm/{GROUPS[2]}"][19] = numpy.nan
    made[f"gradient_norm/{GROUPS[3]}"][19] = numpy.inf
    shown(panel, made)
    broken = DARK.colour("not_a_number").rgb()
    assert colour_at(panel, 20, 2).rgb() == broken and colour_at(panel, 20, 3).rgb() == broken
    assert colour_at(panel, 20, 1).rgb() != broken and colour_at(panel, 22, 2).rgb() != broken


def test_one_broken_step_of_many_thousands_is_still_seen(panel: GradientPanel) -> None:
    made = flat(50_000)
    made[f"gradient_norm/{GROUPS[2]}"][25_000] = numpy.nan
    shown(panel, made)
    assert colour_at(panel, 25_001, 2).rgb() == DARK.colour("not_a_number").rgb()


def test_what_lies_outside_of_the_scale_is_marked(panel: GradientPanel) -> None:
    made = flat(600)
    made[f"gradient_norm/{GROUPS[1]}"][300] = 1e9
    made[f"gradient_norm/{GROUPS[1]}"][400] = 0.0
    shown(panel, made)
    panel.plot.show_range(250, 450)
    assert panel.levels[1] < 8
    assert colour_at(panel, 301, 1).rgb() == DARK.colour("cell_frame").rgb()
    assert colour_at(panel, 401, 1).rgb() == DARK.colour("masked").rgb()


def test_steps_that_were_not_recorded_stay_empty(panel: GradientPanel) -> None:
    made = flat(100)
    for name in made:
        if name != "loss":
            made[name][40:60] = numpy.nan
    shown(panel, made)
    assert colour_at(panel, 50, 1).rgb() == DARK.colour("panel").rgb()
    assert colour_at(panel, 99, 1).rgb() != DARK.colour("panel").rgb()


def test_cells_of_every_kind_have_an_index_of_their_own() -> None:
    values = numpy.array([[-1.0, 0.0, 0.5, 1.0, 2.0, numpy.nan, -numpy.inf, 0.5]], numpy.float32)
    broken = numpy.zeros(values.shape, bool)
    broken[0, -1] = True
    middle = LOWEST + round((255 - LOWEST) / 2)
    wanted = [BELOW, LOWEST, middle, 255, ABOVE, NOTHING, BELOW, BROKEN]
    assert numpy.abs(indices(values, broken, 0.0, 1.0)[0].astype(int) - wanted).max() <= 1


def test_levels_widen_at_once_and_narrow_only_when_much_too_wide() -> None:
    values = numpy.linspace(-2.0, 0.0, 1000)
    assert fitting_levels((-2.0, 0.0), values) == (-2.0, 0.0)
    assert fitting_levels((-1.0, 0.0), values) == (-2.0, 0.0)
    assert fitting_levels((-2.5, 0.5), values) == (-2.5, 0.5)
    assert fitting_levels((-9.0, 3.0), values) == (-2.0, 0.0)
    assert fitting_levels((-2.0, 0.0), numpy.array([numpy.nan, -numpy.inf])) == (-2.0, 0.0)
    few = numpy.concatenate((values, [-2.4, 0.4]))
    assert fitting_levels((-2.0, 0.0), few) == (-2.5, 0.5)  # a little beyond the others: shown
    assert fitting_levels((-2.0, 0.0), numpy.append(values, -9.0)) == (-2.5, 0.0)  # far away: at the edge
    low, high = fitting_levels((-9.0, 3.0), numpy.full(10, -1.2))
    assert high - low >= 1.0


def test_hovering_names_group_step_and_norm(panel: GradientPanel, qtbot: QtBot) -> None:
    shown(panel, flat(200))
    qtbot.mouseMove(panel.plot.viewport(), place(panel, 120, 3))
    qtbot.waitUntil(lambda: GROUPS[3] in panel.caption.text())
    assert "0.001" in panel.caption.text()
    step = int(panel.plot.hover_line.value())
    assert abs(step - 120) <= 1 and f"step {step}" in panel.caption.text()


def test_a_click_on_a_column_asks_for_its_step(panel: GradientPanel, qtbot: QtBot) -> None:
    shown(panel, flat(200))
    with qtbot.waitSignal(panel.step_clicked) as clicked:
        qtbot.mouseClick(panel.plot.viewport(), Qt.MouseButton.LeftButton, pos=place(panel, 77, 2))
    assert abs(clicked.args[0] - 77) <= 1


def test_the_norm_of_the_whole_gradient_is_one_click_away(panel: GradientPanel, qtbot: QtBot) -> None:
    made = flat(400)
    made["gradient_norm"] = numpy.full(400, 2.0)
    shown(panel, made)
    qtbot.mouseClick(panel.mode.button(1), Qt.MouseButton.LeftButton)
    assert not panel.level_bar.isVisible() and not panel.heat_map.isVisible()
    scene = panel.plot.view.mapViewToScene(QPointF(200, numpy.log10(2.0)))
    spot = panel.plot.mapFromScene(scene)
    image = panel.plot.viewport().grab().toImage()
    lit = [image.pixelColor(spot.x(), spot.y() + shift) for shift in range(-3, 4)]
    wanted = DARK.colour("gradient")
    assert min(abs(colour.red() - wanted.red()) + abs(colour.blue() - wanted.blue()) for colour in lit) < 40
    panel.plot.hovered.emit(200, 0.0)
    assert "whole gradient" in panel.caption.text() and "2" in panel.caption.text()
    qtbot.mouseClick(panel.mode.button(0), Qt.MouseButton.LeftButton)
    assert panel.level_bar.isVisible() and panel.plot.value_range == pytest.approx((0, len(GROUPS)))


def test_the_heat_map_grows_with_the_record_and_takes_new_groups(panel: GradientPanel) -> None:
    made = flat(900)
    run = history(made, 100)
    panel.show_history(run)
    grow(run, made, 900)
    panel.show_history(run)
    assert panel.plot.last_step >= 900
    assert colour_at(panel, 890, 0).rgb() != DARK.colour("panel").rgb()
    other = columns(50, groups=GROUPS[:2])
    panel.show_history(history(other))
    assert panel.norms.groups == GROUPS[:2]
    assert panel.plot.value_range == pytest.approx((0, 2))


def test_many_groups_have_as_many_labels_as_fit(panel: GradientPanel) -> None:
    groups = tuple(f"encoder.{layer}.{part}" for layer in range(24) for part in ("self_attn", "feed_forward"))
    panel.show_history(history(columns(100, groups=groups)))
    panel.grab()
    axis = panel.plot.left
    labels = axis.marks()[1]
    assert 5 <= len(labels) < 24 and all(text[3:].isdigit() for _, _, text in labels)
    edges = sorted(rectangle.center().y() for rectangle, _, _ in labels)
    assert min(b - a for a, b in itertools.pairwise(edges)) >= 7.5


def test_the_playhead_stands_at_the_clocks_step(panel: GradientPanel) -> None:
    shown(panel, flat(100))
    panel.show_step(42)
    assert panel.plot.playhead.isVisible() and panel.plot.playhead.value() == 42


def test_a_screen_reader_hears_the_largest_and_smallest_group(panel: GradientPanel) -> None:
    shown(panel, flat(100))
    text = panel.plot.accessibleDescription()
    assert f"largest in {GROUPS[0]}, 1" in text and f"smallest in {GROUPS[-1]}, 0.0001" in text


def test_a_run_without_group_norms_is_no_error(panel: GradientPanel) -> None:
    panel.show_history(history(columns(30, groups=())))
    panel._fit_and_draw()
    panel.plot.hovered.emit(10, 0.5)
    assert "step 10" in panel.caption.text()


@pytest.mark.parametrize("column", [False, True])
def test_a_run_of_which_no_norm_was_recorded_says_so_and_draws_no_axes(
    panel: GradientPanel, column: bool
) -> None:
    made = History(("loss", "gradient_norm") if column else ("loss",))
    for step in range(1, 30):
        made.append(step, loss=1.0)
    panel.show_history(made)
    assert panel.empty.isVisible() and not panel.plot.isVisible() and not panel.level_bar.isVisible()
    assert "No gradient norm was recorded" in panel.empty.label.text()
    if column:
        made.append(30, loss=1.0, gradient_norm=2.0)
        panel.show_history(made)
        assert panel.plot.isVisible() and not panel.empty.isVisible()
    panel.show_history(History(("loss",)))
    assert panel.empty.isVisible() and "Press Space" in panel.empty.label.text()


def test_where_every_norm_is_nan_the_marks_have_an_axis_of_powers_of_ten(panel: GradientPanel) -> None:
    made = History(("loss", "gradient_norm", "learning_rate"))
    for step in range(1, 30):
        made.append(step, loss=1.0, learning_rate=0.1, gradient_norm=math.nan)
    panel.show_history(made)
    panel._fit_and_draw()
    low, high = panel.plot.value_range
    assert panel.plot.isVisible() and low < -1 < high
    assert DARK.not_a_number in colours_in(picture(panel.plot))


def test_closed_panels_can_be_collected(qtbot: QtBot) -> None:
    for _ in range(5):
        made = GradientPanel()
        made.show()
        made.show_history(history(flat(50)))
        made.close()
        kept = weakref.ref(made)
        del made
        gc.collect()
        assert kept() is None


def test_norms_are_written_shortly() -> None:
    assert [norm_text(value) for value in (0.012345, 3.0, 1e-9, float("nan"), float("inf"))] == [
        "0.0123",
        "3",
        "1e-9",
        "NaN",
        "infinite",
    ]


def test_a_run_that_records_no_groups_shows_the_norm_of_the_whole_gradient(panel: GradientPanel) -> None:
    alone, whole = (
        History(("loss", "gradient_norm")),
        History(("loss", "gradient_norm", "gradient_norm/encoder")),
    )
    for step in range(1, 30):
        alone.append(step, loss=1.0, gradient_norm=1 / step)
        whole.append(step, loss=1.0, gradient_norm=1 / step, **{"gradient_norm/encoder": 1 / step})
    panel.show_history(alone)
    assert panel.mode.index == 1
    assert not panel.mode.button(0).isEnabled()
    assert panel.canvas.isVisible() and not panel.heat_map.isVisible()
    panel.show_history(whole)
    assert panel.mode.index == 0
    assert panel.mode.button(0).isEnabled()
    assert panel.heat_map.isVisible() and not panel.canvas.isVisible()


def test_in_a_narrow_header_the_reading_takes_the_place_of_the_title_and_the_buttons_keep_their_words(
    panel: GradientPanel, qtbot: QtBot
) -> None:
    shown(panel, flat(300))
    panel.setMinimumWidth(1)  # as in a dock, whose header may be squeezed
    for width, titled in ((770, True), (340, True), (222, False), (340, True)):
        panel.resize(width, 180)
        qtbot.waitUntil(lambda titled=titled: panel.title_label.isVisible() is titled)
        buttons = [panel.mode.button(place) for place in range(2)]
        qtbot.waitUntil(
            lambda buttons=buttons: all(
                button.width() >= button.minimumSizeHint().width() for button in buttons
            )
        )
    assert panel.caption.shown_text == "log10"
    panel._hover(120, 3.5)
    assert not panel.title_label.isVisible()
    qtbot.waitUntil(lambda: not panel.caption.shown_text.endswith("…"))
    assert panel.caption.shown_text.split(" · ")[-1] in panel.caption.text()
    panel._hover(None, 0.0)
    assert panel.title_label.isVisible()
