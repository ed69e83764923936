"""The flow map: lines as strong as their signals, marks where something is wrong, and a click that opens a tensor."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from PySide6.QtCore import QLineF, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.training.small_runs import SMALL
from tests.views.hand_made import colours_in, picture
from tfviz.core.config import ModelConfig
from tfviz.core.parameters import Parameters
from tfviz.training.mailbox import Demand
from tfviz.training.model.models import ModelCache
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot
from tfviz.training.stepping.flow import Flow, FlowMeter
from tfviz.views.flow.flow_layout import plan_of
from tfviz.views.flow.flow_marks import TROUBLE_COLOURS
from tfviz.views.flow.flow_panel import FlowPanel
from tfviz.views.flow.flow_plan import WIDEST_STREAM, Box, Plan
from tfviz.views.flow.flow_scale import line_colour, line_width
from tfviz.views.flow.flow_words import number, summary
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.style.theme import DARK, LIGHT, Theme

Open = Callable[..., FlowPanel]
BOTH = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
NORMS = pytest.mark.parametrize("norm_first", [False, True], ids=["post", "pre"])


@cache
def measured(encoder: int = 2, decoder: int = 2, norm_first: bool = False, steps: int = 0) -> Snapshot:
    """What a real session shows after so many steps."""
    layers = {"model.num_encoder_layers": encoder, "model.num_decoder_layers": decoder}
    with Session(SMALL.with_values(layers | {"model.norm_first": norm_first})) as session:
        session.train(steps)
        return session.snapshot(Demand(flow=True))


def shaped(**changes: Any) -> Snapshot:
    """Of a model that is no whole encoder and decoder."""
    config = ModelConfig(9, 8, d_model=8, nhead=2, dim_feedforward=12, **changes)
    flow = FlowMeter(ModelCache(config, Parameters(config), 0)).measure([1, 4, 6, 5, 2], [1, 5, 4, 7, 2])
    return Snapshot(0, 0, SMALL, flow=flow)


@pytest.fixture(scope="module")
def trained() -> Snapshot:
    return measured(steps=20)


@pytest.fixture
def open_panel(qtbot: QtBot, qapp: QApplication, trained: Snapshot) -> Iterator[Open]:
    def open_one(
        snapshot: Snapshot | None = None, theme: Theme = DARK, size: tuple[int, int] = (1000, 640)
    ) -> FlowPanel:
        theme.apply(qapp)
        panel = FlowPanel()
        qtbot.addWidget(panel)
        panel.recolour(theme)
        panel.resize(*size)
        panel.show()
        panel.show_snapshot(snapshot or trained)
        qtbot.waitExposed(panel)
        qapp.processEvents()
        return panel

    yield open_one


def flow_of(panel: FlowPanel) -> Flow:
    assert panel.view.flow is not None
    return panel.view.flow


def plan(panel: FlowPanel) -> Plan:
    assert panel.view.plan is not None
    return panel.view.plan


def box_of(panel: FlowPanel, tensor: str, kind: str | None = None) -> Box:
    return next(box for box in plan(panel).boxes if box.place.tensor == tensor and kind in (None, box.kind))


def changed(snapshot: Snapshot, **gradients: float) -> Snapshot:
    """With other gradients: names with dots in them, given with double underscores."""
    flow = snapshot.flow
    assert flow is not None
    new = {name.replace("__", "."): strength for name, strength in gradients.items()}
    assert new.keys() <= flow.gradients.keys()
    return replace(snapshot, flow=replace(flow, gradients=dict(flow.gradients) | new))


def longest(lines: list[QLineF]) -> QLineF:
    return max(lines, key=QLineF.length)


def colour_at(image: QImage, point: QPointF) -> str:
    return image.pixelColor(point.toPoint()).name()


def hover(panel: FlowPanel, point: QPointF, qtbot: QtBot) -> str:
    QTest.mouseMove(panel.view, QPoint(1, 1))
    qtbot.mouseMove(panel.view, point.toPoint())
    return panel.readout.text()


def wished(panel: FlowPanel) -> list[Chosen]:
    found: list[Chosen] = []
    panel.tensor_wished.connect(found.append)
    return found


def free_point(panel: FlowPanel, tensor: str) -> QPointF:
    """A point of a stream's longest line that lies below no block or sum."""
    line = longest(plan(panel).streams[tensor])
    blocks = [box.area.adjusted(-2, -2, 2, 2) for box in plan(panel).boxes]
    blocks += [QRectF(join.at.x() - 7, join.at.y() - 7, 14, 14) for join in plan(panel).joins]
    points = [line.pointAt(0.5 + share / 40 * sign) for share in range(18) for sign in (1, -1)]
    return next(point for point in points if not any(area.contains(point) for area in blocks))


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


