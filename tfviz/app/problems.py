"""Everything that went wrong reaches the user here: each error once, in a dialog that leaves the window usable."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from tfviz.app.dialogs.error_dialog import ErrorDialog
from tfviz.app.errors import ErrorHooks, Report
from tfviz.training.events import Failed

MOST_DIALOGS = 3
STOPPED = "Training stopped"
NOT_FINITE_HELP = (
    "The parameters are those from before the step; nothing recorded is lost. Go back with Left to look at the steps "
    "before, or start a new run with a smaller learning rate or with clipping."
)


class Problems(QObject):
    """Shows dialogs above a window, and watches for exceptions that nobody caught."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._known: set[str] = set()
        self.dialogs: list[ErrorDialog] = []
        self.hooks = ErrorHooks(self)
        self.hooks.reported.connect(self._show_report)

    def show(self, title: str, text: str, details: str = "") -> None:
        """Show a dialog and return at once."""
        dialog = ErrorDialog(title, text, details, self._window)
        dialog.destroyed.connect(lambda: self._forget(dialog))
        self.dialogs.append(dialog)
        dialog.show()

    def show_failure(self, event: Failed) -> None:
        """Training has stopped by an error: a number that is not finite, or an exception."""
        if event.traceback:
            text = (
                f"An error in step {event.step + 1:,}: {event.text}. What was recorded before is still there."
            )
            self.show(STOPPED, text, event.traceback)
        else:
            self.show(STOPPED, f"{event.text[:1].upper()}{event.text[1:]}\n\n{NOT_FINITE_HELP}")

    def close(self) -> None:
        """Stop watching."""
        self.hooks.remove()

    def _show_report(self, report: Report) -> None:
        """An exception in a slot or a painter may come again with every frame: it is told once."""
        if report.details in self._known or len(self.dialogs) >= MOST_DIALOGS:
            return
        self._known.add(report.details)
        text = (
            f"{report.text}\n\nThe window goes on, and so does training. This error will not be shown again."
        )
        self.show("Something in the program went wrong", text, report.details)

    def _forget(self, dialog: ErrorDialog) -> None:
        if dialog in self.dialogs:
            self.dialogs.remove(dialog)
