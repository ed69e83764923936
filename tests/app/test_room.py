"""What is written in the window can be read in a small one: it has room, or a tool tip says all of it."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QTableView, QToolButton, QWidget
from pytestqt.exceptions import TimeoutError as QtTimeoutError

from tests.app.conftest import Open
from tests.app.driving import Driver
from tfviz.training.config import RunConfig
from tfviz.views.interventions.intervention_panel import InterventionPanel
from tfviz.views.parts.elided_label import ElidedLabel

SLACK = 2  # pixels: the size that a text asks for is rounded up
COMBO_FRAME = 26  # an arrow and margins
CELL_MARGINS = 6


def is_cut(widget: QWidget) -> bool:
    """Whether a widget says less than it should, in the room that it has."""
    match widget:
        case ElidedLabel():
            return widget.shown_text.endswith("…")
        case QLabel() if widget.wordWrap():
            return widget.heightForWidth(widget.width()) > widget.height() + SLACK
        case QLabel():
            return widget.minimumSizeHint().width() > widget.width() + SLACK
        case QComboBox():
            text = QFontMetrics(widget.font()).horizontalAdvance(widget.currentText())
            return text > widget.width() - COMBO_FRAME
        case QPushButton() | QToolButton():
            return bool(widget.text()) and widget.minimumSizeHint().width() > widget.width() + SLACK
    return False


def cut_texts(window: QWidget) -> Iterator[str]:
    """All that is cut off somewhere, and says nowhere what it is."""
    for widget in window.findChildren(QWidget):
        if (
            widget.isVisible()
            and not widget.visibleRegion().isEmpty()
            and not widget.toolTip()
            and is_cut(widget)
        ):
            text = widget.currentText() if isinstance(widget, QComboBox) else getattr(widget, "text", str)()
            yield f"{type(widget).__name__} {widget.objectName()} {text!r}: {widget.size().toTuple()}"


def is_cell_cut(table: QTableView, row: int, column: int) -> bool:
    model = table.model()
    font = model.data(model.index(row, column), Qt.ItemDataRole.FontRole) or table.font()
    text = QFontMetrics(font).horizontalAdvance(model.data(model.index(row, column)))
    return text + CELL_MARGINS > table.columnWidth(column)


def each_panel(driver: Driver) -> Iterator[str]:
    for name, dock in driver.window.docks.items():
        dock.raise_()
        driver.qtbot.waitUntil(lambda dock=dock: not dock.visibleRegion().isEmpty())
        yield name


@pytest.mark.parametrize("size", [(1280, 800), (1600, 1000)])
@pytest.mark.parametrize("architecture", ["encoder-decoder", "decoder"])
def test_no_text_is_cut_off_that_no_tool_tip_says(
    open_window: Open, size: tuple[int, int], architecture: str
) -> None:
    config = RunConfig.preset("tiny").with_values({"model.architecture": architecture})
    driver = open_window(config, prepare=lambda window: window.resize(*size))
    window = driver.window

    def take_apart() -> None:
        window.commands["step_operation"].trigger()
        driver.qtbot.waitUntil(lambda: window.debugging.debugger.stepper is not None, timeout=10_000)

    def compare() -> None:
        window.commands["pin_step"].trigger()
        driver.qtbot.waitUntil(lambda: window.comparing.pins.pinned is not None)

    states: dict[str, Callable[[], object]] = {
        "at the start": lambda: None,
        "trained": lambda: driver.train(3),
        "compared": compare,
        "taken apart": take_apart,
    }
    for state, reach in states.items():
        reach()
        for name in each_panel(driver):
            with suppress(QtTimeoutError):  # a layout comes a moment after what it is for
                driver.qtbot.waitUntil(lambda: not list(cut_texts(window)), timeout=1000)
            assert list(cut_texts(window)) == [], f"{state}, {name}"


def test_every_head_is_named_whole_in_the_list_of_heads_of_a_small_window(open_window: Open) -> None:
    many = RunConfig.preset("identity")  # more than the list shows at once: a scroll bar takes its room, too
    driver = open_window(many, prepare=lambda window: window.resize(1280, 800))
    heads = driver.bring_to_front(InterventionPanel)
    heads.show_page("Heads")
    table = heads.heads.table
    driver.qtbot.waitUntil(lambda: table.isVisible() and table.model().rowCount() > 0)
    driver.qtbot.waitUntil(
        lambda: not any(is_cell_cut(table, row, 0) for row in range(table.model().rowCount()))
    )
