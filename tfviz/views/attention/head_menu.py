"""What may be done to a head, as a menu that a right click opens."""

from collections.abc import Callable
from enum import Enum

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QWidget

from tfviz.training.export.heads import Head
from tfviz.views.attention.head_signs import Done
from tfviz.views.parts.widgets import add_statement


class HeadWish(Enum):
    """Something to do to a head, or to find out about it."""

    OFF = "Switch off"
    UNIFORM = "Uniform"
    NORMAL = "Back to normal"
    WORTH = "What is it worth?"


TIPS = {
    HeadWish.OFF: "All its weights become 0, from the next step on",
    HeadWish.UNIFORM: "It looks at every allowed key alike, from the next step on",
    HeadWish.NORMAL: "It works again, from the next step on",
    HeadWish.WORTH: "How much the loss on held-out pairs rises without it",
}
LEADS_TO: dict[HeadWish, Done] = {HeadWish.OFF: "off", HeadWish.UNIFORM: "uniform", HeadWish.NORMAL: ""}


def open_head_menu(
    head: Head, done: Done, obstacle: str, place: QPoint, parent: QWidget, wish: Callable[[HeadWish], object]
) -> QMenu:
    """Open it at a place of the screen. `obstacle` says why nothing can be done; empty where it can."""
    menu = QMenu(parent)
    menu.setObjectName("head_menu")
    menu.setAccessibleName(f"Head {head.label}")
    menu.setToolTipsVisible(True)
    menu.aboutToHide.connect(menu.deleteLater)
    add_statement(menu, head.label + (f", {done}" if done else ""))
    menu.addSeparator()
    for kind in HeadWish:
        action = menu.addAction(kind.value)
        action.setObjectName(f"head_{kind.name.lower()}")
        action.setToolTip(obstacle or TIPS[kind])
        action.setEnabled(not obstacle and LEADS_TO.get(kind) != done)
        action.triggered.connect(lambda _, kind=kind: wish(kind))
    menu.popup(place)
    return menu
