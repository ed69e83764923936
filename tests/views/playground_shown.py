"""The playground on the screen, a small session that answers it, and its tokens under the pointer."""

from collections.abc import Callable
from functools import cache

from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from tests.training.small_runs import SMALL
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot
from tfviz.views.playground.playground_panel import PlaygroundPanel
from tfviz.views.playground.token_board import TOKENS
from tfviz.views.predictions.chips import Chip, ChipRow

LEFT = Qt.MouseButton.LeftButton
Answer = Callable[[], Snapshot]


@cache
def small_session() -> Session:
    """One that can say a little, trained once for all tests."""
    session = Session(SMALL)
    session.train(200)
    return session


def open_playground(qtbot: QtBot, session: Session) -> PlaygroundPanel:
    made = PlaygroundPanel()
    qtbot.addWidget(made)
    made.resize(900, 640)
    made.use_task(session.task, "0 1 2 3")
    made.show()
    made.activateWindow()
    return made


def answering(panel: PlaygroundPanel, session: Session) -> Answer:
    """Gives the panel what it asks for."""

    def answer() -> Snapshot:
        panel._asking.now()
        snapshot = session.snapshot(panel.demand)
        panel.show_snapshot(snapshot)
        return snapshot

    return answer


def row(panel: PlaygroundPanel, key: str) -> ChipRow:
    return next(row for row in panel.parts.board.rows if row.key == key)


def tokens(panel: PlaygroundPanel) -> list[str]:
    return [chip.text for chip in row(panel, TOKENS).chips]


def chip(panel: PlaygroundPanel, position: int, key: str = TOKENS) -> Chip:
    return row(panel, key).chips[position]


def centre(panel: PlaygroundPanel, position: int, key: str = TOKENS) -> QPoint:
    placed = panel.parts.board.arrangement.find(key)
    assert placed is not None
    return placed.chips[position].center() + QPoint(1, 1)


def mask(panel: PlaygroundPanel, qtbot: QtBot, position: int) -> None:
    board = panel.parts.board
    qtbot.mouseClick(board, LEFT, pos=centre(panel, position))
    qtbot.keyClick(board, Qt.Key.Key_M)
