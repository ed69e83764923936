"""Keys that a focused widget keeps for itself, whatever they mean in the rest of the window."""

from collections.abc import Container

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent

MOVES = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
"""Arrow key -> columns to the right, rows down."""
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def claims(event: QEvent, keys: Container[int]) -> bool:
    """Whether a window-wide shortcut is about to take one of these keys; it is accepted, so that the widget gets it.

    To be asked first in the widget's event(): `return claims(event, KEYS) or super().event(event)`.
    """
    claimed = isinstance(event, QKeyEvent) and event.key() in keys
    if claimed and event.type() == QEvent.Type.ShortcutOverride:
        event.accept()
        return True
    return False
