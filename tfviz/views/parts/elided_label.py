"""A line of text that says as much as there is room for."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel

from tfviz.views.parts.guarded import guarded


@guarded
class ElidedLabel(QLabel):
    """A dim label that may be made as narrow as a few letters.

    It shows the first of its texts that fits, given from the longest to the shortest; where none does, the last one
    with an ellipsis. `text` is the longest.
    """

    def __init__(self, text: str = "", elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", "dim")
        self._elide = elide
        self._shorter: tuple[str, ...] = ()

    def say(self, text: str, *shorter: str) -> None:
        """Show another text."""
        self._shorter = shorter
        self.setText(text)
        self.update()

    def minimumSizeHint(self) -> QSize:
        return QSize(24, super().minimumSizeHint().height())

    @property
    def shown_text(self) -> str:
        """What there is room for."""
        metrics, texts = self.fontMetrics(), (self.text(), *self._shorter)
        fitting = next((text for text in texts if metrics.horizontalAdvance(text) <= self.width()), texts[-1])
        return metrics.elidedText(fitting, self._elide, self.width())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, self.shown_text)
