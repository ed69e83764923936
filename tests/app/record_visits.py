"""How a test gets into the record of a window's run, and what the status bar says of it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit

from tests.app.driving import Driver


def train_on(driver: Driver, steps: int = 40) -> None:
    """Press play and wait until so many steps are done; training goes on."""
    driver.click("play_pause")
    driver.qtbot.waitUntil(lambda: driver.step >= steps)


def type_step(driver: Driver, text: str) -> None:
    driver.press(Qt.Key.Key_G)
    entry = driver.find(QLineEdit, "step_entry")
    driver.qtbot.waitUntil(lambda: QApplication.focusWidget() is entry)
    driver.qtbot.keyClicks(entry, text)
    driver.press(Qt.Key.Key_Return)


def state(driver: Driver) -> str:
    return driver.find(QLabel, "state_label").text()
