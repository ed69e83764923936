"""The panel of predictions on the screen, and where its chips are."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.views.hand_made import prediction, snapshot
from tfviz.training.readings import Prediction
from tfviz.views.predictions.chip_board import ChipBoard
from tfviz.views.predictions.prediction_panel import PredictionPanel
from tfviz.views.style.theme import DARK, THEMES, Theme

BOTH = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
LEFT = Qt.MouseButton.LeftButton
Open = Callable[..., PredictionPanel]
WRONG = ("how", "is", "you", "</s>")


def opener(qtbot: QtBot, qapp: QApplication) -> Open:
    """Opens a panel that shows a hand-made prediction."""

    def make(
        shown: Prediction | None = None, theme: Theme = DARK, size=(350, 640), **parts
    ) -> PredictionPanel:
        theme.apply(qapp)
        panel = PredictionPanel()
        qtbot.addWidget(panel)
        panel.recolour(theme)
        panel.resize(*size)
        panel.show()
        panel.show_snapshot(snapshot(prediction=shown or prediction(), **parts))
        qapp.processEvents()
        return panel

    return make


def chip(board: ChipBoard, key: str, position: int) -> QPoint:
    """The middle of a chip in the board's coordinates."""
    placed = board.arrangement.find(key)
    assert placed is not None
    return placed.chips[position].center() + QPoint(1, 1)
