"""When training is to stop: the user's conditions, given to every session, and what the window does on a hit."""

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtWidgets import QToolButton, QWidget

from tfviz.app.actions import Actions
from tfviz.app.dialogs.break_choices import BreakChoices
from tfviz.app.dialogs.break_dialog import BreakDialog
from tfviz.app.frame.status import StatusBar
from tfviz.app.settings import Settings
from tfviz.training.events import BreakHit
from tfviz.training.record.opening import ShownRun
from tfviz.training.session import Session
from tfviz.views.bridge import Bridge
from tfviz.views.style.icons import icon
from tfviz.views.style.theme import Theme


class Breaking(QObject):
    """Keeps the conditions of the session that is shown as the user wants them. A run that others train has none."""

    def __init__(
        self, settings: Settings, commands: Actions, status: StatusBar, bridge: Bridge, window: QWidget
    ) -> None:
        super().__init__(window)
        self._settings, self._status, self._window = settings, status, window
        self._session: Session | None = None
        self.choices = settings.breaks
        self.mark = QToolButton()
        self.mark.setObjectName("break_mark")
        self.mark.setProperty("slim", True)
        self.mark.setIconSize(QSize(12, 12))
        self.mark.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.mark.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.mark.clicked.connect(self.ask)
        status.addPermanentWidget(self.mark)  # where no message hides it
        commands.connect_action("break_conditions", self.ask)
        bridge.broken.connect(self._tell)
        bridge.resumed.connect(lambda event: self._forget())
        self._told = ""
        self._show_mark()

    def adopt(self, session: ShownRun) -> None:
        """Give the conditions to this session from now on."""
        self._session = None if not isinstance(session, Session) else session
        self._forget()
        self._apply()

    def recolour(self, theme: Theme) -> None:
        self.mark.setIcon(icon("stop", theme.warn))

    def ask(self) -> None:
        """Open the dialog, which goes on while training runs."""
        if self._window.findChild(BreakDialog) is None:
            dialog = BreakDialog(self.choices, self._window)
            dialog.changed.connect(self._take)
            dialog.show()

    def _take(self, choices: BreakChoices) -> None:
        self.choices = self._settings.breaks = choices
        self._apply()

    def _apply(self) -> None:
        if self._session is not None:
            self._session.break_conditions = self.choices.conditions()
        self._show_mark()

    def _show_mark(self) -> None:
        count = len(self.choices.conditions())
        self.mark.setVisible(count > 0 and self._session is not None)
        text = "1 condition stops training" if count == 1 else f"{count} conditions stop training"
        self.mark.setText(str(count))
        self.mark.setAccessibleName(text)
        self.mark.setToolTip(f"{text}: click to change them")

    def _tell(self, event: BreakHit) -> None:
        """The sentence stays until training goes on."""
        self._told = f"Stopped at {event.text}"
        self._status.showMessage(self._told)

    def _forget(self) -> None:
        if self._told and self._status.currentMessage() == self._told:
            self._status.clearMessage()
        self._told = ""
