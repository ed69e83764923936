"""Heads as dots by two metrics: where they stand, in which colours, and what their axes hold and say."""

import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from tests.views import hand_made
from tests.views.hand_made import picture
from tests.views.head_roles_shown import choose_axis, click, has, looked, open_roles, shown, spot
from tfviz.training.heads.head_metrics import HeadMetrics, head_metrics
from tfviz.views.heads.head_measures import MEASURES, TRAIL, kind_colour, points_at
from tfviz.views.heads.head_metrics_panel import HeadMetricsPanel
from tfviz.views.heads.head_plane import LANE
from tfviz.views.style.theme import DARK, LIGHT, Theme


@pytest.fixture
def panel(qtbot: QtBot) -> HeadMetricsPanel:
    return open_roles(qtbot)


def test_dots_stand_where_the_metrics_of_the_look_say(panel: HeadMetricsPanel, qtbot: QtBot) -> None:
    shown(panel, looked())
    choose_axis(panel, qtbot, "y", "previous token")
    wanted = head_metrics(hand_made.attention(seed=100), ((0,), (1,), (2,)))
    area, points = panel.scatter.plane.area, panel.points
    assert points is not None and points.step == 100 and set(points.heads) == set(wanted)
    (left, right), (low, high) = panel.scatter.ranges
    assert left == low == 0 and right >= max(found.entropy for found in wanted.values())
    for head, found in wanted.items():
        place = panel.scatter.place_of(head)
        assert place is not None
        across, up = found.entropy / right, found.previous_token / high
        assert (place.x() - area.left()) / area.width() == pytest.approx((across + 0.04) / 1.08, abs=1e-6)
        assert (area.bottom() - place.y()) / area.height() == pytest.approx((up + 0.04) / 1.08, abs=1e-6)


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_kinds_have_colours_of_their_own_in_both_themes(
    panel: HeadMetricsPanel, qtbot: QtBot, theme: Theme
) -> None:
    panel.recolour(theme)
    shown(panel, looked())
    choose_axis(panel, qtbot, "y", "diagonal")
    image = picture(panel.scatter)
    for kind in ("encoder", "decoder", "cross"):
        assert has(image, kind_colour(theme, kind), spot(panel, f"{kind} L0H1"), 3)
    assert image.pixelColor(2, image.height() - 2).name() == theme.panel


def test_axes_begin_at_zero_and_hold_what_was_seen_in_round_steps(
    panel: HeadMetricsPanel, qtbot: QtBot
) -> None:
    shown(panel, looked())
    choose_axis(panel, qtbot, "y", "entropy")
    entropies = [found.entropy for found in head_metrics(hand_made.attention(seed=100)).values()]
    low, high = panel.scatter.ranges[1]
    assert low == 0 and high >= max(entropies) and high % 0.5 == 0
    assert panel.curves.plot.value_range[1] >= high
    choose_axis(panel, qtbot, "y", "diagonal")
    for step in range(0, 101, 10):
        panel.show_step(step)
    low, high = panel.scatter.ranges[1]
    largest = max(
        found.diagonal
        for step in range(0, 101, 10)
        for found in head_metrics(hand_made.attention(seed=step)).values()
    )
    assert low == 0 and largest <= high < largest + 0.25 and high % 0.25 == 0
    panel.show_step(0)
    assert panel.scatter.ranges[1] == (low, high)  # an axis does not jump while one looks around


def test_heads_without_a_metric_lie_in_a_lane_and_are_never_at_zero(
    panel: HeadMetricsPanel, qtbot: QtBot
) -> None:
    shown(panel, looked())
    assert [measure.title for measure in panel.measures] == ["entropy", "source alignment"]
    area = panel.scatter.plane.area
    place = panel.scatter.place_of("encoder L0H0")
    assert place is not None and place.y() == pytest.approx(area.bottom() + LANE / 2)
    assert has(picture(panel.scatter), DARK.colour("raised"), spot(panel, "encoder L0H0"), 3)  # hollow
    click(panel, qtbot, "encoder L0H0")
    assert panel.chosen == ("encoder L0H0",)
    assert panel.curves.legends[0].text() == "encoder L0H0 none"
    choose_axis(panel, qtbot, "y", "diagonal")
    assert panel.scatter.plane.lanes == (False, False)


def test_where_no_alignment_is_known_the_diagonal_is_shown_until_the_user_chooses(
    panel: HeadMetricsPanel, qtbot: QtBot
) -> None:
    shown(panel, looked(known=False))
    assert [measure.title for measure in panel.measures] == ["entropy", "diagonal"]
    choose_axis(panel, qtbot, "x", "first token")
    shown(panel, looked())
    assert [measure.title for measure in panel.measures] == ["first token", "diagonal"]


def test_every_metric_is_explained_in_a_sentence(panel: HeadMetricsPanel, qtbot: QtBot) -> None:
    shown(panel, looked())
    assert {measure.metric for measure in MEASURES} == set(vars(HeadMetrics(0, 0, 0, 0)))
    for measure in MEASURES:
        assert measure.explanation.endswith(".") and measure.explanation.count(". ") == 0
        choose_axis(panel, qtbot, "y", measure.title)
        assert measure.explanation in panel.boxes["y"].toolTip()


def test_pointing_at_a_dot_tells_its_numbers(panel: HeadMetricsPanel, qtbot: QtBot) -> None:
    shown(panel, looked())
    choose_axis(panel, qtbot, "y", "first token")
    found = head_metrics(hand_made.attention(seed=100))["decoder L1H1"]
    where = spot(panel, "decoder L1H1")
    qtbot.mouseMove(panel.scatter, QPoint(1, 1))
    qtbot.mouseMove(panel.scatter, where)
    head = panel.scatter.hovered
    assert head is not None and head in panel.caption.text()
    if head == "decoder L1H1":
        assert f"first token {found.first_token:.2f}" in panel.caption.text()
    help_event = QHelpEvent(QEvent.Type.ToolTip, where, panel.scatter.mapToGlobal(where))
    QApplication.sendEvent(panel.scatter, help_event)
    assert (
        head in QToolTip.text() and "Mean weight of a query on the first key, &lt;s&gt;." in QToolTip.text()
    )
    qtbot.mouseMove(panel.scatter, QPoint(1, 1))
    assert panel.caption.text().startswith("measured at")
    QToolTip.hideText()


def test_trails_are_bounded() -> None:
    made = looked(100, 1)
    points = points_at(made.heads.record, 90, "entropy", "diagonal")
    assert points is not None and points.x.shape == (TRAIL, 24) and points.step == 90
    assert points_at(made.heads.record, -1, "entropy", "diagonal") is None
