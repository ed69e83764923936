"""The row above a picture while a step is pinned: which of the two steps to show, what is pinned, swap, let go."""

from enum import IntEnum
from html import escape

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from tfviz.views.parts.guarded import guarded
from tfviz.views.parts.widgets import SegmentedButtons
from tfviz.views.style.fonts import interface_font
from tfviz.views.style.icons import icon
from tfviz.views.style.theme import DARK, Theme


class Sight(IntEnum):
    """What is shown while a step is pinned."""

    CURRENT = 0
    PINNED = 1
    DIFFERENCE = 2


SIGHT_NAMES = ("Current", "Pinned", "Difference")


class CompareBar(QWidget):
    """Hidden until a step is pinned."""

    chosen = Signal(int)
    """A Sight."""
    swap_requested = Signal()
    release_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compare_bar")
        self.setAccessibleName("Comparison with the pinned step")
        self.sights = SegmentedButtons(SIGHT_NAMES, "Step shown")
        self.sights.setObjectName("compare_sight")
        self.said = ElidedText()
        self.swap_button = _button("swap_pin_button", "Swap", "Show the pinned step and pin this one (X)")
        self.release_button = _button("release_pin_button", "Release", "Let go of the pinned step (Esc)")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 2)
        row.setSpacing(8)
        row.addWidget(self.sights)
        row.addWidget(self.said, 1)
        row.addWidget(self.swap_button)
        row.addWidget(self.release_button)
        self.sights.chosen.connect(self.chosen)
        self.swap_button.clicked.connect(self.swap_requested)
        self.release_button.clicked.connect(self.release_requested)
        self._state: tuple[str, str, bool] | None = None
        self.hide()

    @property
    def sight(self) -> Sight:
        return Sight(self.sights.index)

    def choose(self, sight: Sight) -> None:
        """Choose as from the model: no signal."""
        if sight is not self.sight:
            self.sights.choose(sight)

    def say(self, text: str, obstacle: str, swappable: bool) -> None:
        """What is compared; or why there is no difference of the two. Asked for with every picture."""
        if (text, obstacle, swappable) == self._state:
            return
        self._state = (text, obstacle, swappable)
        self.said.say(obstacle or text, bool(obstacle))
        difference = self.sights.button(Sight.DIFFERENCE)
        difference.setEnabled(not obstacle)
        difference.setToolTip(f"<p>{escape(obstacle or 'Current less pinned, cell by cell')}</p>")
        self.swap_button.setEnabled(swappable)

    def recolour(self, theme: Theme) -> None:
        self.said.recolour(theme)
        self.swap_button.setIcon(icon("swap", theme.dim, theme.disabled))
        self.release_button.setIcon(icon("cross", theme.dim))


@guarded
class ElidedText(QWidget):
    """One line that ends in an ellipsis where there is no room; the tool tip has all of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(40)
        self._theme, self._text, self._warning = DARK, "", False

    @property
    def text(self) -> str:
        return self._text

    def say(self, text: str, warning: bool = False) -> None:
        if (text, warning) != (self._text, self._warning):
            self._text, self._warning = text, warning
            self.setToolTip(f"<span>{escape(text)}</span>")
            self.setAccessibleName(text)
            self.update()

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(interface_font(12))
        painter.setPen(QColor(self._theme.warn_text if self._warning else self._theme.dim))
        metrics = QFontMetricsF(painter.font())
        shown = metrics.elidedText(self._text, Qt.TextElideMode.ElideRight, self.width())
        align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(self.rect()), int(align), shown)


def _button(object_name: str, name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName(object_name)
    button.setAccessibleName(name)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
