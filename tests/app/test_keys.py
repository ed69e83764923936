"""Keys mean what the design says, and what the focused widget needs where it needs them."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPushButton, QSpinBox, QToolButton

from tests.app.driving import Driver
from tfviz.app.dialogs.export_dialog import ExportDialog
from tfviz.app.dialogs.keys_dialog import KeysDialog

CONTROL = Qt.KeyboardModifier.ControlModifier


def focus(driver: Driver, widget: object) -> None:
    widget.setFocus()
    driver.qtbot.waitUntil(lambda: QApplication.focusWidget() is widget)


def test_space_in_a_text_field_types_a_space(driver: Driver) -> None:
    edit = driver.find(QLineEdit, "probe_edit")
    focus(driver, edit)
    driver.qtbot.keyClicks(edit, "how")
    driver.press(Qt.Key.Key_Space)
    driver.qtbot.keyClicks(edit, "are")
    assert edit.text() == "how are"
    assert driver.session.gate.state == "paused"
    assert driver.step == 0


@pytest.mark.parametrize("key", [Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End])
def test_arrows_in_a_text_field_move_its_cursor(driver: Driver, key: Qt.Key) -> None:
    edit = driver.find(QLineEdit, "probe_edit")
    edit.setText("how are you")
    edit.setCursorPosition(5)
    focus(driver, edit)
    driver.press(key)
    assert edit.cursorPosition() != 5
    assert driver.step == 0


def test_a_question_mark_in_a_text_field_is_text(driver: Driver) -> None:
    edit = driver.find(QLineEdit, "probe_edit")
    focus(driver, edit)
    driver.qtbot.keyClicks(edit, "how?")
    assert edit.text() == "how?"
    assert driver.window.findChild(KeysDialog) is None


def test_space_on_a_focused_button_presses_the_button(driver: Driver) -> None:
    button = driver.find(QToolButton, "toggle_theme_button")
    before = driver.window.theme.name
    focus(driver, button)
    driver.press(Qt.Key.Key_Space)
    assert driver.window.theme.name != before
    assert driver.session.gate.state == "paused"


def test_arrows_on_a_focused_slider_move_the_slider(driver: Driver) -> None:
    slider = driver.window.toolbar.speed_slider
    before = slider.value()
    focus(driver, slider)
    driver.press(Qt.Key.Key_Left)
    assert slider.value() == before - 1
    driver.press(Qt.Key.Key_Home)
    assert slider.value() == 0
    driver.press(Qt.Key.Key_Right)
    assert slider.value() == 1
    assert driver.step == 0


def test_keys_in_the_number_field_are_its_own(driver: Driver) -> None:
    field = driver.find(QSpinBox, "run_steps_count")
    field.setValue(100)
    focus(driver, field)
    driver.press(Qt.Key.Key_Home)
    driver.press(Qt.Key.Key_Delete)
    assert field.value() == 0 or field.text() in ("00", "0")
    assert driver.step == 0


def test_a_combo_box_keeps_space_and_end(driver: Driver) -> None:
    box = driver.find(QComboBox, "colour_scale")
    focus(driver, box)
    driver.press(Qt.Key.Key_End)
    assert box.currentIndex() == box.count() - 1
    driver.press(Qt.Key.Key_Home)
    assert box.currentIndex() == 0
    assert driver.window.bridge.clock.following


def test_keys_come_back_when_the_focus_leaves(driver: Driver) -> None:
    focus(driver, driver.find(QLineEdit, "probe_edit"))
    focus(driver, driver.window)
    driver.press(Qt.Key.Key_Right)
    driver.wait_parked_at(1)


def test_a_click_on_the_toolbar_does_not_take_the_keys_away(driver: Driver) -> None:
    driver.click("step_batch")
    driver.wait_parked_at(1)
    driver.press(Qt.Key.Key_Right)
    driver.wait_parked_at(2)


def test_escape_leaves_a_text_field_first_and_then_releases_a_locked_cell(driver: Driver) -> None:
    view = driver.window.panels["attention_panel"].head_view
    centre = view.place.cell(0, 0).center()
    driver.click_on(view.viewport(), QPoint(round(centre.x()), round(centre.y())))
    assert view.locked
    edit = driver.find(QLineEdit, "probe_edit")
    focus(driver, edit)
    driver.press(Qt.Key.Key_Escape)
    assert not edit.hasFocus()
    assert view.locked
    driver.press(Qt.Key.Key_Escape)
    assert not view.locked


def test_the_question_mark_lists_every_key(driver: Driver) -> None:
    driver.press(Qt.Key.Key_Question)
    dialog = driver.window.findChild(KeysDialog)
    assert dialog is not None
    assert dialog.isVisible()
    dialog.close()


def test_control_e_opens_the_export_once(driver: Driver) -> None:
    driver.press(Qt.Key.Key_E, CONTROL)
    driver.window.commands["export"].trigger()
    assert len(driver.window.findChildren(ExportDialog)) == 1


def test_f11_fills_the_screen_and_gives_it_back(driver: Driver) -> None:
    driver.press(Qt.Key.Key_F11)
    assert driver.window.isFullScreen()
    driver.press(Qt.Key.Key_F11)
    assert not driver.window.isFullScreen()


def test_control_q_closes_the_window_and_joins_the_thread(driver: Driver) -> None:
    driver.press(Qt.Key.Key_Space)
    driver.qtbot.waitUntil(lambda: driver.step > 3)
    driver.press(Qt.Key.Key_Q, CONTROL)
    assert not driver.window.isVisible()
    assert not driver.session.running


def test_every_action_with_keys_says_them_in_its_tool_tip(driver: Driver) -> None:
    for action in driver.window.commands.all():
        assert action.toolTip()
        for key in action.shortcuts():
            assert key.toString() in action.toolTip()


def test_every_control_has_an_accessible_name(driver: Driver) -> None:
    kinds = (QToolButton, QPushButton, QComboBox, QSpinBox, QLineEdit)
    nameless = [
        widget
        for kind in kinds
        for widget in driver.window.findChildren(kind)
        if widget.isVisible() and not widget.accessibleName() and not getattr(widget, "text", lambda: "")()
        and not widget.objectName().startswith("qt_")
    ]  # fmt: skip
    assert [f"{type(widget).__name__} {widget.objectName()}" for widget in nameless] == []


def test_tab_goes_through_toolbar_panels_and_timeline_in_this_order(driver: Driver) -> None:
    names: list[str] = []
    widget = driver.window.nextInFocusChain()
    while widget is not driver.window and len(names) < 5000:
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible():
            names.append(widget.objectName())
        widget = widget.nextInFocusChain()
    wanted = [
        "play_pause_button",
        "speed_slider",
        "run_preset",
        "attention_atlas",
        "head_view",
        "probe_edit",
        "timeline",
    ]
    places = [names.index(name) for name in wanted]
    assert places == sorted(places)
