"""A run that another program trains, in this window: who writes it, what cannot be done with it, what can."""

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QToolButton, QWidget

from tfviz.app.actions import Actions
from tfviz.app.frame.status import StatusBar
from tfviz.app.frame.steady import SteadyLabel
from tfviz.training.export.figure import visible
from tfviz.training.record.file_writer import Life
from tfviz.training.record.followed import FollowedRun
from tfviz.training.record.opening import ShownRun
from tfviz.views.bridge import Bridge
from tfviz.views.panel import EMPTY_TEXT, EmptyState

TRAIN = ("play_pause", "step_batch", "step_ten", "run_steps")
"""What trains at the newest step; in the past it goes through the record, which anybody may."""
CHANGE = ("train_from_here", "pause_training", "new_branch", "restart", "new_seed")
"""What needs a run of one's own."""
PROBE = ("probe_edit", "probe_number")
"""Where another sentence is asked for: only the one that was recorded can be shown."""
NOTHING = "Nothing of this is recorded yet"
INTERVAL = 500  # milliseconds between two looks at how long ago the writer wrote


class Following(QObject):
    """Does nothing while the window shows a session. Made after whoever else enables actions and names the state."""

    continue_wished = Signal(str)
    """The path of a file that should be opened as a session."""

    def __init__(self, commands: Actions, status: StatusBar, bridge: Bridge, window: QMainWindow) -> None:
        super().__init__(window)
        self._commands, self._status, self._bridge, self._window = commands, status, bridge, window
        self._helps = {name: commands[name].toolTip() for name in (*TRAIN, *CHANGE)}
        self.run: FollowedRun | None = None
        self.label = SteadyLabel()
        self.label.setObjectName("writer_label")
        self.label.setAccessibleName("Who writes this run")
        self.button = QToolButton()
        self.button.setObjectName("continue_training_button")
        self.button.setAccessibleName("Continue training here")
        self.button.setDefaultAction(commands["continue_training"])
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.button.setProperty("slim", True)
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        status.put_beside_state(self.label)
        status.insertPermanentWidget(1, self.button)  # which no message hides
        self.label.hide()
        self.button.hide()
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self.show)
        bridge.changed.connect(self.show)
        commands.connect_action("continue_training", self._continue)
        self._set_action(commands["continue_training"], False)

    def adopt(self, session: ShownRun) -> None:
        """Another run is shown, and everybody else has been told of it."""
        before, self.run = self.run, session if isinstance(session, FollowedRun) else None
        for name in PROBE:
            editor = self._window.findChild(QWidget, name)
            if editor is not None:
                editor.setEnabled(self.run is None)
        for empty in self._window.findChildren(EmptyState):
            if empty.label.text() in (NOTHING, EMPTY_TEXT):  # others wait for something else than training
                empty.set_text(NOTHING if self.run else EMPTY_TEXT)
        if self.run is not None:
            self._timer.start()
            self.show()
        elif before is not None:
            self._let_go()

    def stop(self) -> None:
        """The window closes."""
        self._timer.stop()

    def show(self) -> None:
        """Who wrote how much and when, in the status bar; what can be done, in the actions; the title."""
        run, clock = self.run, self._bridge.clock
        if run is None:
            return
        self.label.say(run.description)
        self.label.show()
        writing = run.writer.life is Life.WRITING
        if clock.following:
            self._status.state.say(f"{'Following' if writing else 'Read-only'} · step {clock.step:,}")
        self._status.from_here_button.hide()
        reason = f"{run.trainer} trains this run: here it can be looked at, not trained or changed"
        if run.can_be_continued:
            reason = "This run is open read-only: “Continue training here” makes it yours"
        for name in TRAIN:
            self._allow(name, not clock.following, reason)
        for name in CHANGE:
            self._allow(name, False, reason)
        self._set_action(self._commands["continue_training"], run.can_be_continued)
        self.button.setVisible(run.can_be_continued)
        title = f"{visible(run.config.title)} · seed {run.seed} · tfviz ({'following' if writing else 'read-only'})"
        if title != self._window.windowTitle():
            self._window.setWindowModified(False)
            self._window.setWindowTitle(title)

    def _let_go(self) -> None:
        self._timer.stop()
        self.label.hide()
        self.button.hide()
        self._set_action(self._commands["continue_training"], False)
        for name, help in self._helps.items():
            self._commands[name].setToolTip(help)
        for name in (*TRAIN, "new_branch", "restart", "new_seed"):
            self._commands[name].setEnabled(True)
        self._bridge.changed.emit()  # who enables the others looks again

    def _allow(self, name: str, allowed: bool, reason: str) -> None:
        action = self._commands[name]
        action.setEnabled(allowed)
        action.setToolTip(self._helps[name] if allowed else reason)

    def _set_action(self, action: QAction, possible: bool) -> None:
        action.setVisible(possible)
        action.setEnabled(possible)

    def _continue(self) -> None:
        if self.run is not None and self.run.can_be_continued:
            self.continue_wished.emit(self.run.path)
