"""Putting a widget on the screen."""

from typing import TypeVar

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

Kind = TypeVar("Kind", bound=QWidget)


def exposed(qtbot: QtBot, widget: Kind, width: int, height: int) -> Kind:
    """The widget at this size, once it can be seen; closed after the test."""
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    qtbot.waitExposed(widget)
    return widget
