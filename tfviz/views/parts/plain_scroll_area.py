"""What scrolls up and down in a panel, a page or a table."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget


class PlainScrollArea(QScrollArea):
    """Without a frame, on the ground of what is around it; its content is as wide as there is room.

    With `sideways`, what needs more room than that has a bar below. The keyboard focus is for what the content holds.
    """

    def __init__(self, content: QWidget, name: str = "", sideways: bool = False) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        if not sideways:
            self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        content.setProperty("scrolled", True)
        self.setWidget(content)
