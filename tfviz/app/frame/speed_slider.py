"""How fast training may go: from one step a second to no limit, ten times faster for every third of the way."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSlider, QWidget

DECADE = 20
"""Positions for a factor of ten."""

FREE = 3 * DECADE + 1
"""The last position: no limit."""


class SpeedSlider(QSlider):
    """A logarithmic slider; `speed` is in steps per second, None is no limit."""

    speed_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setObjectName("speed_slider")
        self.setAccessibleName("Speed of training")
        self.setRange(0, FREE)
        self.setPageStep(DECADE // 4)
        self.setValue(FREE)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.valueChanged.connect(self._changed)
        self._describe()

    @property
    def speed(self) -> float | None:
        return None if self.value() >= FREE else rounded(10 ** (self.value() / DECADE))

    def _changed(self) -> None:
        self._describe()
        self.speed_changed.emit(self.speed)

    def _describe(self) -> None:
        self.setToolTip(f"At most {self.speed:g} steps a second" if self.speed else "As fast as it goes")
        self.setAccessibleDescription(speed_text(self.speed))


def rounded(speed: float) -> float:
    """A number that people like: two significant digits."""
    return float(f"{speed:.2g}")


def speed_text(speed: float | None) -> str:
    """ "1.3/s", "max": steps per second."""
    return "max" if speed is None else f"{speed:,.3g}/s" if speed < 1000 else f"{speed:,.0f}/s"
