"""A label that says as much as it has room for, in digits of one width, so that nothing beside it moves."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class FittingLabel(QLabel):
    """Shows the first of several texts that fits; they are given from the longest to the shortest."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        steady_digits(self)
        self._texts: tuple[str, ...] = ("",)

    def set_texts(self, texts: Sequence[str]) -> None:
        """At least one."""
        self._texts = tuple(texts)
        self._choose()

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self.font())
        return QSize(metrics.horizontalAdvance(self._texts[0]) + 8, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._choose()

    def _choose(self) -> None:
        metrics = QFontMetrics(self.font())
        fitting = (text for text in self._texts if metrics.horizontalAdvance(text) <= self.width())
        text = next(fitting, "")
        if text != self.text():
            self.setText(text)


def steady_digits(widget: QWidget) -> None:
    """Give a widget's font digits of equal width."""
    font = QFont(widget.font())
    font.setFeature(QFont.Tag("tnum"), 1)
    widget.setFont(font)
