"""How fast the record is replayed."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QWidget

from tfviz.views.clock import REPLAY_SPEED

SPEEDS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
"""Steps per second."""


class ReplaySpeed(QComboBox):
    """One of a few speeds."""

    speed_chosen = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("replay_speed")
        self.setAccessibleName("Replay speed")
        self.setToolTip("Steps a second when Space replays the record; more than can be computed are skipped")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for speed in SPEEDS:
            self.addItem(f"{speed:,.0f}/s", speed)
        self.choose(REPLAY_SPEED)
        self.currentIndexChanged.connect(lambda: self.speed_chosen.emit(self.speed))

    @property
    def speed(self) -> float:
        return float(self.currentData())

    def choose(self, speed: float) -> None:
        """The nearest speed there is, as from the model: no signal."""
        with QSignalBlocker(self):
            self.setCurrentIndex(min(range(len(SPEEDS)), key=lambda place: abs(SPEEDS[place] - speed)))
