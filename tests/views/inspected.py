"""A small step that is taken apart and an inspector that shows it: work is done at once, wishes are granted at once."""

from collections.abc import Callable
from typing import Any

import numpy
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from tests.training.small_runs import SMALL, losses, new_trainer
from tests.views.hand_made import picture
from tfviz.training.config import RunConfig
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.grids import cells
from tfviz.views.inspector.inspector_panel import InspectorPanel
from tfviz.views.inspector.tensor_map import TensorMap
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.style.theme import DARK, THEMES, Theme

ENCODER_SCORES = "encoder.layers.0.self_attn.scores"
SCORES = "decoder.layers.0.self_attn.scores"
NORM = "encoder.layers.0.norm1"
LEFT = Qt.MouseButton.LeftButton
BOTH = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)


def small_stepper(config: RunConfig = SMALL, steps: int = 3) -> Stepper:
    """The step after a few of a small run, at its start."""
    trainer = new_trainer(config)
    losses(trainer, steps)
    trainer.models.close()
    return Stepper.following(trainer)


class Inspected:
    """A panel, the step that it shows, and everything that it wished for."""

    def __init__(self, qtbot: Any, stepper: Stepper, theme: Theme, size: tuple[int, int]) -> None:
        self.qtbot, self.stepper, self.theme = qtbot, stepper, theme
        self.wished: list[Chosen] = []
        self.panel = InspectorPanel()
        qtbot.addWidget(self.panel)
        self.panel.recolour(theme)
        self.panel.work_wished.connect(self._work)
        self.panel.tensor_wished.connect(self._grant)
        self.panel.resize(*size)
        with qtbot.waitActive(self.panel):
            self.panel.show()
            self.panel.activateWindow()

    def _work(self, work: Callable[[Stepper], Any], done: Callable[[Any], object]) -> None:
        done(work(self.stepper))

    def _grant(self, chosen: Chosen) -> None:
        self.wished.append(chosen)
        self.panel.show_chosen(chosen)

    def go_to(self, position: int) -> None:
        """Bring the step to a position and show it there."""
        place = self.stepper.position
        self.stepper.forward(position - place) if position >= place else self.stepper.back(place - position)
        self.panel.show_stepper(self.stepper)

    def look_at(self, tensor: str, of: str = "value", index: tuple[int, ...] | None = None) -> None:
        self.panel.show_chosen(Chosen(tensor, of, index))  # type: ignore[arg-type]

    def map(self, of: str = "value") -> TensorMap:
        return self.panel.maps.halves[of].map  # type: ignore[index]

    def marks(self, of: str = "value") -> list[str]:
        return [str(mark) for mark in self.panel.maps.halves[of].legend.marks]  # type: ignore[index]

    def centre(self, row: int, column: int, of: str = "value") -> QPoint:
        QApplication.processEvents()  # what is to be laid out anew is
        place = self.map(of).place
        assert place is not None
        return place.cell(row, column).center()

    def click(self, row: int, column: int, of: str = "value") -> None:
        self.qtbot.mouseClick(self.map(of).viewport(), LEFT, pos=self.centre(row, column, of))

    def colours(self, of: str = "value", corner: bool = False) -> numpy.ndarray:
        """The colour at the middle (or near the upper left corner) of every cell, as "#rrggbb"."""
        QApplication.processEvents()  # what is to be laid out anew is
        image = picture(self.map(of).viewport())
        place, axes = self.map(of).place, self.map(of).axes
        assert place is not None and axes is not None
        found = numpy.empty((len(axes.rows), len(axes.columns)), object)
        for row, column in numpy.ndindex(found.shape):
            cell = place.cell(row, column)
            point = cell.topLeft() + QPoint(2, 2) if corner else cell.center()
            found[row, column] = image.pixelColor(point).name()
        return found


Open = Callable[..., Inspected]


def opener(qtbot: Any, qapp: QApplication) -> Open:
    """Opens an inspector for a small step at the end of its backward pass, or at another position."""

    def make(
        position: int | None = None,
        theme: Theme = DARK,
        size: tuple[int, int] = (1000, 640),
        stepper: Stepper | None = None,
    ) -> Inspected:
        if qapp.styleSheet() != theme.style_sheet():
            theme.apply(qapp)
        stepper = stepper or small_stepper()
        inspected = Inspected(qtbot, stepper, theme, size)
        inspected.go_to(len(stepper.places) - 2 if position is None else position)
        return inspected

    return make


def expected(value: float, low: float, high: float, theme: Theme = DARK) -> str:
    """The colour of a value straight from the theme's table of 256 colours."""
    level = int((value - low) / (high - low) * (cells.LEVELS - 1) + 0.5)
    red, green, blue = theme.lookup_table(low < 0)[round(level * 255 / (cells.LEVELS - 1)), :3]
    return QColor(int(red), int(green), int(blue)).name()
