"""The flow map on the screen, what real sessions of several shapes show in it, and where its lines and blocks are."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from PySide6.QtCore import QLineF, QPoint, QPointF, QRectF
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.training.small_runs import SMALL
from tfviz.training.mailbox import Demand
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot
from tfviz.training.stepping.flow import Flow
from tfviz.views.flow.flow_panel import FlowPanel
from tfviz.views.flow.flow_plan import Box, Plan
from tfviz.views.style.theme import DARK, LIGHT, Theme

Open = Callable[..., FlowPanel]
BOTH = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
NORMS = pytest.mark.parametrize("norm_first", [False, True], ids=["post", "pre"])


def opener(qtbot: QtBot, qapp: QApplication, trained: Snapshot) -> Open:
    """Opens a flow map of this snapshot, or of another."""

    def open_one(
        snapshot: Snapshot | None = None, theme: Theme = DARK, size: tuple[int, int] = (1000, 640)
    ) -> FlowPanel:
        theme.apply(qapp)
        panel = FlowPanel()
        qtbot.addWidget(panel)
        panel.recolour(theme)
        panel.resize(*size)
        panel.show()
        panel.show_snapshot(snapshot or trained)
        qtbot.waitExposed(panel)
        qapp.processEvents()
        return panel

    return open_one


@cache
def measured(encoder: int = 2, decoder: int = 2, norm_first: bool = False, steps: int = 0) -> Snapshot:
    """What a real session shows after so many steps."""
    layers = {"model.num_encoder_layers": encoder, "model.num_decoder_layers": decoder}
    with Session(SMALL.with_values(layers | {"model.norm_first": norm_first})) as session:
        session.train(steps)
        return session.snapshot(Demand(flow=True))


def flow_of(panel: FlowPanel) -> Flow:
    assert panel.view.flow is not None
    return panel.view.flow


def plan(panel: FlowPanel) -> Plan:
    assert panel.view.plan is not None
    return panel.view.plan


def box_of(panel: FlowPanel, tensor: str, kind: str | None = None) -> Box:
    return next(box for box in plan(panel).boxes if box.place.tensor == tensor and kind in (None, box.kind))


def changed(snapshot: Snapshot, **gradients: float) -> Snapshot:
    """With other gradients: names with dots in them, given with double underscores."""
    flow = snapshot.flow
    assert flow is not None
    new = {name.replace("__", "."): strength for name, strength in gradients.items()}
    assert new.keys() <= flow.gradients.keys()
    return replace(snapshot, flow=replace(flow, gradients=dict(flow.gradients) | new))


def longest(lines: list[QLineF]) -> QLineF:
    return max(lines, key=QLineF.length)


def colour_at(image: QImage, point: QPointF) -> str:
    return image.pixelColor(point.toPoint()).name()


def hover(panel: FlowPanel, point: QPointF, qtbot: QtBot) -> str:
    QTest.mouseMove(panel.view, QPoint(1, 1))
    qtbot.mouseMove(panel.view, point.toPoint())
    return panel.readout.text()


def free_point(panel: FlowPanel, tensor: str) -> QPointF:
    """A point of a stream's longest line that lies below no block or sum."""
    line = longest(plan(panel).streams[tensor])
    blocks = [box.area.adjusted(-2, -2, 2, 2) for box in plan(panel).boxes]
    blocks += [QRectF(join.at.x() - 7, join.at.y() - 7, 14, 14) for join in plan(panel).joins]
    points = [line.pointAt(0.5 + share / 40 * sign) for share in range(18) for sign in (1, -1)]
    return next(point for point in points if not any(area.contains(point) for area in blocks))
