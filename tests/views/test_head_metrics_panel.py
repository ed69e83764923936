"""The card "Head roles": dots by two metrics, curves of the chosen heads, the roles found; clicks on all of them."""

import gc
import math
import weakref
from dataclasses import replace
from itertools import pairwise

import numpy
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage
from PySide6.QtWidgets import QApplication, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from tests.views import hand_made
from tests.views.made_histories import columns, history
from tests.views.on_screen import exposed
from tfviz.training.export.heads import Head
from tfviz.training.heads.head_metrics import HeadMetrics, column_name, head_metrics
from tfviz.training.heads.head_roles import ROLES, RoleTaken
from tfviz.training.readings import Attention
from tfviz.training.record.history import History
from tfviz.training.tasks.task import Alignment, Task
from tfviz.views.heads.head_measures import (
    MEASURES,
    TRAIL,
    chosen_colour,
    kind_colour,
    number_text,
    points_at,
)
from tfviz.views.heads.head_metrics_panel import HeadMetricsPanel
from tfviz.views.heads.head_plane import LANE
from tfviz.views.style.theme import DARK, LIGHT, Theme

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier


class Aligned(Task):
    """Every answered token comes from the one at its place, where that is known."""

    def __init__(self, known: bool = True) -> None:
        self.known = known

    def alignment(self, sentence: str) -> Alignment | None:
        return tuple((place,) for place in range(len(sentence.split()))) if self.known else None


@pytest.fixture
def panel(qtbot: QtBot) -> HeadMetricsPanel:
    return exposed(qtbot, HeadMetricsPanel(), 900, 400)


def looked(steps: int = 100, every: int = 10, known: bool = True) -> History:
    """A history of so many steps, of which every so many were looked at, with other weights each time."""
    made = history(columns(steps))
    for step in range(0, steps + 1, every):
        made.heads.look(step, hand_made.attention(seed=step), Aligned(known))
    return made


def shown(panel: HeadMetricsPanel, made: History, step: int | None = None) -> History:
    panel.show_history(made)
    panel.show_step(len(made) if step is None else step)
    return made


def spot(panel: HeadMetricsPanel, head: str) -> QPoint:
    place = panel.scatter.place_of(head)
    assert place is not None
    return place.toPoint()


def click(panel: HeadMetricsPanel, qtbot: QtBot, head: str, *modifiers: Qt.KeyboardModifier) -> None:
    qtbot.mouseClick(panel.scatter, LEFT, *modifiers, pos=spot(panel, head))


def choose_axis(panel: HeadMetricsPanel, qtbot: QtBot, axis: str, title: str) -> None:
    """With the keyboard, as a person would."""
    box = panel.boxes[axis]
    while box.currentText() != title:
        before = box.currentIndex()
        wanted = [measure.title for measure in MEASURES].index(title)
        qtbot.keyClick(box, Qt.Key.Key_Down if wanted > before else Qt.Key.Key_Up)
        assert box.currentIndex() != before


