"""Dark and light: every panel takes the theme, and a choice is remembered."""

import numpy
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from tests.app.conftest import Open
from tests.app.driving import Driver, store_again
from tfviz.app.settings import Settings
from tfviz.views.style.theme import DARK, LIGHT, THEMES


def pixels(widget: QWidget) -> numpy.ndarray:
    """(height, width, 3) uint8 of what a widget shows."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = numpy.frombuffer(image.constBits(), numpy.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def share_of(picture: numpy.ndarray, colour: str) -> float:
    wanted = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    return float((picture == wanted).all(axis=2).mean())


def test_the_theme_button_recolours_everything(driver: Driver) -> None:
    driver.train(5)
    dark = pixels(driver.window)
    driver.click("toggle_theme")
    light = pixels(driver.window)
    assert driver.window.theme is LIGHT
    for token in ("background", "panel"):
        assert share_of(dark, getattr(DARK, token)) > 0.02
        assert share_of(light, getattr(LIGHT, token)) > 0.02
        assert share_of(light, getattr(DARK, token)) < 0.001
    driver.click("toggle_theme")
    assert driver.window.theme is DARK
    assert (pixels(driver.window) == dark).all(axis=2).mean() > 0.995


def test_every_panel_takes_the_other_theme(driver: Driver) -> None:
    driver.train(5)
    for name, theme in (("light", LIGHT), ("dark", DARK)):
        driver.window.appearance.choose(name)
        for panel in (*driver.window.panels.values(), driver.window.timeline):
            picture = pixels(panel)
            assert share_of(picture, theme.panel) > 0.1, panel.objectName()


def test_the_theme_is_remembered(open_window: Open, settings: Settings) -> None:
    first = open_window(theme=None)
    first.click("toggle_theme")
    chosen = first.window.theme
    first.window.close()
    second = open_window(settings=store_again(settings), theme=None)
    assert second.window.theme is chosen


def test_a_theme_on_the_command_line_is_not_remembered(open_window: Open, settings: Settings) -> None:
    open_window(theme="light").window.close()
    assert store_again(settings).theme == "system"


def test_the_system_can_be_followed_again(driver: Driver) -> None:
    driver.window.appearance.choose("light")
    driver.window.appearance.choose("system")
    assert driver.window.settings.theme == "system"
    assert driver.window.theme in THEMES.values()
