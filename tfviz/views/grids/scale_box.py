"""The choice of how far the colours of attention reach: to 1, or only as far as what is shown."""

from collections.abc import Iterable

import numpy
from PySide6.QtWidgets import QComboBox, QWidget

from tfviz.views.grids.cells import Floats, Scale

FIXED, AUTOMATIC = 0, 1
PARTS = 20  # of the whole range: the steps of an automatic scale
SLACK = 0.1  # an automatic scale shrinks only when it is so much too large


class ScaleBox(QComboBox):
    """`scale` is what it has come to. An automatic one moves in steps and not at once, so that nothing flickers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("colour_scale")
        self.setAccessibleName("Colour scale")
        self.setToolTip("Range of the colours: up to 1, or up to the largest weight shown")
        self.addItems(["scale 0–1", "auto"])
        self.setMinimumWidth(120)
        self._scale = Scale()
        self._known = False
        """Whether the largest weight has been looked at since something else is shown."""

    @property
    def scale(self) -> Scale:
        return self._scale

    def start_anew(self) -> None:
        """Something else is shown: the automatic scale is as large as that needs, at once."""
        self.setItemText(AUTOMATIC, "auto")
        self._scale = Scale()
        self._known = False

    def fit(self, arrays: Iterable[Floats], signed: bool) -> None:
        """Take the scale that the choice means for these weights, or for differences of either sign."""
        if signed != (self._scale.low < 0):
            self.setItemText(FIXED, "scale ±1" if signed else "scale 0–1")
            self.start_anew()
        if self.currentIndex() == FIXED:
            self._take(1.0, signed)
            return
        largest = max(
            (float(numpy.nanmax(abs(array), initial=0.0)) for array in arrays if array.size), default=1.0
        )
        if not numpy.isfinite(largest):
            largest = 1.0
        high = min(max(float(numpy.ceil(largest * PARTS - 1e-6)) / PARTS, 1 / PARTS), 1.0)
        if not self._known or high > self._scale.high or high < self._scale.high - SLACK:
            self._known = True
            self._take(high, signed)
            self.setItemText(AUTOMATIC, f"auto ±{high:.2f}" if signed else f"auto 0–{high:.2f}")

    def _take(self, high: float, signed: bool) -> None:
        self._scale = Scale(-high if signed else 0.0, high)
