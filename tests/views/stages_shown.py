"""One head in stages on the screen, a small run whose steps it shows, and where its cells are."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from tests.views.on_screen import exposed
from tfviz.training.config import RunConfig
from tfviz.training.mailbox import WHOLE
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot
from tfviz.training.stepping.stages import HeadStages, StagesWish
from tfviz.views.stages.stages_layout import Layout
from tfviz.views.stages.stages_panel import StagesPanel

Take = Callable[..., Snapshot]
STEPS = 8


@cache
def small_session() -> Session:
    """A run of a few recorded steps, trained once for all tests."""
    small = {"model.d_model": 16, "model.nhead": 2, "model.dim_feedforward": 16}
    session = Session(RunConfig.preset("identity").with_values(small))
    session.train(STEPS)
    return session


def taker(session: Session) -> Take:
    """Takes pictures of recorded steps of a run."""

    def take(head: str = "decoder L1H1", position: int | None = None, step: int = 5) -> Snapshot:
        found = session.view(step, demand=replace(WHOLE, stages=StagesWish(head, position)))
        assert found is not None
        return found

    return take


def open_stages(qtbot: QtBot) -> StagesPanel:
    return exposed(qtbot, StagesPanel(), 1000, 640)


def stages_of(panel: StagesPanel) -> HeadStages:
    assert panel.stages is not None
    return panel.stages


def layout(panel: StagesPanel) -> Layout:
    assert panel.view.place is not None
    return panel.view.place


def centre(panel: StagesPanel, stage: str, row: int, column: int) -> QPoint:
    return layout(panel).maps[stage].cell(row, column).center()


def text(panel: StagesPanel, name: str) -> str:
    label = panel.findChild(QLabel, name)
    assert label is not None
    return label.text().replace("\N{NO-BREAK SPACE}", " ")
