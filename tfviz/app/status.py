"""The bar at the bottom: measured facts only, each at its place."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QStatusBar, QToolButton, QWidget

from tfviz.app.actions import Actions
from tfviz.app.steady import SteadyLabel
from tfviz.training.session import Session
from tfviz.views.clock import Clock


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
        self.state = SteadyLabel()
        self.state.setObjectName("state_label")
        self.state.say("Starting …")
        self.probe = SteadyLabel()
        self.probe.setObjectName("probe_label")
        self.pictures = SteadyLabel(Qt.AlignmentFlag.AlignRight)
        self.pictures.setObjectName("picture_rate_label")
        self.pictures.setToolTip("Attention pictures that reached the screen in the last second")
        self.machine = SteadyLabel()
        self.machine.setObjectName("machine_label")
        self.addWidget(self.pause_button)
        self.addWidget(self.state)
        self.addWidget(self.probe)
        self.addPermanentWidget(self.pictures)
        self.addPermanentWidget(self.machine)

    def show_machine(self, text: str) -> None:
        """What the numbers are computed with."""
        self.machine.say(text)

    def show_clock(self, clock: Clock, running: bool) -> None:
        """State and step of the run."""
        self.state.say(f"{state_text(clock, running)} · step {clock.step:,}" + _behind(clock))

    def show_session(self, session: Session, running: bool, pictures: float) -> None:
        """The watched sentence, and how many pictures a second reach the screen."""
        probe = session.probe
        self.probe.say(f"{probe.origin}: “{shortened(probe.source)}”")
        self.pictures.say(f"UI {pictures:.0f} fps" if running and pictures else "UI idle")


def state_text(clock: Clock, running: bool) -> str:
    """One word for what is going on."""
    if clock.following:
        return "Training" if running else "Paused"
    return "Replaying" if running else "In the past"


def _behind(clock: Clock) -> str:
    return "" if clock.following else f" of {clock.frontier:,} recorded"


def shortened(text: str, length: int = 40) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
