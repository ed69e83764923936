"""What is drawn of a model in the flow map, and where: all of its tensors, in any size and shape."""

from typing import Any

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.training.small_runs import SMALL
from tests.views.flow_shown import NORMS, Open, flow_of, measured, opener, plan
from tests.views.hand_made import colours_in, picture
from tfviz.core.config import ModelConfig
from tfviz.core.parameters import Parameters
from tfviz.training.model.models import ModelCache
from tfviz.training.snapshot import Snapshot
from tfviz.training.stepping.flow import FlowMeter
from tfviz.views.flow.flow_layout import plan_of
from tfviz.views.flow.flow_scale import line_colour
from tfviz.views.style.theme import DARK


@pytest.fixture(scope="module")
def trained() -> Snapshot:
    return measured(steps=20)


@pytest.fixture
def open_panel(qtbot: QtBot, qapp: QApplication, trained: Snapshot) -> Open:
    return opener(qtbot, qapp, trained)


def shaped(**changes: Any) -> Snapshot:
    """Of a model that is no whole encoder and decoder."""
    config = ModelConfig(9, 8, d_model=8, nhead=2, dim_feedforward=12, **changes)
    flow = FlowMeter(ModelCache(config, Parameters(config), 0)).measure([1, 4, 6, 5, 2], [1, 5, 4, 7, 2])
    return Snapshot(0, 0, SMALL, flow=flow)


@NORMS
def test_whatever_can_be_clicked_is_a_tensor_of_the_model(norm_first: bool) -> None:
    shown = measured(norm_first=norm_first)
    assert shown.flow is not None
    drawn = plan_of(shown.flow.chart, 1000, 500)
    names = {box.place.tensor for box in drawn.boxes} | drawn.streams.keys() | drawn.branches.keys()
    names |= {mark.place.tensor for mark in (*drawn.joins, *drawn.forks, *drawn.readers)}
    assert names - {"loss"} == shown.flow.gradients.keys()


def test_a_deep_stack_is_seen_whole_and_in_detail(open_panel: Open, qtbot: QtBot) -> None:
    deep = measured(12, 12)
    panel = open_panel(deep)
    assert panel.detail_button.isVisible()
    assert panel.view.height() == panel.scroll_area.viewport().height()
    qtbot.mouseClick(panel.detail_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.view.height() == panel.view.natural_height())
    assert panel.view.height() > 1500 and plan(panel).row >= 50
    qtbot.mouseClick(panel.detail_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.view.height() == panel.scroll_area.viewport().height())


def test_a_stack_that_can_be_read_offers_no_detail(open_panel: Open) -> None:
    assert not open_panel(measured(1, 1)).detail_button.isVisible()


@NORMS
@pytest.mark.parametrize("layers", [(1, 1), (2, 2), (12, 12), (1, 6), (6, 1)])
@pytest.mark.parametrize("size", [(440, 200), (660, 370), (960, 500)])
def test_nothing_overlaps_or_leaves_the_picture(
    layers: tuple[int, int], norm_first: bool, size: tuple[int, int]
) -> None:
    shown = measured(*layers, norm_first=norm_first)
    assert shown.flow is not None
    drawn = plan_of(shown.flow.chart, *size)
    picture_area = QRectF(0, 0, *size)
    for box in drawn.boxes:
        assert picture_area.contains(box.area) and box.area.width() >= 10, box
        others = [other for other in drawn.boxes if other is not box and other.area.intersects(box.area)]
        assert others == [], box
    for lines in (*drawn.streams.values(), *drawn.branches.values()):
        assert all(picture_area.contains(end) for line in lines for end in (line.p1(), line.p2()))


@pytest.mark.parametrize(
    "shape",
    [
        {"residual": False},
        {"layer_norm": False},
        {"positions": "none"},
        {"architecture": "encoder"},
        {"architecture": "decoder"},
        {"architecture": "decoder", "norm_first": True},
    ],
    ids=str,
)
def test_models_of_other_shapes_are_drawn_as_they_are(
    open_panel: Open, shape: dict[str, Any], qtbot: QtBot
) -> None:
    panel = open_panel(shaped(**shape))
    drawn, flow = plan(panel), flow_of(panel)
    names = {box.place.tensor for box in drawn.boxes} | drawn.streams.keys() | drawn.branches.keys()
    assert names - {"loss"} == flow.chart.tensors
    assert len(drawn.feet) == len(flow.chart.stacks)
    for at in (0, 1):
        qtbot.mouseClick(panel.signal.button(at), Qt.MouseButton.LeftButton)
        colours = colours_in(picture(panel.view))
        assert (
            line_colour(
                panel.view.scales[panel.view.of].level(flow.strengths(panel.view.of)["logits"]), DARK
            ).name()
            in colours
        )
    assert len(drawn.forks) == sum(sublayer.fork is not None for sublayer in flow.chart.sublayers)
    qtbot.mouseClick(panel.view, Qt.MouseButton.LeftButton, pos=drawn.boxes[2].area.center().toPoint())


@NORMS
def test_norms_stand_where_the_model_has_them(norm_first: bool) -> None:
    shown = measured(norm_first=norm_first)
    assert shown.flow is not None
    chart = shown.flow.chart
    drawn = plan_of(chart, 960, 500)
    areas = {(box.kind, box.place.tensor): box.area for box in drawn.boxes}
    for sublayer in chart.sublayers:
        assert sublayer.norm
        norm = areas["norm", sublayer.norm]
        block = areas[sublayer.kind, sublayer.block]
        join = next(mark.at for mark in drawn.joins if mark.place.junction == sublayer.join)
        if norm_first:
            assert norm.top() > block.bottom() and norm.right() < join.x()
        else:
            assert norm.bottom() < join.y() and norm.left() < join.x() < norm.right()
