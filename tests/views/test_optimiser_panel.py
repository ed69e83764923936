"""The card "Optimiser": what an update did to every group, on a scale with a guide line, and its history."""

import gc
import math
import weakref
from dataclasses import replace

import numpy
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from tests.views.made_histories import GROUPS, columns, history
from tests.views.on_screen import exposed
from tfviz.training.config import RunConfig
from tfviz.training.record.history import History
from tfviz.training.snapshot import OptimiserState, Snapshot
from tfviz.views.optimiser.optimiser_panel import BEGINNING, OptimiserPanel
from tfviz.views.optimiser.update_columns import COLUMNS, SCALE_PLACE, edges, logarithm_text, number_text
from tfviz.views.optimiser.update_history import log_range
from tfviz.views.optimiser.update_rows import ROW, scale_x
from tfviz.views.style.theme import DARK, LIGHT

LEFT = Qt.MouseButton.LeftButton
RATIOS = (1e-3, 10**-3.9, 10**-5.0, 1e-8, 10.0)


@pytest.fixture
def panel(qtbot: QtBot) -> OptimiserPanel:
    return exposed(qtbot, OptimiserPanel(), 900, 400)


def state(ratios: tuple[float, ...] = RATIOS, optimizer: str = "adam") -> OptimiserState:
    count = len(GROUPS)
    moments = {"sgd": (None, None), "momentum": (numpy.full(count, 0.2), None)}
    first, second = moments.get(optimizer, (numpy.full(count, 0.125), numpy.full(count, 0.25)))
    norms = 10.0 ** -numpy.arange(count)
    change, size = numpy.full(count, 3e-5), numpy.full(count, 4.5)
    return OptimiserState(
        optimizer, GROUPS, 0.002, 0.5, norms, numpy.array(ratios), first, second, change, size
    )


def snapshot(step: int, found: OptimiserState | None) -> Snapshot:
    return Snapshot(step, 0, RunConfig(), optimiser=found)


def shown(panel: OptimiserPanel, found: OptimiserState, steps: int = 100, looks: int = 10) -> History:
    """A history of so many steps, of which every so many have a ratio, and the last one's update."""
    made = history(columns(steps))
    for step in range(looks, steps + 1, looks):
        made.update_ratios.add(step, dict(zip(GROUPS, (1e-3 * step / steps,) * len(GROUPS), strict=True)))
    panel.show_history(made)
    panel.show_snapshot(snapshot(steps, found))
    return made


def text(panel: OptimiserPanel, row: int, column: str) -> str:
    place = next(place for place, each in enumerate(COLUMNS) if each.name == column)
    return panel.table.rows._texts[place][row]