@BOTH
def test_every_stream_has_the_colour_of_its_strength(theme: Theme, open_panel: Open) -> None:
    panel = open_panel(theme=theme)
    image, flow, scale = picture(panel.view), flow_of(panel), panel.view.scales["gradient"]
    streams = [sublayer.skip for sublayer in flow.chart.sublayers if sublayer.skip]
    for tensor in (*streams, "encoder.memory"):
        expected = line_colour(scale.level(flow.gradients[tensor]), theme).name()
        assert colour_at(image, free_point(panel, tensor)) == expected, tensor


def test_a_stronger_signal_is_a_wider_line(open_panel: Open, trained: Snapshot) -> None:
    widths = []
    panel = open_panel(trained)
    tensor = "encoder.layers.0.fork2.skip"
    panel.show_snapshot(changed(trained, encoder__layers__0__fork1__skip=1e-6, encoder__memory=1.0))
    for strength in (1e-5, 1e-3, 1e-1):
        panel.show_snapshot(changed(trained, encoder__layers__0__fork2__skip=strength, decoder__norm=1e-3))
        level = panel.view.scales["gradient"].level(strength)
        colour = line_colour(level, DARK).name()
        at, image = free_point(panel, tensor), picture(panel.view)
        row = [image.pixelColor(int(at.x()) + x, int(at.y())).name() for x in range(-8, 9)]
        widths.append(row.count(colour))
        assert widths[-1] == pytest.approx(line_width(level, WIDEST_STREAM), abs=1)
    assert widths == sorted(set(widths))


def test_the_scale_grows_and_stands_still_until_it_is_fitted(
    open_panel: Open, trained: Snapshot, qtbot: QtBot
) -> None:
    panel = open_panel()
    scale = panel.view.scales["gradient"]
    before = scale.low, scale.high
    panel.show_snapshot(changed(trained, logits=3e4))
    assert (scale.low, scale.high) == (before[0], 5)
    panel.show_snapshot(trained)
    assert (scale.low, scale.high) == (before[0], 5)
    assert str(scale.high) in panel.legend.accessibleDescription()
    qtbot.mouseClick(panel.fit_button, Qt.MouseButton.LeftButton)
    assert (scale.low, scale.high) == before


@BOTH
def test_shares_are_split_bars_and_a_negative_one_has_its_own_colour(
    theme: Theme, open_panel: Open, trained: Snapshot
) -> None:
    flow = trained.flow
    assert flow is not None
    fork = "encoder.layers.0.fork1"
    made = replace(flow, shares=dict(flow.shares) | {fork: (1.5, -0.5)})
    panel = open_panel(replace(trained, flow=made), theme)
    mark = next(mark for mark in plan(panel).forks if mark.place.junction == fork)
    image = picture(panel.view)
    # 30 pixels long, three quarters of it the residual stream's
    assert colour_at(image, mark.at + QPointF(14, 0)) == QColor(theme.text).name()
    assert colour_at(image, mark.at + QPointF(36, 0)) == QColor(theme.gradient).name()
    whole = image.copy(QRectF(mark.at.x() + 8, mark.at.y() - 3, 40, 6).toRect())
    assert QColor(theme.accent).name() not in colours_in(whole)


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


@NORMS
def test_whatever_can_be_clicked_is_a_tensor_of_the_model(norm_first: bool) -> None:
    shown = measured(norm_first=norm_first)
    assert shown.flow is not None
    drawn = plan_of(shown.flow.chart, 1000, 500)
    names = {box.place.tensor for box in drawn.boxes} | drawn.streams.keys() | drawn.branches.keys()
    names |= {mark.place.tensor for mark in (*drawn.joins, *drawn.forks, *drawn.readers)}
    assert names - {"loss"} == shown.flow.gradients.keys()


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


