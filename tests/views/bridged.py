"""Panels that note what a bridge tells them, and bridges that look only when told to."""

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.views.hand_made import attention, prediction
from tfviz.training.config import RunConfig
from tfviz.training.mailbox import Demand
from tfviz.training.record.history import History
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot
from tfviz.views.bridge import Bridge
from tfviz.views.panel import Panel


class Picture(Panel):
    title = object_name = "picture"
    rate = 30.0
    demand = Demand(attention=True)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown: list[Snapshot] = []

    def show_snapshot(self, snapshot: Snapshot) -> None:
        self.shown.append(snapshot)


class Words(Picture):
    title = object_name = "words"
    rate = 4.0
    demand = Demand(prediction=True)


class Curve(Panel):
    title = object_name = "curve"
    rate = 10.0

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lengths: list[int] = []
        self.steps: list[int] = []

    def show_history(self, history: History) -> None:
        self.lengths.append(len(history))

    def show_step(self, step: int) -> None:
        self.steps.append(step)


def small_session() -> Session:
    small = {
        "model.d_model": 8,
        "model.nhead": 2,
        "model.num_encoder_layers": 1,
        "model.num_decoder_layers": 1,
        "model.dim_feedforward": 8,
    }
    return Session(RunConfig.preset("tiny").with_values(small))


def snapshot(step: int, with_attention: bool = True, with_prediction: bool = True) -> Snapshot:
    return Snapshot(
        step,
        0,
        RunConfig(),
        attention() if with_attention else None,
        prediction() if with_prediction else None,
    )


def watch(qtbot: QtBot, session: Session, *panels: Panel) -> Bridge:
    """A bridge over visible panels that looks only when told to."""
    for panel in panels:
        qtbot.addWidget(panel)
        panel.show()
        panel.resize(200, 150)
    bridge = Bridge(panels)
    bridge.watch(session)
    bridge._timer.stop()
    return bridge


def look(bridge: Bridge, now: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.monotonic", lambda: now)
    bridge.look()
    monkeypatch.undo()


def look_until(bridge: Bridge, qtbot: QtBot, condition: Callable[[], bool]) -> None:
    def looked() -> bool:
        bridge.look()
        return condition()

    qtbot.waitUntil(looked)
