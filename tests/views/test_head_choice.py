"""Heads are chosen by clicks and keys, and curves show the metric of the chosen ones."""

import numpy
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from tests.views.hand_made import picture
from tests.views.head_roles_shown import LEFT, choose_axis, click, has, looked, open_roles, shown, spot
from tfviz.training.export.heads import Head
from tfviz.views.heads.head_measures import chosen_colour
from tfviz.views.heads.head_metrics_panel import HeadMetricsPanel
from tfviz.views.style.theme import DARK

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def panel(qtbot: QtBot) -> HeadMetricsPanel:
    return open_roles(qtbot)


def test_a_click_on_a_dot_chooses_its_head_and_asks_for_it(panel: HeadMetricsPanel, qtbot: QtBot) -> None:
    shown(panel, looked())
    with qtbot.waitSignal(panel.head_wished) as wished:
        click(panel, qtbot, "cross L1H2")
    assert wished.args == [Head("cross", 1, 2)] and panel.chosen == ("cross L1H2",)
    assert has(picture(panel.scatter), chosen_colour(DARK, 0), spot(panel, "cross L1H2"))
    assert panel.curves.legends[0].text().startswith("cross L1H2 ")
    with qtbot.assertNotEmitted(panel.head_wished):
        qtbot.mouseClick(panel.scatter, LEFT, pos=QPoint(1, 1))
    assert panel.chosen == ("cross L1H2",)


def test_with_control_up_to_three_heads_are_compared_and_escape_lets_go_of_them(
    panel: HeadMetricsPanel, qtbot: QtBot
) -> None:
    shown(panel, looked())
    click(panel, qtbot, "cross L0H0")
    with qtbot.assertNotEmitted(panel.head_wished):
        for head in ("cross L0H1", "cross L0H2", "cross L0H3"):
            click(panel, qtbot, head, CONTROL)
    assert panel.chosen == ("cross L0H0", "cross L0H1", "cross L0H3")
    assert [legend.isVisible() for legend in panel.curves.legends] == [True, True, True]
    click(panel, qtbot, "cross L0H1", CONTROL)
    assert panel.chosen == ("cross L0H0", "cross L0H3")
    assert panel.release() and panel.chosen == ("cross L0H0",) and not panel.release()


def test_a_head_that_is_enlarged_elsewhere_is_chosen_here(panel: HeadMetricsPanel, qtbot: QtBot) -> None:
    panel.choose_head(Head("decoder", 1, 3))
    shown(panel, looked())
    assert panel.chosen == ("decoder L1H3",)
    with qtbot.assertNotEmitted(panel.head_wished):
        panel.choose_head(Head("encoder", 0, 1))
    assert panel.chosen == ("encoder L0H1",)
    panel.choose_head(Head("encoder", 7, 1))  # of a model that is no longer shown
    panel.show_step(20)
    assert panel.points is not None and panel.chosen == (panel.points.heads[-1],)


def test_up_and_down_go_through_the_heads(panel: HeadMetricsPanel, qtbot: QtBot) -> None:
    shown(panel, looked())
    panel.choose_head(Head("encoder", 0, 0))
    for key, wanted in ((Qt.Key.Key_Down, "encoder L0H1"), (Qt.Key.Key_Up, "encoder L0H0")):
        qtbot.keyClick(panel.scatter, key)
        assert panel.chosen == (wanted,)


def test_curves_show_the_metric_of_the_chosen_head_at_every_look(
    panel: HeadMetricsPanel, qtbot: QtBot
) -> None:
    made = shown(panel, looked())
    click(panel, qtbot, "cross L0H1")
    steps, values = panel.curves.values("cross L0H1")
    assert steps.tolist() == list(range(0, 101, 10))
    expected = made.heads.record.column("cross L0H1/source_alignment")[1]
    numpy.testing.assert_array_equal(values, expected)
    plot = panel.curves.plot
    image = picture(plot.viewport())
    for step, value in zip(steps.tolist(), values.tolist(), strict=True):
        place = plot.mapFromScene(plot.view.mapViewToScene(QPointF(step, value)))
        assert has(image, chosen_colour(DARK, 0), place, 4) or step in (0, 100)  # half a dot lies at the edge
    choose_axis(panel, qtbot, "y", "first token")
    expected = made.heads.record.column("cross L0H1/first_token")[1]
    numpy.testing.assert_array_equal(panel.curves.values("cross L0H1")[1], expected)


def test_a_click_on_the_curves_goes_to_the_step_and_the_playhead_stands_at_the_clock(
    panel: HeadMetricsPanel, qtbot: QtBot
) -> None:
    shown(panel, looked(), 70)
    plot = panel.curves.plot
    assert plot.playhead.isVisible() and plot.playhead.value() == 70
    place = plot.mapFromScene(plot.view.mapViewToScene(QPointF(40, 0.5)))
    with qtbot.waitSignal(panel.step_clicked) as clicked:
        qtbot.mouseClick(plot.viewport(), LEFT, pos=place)
    assert abs(clicked.args[0] - 40) <= 1
    qtbot.mouseMove(plot.viewport(), place + QPoint(0, 2))
    assert panel.caption.text().startswith("step 4") or panel.caption.text().startswith("step 3")
