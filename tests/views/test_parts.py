"""What all panels are made of: fonts, icons, labels and small widgets."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QWidget

from tfviz.views.panel import label
from tfviz.views.parts.widgets import SegmentedButtons, Throttle
from tfviz.views.style import icons
from tfviz.views.style.fonts import interface_family, interface_font, load_fonts, monospace_family
from tfviz.views.style.theme import DARK


def test_a_spin_box_shows_its_text(qtbot, qapp: QApplication) -> None:
    DARK.apply(qapp)
    box = QDoubleSpinBox()
    qtbot.addWidget(box)
    box.resize(120, 30)
    box.show()
    assert box.lineEdit().width() > 80
    assert box.lineEdit().x() > 3


def test_tokens_in_a_label_are_no_markup(qtbot, qapp: QApplication) -> None:
    DARK.apply(qapp)
    shown = label("<s>", "number")
    qtbot.addWidget(shown)
    assert shown.textFormat() == Qt.TextFormat.PlainText
    assert shown.sizeHint().width() > 10


def test_fonts_are_found_or_replaced(qapp: QApplication) -> None:
    assert load_fonts() is load_fonts()
    assert interface_family()
    assert monospace_family()
    assert interface_font(11).pixelSize() == 11


@pytest.mark.parametrize("name", icons.NAMES)
def test_every_icon_is_painted_in_its_colour(name: str, qapp: QApplication) -> None:
    pixmap = icons.icon(name, "#ff0000").pixmap(32, 32)
    image = pixmap.toImage()
    reds = [
        image.pixelColor(x, y).red()
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() == 255
    ]
    assert len(reds) > 20
    assert set(reds) == {255}
    faded = icons.icon(name, "#ff0000").pixmap(32, 32, QIcon.Mode.Disabled).toImage()
    assert faded != image


def test_an_unknown_icon_says_which_there_are(qapp: QApplication) -> None:
    with pytest.raises(ValueError, match="there are play, pause"):
        icons.icon("nonsense", "#ff0000")


def test_segmented_buttons_choose_by_click_and_by_arrow_keys(qtbot, qapp: QApplication) -> None:
    DARK.apply(qapp)
    switch = SegmentedButtons(["All", "One", "Two"], "Which")
    qtbot.addWidget(switch)
    switch.show()
    chosen: list[int] = []
    switch.chosen.connect(chosen.append)
    qtbot.mouseClick(switch.button(2), Qt.MouseButton.LeftButton)
    QTest.keyClick(switch.button(2), Qt.Key.Key_Left)
    assert chosen == [2, 1]
    assert switch.index == 1
    switch.choose(0)
    assert chosen == [2, 1]
    assert switch.index == 0


def test_a_throttle_calls_at_once_then_seldom_and_never_forgets_the_last(qtbot, qapp: QApplication) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    calls: list[int] = []
    throttle = Throttle(lambda: calls.append(1), 20, owner)
    for _ in range(50):
        throttle.request()
    assert len(calls) == 1
    qtbot.waitUntil(lambda: len(calls) == 2)
