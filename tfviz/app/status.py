"""The bar at the bottom: measured facts only, each at its place."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QStatusBar, QToolButton, QWidget

from tfviz.app.actions import Actions
from tfviz.app.fitting_label import steady_digits
from tfviz.training.session import Session
from tfviz.views.clock import Clock
from tfviz.views.panel import label


class StatusBar(QStatusBar):
    """State and step at the left, the probe beside it, the machine at the right; messages come and go over the left."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("status_bar")
        self.setAccessibleName("Status")
        self.setSizeGripEnabled(False)
        self.pause_button = QToolButton()
        self.pause_button.setObjectName("pause_training_button")
        self.pause_button.setDefaultAction(actions["pause_training"])
        self.pause_button.setAccessibleName("Pause training")
        self.pause_button.setProperty("slim", True)
        self.pause_button.setIconSize(QSize(12, 12))
        self.pause_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.state = label("starting …")
        self.state.setObjectName("state_label")
        self.probe = label()
        self.probe.setObjectName("probe_label")
        self.speed = label()
        self.speed.setObjectName("picture_rate_label")
        self.machine = label()
        self.machine.setObjectName("machine_label")
        for text in (self.state, self.speed, self.machine):
            steady_digits(text)
        self.addWidget(self.pause_button)
        self.addWidget(self.state)
        self.addWidget(self.probe)
        self.addPermanentWidget(self.speed)
        self.addPermanentWidget(self.machine)

    def show_machine(self, text: str) -> None:
        """What the numbers are computed with."""
        self.machine.setText(text)

    def show_clock(self, clock: Clock, running: bool) -> None:
        """State and step of the run."""
        _set(self.state, f"{state_text(clock, running)} · step {clock.step:,}" + _behind(clock))

    def show_session(self, session: Session, running: bool, pictures: float) -> None:
        """The watched sentence, and how many pictures a second reach the screen."""
        probe = session.probe
        _set(self.probe, f"{probe.origin}: “{shortened(probe.source)}”")
        _set(self.speed, f"UI {pictures:.0f} fps" if running and pictures else "UI idle")


def state_text(clock: Clock, running: bool) -> str:
    """One word for what is going on."""
    if clock.following:
        return "Training" if running else "Paused"
    return "Replaying" if running else "In the past"


def _behind(clock: Clock) -> str:
    return "" if clock.following else f" of {clock.frontier:,} recorded"


def shortened(text: str, length: int = 40) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _set(place: QLabel, text: str) -> None:
    """Set a label's text only where it differs: labels repaint even for the same text."""
    if place.text() != text:
        place.setText(text)
