"""The axes of the curves: what range they show, and what lies beyond them or on no scale."""

import numpy
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.views.curves_shown import near, open_curves, picture, pixel_of, shown
from tests.views.made_histories import columns, grow, history
from tfviz.views.curves.curve_panel import CurvePanel
from tfviz.views.style.theme import DARK


@pytest.fixture
def panel(qtbot: QtBot) -> CurvePanel:
    return open_curves(qtbot)


def drag(panel: CurvePanel, qtbot: QtBot, start: QPoint, end: QPoint) -> None:
    """With the left button held, which qtbot's mouseMove does not say."""
    viewport = panel.plot.viewport()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    for part in range(11):
        place = QPointF(start + (end - start) * (part / 10))
        held, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        move = QMouseEvent(
            QEvent.Type.MouseMove,
            place,
            QPointF(viewport.mapToGlobal(place)),
            Qt.MouseButton.NoButton,
            held,
            none,
        )
        QApplication.sendEvent(viewport, move)
        qtbot.wait(12)  # pyqtgraph takes a hundred moves a second
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=end)


def test_the_range_grows_with_the_record_until_the_user_zooms(panel: CurvePanel, qtbot: QtBot) -> None:
    made = columns(5000)
    run = history(made, 100)
    panel.show_history(run)
    assert panel.plot.last_step >= 100
    grow(run, made, 1000)
    panel.show_history(run)
    assert 1000 <= panel.plot.last_step < 1100
    assert not panel.reset_button.isVisible()
    panel.plot.setFocus()
    qtbot.keyClick(panel.plot, Qt.Key.Key_Plus)
    zoomed = panel.plot.last_step
    assert zoomed < 1000 and panel.reset_button.isVisible()
    grow(run, made, 5000)
    panel.show_history(run)
    assert panel.plot.last_step == zoomed
    qtbot.mouseClick(panel.reset_button, Qt.MouseButton.LeftButton)
    assert panel.plot.last_step >= 5000 and not panel.reset_button.isVisible()


def test_the_last_steps_before_a_pause_come_into_view(panel: CurvePanel, qtbot: QtBot) -> None:
    made = columns(300)
    run = history(made, 200)
    panel.show_history(run)
    for step in range(201, 301):
        grow(run, made, step)
        panel.show_history(run)
    qtbot.waitUntil(lambda: panel.plot.last_step >= 300, timeout=2000)
    blue = near(picture(panel), DARK.colour(DARK.series[0]))
    place = pixel_of(panel, 298, 0)
    assert blue[:, place.x() - 2 : place.x() + 2].any()


def test_dragging_moves_along_the_steps_and_leaves_the_loss_axis_alone(
    panel: CurvePanel, qtbot: QtBot
) -> None:
    shown(panel, columns(1000))
    panel.plot.show_range(400, 600)
    values = panel.plot.value_range
    start = pixel_of(panel, 500, sum(values) / 2)
    drag(panel, qtbot, start, start + QPoint(100, 50))
    qtbot.waitUntil(lambda: panel.plot.first_step < 380)
    assert panel.plot.last_step - panel.plot.first_step == pytest.approx(200)
    assert not panel.plot.values_zoomed and panel.plot.value_range == pytest.approx(values, rel=0.5)


def test_the_logarithmic_axis_shows_powers_of_ten(panel: CurvePanel, qtbot: QtBot) -> None:
    made = columns(400)
    made["loss"] = 10.0 ** numpy.linspace(1, -3, 400)
    shown(panel, made)
    qtbot.mouseClick(panel.log_button, Qt.MouseButton.LeftButton)
    low, high = panel.plot.value_range
    assert low == pytest.approx(-3, abs=0.4) and high == pytest.approx(1, abs=0.4)
    blue = near(picture(panel), DARK.colour(DARK.series[0]))
    place = pixel_of(panel, 200, numpy.log10(made["loss"][199]))
    assert blue[place.y() - 4 : place.y() + 5, place.x() - 1 : place.x() + 2].any()


def test_a_loss_of_zero_on_the_logarithmic_axis_is_marked_at_the_lower_edge(panel: CurvePanel) -> None:
    made = columns(200)
    made["loss"] = numpy.full(200, 0.5)
    made["loss"][100] = 0.0
    panel.log_button.setChecked(True)
    shown(panel, made)
    panel.slider.setValue(0)
    low, _ = panel.plot.value_range
    foot = pixel_of(panel, 101, low)
    blue = near(picture(panel), DARK.colour(DARK.series[0]))
    assert blue[foot.y() - 8 : foot.y(), foot.x() - 4 : foot.x() + 5].sum() > 12


@pytest.mark.parametrize("value", [numpy.nan, numpy.inf, -numpy.inf])
def test_a_broken_loss_is_marked_at_the_upper_edge(panel: CurvePanel, value: float) -> None:
    made = columns(200)
    made["loss"][119] = value
    shown(panel, made)
    _, high = panel.plot.value_range
    place = pixel_of(panel, 120, high)
    marked = near(picture(panel), DARK.colour("not_a_number"))
    assert marked[place.y() : place.y() + 9, place.x() - 5 : place.x() + 6].sum() > 12
    assert not marked[:, : place.x() - 8].any()


def test_a_spike_leaves_the_axis_readable_and_is_marked_not_dropped(panel: CurvePanel) -> None:
    made = columns(400)
    made["loss"] = numpy.linspace(1.0, 0.5, 400)
    made["loss"][199] = 1e6
    panel.curves.set_factor(0.0)
    shown(panel, made)
    _, high = panel.plot.value_range
    assert high < 5
    place = pixel_of(panel, 200, high)
    blue = near(picture(panel), DARK.colour(DARK.series[0]))
    assert blue[place.y() : place.y() + 9, place.x() - 5 : place.x() + 6].sum() > 12
