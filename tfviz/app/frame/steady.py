"""Widgets that keep their layout to themselves.

A label that gets another text asks its parent for a new layout, the parent asks its own, and so on up to the window,
which then measures every dock: more work than painting a picture. A parent without a layout ends the chain.
"""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from tfviz.training.export.figure import visible


class Shell(QWidget):
    """Gives its one child all its room, and hears nothing of what changes inside it."""

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.content = content
        content.setParent(self)
        self.setSizePolicy(content.sizePolicy())

    def sizeHint(self) -> QSize:
        return self.content.sizeHint()

    def minimumSizeHint(self) -> QSize:
        return self.content.minimumSizeHint().expandedTo(self.content.minimumSize())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.content.resize(self.size())


class SteadyLabel(QLabel):
    """As wide as the widest text it had or was told to expect, in digits of one width: nothing beside it moves."""

    def __init__(self, alignment: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(alignment | Qt.AlignmentFlag.AlignVCenter)
        self._shapes: set[str] = set()  # of texts that have room
        steady_digits(self)

    def expect(self, text: str) -> None:
        """Make room for such a text."""
        shape = text.translate(DIGITS)
        if shape in self._shapes:
            return
        self._shapes.add(shape)
        width = max(QFontMetrics(self.font()).horizontalAdvance(text) + MARGIN, self.minimumWidth())
        if width != self.minimumWidth():
            self.setFixedSize(width, self.sizeHint().height())

    def say(self, text: str) -> None:
        """Show another text, on one line whatever is in it."""
        text = visible(text)
        if text != self.text():
            self.expect(text)
            self.setText(text)


class FittingLabel(Shell):
    """Says as much as it has room for: the first of several texts that fits, given from the longest to the shortest."""

    def __init__(self) -> None:
        self.label = QLabel()
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        steady_digits(self.label)
        self._texts: tuple[str, ...] = ("",)
        super().__init__(self.label)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def say(self, *texts: str) -> None:
        """At least one."""
        self._texts = texts
        self._choose()

    def sizeHint(self) -> QSize:
        return QSize(WISHED_WIDTH, self.label.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.label.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._choose()

    def _choose(self) -> None:
        metrics = QFontMetrics(self.label.font())
        text = next((text for text in self._texts if metrics.horizontalAdvance(text) <= self.width()), "")
        if text != self.label.text():
            self.label.setText(text)


DIGITS = str.maketrans("123456789", "000000000")  # all as wide as each other
MARGIN = 18  # the style sheet's padding, and a little
WISHED_WIDTH = 330


def steady_digits(widget: QWidget) -> None:
    """Give a widget's font digits of equal width."""
    font = QFont(widget.font())
    font.setFeature(QFont.Tag("tnum"), 1)
    widget.setFont(font)
