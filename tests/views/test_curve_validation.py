"""What validation adds to the curves: entries of the legend, dots and rings; free-running accuracies among them."""

import numpy
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.views.curves_shown import accuracy_pixel, near, open_curves, picture, pixel_of, shown
from tests.views.made_histories import columns, grow, history
from tfviz.training.generation.free_running import DECODED, DECODED_EVERY
from tfviz.views.curves.curve_panel import CurvePanel
from tfviz.views.style.theme import DARK, LIGHT, Theme


@pytest.fixture
def panel(qtbot: QtBot) -> CurvePanel:
    return open_curves(qtbot)


def test_the_validation_entry_appears_with_the_first_validation(panel: CurvePanel) -> None:
    made = columns(300, every=200)
    run = history(made, 100)
    panel.show_history(run)
    assert panel.legend["validation"].isHidden()
    grow(run, made, 250)
    panel.show_history(run)
    assert not panel.legend["validation"].isHidden()
    panel.picture.fit_and_draw()
    place = pixel_of(panel, 200, made["validation_loss"][199])
    orange = near(picture(panel), DARK.colour(DARK.series[1]))
    assert (
        orange[place.y() - 3 : place.y() + 4, place.x() - 3 : place.x() + 4].sum() >= 9
    )  # a dot: one point is no line


def test_free_running_accuracies_are_dotted_in_the_colours_of_those_they_belong_to(
    panel: CurvePanel, qtbot: QtBot
) -> None:
    made = columns(2000, every=10)
    made["validation_token_accuracy"][:] = made["validation_sequence_accuracy"][:] = numpy.nan
    made["token_accuracy"][:], made["sequence_accuracy"][:] = 1.0, 0.95
    places = numpy.arange(9, 2000, 10)
    for name, level in (("token", 0.6), ("sequence", 0.2)):
        column = made[f"validation_free_{name}_accuracy"] = numpy.full(2000, numpy.nan)
        column[places] = level
    shown(panel, made)

    def row(level: float, series: int) -> numpy.ndarray:
        """Where a row of pixels at this accuracy has the colour of a series."""
        left, right = (accuracy_pixel(panel, step, level) for step in (100, 1900))
        coloured = near(picture(panel), DARK.colour(DARK.series[series]), 120)
        found: numpy.ndarray = coloured[left.y() - 1 : left.y() + 2, left.x() : right.x()].any(axis=0)
        return found

    for level, series, name in ((0.6, 2, "accuracy"), (0.2, 3, "sequence")):
        line = row(level, series)
        assert 0.25 < line.mean() < 0.75, name  # dots and gaps
        starts = numpy.flatnonzero(numpy.diff(line.astype(int)) == 1)
        assert numpy.median(numpy.diff(starts)) == 5, name
        for button in ("free", name):
            qtbot.mouseClick(panel.legend[button], Qt.MouseButton.LeftButton)
            assert not row(level, series).any(), (name, button)
            qtbot.mouseClick(panel.legend[button], Qt.MouseButton.LeftButton)
        assert row(level, series).any()


def test_the_free_running_entry_is_there_once_something_was_decoded_and_reads_both_shares(
    panel: CurvePanel, qtbot: QtBot
) -> None:
    made = columns(300, every=50, decoded=200)
    run = history(made, 150)
    panel.show_history(run)
    assert not panel.legend["validation"].isHidden() and panel.legend["free"].isHidden()
    grow(run, made, 300)
    panel.show_history(run)
    entry = panel.legend["free"]
    assert entry.isVisible() and entry.text() == "free-running"
    panel._show_values()
    assert entry.value == f"{0.6 * 200 / 300:.3f}/{0.5 * (200 / 300) ** 2:.3f}"
    qtbot.mouseMove(panel.plot.viewport(), pixel_of(panel, 120, 1.0))
    qtbot.waitUntil(lambda: panel.plot.hover_line.isVisible())
    assert entry.value == "–/–"  # nothing was decoded by then
    panel._summarise()
    assert "free-running exact match 0.222" in panel.plot.accessibleDescription()


def test_the_first_decoding_is_a_ring_before_there_is_a_line(panel: CurvePanel) -> None:
    made = columns(300, every=200, decoded=200)
    made["token_accuracy"][:] = made["validation_token_accuracy"][199] = 1.0
    shown(panel, made)
    place = accuracy_pixel(panel, 200, 0.4)
    green = near(picture(panel), DARK.colour(DARK.series[2]), 200)
    around = green[place.y() - 5 : place.y() + 6, place.x() - 5 : place.x() + 6]
    rows, pixels = numpy.nonzero(around)  # which may lie between two rows of pixels
    middle = around[round((rows.min() + rows.max()) / 2), round((pixels.min() + pixels.max()) / 2)]
    assert around.sum() >= 8 and not middle


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_the_free_running_entry_has_dots_of_both_colours_and_rings_while_it_is_off(
    panel: CurvePanel, qtbot: QtBot, theme: Theme
) -> None:
    panel.recolour(theme)
    shown(panel, columns(300, every=50, decoded=100))
    entry = panel.legend["free"]
    for series in (2, 3):
        colour = theme.colour(theme.series[series])
        before = near(entry.grab().toImage(), colour, 90)[:, :17].sum()
        entry.setChecked(False)
        after = near(entry.grab().toImage(), colour, 90)[:, :17].sum()
        entry.setChecked(True)
        assert before >= 6 and after < before


def test_the_tool_tips_say_what_validation_measures(panel: CurvePanel) -> None:
    assert "teacher-forced" in panel.legend["validation"].toolTip()
    said = panel.legend["free"].toolTip()
    assert f"{DECODED} held-out" in said and f"every {DECODED_EVERY} steps" in said and "greedy" in said
