"""The pages of a step with a real debugger and its thread."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.views.step_pages import stepper_after
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.inspector.check_view import CheckView
from tfviz.views.inspector.provenance_view import ProvenanceView
from tfviz.views.inspector.step_page import StepPage
from tfviz.views.operations.step_debugger import Chosen, StepDebugger

CHOSEN = Chosen("transformer.encoder.layers.0.linear1.weight", "gradient", (3, 2))


class Run:
    def stepper(self, step: int, branch: int | None = None, progress: object = None) -> Stepper:
        return stepper_after()


@pytest.fixture
def opened(debugger: StepDebugger, qtbot: QtBot) -> StepDebugger:
    """At the end of the backward pass."""
    with qtbot.waitSignal(debugger.opened):
        debugger.open(Run(), 0, 0)
    with qtbot.waitSignal(debugger.moved):
        debugger.run_to_gradients()
    return debugger


def joined(page: StepPage, debugger: StepDebugger, qtbot: QtBot) -> None:
    """Show a page that asks the debugger, and is told of it, as the inspector does it."""
    qtbot.addWidget(page)
    page.resize(700, 800)
    page.work_wished.connect(debugger.run)
    page.tensor_wished.connect(debugger.choose)
    debugger.chosen_changed.connect(lambda: page.show_chosen(debugger.chosen))
    for told in (debugger.opened, debugger.moved):
        told.connect(lambda: page.show_stepper(debugger.stepper))
    page.show()
    page.show_stepper(debugger.stepper)


def test_one_walks_two_sources_back(opened: StepDebugger, qtbot: QtBot) -> None:
    page = ProvenanceView()
    joined(page, opened, qtbot)
    opened.choose(CHOSEN)
    qtbot.waitUntil(lambda: page.explanation is not None)
    for steps in (1, 2):
        terms = page.table.terms
        index = terms.index(0, [column.title for column in terms.columns].index("dL/dy"))
        cell = terms.link(index)
        page.table.setFocus()
        page.table.setCurrentIndex(index)
        qtbot.keyClick(page.table, Qt.Key.Key_Return)
        assert opened.chosen == Chosen(cell.tensor, cell.of, cell.indices)
        assert len(page.walk.walk) == steps + 1
        qtbot.waitUntil(lambda: page.explanation.cell == page.cell)
        assert page.cell == cell


def test_a_cell_and_its_layer_are_checked_in_the_thread(opened: StepDebugger, qtbot: QtBot) -> None:
    page = CheckView()
    joined(page, opened, qtbot)
    opened.choose(CHOSEN)
    qtbot.waitUntil(lambda: page.check is not None)
    layer = page.layer
    layer.samples.setCurrentIndex(0)
    qtbot.mouseClick(layer.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not layer.running, timeout=20_000)
    assert len(layer.run.cells) == 100 and layer.run.beyond == 0


def test_closing_a_step_ends_a_check(opened: StepDebugger, qtbot: QtBot) -> None:
    page = CheckView()
    joined(page, opened, qtbot)
    opened.choose(CHOSEN)
    qtbot.mouseClick(page.layer.button, Qt.MouseButton.LeftButton)
    opened.close()
    assert not page.layer.running and page.check is None
    qtbot.waitUntil(lambda: not opened.busy)
