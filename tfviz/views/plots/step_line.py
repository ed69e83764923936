"""Vertical lines of a plot over the steps: the clock's, the pointer's, the pinned one."""

from PySide6.QtCore import QLineF
from PySide6.QtWidgets import QGraphicsItem, QGraphicsLineItem

from tfviz.views.plots.plot_area import PlotArea


class StepLine(QGraphicsLineItem):
    """Stands at one step."""

    def __init__(self, depth: int, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self.setZValue(depth)
        self.setVisible(False)
        self._value = 0.0

    def value(self) -> float:
        return self._value

    def stand(self, step: float, area: PlotArea) -> None:
        """At the place that the step has in the area, which clips it."""
        self._value = step
        x = round(area.x(step))
        line = QLineF(x, 0.0, x, area.height())
        if line != self.line():
            self.setLine(line)
