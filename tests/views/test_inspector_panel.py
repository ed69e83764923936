"""Which step the inspector shows, and where its pages stand."""

import numpy
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPushButton,
    QSlider,
    QTabBar,
)

from tests.training.small_runs import SMALL
from tests.views.inspected import (
    ENCODER_SCORES,
    NORM,
    SCORES,
    Open,
    opener,
    small_stepper,
)
from tfviz.views.inspector.cell_readout import HINT
from tfviz.views.inspector.inspector_panel import EMPTY, InspectorPanel
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.parts.page_stack import Arrangement


@pytest.fixture
def inspect(qtbot, qapp: QApplication) -> Open:
    return opener(qtbot, qapp)


def test_without_a_step_it_says_what_to_do(qtbot) -> None:
    panel = InspectorPanel()
    qtbot.addWidget(panel)
    panel.resize(900, 600)
    panel.show()
    assert panel.stack.currentWidget().empty.label.text() == EMPTY
    assert not panel.chooser.isVisible()
    panel.show_stepper(None)
    panel.show_chosen(None)
    assert panel.stack.currentIndex() == 0
    begin = panel.findChild(QPushButton, "begin_step_to_inspect")
    with qtbot.waitSignal(panel.action_wished) as wished:
        qtbot.mouseClick(begin, Qt.MouseButton.LeftButton)
    assert wished.args == ["step_operation"]


def test_with_nothing_chosen_it_follows_the_operations(inspect: Open) -> None:
    inspected = inspect(0)
    panel, stepper = inspected.panel, inspected.stepper
    shown = []
    for position in (0, *(stepper.place(name, phase).number + 1 for name, phase in (
        (SCORES, "forward"), (NORM, "forward"), (SCORES, "backward"), ("clipping", "clipping"), ("update", "update"),
    ))):  # fmt: skip
        inspected.go_to(position)
        assert panel.reading is not None and panel.looked_at is not None
        assert panel.reading.tensor == panel.looked_at.tensor
        assert stepper.computed(panel.looked_at.tensor, panel.looked_at.of)
        shown.append((panel.looked_at.tensor, panel.looked_at.of))
    first = next(iter(stepper.parameters))
    assert shown[:3] == [("source", "value"), (SCORES, "value"), (NORM, "value")]
    assert shown[3][1] == "gradient" and stepper.complete_at(*shown[3]) is not None
    assert shown[4:] == [(first, "gradient"), (first, "value")]


def test_leaving_the_step_empties_the_panel(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(NORM)
    inspected.panel.show_chosen(None)
    inspected.panel.show_stepper(None)
    assert inspected.panel.stack.currentIndex() == 0
    assert not inspected.panel.chooser.isVisible()
    assert inspected.panel.looked_at is None
    inspected.panel.show_stepper(inspected.stepper)
    assert not inspected.panel.back_button.isEnabled()


def test_a_reading_that_comes_late_is_dropped(qtbot) -> None:
    stepper = small_stepper()
    panel = InspectorPanel()
    qtbot.addWidget(panel)
    orders = []
    panel.work_wished.connect(lambda work, done: orders.append((work, done)))
    panel.show_stepper(stepper)
    panel.show_chosen(Chosen("source"))
    panel.show_chosen(Chosen("target_in"))
    for work, done in (orders[2], orders[1]):
        done(work(stepper))
    assert panel.reading is not None and panel.reading.tensor == "target_in"


def test_what_is_shown_is_a_copy_that_going_on_does_not_write_to(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(NORM, "gradient")
    assert inspected.panel.reading is not None
    shown = inspected.panel.reading.gradient.numbers
    assert shown is not None
    before = shown.copy()
    inspected.stepper.back(5)
    assert numpy.array_equal(shown, before)


def test_with_two_shards_the_whole_batch_is_shown(inspect: Open) -> None:
    inspected = inspect(stepper=small_stepper(SMALL.with_values({"training.shards": 2})))
    inspected.look_at(ENCODER_SCORES, "value", (3, 1, 0, 0))
    scores = inspected.stepper.value(ENCODER_SCORES)
    assert scores is not None and len(scores) == 4
    assert numpy.array_equal(inspected.map().values, scores[3, 1])


@pytest.mark.parametrize(
    ("size", "arrangement"),
    [((1000, 640), Arrangement.BESIDE), ((620, 420), Arrangement.TABS), ((600, 800), Arrangement.BELOW)],
)
def test_pages_stand_where_there_is_room(size, arrangement: Arrangement, inspect: Open) -> None:
    inspected = inspect(size=size)
    panel = inspected.panel
    assert (panel.width(), panel.height()) == size
    assert panel.pages.arrangement is arrangement
    corner = panel.numbers.mapTo(panel, QPoint(0, 0))
    if arrangement is Arrangement.TABS:
        assert panel.maps.isVisible() and not panel.numbers.isVisible()
        tabs = panel.pages.tabs
        inspected.qtbot.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=tabs.tabRect(1).center())
        assert panel.numbers.isVisible() and not panel.maps.isVisible()
        panel.resize(1000, 640)
        assert panel.maps.isVisible() and panel.numbers.isVisible()
    else:
        assert panel.maps.isVisible() and panel.numbers.isVisible()
        beside = arrangement is Arrangement.BESIDE
        assert corner.x() > 500 if beside else corner.y() > 300


def test_a_click_says_where_its_number_came_from_also_where_the_maps_take_turns_with_that_page(
    inspect: Open,
) -> None:
    inspected = inspect(size=(700, 420))
    panel = inspected.panel
    assert "Click a cell to see where its number came from" in HINT
    inspected.look_at(SCORES)
    assert panel.pages.arrangement is Arrangement.TABS and not panel.cell_button.isVisible()
    inspected.click(1, 0)
    assert panel.cell_button.isVisible() and panel.maps.isVisible()
    inspected.qtbot.mouseClick(panel.cell_button, Qt.MouseButton.LeftButton)
    assert panel.cell.isVisible() and not panel.maps.isVisible()
    panel.resize(1000, 640)
    inspected.click(1, 1)
    assert panel.cell.isVisible() and not panel.cell_button.isVisible()


def test_every_control_has_a_name_and_a_tool_tip(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(SCORES)
    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QSlider, QTabBar)
    found = [widget for kind in kinds for widget in inspected.panel.findChildren(kind)]
    own = [
        widget
        for widget in found
        if not (widget.property("segment") or "cornerbutton" in widget.objectName())
    ]
    assert len(own) > 10
    for widget in own:
        if widget.parent() and isinstance(widget.parent(), QAbstractSpinBox | QTabBar | QLineEdit):
            continue
        assert widget.objectName() and widget.accessibleName() and widget.toolTip(), widget