def click_row(panel: OptimiserPanel, qtbot: QtBot, row: int) -> None:
    qtbot.mouseClick(panel.table.rows, LEFT, pos=QPoint(30, row * ROW + ROW // 2))


def picture(panel: OptimiserPanel) -> QImage:
    return panel.table.rows.grab().toImage()


def on_scale(panel: OptimiserPanel, exponent: float, row: int) -> QPoint:
    places = edges(panel.table.rows.width())
    x = scale_x(exponent, places[SCALE_PLACE], places[SCALE_PLACE + 1])
    return QPoint(round(x), row * ROW + ROW // 2)


def near(one: QColor, other: QColor, tolerance: int = 90) -> bool:
    """The same hue and nearly the same colour: thin strokes are mixed with what is behind them."""
    return max(abs(a - b) for a, b in zip(one.getRgb(), other.getRgb(), strict=True)) < tolerance


def has(image: QImage, colour: QColor, left: float, right: float, row: int) -> bool:
    """Whether a pixel of this row between two places has this colour."""
    return any(
        near(image.pixelColor(x, y), colour)
        for x in range(max(round(left), 0), min(round(right), image.width()))
        for y in range(row * ROW, (row + 1) * ROW)
    )


def test_a_row_has_the_numbers_of_its_group(panel: OptimiserPanel) -> None:
    shown(panel, state())
    assert [text(panel, 1, name) for name in ("norm", "ratio", "first", "second", "change", "step")] == [
        "0.1", "−3.90", "0.125", "0.25", "3.0e-5", "4.5",
    ]  # fmt: skip
    assert "update 100" in panel.caption.text() and "Adam" in panel.caption.text()
    assert "0.002" in panel.caption.text() and "gradient × 0.5 by clipping" in panel.caption.text()


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_the_ratio_is_a_mark_on_a_scale_with_a_guide_line_and_a_healthy_band(
    panel: OptimiserPanel, theme: object
) -> None:
    panel.recolour(theme)
    shown(panel, state())
    image = picture(panel)
    healthy, warn = theme.colour("parameter"), theme.colour("warn")
    assert near(image.pixelColor(on_scale(panel, -3.9, 1)), healthy)
    assert near(image.pixelColor(on_scale(panel, -5.0, 2)), warn)
    assert image.pixelColor(on_scale(panel, -2.3, 1)) != theme.colour("panel")  # the band
    assert image.pixelColor(on_scale(panel, -1.5, 1)) == theme.colour("panel")
    x = on_scale(panel, -3.0, 1).x()
    assert has(image, theme.colour("good"), x - 1, x + 2, 1)


def test_ratios_outside_of_the_scale_are_marked_at_its_edges(panel: OptimiserPanel) -> None:
    shown(panel, state())
    image, places = picture(panel), edges(panel.table.rows.width())
    left, right = places[SCALE_PLACE], places[SCALE_PLACE + 1]
    warn = DARK.colour("warn")
    assert has(image, warn, left, left + 8, 3) and has(image, warn, right - 8, right, 4)
    assert not has(image, warn, left, left + 8, 2)
    assert (text(panel, 3, "ratio"), text(panel, 4, "ratio")) == ("−8.00", "1.00")


def test_nan_and_infinity_have_their_own_marks_and_are_never_zero(panel: OptimiserPanel) -> None:
    found = state((math.nan, math.inf, 0.0, 1e-3, 1e-3))
    shown(panel, replace(found, gradient_norm=numpy.array([math.nan, math.inf, 0.0, 1.0, 1.0])))
    image, places = picture(panel), edges(panel.table.rows.width())
    assert [text(panel, row, "ratio") for row in range(3)] == ["NaN", "∞", "−∞"]
    assert [text(panel, row, "norm") for row in range(3)] == ["NaN", "∞", "0"]
    for row, token in ((0, "not_a_number"), (1, "infinite")):
        for place in (1, SCALE_PLACE, SCALE_PLACE + 1):
            assert has(image, DARK.colour(token), places[place], places[place + 1], row)


@pytest.mark.parametrize(("optimizer", "first"), [("sgd", "none"), ("momentum", "0.2")])
def test_an_optimiser_without_moments_says_so(panel: OptimiserPanel, optimizer: str, first: str) -> None:
    shown(panel, state(optimizer=optimizer))
    assert text(panel, 0, "first") == first and text(panel, 0, "second") == "none"
    assert "no such moment" in panel.table.rows._cell_help(0, 5)
    assert "SGD" in panel.caption.text()


def test_every_column_says_what_it_means(panel: OptimiserPanel) -> None:
    shown(panel, state())
    for place, column in enumerate(COLUMNS):
        assert column.help in panel.table.rows._cell_help(2, place)
    assert panel.table.rows._cell_help(2, 1).startswith(f"{GROUPS[2]}: 0.01\n")


def test_a_narrow_panel_leaves_out_the_last_columns(panel: OptimiserPanel) -> None:
    assert len(edges(560 - 34)) == len(COLUMNS) + 1
    assert len(edges(400)) < len(COLUMNS) and len(edges(100)) == 5
    assert edges(400)[-1] == pytest.approx(400)
    shown(panel, state())
    panel.resize(330, 200)
    panel.grab()


def test_a_click_on_a_group_shows_its_history_and_another_one_hides_it(
    panel: OptimiserPanel, qtbot: QtBot
) -> None:
    shown(panel, state())
    assert not panel.curves.isVisible() and panel.hint.isVisible()
    click_row(panel, qtbot, 2)
    assert panel.curves.isVisible() and GROUPS[2] in panel.curves.norm_legend.text()
    click_row(panel, qtbot, 2)
    assert not panel.curves.isVisible() and panel.table.group is None
    click_row(panel, qtbot, 1)
    assert panel.release() and not panel.curves.isVisible()
    assert not panel.release()


def test_the_keys_go_from_group_to_group(panel: OptimiserPanel, qtbot: QtBot) -> None:
    shown(panel, state())
    rows = panel.table.rows
    rows.setFocus(Qt.FocusReason.TabFocusReason)
    for key, row in ((Qt.Key.Key_Down, 0), (Qt.Key.Key_Down, 1), (Qt.Key.Key_Up, 0), (Qt.Key.Key_Up, 0)):
        qtbot.keyClick(rows, key)
        assert panel.table.group == GROUPS[row]
    assert "ratio −3.00" in rows.accessibleDescription()


def test_both_curves_are_drawn_on_axes_of_their_own(panel: OptimiserPanel, qtbot: QtBot) -> None:
    made = shown(panel, state())
    click_row(panel, qtbot, 0)
    plot, (low, high) = panel.curves.plot, panel.curves.plot.right_range
    assert low < -4.0 < -3.0 < high
    norm = float(numpy.log10(made["gradient_norm/source_embedding"][49]))

    def is_drawn(value: float, scale: tuple[float, float], token: str) -> bool:
        image, view = plot.viewport().grab().toImage(), plot.view
        share = (scale[1] - value) / (scale[1] - scale[0])
        place = view.rectangle.topLeft() + QPointF(view.x(50), share * view.height())
        spots = [image.pixelColor(round(place.x()), round(place.y()) + shift) for shift in range(-3, 4)]
        # A line of one pixel may lie between two rows; the background is more than 200 away.
        return any(near(colour, DARK.colour(token), 130) for colour in spots)

    qtbot.waitUntil(lambda: is_drawn(norm, plot.value_range, "gradient"))
    qtbot.waitUntil(lambda: is_drawn(-3.3, panel.curves.plot.right_range, "parameter"))


def test_the_playhead_stands_at_the_clocks_step_and_a_click_asks_for_one(
    panel: OptimiserPanel, qtbot: QtBot
) -> None:
    shown(panel, state())
    panel.show_step(42)
    click_row(panel, qtbot, 0)
    plot = panel.curves.plot
    assert plot.playhead.isVisible() and plot.playhead.value() == 42
    place = plot.mapFromScene(plot.view.mapViewToScene(QPointF(77, sum(plot.value_range) / 2)))
    with qtbot.waitSignal(panel.step_clicked) as clicked:
        qtbot.mouseClick(plot.viewport(), LEFT, pos=place)
    assert abs(clicked.args[0] - 77) <= 1
    qtbot.mouseMove(plot.viewport(), place)
    qtbot.waitUntil(lambda: "gradient norm" in panel.caption.text())
    assert "update ratio" in panel.caption.text() and "at step 80" in panel.caption.text()


def test_one_outlier_does_not_flatten_the_curves_and_is_marked_at_the_edge(
    panel: OptimiserPanel, qtbot: QtBot
) -> None:
    made = columns(400)
    made[f"gradient_norm/{GROUPS[0]}"][200] = 1e9
    run = history(made)
    for step in range(4, 401, 4):
        run.update_ratios.add(step, dict.fromkeys(GROUPS, 1e5 if step == 100 else 1e-3))
    panel.show_history(run)
    panel.show_snapshot(snapshot(400, state()))
    click_row(panel, qtbot, 0)
    assert panel.curves.plot.value_range[1] < 3.0 and panel.curves.plot.right_range[1] < 0.0
    plot, image = panel.curves.plot, panel.curves.plot.viewport().grab().toImage()
    for step, token in ((201, "gradient"), (100, "parameter")):
        x = round(plot.view.rectangle.left() + plot.view.x(step))
        top = round(plot.view.rectangle.top())
        found = [image.pixelColor(x, y) for y in range(top + 1, top + 8)]
        assert any(near(colour, DARK.colour(token)) for colour in found)


def test_the_range_is_that_of_what_is_seen(panel: OptimiserPanel, qtbot: QtBot) -> None:
    made = columns(1000)
    made[f"gradient_norm/{GROUPS[0]}"][:500] *= 1e6
    panel.show_history(history(made))
    panel.show_snapshot(snapshot(1000, state()))
    click_row(panel, qtbot, 0)
    assert panel.curves.plot.value_range[1] > 4.0
    panel.curves.plot.show_range(600, 1000)
    panel.curves.fit_and_draw()
    assert panel.curves.plot.value_range[1] < 2.0
    assert panel.reset_button.isVisible()
    qtbot.mouseClick(panel.reset_button, LEFT)
    assert panel.curves.plot.last_step >= 1000


def test_an_axis_is_most_of_a_decade_high_at_least() -> None:
    low, high = log_range(numpy.full(50, -3.0))
    assert low < -3.2 and high > -2.8
    assert log_range(numpy.array([math.nan, -400.0])) is None


def test_a_low_panel_puts_the_curves_beside_the_table(panel: OptimiserPanel, qtbot: QtBot) -> None:
    shown(panel, state())
    click_row(panel, qtbot, 4)
    assert panel.curves.y() > panel.table.y()
    panel.resize(700, 250)
    qtbot.waitUntil(lambda: panel.curves.x() > panel.table.geometry().right())
    assert panel.curves.y() == panel.table.y()
    assert panel.table.rows.visibleRegion().contains(QPoint(5, 4 * ROW + ROW // 2))


def test_a_run_at_its_beginning_says_that_no_update_was_made(panel: OptimiserPanel) -> None:
    assert panel.empty.isVisible() and panel.empty.label.text() == BEGINNING
    shown(panel, state())
    assert not panel.empty.isVisible()
    panel.show_history(History())
    panel.show_snapshot(snapshot(0, None))
    assert panel.empty.isVisible() and panel.empty.label.text() == BEGINNING
    panel.explain_absence("another program trains this run")
    assert panel.empty.label.text() == "another program trains this run"


def test_its_button_asks_when_to_stop(panel: OptimiserPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.breaks_wished):
        qtbot.mouseClick(panel.breaks_button, LEFT)


def test_closed_panels_can_be_collected(qtbot: QtBot) -> None:
    for _ in range(3):
        made = OptimiserPanel()
        made.show()
        shown(made, state())
        made.table.choose(GROUPS[0])
        made._choose(GROUPS[0])
        made.close()
        kept = weakref.ref(made)
        del made
        gc.collect()
        assert kept() is None


def test_numbers_are_short_and_never_pretend() -> None:
    values = (0.012345, 3.0, 1.26e-9, 0.000934, 0.0, math.nan, math.inf, -math.inf)
    assert [number_text(value) for value in values] == [
        "0.0123", "3", "1.3e-9", "9.3e-4", "0", "NaN", "∞", "−∞",
    ]  # fmt: skip
    assert [logarithm_text(value) for value in (-3.456, 0.5, -math.inf)] == ["−3.46", "0.50", "−∞"]
