"""The entry shows the clock's step, and takes what people type."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tfviz.views.timeline.step_entry import StepEntry


@pytest.fixture
def entry(qtbot: QtBot) -> Iterator[StepEntry]:
    window = QWidget()
    qtbot.addWidget(window)
    made = StepEntry(window)
    made.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # else it has the focus as soon as its window has
    window.show()
    qtbot.waitExposed(window)
    made.show_step(1284)
    yield made


def focus(entry: StepEntry, qtbot: QtBot) -> None:
    entry.begin()
    qtbot.waitUntil(entry.hasFocus)


def test_it_shows_the_clocks_step(entry: StepEntry) -> None:
    assert entry.text() == "1,284"
    entry.show_step(37)
    assert entry.text() == "37"


@pytest.mark.parametrize("text", ["1037", "1,037", " 1 037", "1.037", "1'037", "01037"])
def test_a_typed_step_is_asked_for(entry: StepEntry, qtbot: QtBot, text: str) -> None:
    focus(entry, qtbot)
    with qtbot.waitSignal(entry.step_typed) as asked:
        qtbot.keyClicks(entry, text)
        qtbot.keyClick(entry, Qt.Key.Key_Return)
    assert asked.args == [1037]
    assert not entry.hasFocus()  # the keys belong to the clock again


def test_the_clock_does_not_write_over_what_is_being_typed(entry: StepEntry, qtbot: QtBot) -> None:
    focus(entry, qtbot)
    qtbot.keyClicks(entry, "3")
    entry.show_step(1300)
    qtbot.keyClicks(entry, "7")
    assert entry.text() == "37"
    entry.clearFocus()
    assert entry.text() == "1,300"


@pytest.mark.parametrize("text", ["", "abc", "-5", "3e4", "½"])
def test_what_is_no_step_is_marked_and_said(entry: StepEntry, qtbot: QtBot, text: str) -> None:
    focus(entry, qtbot)
    qtbot.keyClick(entry, Qt.Key.Key_Delete)
    qtbot.keyClicks(entry, text)
    with qtbot.waitSignal(entry.refused), qtbot.assertNotEmitted(entry.step_typed):
        qtbot.keyClick(entry, Qt.Key.Key_Return)
    assert entry.property("invalid")
    entry.clearFocus()
    assert not entry.property("invalid")
    assert entry.text() == "1,284"


def test_a_number_that_no_run_reaches_is_still_a_step(entry: StepEntry, qtbot: QtBot) -> None:
    focus(entry, qtbot)
    with qtbot.waitSignal(entry.step_typed) as asked:
        qtbot.keyClicks(entry, "9" * 19)
        qtbot.keyClick(entry, Qt.Key.Key_Return)
    assert asked.args == [2**31 - 1]
