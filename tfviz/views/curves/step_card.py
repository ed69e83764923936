"""A panel over the steps of a run, whose header holds as much as its width has room for."""

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from tfviz.views.panel import Panel


class StepCard(Panel):
    """Arranges its header whenever the room for it changes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._titled = True
        """Whether the title is to be seen where there is room for it."""

    def show_title(self, shown: bool) -> None:
        self._titled = shown
        self._arrange_header()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange_header()

    def _arrange_header(self) -> None:
        """Show the title and the controls that there is room for."""
        raise NotImplementedError
