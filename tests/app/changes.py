"""What a person does to change a run: the pages of the panel, and the menu of a head."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu, QPushButton

from tests.app.driving import Driver
from tfviz.training.export.heads import Head
from tfviz.views.attention.attention_panel import AttentionPanel
from tfviz.views.interventions.intervention_panel import InterventionPanel

HEAD = Head("cross", 0, 1)


def panel(driver: Driver, page: str) -> InterventionPanel:
    """The panel, in front, with a page chosen as a person would."""
    found = driver.bring_to_front(InterventionPanel)
    driver.qtbot.waitUntil(found.isVisible)
    driver.click_on(driver.find(QPushButton, f"intervention_{page.lower()}"))
    return found


def attention(driver: Driver) -> AttentionPanel:
    return driver.find(AttentionPanel, "attention_panel")


def right_click(driver: Driver, head: Head, entry: str) -> None:
    """Choose an entry of a head's menu in the atlas."""
    atlas = attention(driver).atlas
    rectangle = atlas.layout_of_tiles.rectangle(head)
    assert rectangle is not None
    place = atlas.mapFromScene(rectangle.center())
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, atlas.viewport().mapToGlobal(place))
    QApplication.sendEvent(atlas.viewport(), event)
    choose(driver, entry)


def choose(driver: Driver, entry: str) -> None:
    menu = driver.find(QMenu, "head_menu")
    action = menu.findChild(QAction, entry)
    assert action is not None and action.isEnabled(), entry
    driver.qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
    driver.qtbot.waitUntil(lambda: driver.window.findChild(QMenu, "head_menu") is None)


def wait_measured(driver: Driver) -> None:
    driver.qtbot.waitUntil(lambda: not driver.window.interventions.measuring.going, timeout=10_000)


def go_back_to(driver: Driver, step: int) -> None:
    driver.window.controls.go_to(step)
    driver.wait_shown(step)
