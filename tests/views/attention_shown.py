"""A panel of attention on the screen, and where its tiles and cells are."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.views.hand_made import attention, snapshot
from tfviz.training.export.heads import Head
from tfviz.training.readings import Attention
from tfviz.views.attention.attention_panel import AttentionPanel
from tfviz.views.grids import cells
from tfviz.views.grids.cells import Scale
from tfviz.views.style.theme import DARK, THEMES, Theme

BOTH = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
LEFT = Qt.MouseButton.LeftButton
Open = Callable[..., AttentionPanel]
WHOLE = Scale()


def opener(qtbot: QtBot, qapp: QApplication) -> Open:
    """Opens a panel that shows hand-made attention."""

    def make(weights: Attention | None = None, theme: Theme = DARK, size=(950, 640)) -> AttentionPanel:
        theme.apply(qapp)
        panel = AttentionPanel()
        qtbot.addWidget(panel)
        panel.recolour(theme)
        panel.resize(*size)
        panel.show()
        panel.show_snapshot(snapshot(attention=weights or attention()))
        return panel

    return make


def expected(value: float, theme: Theme, scale: Scale = WHOLE) -> str:
    """The colour of a weight, straight from the theme's table of 256 colours."""
    level = int((value - scale.low) / (scale.high - scale.low) * (cells.LEVELS - 1) + 0.5)
    red, green, blue = theme.lookup_table()[round(level * 255 / (cells.LEVELS - 1)), :3]
    return QColor(int(red), int(green), int(blue)).name()


def tile_centre(panel: AttentionPanel, head: Head) -> QPoint:
    rectangle = panel.atlas.layout_of_tiles.rectangle(head)
    assert rectangle is not None
    return panel.atlas.mapFromScene(rectangle.center())


def cell_centre(panel: AttentionPanel, row: int, column: int) -> QPoint:
    assert panel.head_view.place is not None
    return panel.head_view.place.cell(row, column).center()


def at(image: QImage, point: QPoint) -> str:
    return image.pixelColor(point).name()