def test_it_is_said_whether_a_gradient_vanishes_in_a_stream_or_on_branches_alone(trained: Snapshot) -> None:
    flow = trained.flow
    assert flow is not None
    sublayer = flow.chart.stacks[0].sublayers[1]
    for tensor, where in ((sublayer.branch, ", none in a stream"), (sublayer.total, "")):
        faint = replace(flow, gradients=dict(flow.gradients) | {tensor: 1e-12})
        assert summary(faint, "gradient").startswith(
            f"↓ vanishing at 1 of {len(flow.gradients)} places{where} · Gradient RMS"
        )


def test_a_gradient_that_vanishes_is_marked_in_words(
    open_panel: Open, trained: Snapshot, qtbot: QtBot
) -> None:
    flow = trained.flow
    assert flow is not None
    faint = dict.fromkeys(flow.chart.stacks[0].tensors, 1e-09)
    panel = open_panel(replace(trained, flow=replace(flow, gradients=dict(flow.gradients) | faint)))
    colours = colours_in(picture(panel.view))
    assert QColor(getattr(DARK, TROUBLE_COLOURS["vanishing"])).name() in colours
    assert QColor(getattr(DARK, TROUBLE_COLOURS["exploding"])).name() not in colours
    assert f"↓ vanishing at {len(faint)} of" in panel.readout.text()
    text = hover(panel, free_point(panel, "encoder.layers.1.fork1.skip"), qtbot)
    assert "gradient ↓ vanishing" in text
    panel._describe()
    assert "vanishing" in panel.view.accessibleDescription()


@pytest.mark.parametrize(
    ("strength", "trouble"), [(1e6, "exploding"), (math.nan, "not finite"), (math.inf, "not finite")]
)
def test_what_explodes_or_is_not_finite_is_marked(
    open_panel: Open, trained: Snapshot, strength: float, trouble: str
) -> None:
    panel = open_panel(changed(trained, encoder__layers__0__fork1__skip=strength))
    colour = QColor(getattr(DARK, TROUBLE_COLOURS[trouble])).name()  # type: ignore[index]
    assert colour in colours_in(picture(panel.view))
    assert f"{trouble} at 1 of" in panel.readout.text()
    panel.show_snapshot(trained)
    panel._texts.now()
    assert colour not in colours_in(picture(panel.view))


def test_the_same_diagram_shows_the_activations(open_panel: Open, qtbot: QtBot) -> None:
    panel = open_panel()
    before = picture(panel.view)
    qtbot.mouseClick(panel.signal.button(1), Qt.MouseButton.LeftButton)
    image, flow, scale = picture(panel.view), flow_of(panel), panel.view.scales["value"]
    assert image != before
    for tensor in ("encoder.memory", "decoder.layers.1.fork2.skip"):
        expected = line_colour(scale.level(flow.activations[tensor]), DARK).name()
        assert colour_at(image, free_point(panel, tensor)) == expected
    assert panel.readout.text().startswith("Activation RMS")


def test_the_block_that_is_looked_at_is_framed(open_panel: Open) -> None:
    panel = open_panel()
    box = box_of(panel, "decoder.layers.0.linear2")
    panel.show_chosen(Chosen("decoder.layers.0.linear2", "gradient"))
    frame = box.area.adjusted(-4, -4, 4, 4).toRect()
    assert QColor(DARK.accent).name() in colours_in(picture(panel.view).copy(frame))
    panel.show_chosen(None)
    assert QColor(DARK.accent).name() not in colours_in(picture(panel.view).copy(frame))


def test_recolouring_while_open_changes_everything(open_panel: Open, qapp: QApplication) -> None:
    panel = open_panel()
    LIGHT.apply(qapp)
    panel.recolour(LIGHT)
    colours = colours_in(picture(panel.view))
    assert QColor(LIGHT.panel).name() in colours and QColor(DARK.panel).name() not in colours


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
