"""The bar at the bottom: measured facts only, each at its place."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QStatusBar, QToolButton, QWidget

from tfviz.app.actions import Actions
from tfviz.app.frame.steady import SteadyLabel
from tfviz.training.record.opening import ShownRun
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
        self.from_here_button = QToolButton()
        self.from_here_button.setObjectName("train_from_here_button")
        self.from_here_button.setDefaultAction(actions["train_from_here"])
        self.from_here_button.setAccessibleName("Train from here")
        self.from_here_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.from_here_button.setProperty("slim", True)
        self.from_here_button.setIconSize(QSize(12, 12))
        self.from_here_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
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
        left = QWidget()  # hides as a whole while a message is shown
        row = QHBoxLayout(left)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for widget in (self.pause_button, self.state, self.from_here_button, self.probe):
            row.addWidget(widget)
        self.from_here_button.hide()
        self._row = row
        self.addWidget(left)
        self.addPermanentWidget(self.pictures)
        self.addPermanentWidget(self.machine)

    def put_beside_state(self, *widgets: QWidget) -> None:
        """Make room for more of what is to be said of the run; they come before the probe."""
        for widget in widgets:
            self._row.insertWidget(self._row.count() - 1, widget)

    def show_machine(self, text: str) -> None:
        """What the numbers are computed with."""
        self.machine.say(text)

    def show_clock(self, clock: Clock, step: int, training: bool, computing: int | None) -> None:
        """What is shown, and what goes on: `step` is that of training, `computing` the percent that a late picture
        has got to."""
        self.state.say(state_text(clock, step, training, computing))
        self.from_here_button.setVisible(not clock.following)

    def show_session(self, session: ShownRun, playing: bool, pictures: float) -> None:
        """The watched sentence, and how many pictures a second reach the screen."""
        probe = session.probe
        self.probe.say(f"{probe.origin}: “{shortened(probe.source)}”")
        self.pictures.say(f"UI {pictures:.0f} fps" if playing and pictures else "UI idle")


def state_text(clock: Clock, step: int, training: bool, computing: int | None = None) -> str:
    """Where the clock stands and where training is, in a few words."""
    if clock.following:
        state = f"{'Training' if training else 'Paused'} · step {clock.step:,}"
        return state + (f" of {clock.frontier:,} recorded" if clock.step < clock.frontier else "")
    if computing is not None:
        doing = f"Computing step {clock.step:,} · {computing} % (Esc gives up)"
    else:
        doing = f"{'Replaying' if clock.playing else 'Looking at'} step {clock.step:,}"
    return doing + (f" · training at {step:,}" if training else f" of {clock.frontier:,} recorded")


def shortened(text: str, length: int = 40) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
