"""The card "Head roles": which look it shows, the roles it lists, and what it says where there is none."""

import gc
import math
import weakref
from dataclasses import replace
from itertools import pairwise

import numpy
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from tests.views import hand_made
from tests.views.hand_made import picture
from tests.views.head_roles_shown import LEFT, Aligned, looked, open_roles, shown, taken
from tests.views.made_histories import columns, history
from tfviz.training.heads.head_metrics import column_name
from tfviz.training.readings import Attention
from tfviz.training.record.history import History
from tfviz.training.record.sparse_record import MOST
from tfviz.views.heads.head_measures import number_text
from tfviz.views.heads.head_metrics_panel import HeadMetricsPanel


@pytest.fixture
def panel(qtbot: QtBot) -> HeadMetricsPanel:
    return open_roles(qtbot)


def test_the_nearest_look_at_or_before_the_clock_is_shown_and_named(panel: HeadMetricsPanel) -> None:
    made = shown(panel, looked(), 38)
    assert panel.points is not None and panel.points.step == 30
    assert "measured at step 30" in panel.caption.text() and "how are you" in panel.caption.text()
    assert "since step 0" in panel.caption.toolTip() and "Another sentence" in panel.caption.toolTip()
    panel.show_step(41)
    assert panel.points is not None and panel.points.step == 40
    value = made.heads.record.column(column_name(panel.chosen[0], panel.measures[1].metric))[1][4]
    assert f"{value:.2f}" in panel.curves.legends[0].text()


def test_the_axes_are_chosen_by_one_reading_of_the_record_however_many_heads_there_are(
    panel: HeadMetricsPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, read = looked(known=False), list[int]()
    rows = made.heads.record.rows

    def counted(step: float = math.inf, most: int = MOST) -> tuple[numpy.ndarray, numpy.ndarray]:
        read.append(most)
        return rows(step, most)

    monkeypatch.setattr(made.heads.record, "rows", counted)
    panel.show_history(made)
    assert read.count(1) == 1 and panel.boxes["y"].currentText() == "diagonal"


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


def test_a_panel_that_is_high_rather_than_wide_has_the_roles_below_the_curves(
    panel: HeadMetricsPanel, qtbot: QtBot
) -> None:
    shown(panel, looked()).heads.earlier = (taken(40, "cross L0H0", 0),)
    scatter, curves, table = panel.scatter, panel.curves, panel.table
    for size, below in (((697, 440), True), ((697, 190), False), ((900, 440), False), ((697, 440), True)):
        panel.resize(*size)
        qtbot.waitUntil(
            lambda below=below: (
                (table.geometry().top() > curves.geometry().bottom()) is below
                and (table.geometry().left() > curves.geometry().right()) is not below
            )
        )
    qtbot.waitUntil(lambda: scatter.width() > 300 and scatter.height() == panel.content.height())
    assert abs(table.width() - curves.width()) <= 1 and table.height() > 100


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
