"""The hint at the first start: what it says, where it lies, and when it goes."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from tests.app.conftest import Open
from tests.app.driving import Driver, store_again
from tfviz.app.settings import Settings
from tfviz.views.curves.curve_panel import CurvePanel


def test_the_hint_says_what_to_press_until_the_first_step(open_window: Open, settings: Settings) -> None:
    driver = open_window()
    hint = driver.window.hint
    assert hint is not None
    assert hint.isVisible()
    assert "bright cells" in hint.goal.text()
    driver.press(Qt.Key.Key_Space)
    driver.qtbot.waitUntil(lambda: driver.window.hint is None)
    driver.window.close()
    assert open_window(settings=store_again(settings)).window.hint is None


@pytest.mark.parametrize("size", [(1600, 1000), (1280, 800), (960, 690)])
def test_the_hint_covers_nothing_that_is_to_be_seen_and_is_written_whole(
    open_window: Open, size: tuple[int, int]
) -> None:
    driver = open_window(prepare=lambda window: window.resize(*size))
    hint, curves = driver.window.hint, driver.window.panels["curve_panel"]
    assert isinstance(curves, CurvePanel)
    assert hint is not None and hint.parentWidget() is curves
    assert curves.rect().contains(hint.geometry())
    driver.qtbot.waitUntil(
        lambda: all(
            label.width() >= label.sizeHint().width()
            for label in hint.findChildren(QLabel)
            if label.isVisible() and not label.wordWrap()
        )
    )
    assert curves.empty.isVisible()
    said = curves.empty.label
    assert hint.geometry().contains(said.geometry().center() + said.mapTo(curves, said.rect().topLeft()))


def test_the_hint_can_be_closed(driver: Driver) -> None:
    driver.click_on(driver.find(QPushButton, "close_hint"))
    assert driver.window.hint is None
    assert driver.window.settings.hint_done
    assert driver.step == 0
