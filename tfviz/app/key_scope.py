"""Which keys belong to the widget that has the focus, so that the window's shortcuts leave them alone.

Qt gives a shortcut precedence over a focused button, slider or combo box, so Space would not press the button. The
shortcuts concerned are taken away while such a widget has the focus; that costs nothing per key or event.
"""

from collections.abc import Iterable

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)

_MOVES = ("Left", "Right", "Shift+Left", "Shift+Right", "Home", "End")
_LIST = (*_MOVES, "Space", "?", "G", "B", "P", "X")
_TEXT = (*_LIST, ".", ",")
_OWN: tuple[tuple[type[QWidget], tuple[str, ...]], ...] = (
    (QLineEdit, _TEXT),
    (QTextEdit, _TEXT),
    (QPlainTextEdit, _TEXT),
    (QAbstractSpinBox, _TEXT),
    (QComboBox, _TEXT),
    (QAbstractItemView, _LIST),
    (QAbstractSlider, _MOVES),
    (QTabBar, _MOVES),
    (QAbstractButton, ("Space",)),
)


def keys_of(widget: QWidget | None) -> frozenset[str]:
    """The keys that a focused widget needs for itself."""
    return frozenset(key for kind, keys in _OWN if isinstance(widget, kind) for key in keys)


def is_text_field(widget: QWidget | None) -> bool:
    """Whether letters typed there are text."""
    return isinstance(widget, QLineEdit | QTextEdit | QPlainTextEdit | QAbstractSpinBox) or (
        isinstance(widget, QComboBox) and widget.isEditable()
    )


class KeyScope(QObject):
    """Takes shortcuts away from actions while the focus is where their keys mean something else."""

    def __init__(self, actions: Iterable[QAction], parent: QObject) -> None:
        super().__init__(parent)
        self._shortcuts = {action: action.shortcuts() for action in actions if action.shortcuts()}
        self._taken: frozenset[str] = frozenset()
        self._watching = False

    def watch(self, watching: bool) -> None:
        """Follow the focus, or leave it alone: a window that closes takes its actions with it."""
        if watching != self._watching:
            self._watching = watching
            application = QApplication.instance()
            assert isinstance(application, QApplication)
            change = application.focusChanged
            (change.connect if watching else change.disconnect)(self._focus_changed)

    def _focus_changed(self, old: QWidget | None, new: QWidget | None) -> None:
        taken = keys_of(new)
        if taken == self._taken:
            return
        changed, self._taken = taken ^ self._taken, taken
        for action, shortcuts in self._shortcuts.items():
            if any(_written(key) in changed for key in shortcuts):
                action.setShortcuts([key for key in shortcuts if _written(key) not in taken])


def _written(key: QKeySequence) -> str:
    return key.toString(QKeySequence.SequenceFormat.PortableText)