def picture(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def has(image: QImage, colour: QColor, around: QPoint, reach: int = 12) -> bool:
    return any(
        image.pixelColor(x, y).name() == colour.name()
        for x in range(max(around.x() - reach, 0), min(around.x() + reach, image.width()))
        for y in range(max(around.y() - reach, 0), min(around.y() + reach, image.height()))
    )


def taken(step: int, head: str = "cross L1H0", role: int = 3) -> RoleTaken:
    return RoleTaken(step, head, ROLES[role], 0.83)


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


def test_the_nearest_look_at_or_before_the_clock_is_shown_and_named(panel: HeadMetricsPanel) -> None:
    made = shown(panel, looked(), 38)
    assert panel.points is not None and panel.points.step == 30
    assert "measured at step 30" in panel.caption.text() and "how are you" in panel.caption.text()
    assert "since step 0" in panel.caption.toolTip() and "Another sentence" in panel.caption.toolTip()
    panel.show_step(41)
    assert panel.points is not None and panel.points.step == 40
    value = made.heads.record.column(column_name(panel.chosen[0], panel.measures[1].metric))[1][4]
    assert f"{value:.2f}" in panel.curves.legends[0].text()


def test_a_step_before_the_first_look_has_no_dots_and_says_so(panel: HeadMetricsPanel) -> None:
    made = history(columns(50))
    made.heads.look(40, hand_made.attention(), Aligned())
    shown(panel, made, 12)
    assert panel.points is None and panel.caption.text() == "not measured up to step 12"
    picture(panel)


def test_nothing_looked_at_says_what_to_do(panel: HeadMetricsPanel) -> None:
    panel.show_history(History())
    assert panel.empty.isVisible() and not panel.content.isVisible()
    assert "Press Space" in panel.empty.label.text()
    shown(panel, looked(0))
    assert panel.content.isVisible() and not panel.empty.isVisible()


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


def test_roles_are_listed_newest_first_and_a_click_goes_to_their_step(
    panel: HeadMetricsPanel, qtbot: QtBot
) -> None:
    made = looked()
    shown(panel, made)
    assert panel.table.nothing.isVisible() and not panel.table.area.isVisible()
    made.heads.earlier = (taken(40), taken(60, "encoder L0H1", 0))
    panel.show_history(made)
    rows = panel.table.rows
    assert panel.table.area.isVisible() and [found.step for found in rows.taken] == [60, 40]
    with qtbot.waitSignal(panel.step_clicked) as clicked:
        qtbot.mouseClick(rows, LEFT, pos=QPoint(20, 17 + 8))
    assert clicked.args == [40]
    help_event = QHelpEvent(QEvent.Type.ToolTip, QPoint(20, 8), rows.mapToGlobal(QPoint(20, 8)))
    QApplication.sendEvent(rows, help_event)
    assert "Step 60: encoder L0H1 becomes a diagonal head (0.83)" in QToolTip.text()
    assert "at least 0.5 in 3 measurements, and below 0.4 in none between them" in QToolTip.text()
    QToolTip.hideText()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down):
        qtbot.keyClick(rows, key)
    with qtbot.waitSignal(panel.step_clicked) as clicked:
        qtbot.keyClick(rows, Qt.Key.Key_Return)
    assert clicked.args == [40]


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_kinds_that_a_model_does_not_have_are_absent(panel: HeadMetricsPanel, kind: str) -> None:
    found = hand_made.attention()
    none: dict[str, numpy.ndarray] = {
        name: getattr(found, name)[:0]
        for name in ("encoder_self", "decoder_self", "cross")
        if kind not in name
    }
    alone: Attention = replace(found, **none)
    made = history(columns(10))
    for step in (0, 5, 10):
        made.heads.look(step, alone, Aligned())
    shown(panel, made)
    assert panel.points is not None and panel.points.kinds == (kind,)
    assert panel.measures[1].title == "diagonal" and panel.chosen[0].startswith(kind)
    picture(panel)


def test_trails_are_bounded() -> None:
    made = looked(100, 1)
    points = points_at(made.heads.record, 90, "entropy", "diagonal")
    assert points is not None and points.x.shape == (TRAIL, 24) and points.step == 90
    assert points_at(made.heads.record, -1, "entropy", "diagonal") is None


def test_another_sentence_and_another_run_are_taken_in(panel: HeadMetricsPanel) -> None:
    made = shown(panel, looked())
    other = replace(hand_made.attention(), sentence="you are how")
    made.heads.look(100, other, Aligned())
    panel.show_snapshot(hand_made.snapshot(100, attention=other))
    assert "you are how" in panel.caption.text() and panel.curves.values(panel.chosen[0])[0].tolist() == [100]
    shown(panel, looked(20), 20)
    assert panel.points is not None and panel.points.step == 20


def test_nothing_is_drawn_where_nothing_is_new(
    panel: HeadMetricsPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = shown(panel, looked())
    drawn: list[object] = []
    monkeypatch.setattr(panel.scatter, "show_points", lambda *given: drawn.append(given))
    panel.show_history(made)
    panel.show_snapshot(hand_made.snapshot(100, attention=hand_made.attention()))
    panel.show_step(100)
    assert drawn == []
    panel.show_step(50)
    assert len(drawn) == 1


@pytest.mark.parametrize("size", [(600, 190), (760, 190), (900, 400)])
def test_everything_has_room_in_any_size(
    panel: HeadMetricsPanel, qtbot: QtBot, size: tuple[int, int]
) -> None:
    panel.resize(*size)
    made = looked()
    made.heads.earlier = tuple(taken(10_000 + step, "decoder L1H3", 1) for step in range(3))
    shown(panel, made)
    qtbot.waitUntil(lambda: panel.size().toTuple() == size)
    QApplication.sendPostedEvents()
    area = panel.scatter.plane.area
    assert area.width() >= 120 and area.height() >= 50
    assert panel.curves.plot.view.width() >= 100 and panel.curves.plot.view.height() >= 50
    edges = [panel.scatter.geometry(), panel.curves.geometry(), panel.table.geometry()]
    assert all(one.right() < other.left() for one, other in pairwise(edges))
    assert edges[-1].right() <= panel.content.width()
    metrics = panel.boxes["y"].fontMetrics()
    assert panel.boxes["y"].width() >= metrics.horizontalAdvance("source alignment") + 30


def test_what_is_not_known_is_a_word() -> None:
    assert number_text(math.nan) == "none" and number_text(0.0) == "0.00"


def test_the_panel_can_be_collected(qtbot: QtBot) -> None:
    made = HeadMetricsPanel()
    shown(made, looked(10))
    ended = weakref.ref(made)
    made.deleteLater()
    del made
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    assert ended() is None
