"""A text that leads to another tensor or cell."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from tfviz.views.inspector.cell_text import LINK


def link_button(text: str, name: str, spoken: str, tip: str) -> QPushButton:
    """`name` is its objectName, `spoken` its accessible name.

    A click leaves the focus where it is: many links are gone once they are followed, and the focus would fall to
    another button of the window, which Space would press.
    """
    button = QPushButton(f"{text} {LINK}")
    button.setProperty("link", True)
    button.setObjectName(name)
    button.setAccessibleName(spoken)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    return button
