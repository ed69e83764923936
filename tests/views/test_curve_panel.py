"""The card "Loss and accuracy": what it paints and says, where a click leads, and when it is drawn."""

import gc
import weakref

import numpy
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.views.curves_shown import near, open_curves, picture, pixel_of, shown
from tests.views.made_histories import columns, history
from tfviz.views.curves.curve_panel import CurvePanel
from tfviz.views.style.theme import DARK, LIGHT, Theme


@pytest.fixture
def panel(qtbot: QtBot) -> CurvePanel:
    return open_curves(qtbot)


def test_an_empty_panel_says_what_to_do(panel: CurvePanel) -> None:
    assert panel.empty.isVisible() and not panel.plot.isVisible()
    assert "Space" in panel.empty.label.text()


def test_the_loss_is_painted_where_its_values_are(panel: CurvePanel, qtbot: QtBot) -> None:
    made = columns(400)
    made["loss"] = numpy.linspace(2.0, 1.0, 400)
    shown(panel, made)
    blue = near(picture(panel), DARK.colour(DARK.series[0]))
    for step in (100, 200, 300):
        place = pixel_of(panel, step, made["loss"][step - 1])
        assert blue[place.y() - 4 : place.y() + 5, place.x() - 1 : place.x() + 2].any()
        assert not blue[place.y() + 20 : place.y() + 40, place.x()].any()


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_every_series_is_painted_in_its_colour_and_vanishes_when_switched_off(
    panel: CurvePanel, qtbot: QtBot, theme: Theme
) -> None:
    panel.recolour(theme)
    shown(panel, columns(2000, every=100))
    for name, series in (("train", 0), ("validation", 1), ("accuracy", 2), ("sequence", 3)):
        colour = theme.colour(theme.series[series])
        area = numpy.s_[:, 60:640]  # without the axes
        before = near(picture(panel), colour)[area].sum()
        qtbot.mouseClick(panel.legend[name], Qt.MouseButton.LeftButton)
        after = near(picture(panel), colour)[area].sum()
        assert before > 100 and after < before / 4, name
        qtbot.mouseClick(panel.legend[name], Qt.MouseButton.LeftButton)


def test_a_theme_recolours_ground_axes_and_curves_at_run_time(panel: CurvePanel) -> None:
    shown(panel, columns(500))
    panel.recolour(LIGHT)
    image = picture(panel)
    assert near(image, LIGHT.colour("panel"), 12).mean() > 0.5
    assert not near(image, DARK.colour("panel"), 12).any()


def test_a_click_asks_for_the_step_under_it(panel: CurvePanel, qtbot: QtBot) -> None:
    shown(panel, columns(400))
    with qtbot.waitSignal(panel.step_clicked) as clicked:
        qtbot.mouseClick(panel.plot.viewport(), Qt.MouseButton.LeftButton, pos=pixel_of(panel, 300, 0.5))
    assert abs(clicked.args[0] - 300) <= 1


def test_a_click_beyond_the_record_asks_for_nothing(panel: CurvePanel, qtbot: QtBot) -> None:
    shown(panel, columns(100))
    panel.plot.show_range(0, 1000)
    with qtbot.assertNotEmitted(panel.step_clicked):
        qtbot.mouseClick(panel.plot.viewport(), Qt.MouseButton.LeftButton, pos=pixel_of(panel, 800, 0.5))


def test_nothing_is_drawn_while_nothing_changes(panel: CurvePanel, monkeypatch: pytest.MonkeyPatch) -> None:
    run = history(columns(300))
    panel.show_history(run)
    drawn: list[int] = []
    monkeypatch.setattr(panel.picture, "draw", lambda: drawn.append(1))
    for _ in range(5):
        panel.show_history(run)
    assert not drawn


def test_another_run_replaces_the_curves(panel: CurvePanel) -> None:
    shown(panel, columns(1000))
    panel.plot.show_range(300, 400)
    shown(panel, columns(50))
    assert len(panel.curves) == 50
    assert panel.plot.last_step < 100 and not panel.plot.zoomed
    panel.show_history(history(columns(0)))
    assert panel.empty.isVisible()


def test_a_screen_reader_hears_the_state_of_the_curves(panel: CurvePanel) -> None:
    made = columns(1000, every=100)
    shown(panel, made)
    text = panel.plot.accessibleDescription()
    assert "step 1,000" in text and "falling" in text and "validation loss" in text


def test_closed_panels_can_be_collected(qtbot: QtBot) -> None:
    for _ in range(5):
        made = CurvePanel()
        made.show()
        made.show_history(history(columns(50)))
        made.close()
        kept = weakref.ref(made)
        del made
        gc.collect()
        assert kept() is None
