"""Small widgets that several panels use: a segmented switch, headings in choices and menus, a throttle for text."""

import math
import time
from collections.abc import Callable, Collection, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QWidget,
    QWidgetAction,
)

from tfviz.views.panel import label
from tfviz.views.parts.weakly import weakly
from tfviz.views.style.restyle import restyle


class SegmentedButtons(QWidget):
    """A row of joined buttons of which one is chosen; Left and Right move the choice of the focused row."""

    chosen = Signal(int)

    def __init__(self, texts: Sequence[str], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for index, text in enumerate(texts):
            button = QPushButton(text)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setProperty("segment", True)
            button.setProperty("place", _place(index, len(texts)))
            button.setAccessibleName(f"{name}: {text}")
            button.installEventFilter(self)
            self._group.addButton(button, index)
            layout.addWidget(button)
        self._group.button(0).setChecked(True)
        self._group.idClicked.connect(self.chosen)

    @property
    def index(self) -> int:
        return self._group.checkedId()

    def choose(self, index: int) -> None:
        """Choose as from the model: no signal."""
        self._group.button(index).setChecked(True)

    def offer(self, offered: Collection[int]) -> None:
        """Show these buttons only; a choice that is gone becomes the first of them, without a signal."""
        shown = [index for index in range(len(self._group.buttons())) if index in offered]
        for index in range(len(self._group.buttons())):
            button = self.button(index)
            button.setVisible(index in offered)
            if index in offered:
                restyle(button, "place", _place(shown.index(index), len(shown)))
        if shown and self.index not in offered:
            self.choose(shown[0])

    def tighten(self, tight: bool) -> None:
        """Leave less room around the texts."""
        for button in self._group.buttons():
            restyle(button, "tight", tight)

    def button(self, index: int) -> QPushButton:
        button = self._group.button(index)
        assert isinstance(button, QPushButton)
        return button

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Window-wide shortcuts on the arrow keys would win over the focused button: claim the keys first.
        keys = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if event.type() in keys and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
            if step:
                if event.type() == QEvent.Type.KeyPress:
                    shown = [place for place, one in enumerate(self._group.buttons()) if not one.isHidden()]
                    place = shown.index(self.index) + step
                    index = shown[min(max(place, 0), len(shown) - 1)]
                    self.button(index).setFocus(Qt.FocusReason.TabFocusReason)
                    self.button(index).click()
                event.accept()
                return True
            if event.type() == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Space:
                event.accept()
                return True
        return super().eventFilter(watched, event)


def give_arrows(box: QAbstractSpinBox) -> None:
    """Let a number be changed by the mouse, too: the style sheet draws the arrows, and cannot indent the text."""
    box.setProperty("arrows", True)
    box.lineEdit().setTextMargins(5, 0, 0, 0)


def add_heading(box: QComboBox, text: str) -> None:
    """A line above the next items of a choice that cannot be chosen itself."""
    box.addItem(text.upper())
    items = box.model()
    assert isinstance(items, QStandardItemModel)
    items.item(box.count() - 1).setFlags(Qt.ItemFlag.NoItemFlags)


def add_statement(menu: QMenu, text: str) -> None:
    """A line of a menu that says something, and is nothing that could be done and cannot."""
    action = QWidgetAction(menu)
    action.setText(text)
    shown = label(text, "statement")
    shown.setContentsMargins(24, 5, 24, 5)  # as the style sheet has it of items
    action.setDefaultWidget(shown)
    action.setEnabled(False)
    menu.addAction(action)


def _place(index: int, count: int) -> str:
    """Which corners of the button are round: a property that the style sheet asks for."""
    if count == 1:
        return "only"
    return "first" if index == 0 else "last" if index == count - 1 else "middle"


GRACE = 0.07
"""Seconds that a late request waits for the next one. While training runs that comes with the next look at it, and what
is done at every look together stops training less often than what is done between them."""


class Throttle(QObject):
    """Calls a function at most `rate` times a second, and always once more after the last request."""

    def __init__(self, function: Callable[[], None], rate: float, parent: QObject) -> None:
        super().__init__(parent)
        self._function = weakly(function)
        self._interval = 1 / rate
        self._called_at = -math.inf
        self._waits = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.now)

    def request(self) -> None:
        """Call now if the last call is long enough ago, else a little after it is, unless one is requested then."""
        passed = time.monotonic() - self._called_at
        if passed >= self._interval:
            self.now()
        elif not self._waits:
            self._waits = True
            self._timer.start(round(1000 * (self._interval - passed + GRACE)))

    def now(self) -> None:
        """Call at once; a pending request is done with."""
        if self._waits:
            self._waits = False
            self._timer.stop()
        self._called_at = time.monotonic()
        function = self._function()
        if function is not None:
            function()
