"""The flow map is read in numbers and words, by the pointer and by keys, and a click opens a tensor."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.training.small_runs import SMALL
from tests.views.flow_shown import NORMS, Open, box_of, flow_of, free_point, hover, measured, opener, plan
from tests.views.hand_made import colours_in, picture
from tfviz.training.snapshot import Snapshot
from tfviz.views.flow.flow_panel import FlowPanel
from tfviz.views.flow.flow_words import number
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.style.theme import DARK


@pytest.fixture(scope="module")
def trained() -> Snapshot:
    return measured(steps=20)


@pytest.fixture
def open_panel(qtbot: QtBot, qapp: QApplication, trained: Snapshot) -> Open:
    return opener(qtbot, qapp, trained)


def wished(panel: FlowPanel) -> list[Chosen]:
    found: list[Chosen] = []
    panel.tensor_wished.connect(found.append)
    return found


def test_before_anything_is_measured_it_says_what_to_do(qtbot: QtBot) -> None:
    panel = FlowPanel()
    qtbot.addWidget(panel)
    panel.show_snapshot(Snapshot(0, 0, SMALL))
    assert panel.stack.currentIndex() == 0
    panel.show_snapshot(measured())
    assert panel.stack.currentIndex() == 1


def test_step_seed_and_sentence_are_named(open_panel: Open, trained: Snapshot) -> None:
    panel = open_panel()
    text = panel.step_label.text()
    assert trained.flow is not None
    for part in ("step 20", "seed 0", "validation 1/6", trained.flow.sentence, number(trained.flow.loss)):
        assert part in text


def test_shares_are_read_in_numbers(open_panel: Open, qtbot: QtBot) -> None:
    panel = open_panel()
    flow = flow_of(panel)
    mark = plan(panel).forks[0]
    assert mark.place.junction is not None
    residual, branch = flow.shares[mark.place.junction]
    text = hover(panel, mark.at + QPointF(20, 0), qtbot)
    assert f"residual {100 * residual:.0f} %, branch {100 * branch:.0f} %" in text
    reader = hover(panel, plan(panel).readers[1].at, qtbot)
    assert "memory as decoder layer 1 reads it" in reader and "layer 0 " in reader


@NORMS
def test_a_place_is_read_in_exact_numbers(open_panel: Open, qtbot: QtBot, norm_first: bool) -> None:
    panel = open_panel(measured(norm_first=norm_first, steps=5))
    flow = flow_of(panel)
    box = box_of(panel, "decoder.layers.1.multihead_attn.output")
    text = hover(panel, box.area.center(), qtbot)
    assert "decoder L1 cross attention" in text
    assert f"activation {number(flow.activations[box.place.tensor])}" in text
    assert f"gradient {number(flow.gradients[box.place.tensor])}" in text
    assert "residual stream" in hover(panel, free_point(panel, "encoder.layers.1.fork1.skip"), qtbot)


def test_a_click_on_a_block_opens_its_tensor(open_panel: Open, qtbot: QtBot) -> None:
    panel = open_panel()
    found = wished(panel)
    box = box_of(panel, "encoder.layers.0.self_attn.output")
    qtbot.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=box.area.center().toPoint())
    assert found == [Chosen("encoder.layers.0.self_attn.output", "gradient")]
    qtbot.mouseClick(panel.signal.button(1), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=box.area.center().toPoint())
    assert found[-1] == Chosen("encoder.layers.0.self_attn.output", "value")
    qtbot.mouseClick(panel.signal.button(0), Qt.MouseButton.LeftButton)
    loss = box_of(panel, "loss").area.center().toPoint()
    qtbot.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=loss)
    assert found[-1] == Chosen("loss", "value")
    qtbot.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    assert len(found) == 3


def test_the_keys_move_from_block_to_block_and_open_one(open_panel: Open, qtbot: QtBot) -> None:
    panel = open_panel()
    found = wished(panel)
    panel.view.setFocus(Qt.FocusReason.TabFocusReason)
    assert panel.readout.text().startswith("source embedding")
    QTest.keyClick(panel.view, Qt.Key.Key_Up)
    QTest.keyClick(panel.view, Qt.Key.Key_Up)
    upper = panel.readout.text()
    assert "encoder L0" in upper
    QTest.keyClick(panel.view, Qt.Key.Key_Right)
    assert "decoder L0" in panel.readout.text()
    QTest.keyClick(panel.view, Qt.Key.Key_Return)
    assert len(found) == 1 and found[0].tensor.startswith("decoder.layers.0")
    for _ in range(40):
        QTest.keyClick(panel.view, Qt.Key.Key_Up)
    assert panel.readout.text().startswith("loss")


def test_the_block_that_is_looked_at_is_framed(open_panel: Open) -> None:
    panel = open_panel()
    box = box_of(panel, "decoder.layers.0.linear2")
    panel.show_chosen(Chosen("decoder.layers.0.linear2", "gradient"))
    frame = box.area.adjusted(-4, -4, 4, 4).toRect()
    assert QColor(DARK.accent).name() in colours_in(picture(panel.view).copy(frame))
    panel.show_chosen(None)
    assert QColor(DARK.accent).name() not in colours_in(picture(panel.view).copy(frame))
