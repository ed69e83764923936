"""Lines of the flow map are as strong as their signals, and what is wrong with one is marked."""

import math
from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.views.flow_shown import (
    BOTH,
    Open,
    changed,
    colour_at,
    flow_of,
    free_point,
    hover,
    measured,
    opener,
    plan,
)
from tests.views.hand_made import colours_in, picture
from tfviz.training.snapshot import Snapshot
from tfviz.views.flow.flow_marks import TROUBLE_COLOURS
from tfviz.views.flow.flow_plan import WIDEST_STREAM
from tfviz.views.flow.flow_scale import line_colour, line_width
from tfviz.views.flow.flow_words import summary
from tfviz.views.style.theme import DARK, LIGHT, Theme


@pytest.fixture(scope="module")
def trained() -> Snapshot:
    return measured(steps=20)


@pytest.fixture
def open_panel(qtbot: QtBot, qapp: QApplication, trained: Snapshot) -> Open:
    return opener(qtbot, qapp, trained)


@BOTH
def test_every_stream_has_the_colour_of_its_strength(theme: Theme, open_panel: Open) -> None:
    panel = open_panel(theme=theme)
    image, flow, scale = picture(panel.view), flow_of(panel), panel.view.scales["gradient"]
    streams = [sublayer.skip for sublayer in flow.chart.sublayers if sublayer.skip]
    for tensor in (*streams, "encoder.memory"):
        expected = line_colour(scale.level(flow.gradients[tensor]), theme).name()
        assert colour_at(image, free_point(panel, tensor)) == expected, tensor


def test_a_stronger_signal_is_a_wider_line(open_panel: Open, trained: Snapshot) -> None:
    widths = []
    panel = open_panel(trained)
    tensor = "encoder.layers.0.fork2.skip"
    panel.show_snapshot(changed(trained, encoder__layers__0__fork1__skip=1e-6, encoder__memory=1.0))
    for strength in (1e-5, 1e-3, 1e-1):
        panel.show_snapshot(changed(trained, encoder__layers__0__fork2__skip=strength, decoder__norm=1e-3))
        level = panel.view.scales["gradient"].level(strength)
        colour = line_colour(level, DARK).name()
        at, image = free_point(panel, tensor), picture(panel.view)
        row = [image.pixelColor(int(at.x()) + x, int(at.y())).name() for x in range(-8, 9)]
        widths.append(row.count(colour))
        assert widths[-1] == pytest.approx(line_width(level, WIDEST_STREAM), abs=1)
    assert widths == sorted(set(widths))


def test_the_scale_grows_and_stands_still_until_it_is_fitted(
    open_panel: Open, trained: Snapshot, qtbot: QtBot
) -> None:
    panel = open_panel()
    scale = panel.view.scales["gradient"]
    before = scale.low, scale.high
    panel.show_snapshot(changed(trained, logits=3e4))
    assert (scale.low, scale.high) == (before[0], 5)
    panel.show_snapshot(trained)
    assert (scale.low, scale.high) == (before[0], 5)
    assert str(scale.high) in panel.legend.accessibleDescription()
    qtbot.mouseClick(panel.fit_button, Qt.MouseButton.LeftButton)
    assert (scale.low, scale.high) == before


@BOTH
def test_shares_are_split_bars_and_a_negative_one_has_its_own_colour(
    theme: Theme, open_panel: Open, trained: Snapshot
) -> None:
    flow = trained.flow
    assert flow is not None
    fork = "encoder.layers.0.fork1"
    made = replace(flow, shares=dict(flow.shares) | {fork: (1.5, -0.5)})
    panel = open_panel(replace(trained, flow=made), theme)
    mark = next(mark for mark in plan(panel).forks if mark.place.junction == fork)
    image = picture(panel.view)
    # 30 pixels long, three quarters of it the residual stream's
    assert colour_at(image, mark.at + QPointF(14, 0)) == QColor(theme.text).name()
    assert colour_at(image, mark.at + QPointF(36, 0)) == QColor(theme.gradient).name()
    whole = image.copy(QRectF(mark.at.x() + 8, mark.at.y() - 3, 40, 6).toRect())
    assert QColor(theme.accent).name() not in colours_in(whole)


def test_it_is_said_whether_a_gradient_vanishes_in_a_stream_or_on_branches_alone(trained: Snapshot) -> None:
    flow = trained.flow
    assert flow is not None
    sublayer = flow.chart.stacks[0].sublayers[1]
    for tensor, where in ((sublayer.branch, ", none in a stream"), (sublayer.total, "")):
        faint = replace(flow, gradients=dict(flow.gradients) | {tensor: 1e-12})
        assert summary(faint, "gradient").startswith(
            f"↓ vanishing at 1 of {len(flow.gradients)} places{where} · Gradient RMS"
        )


def test_a_gradient_that_vanishes_is_marked_in_words(
    open_panel: Open, trained: Snapshot, qtbot: QtBot
) -> None:
    flow = trained.flow
    assert flow is not None
    faint = dict.fromkeys(flow.chart.stacks[0].tensors, 1e-09)
    panel = open_panel(replace(trained, flow=replace(flow, gradients=dict(flow.gradients) | faint)))
    colours = colours_in(picture(panel.view))
    assert QColor(getattr(DARK, TROUBLE_COLOURS["vanishing"])).name() in colours
    assert QColor(getattr(DARK, TROUBLE_COLOURS["exploding"])).name() not in colours
    assert f"↓ vanishing at {len(faint)} of" in panel.readout.text()
    text = hover(panel, free_point(panel, "encoder.layers.1.fork1.skip"), qtbot)
    assert "gradient ↓ vanishing" in text
    panel._describe()
    assert "vanishing" in panel.view.accessibleDescription()


@pytest.mark.parametrize(
    ("strength", "trouble"), [(1e6, "exploding"), (math.nan, "not finite"), (math.inf, "not finite")]
)
def test_what_explodes_or_is_not_finite_is_marked(
    open_panel: Open, trained: Snapshot, strength: float, trouble: str
) -> None:
    panel = open_panel(changed(trained, encoder__layers__0__fork1__skip=strength))
    colour = QColor(getattr(DARK, TROUBLE_COLOURS[trouble])).name()  # type: ignore[index]
    assert colour in colours_in(picture(panel.view))
    assert f"{trouble} at 1 of" in panel.readout.text()
    panel.show_snapshot(trained)
    panel._texts.now()
    assert colour not in colours_in(picture(panel.view))


def test_the_same_diagram_shows_the_activations(open_panel: Open, qtbot: QtBot) -> None:
    panel = open_panel()
    before = picture(panel.view)
    qtbot.mouseClick(panel.signal.button(1), Qt.MouseButton.LeftButton)
    image, flow, scale = picture(panel.view), flow_of(panel), panel.view.scales["value"]
    assert image != before
    for tensor in ("encoder.memory", "decoder.layers.1.fork2.skip"):
        expected = line_colour(scale.level(flow.activations[tensor]), DARK).name()
        assert colour_at(image, free_point(panel, tensor)) == expected
    assert panel.readout.text().startswith("Activation RMS")


def test_recolouring_while_open_changes_everything(open_panel: Open, qapp: QApplication) -> None:
    panel = open_panel()
    LIGHT.apply(qapp)
    panel.recolour(LIGHT)
    colours = colours_in(picture(panel.view))
    assert QColor(LIGHT.panel).name() in colours and QColor(DARK.panel).name() not in colours
