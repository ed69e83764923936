"""The page "Check": both derivatives of a cell, errors of a layer, and what can be checked instead of an activation."""

import math
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot

from tests.training.small_runs import HARD, SMALL
from tests.views.hand_made import colours_in, picture
from tests.views.on_screen import exposed
from tests.views.step_pages import Granting, plain, stepper_after
from tfviz.core.gradient_check import TOLERANCE, check_model
from tfviz.core.operations import LayerNorm
from tfviz.core.parameters import Parameters
from tfviz.core.transformer import Transformer
from tfviz.training.stepping.hand_check import CellCheck
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.inspector import check_view
from tfviz.views.inspector.cell_text import number_text
from tfviz.views.inspector.check_layer_box import COLUMNS
from tfviz.views.inspector.check_run import CheckRun, layer_of
from tfviz.views.inspector.check_view import NO_CELL, NO_TENSOR, CheckView
from tfviz.views.inspector.error_plot import ErrorPlot
from tfviz.views.inspector.step_page import NO_STEP
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.style.theme import DARK, LIGHT

WEIGHT, LAYER = "transformer.encoder.layers.0.linear1.weight", "transformer.encoder.layers.0."


@pytest.fixture
def stepper() -> Stepper:
    return stepper_after(SMALL.with_values({"model.activation": "gelu", "training.label_smoothing": 0.1}))


@pytest.fixture
def view(qtbot: QtBot, stepper: Stepper) -> Granting:
    return Granting(exposed(qtbot, CheckView(), 560, 800), stepper)


def press(qtbot: QtBot, button) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_cell_shows_both_derivatives_and_their_agreement(view: Granting, stepper: Stepper) -> None:
    view.look_at(WEIGHT, "gradient", (3, 2))
    check = stepper.check(WEIGHT, (3, 2))
    assert [label.text() for label in view.page.numbers.values()] == [
        number_text(check.analytic, 12), number_text(check.numeric, 12), "2⁻¹⁰ = 0.000976562",
        number_text(check.error, 3),
    ]  # fmt: skip
    assert (
        check.step == 2.0**-10 and "D(h) = (L(+h) − L(−h)) / 2h" in view.page.numbers["step size h"].toolTip()
    )
    assert "float32" in view.page.rounded.text() and view.page.rounded.isVisible()
    assert plain(view.page.note) == "✓ They agree within the tolerance of 1e-06."


def test_the_worst_of_a_whole_layer_is_what_gradcheck_finds(
    view: Granting, stepper: Stepper, qtbot: QtBot
) -> None:
    """The page and tfviz.core.gradient_check, at the same point with the same batch."""
    name = "generator.bias"
    view.look_at(name, "value", (0,))
    press(qtbot, view.page.layer.button)
    run, batch = view.page.layer.run, stepper.batch
    point = Parameters(stepper.model.config, "float64")
    point.load({each: parameter.value for each, parameter in stepper.parameters.items()})
    model = Transformer(stepper.model.config, *batch.shape, 0.1, "float64", parameters=point)
    names = ["generator.weight", name]
    found = {
        check.name: check
        for check in check_model(model, (batch.source, batch.target_in, batch.target_out), names)
    }
    assert len(run.cells) == sum(check.entries for check in found.values()) <= 300
    for each in names:
        worst = max((cell for cell in run.cells if cell.name == each), key=lambda cell: cell.error)
        assert (worst.index, worst.error) == (found[each].worst_index, found[each].worst_error)
        assert (worst.analytic, worst.numeric) == (found[each].analytic, found[each].numeric)
    assert run.largest() == max(check.worst_error for check in found.values()) <= TOLERANCE
    assert f"worst error {number_text(run.largest(), 3)}" in view.page.layer.summary.text()


def test_a_layer_is_checked_in_slices_that_show_progress_and_can_be_stopped(
    view: Granting, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tfviz.views.inspector.check_run.SLICE_SECONDS", -1.0)  # one entry a slice
    view.look_at(WEIGHT)
    view.held, layer = True, view.page.layer
    press(qtbot, layer.button)
    for count in (1, 2, 3):
        view.release()
        assert layer.progress.value() == len(layer.run.cells) == count
        assert layer.button.text() == "Stop"
    press(qtbot, layer.button)
    view.release()
    assert layer.button.text() == "Check this layer" and view.waiting == []
    assert layer.table.rowCount() == len(layer.run.cells) == 4
    assert layer.progress.maximum() == 300


def test_the_rows_of_the_worst_entries_lead_to_their_cells(view: Granting, qtbot: QtBot) -> None:
    view.look_at(WEIGHT)
    layer = view.page.layer
    layer.samples.setCurrentIndex(0)
    press(qtbot, layer.button)
    assert len(layer.run.cells) == 100 and layer.table.rowCount() == 10
    errors = [cell.error for cell in layer.run.worst]
    assert errors == sorted(errors, reverse=True)
    assert all(cell.name.startswith(LAYER) for cell in layer.run.cells)
    assert layer.summary.text().endswith("; step size 2⁻¹⁰")
    layer.run.cells[3] = replace(layer.run.cells[3], step=2.0**-17)
    layer.recolour(DARK)
    assert layer.summary.text().endswith("; step sizes 2⁻¹⁰ to 2⁻¹⁷")
    worst = layer.run.worst[1]
    view.page.area.ensureWidgetVisible(layer.table)
    place = layer.table.visualItemRect(layer.table.item(1, 0)).center()
    qtbot.mouseClick(layer.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert view.wished == [Chosen(worst.name, "gradient", worst.index)]
    assert layer.run is not None and layer.table.rowCount() == 10  # the results of the layer stay
    assert view.page.check.name == worst.name and view.page.check.error == worst.error


def test_on_a_narrow_page_the_errors_are_seen_whole(view: Granting, qtbot: QtBot) -> None:
    view.look_at(WEIGHT)
    layer = view.page.layer
    layer.samples.setCurrentIndex(0)
    press(qtbot, layer.button)
    table, error, difference = layer.table, COLUMNS.index("error"), COLUMNS.index("difference")
    assert not table.isColumnHidden(difference) and table.isColumnHidden(COLUMNS.index("remark"))
    view.page.resize(380, 800)
    QApplication.processEvents()
    assert table.isColumnHidden(difference)
    assert table.horizontalHeader().length() <= table.viewport().width()
    assert table.columnWidth(error) >= table.sizeHintForColumn(error)
    assert number_text(layer.run.worst[0].numeric, 12) in table.item(0, 0).toolTip()
    layer.run.cells[0] = replace(layer.run.cells[0], smooth=False, error=1.0)
    layer._fill(layer.run.cells[:3])
    assert not table.isColumnHidden(COLUMNS.index("remark"))


def test_for_an_activation_the_parameters_of_its_operation_are_offered(view: Granting, qtbot: QtBot) -> None:
    view.look_at("encoder.layers.0.self_attn.weights", "gradient", (0, 0, 0, 0))
    assert "parameters of encoder.layers.0.self_attn.in_proj" in plain(view.page.note)
    assert not view.page.layer.isVisible() and not view.page.result.isVisible()
    assert not view.page.button.isVisible()
    view.look_at("decoder.layers.0.multihead_attn.context.merged", "gradient")
    told = plain(view.page.note)
    assert all(f"decoder.layers.0.multihead_attn.in_proj_{part}" in told for part in ("query", "key_value"))
    assert [button.text() for button in view.page.offered] == ["in_proj_weight ↗", "in_proj_bias ↗"]
    view.look_at("encoder.layers.0.self_attn.weights", "gradient", (0, 0, 0, 0))
    press(qtbot, view.page.offered[1])
    assert view.wished == [Chosen("transformer.encoder.layers.0.self_attn.in_proj_bias", "value")]
    assert plain(view.page.note) == NO_CELL and view.page.offered == []
    view.look_at("source_mask", "value", (0, 0, 0, 0))
    assert NO_TENSOR in plain(view.page.note)


def test_a_link_that_is_gone_once_it_is_followed_gives_the_focus_to_no_other_button(
    view: Granting, qtbot: QtBot
) -> None:
    view.look_at("encoder.layers.0.self_attn.weights", "gradient", (0, 0, 0, 0))
    link = view.page.offered[0]
    assert link.focusPolicy() == Qt.FocusPolicy.TabFocus  # a click leaves it where it is
    view.page.window().activateWindow()
    link.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(link.hasFocus)
    qtbot.keyClick(link, Qt.Key.Key_Space)
    assert len(view.wished) == 1
    assert not isinstance(QApplication.focusWidget(), QAbstractButton)


def test_it_says_what_to_choose(view: Granting) -> None:
    assert view.page.empty.label.text() == NO_TENSOR
    view.page.show_stepper(None)
    assert view.page.empty.label.text() == NO_STEP


def test_a_large_model_is_checked_only_when_it_is_asked_for(
    view: Granting, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_view, "QUICK", 0.0)
    view.look_at(WEIGHT, "gradient", (3, 2))
    assert view.page.check is None and "takes a while" in plain(view.page.note)
    press(qtbot, view.page.button)
    assert view.page.check.index == (3, 2) and view.page.result.isVisible()


def test_a_wrong_backward_pass_is_said_to_differ(
    view: Granting, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = LayerNorm.backward

    def wrong(self: LayerNorm) -> None:
        right(self)
        self.gain.gradient[...] *= 1.01

    monkeypatch.setattr(LayerNorm, "backward", wrong)
    view.look_at("transformer.encoder.layers.0.norm1.weight", "gradient", (3,))
    assert plain(view.page.note) == "✗ They differ by more than the tolerance of 1e-06."
    view.look_at("transformer.encoder.norm.weight", "gradient", (3,))
    press(qtbot, view.page.layer.button)
    assert view.page.layer.run.beyond == 8  # all gains, no bias
    assert "8 above the tolerance" in view.page.layer.summary.text()


CHECK = CellCheck("w", (0,), 1e-3, 1e-3, 1e-9, True, 2.0**-10, 1e-10)


def test_kinks_and_rounding_do_not_count() -> None:
    kink, rounded = replace(CHECK, error=0.5, smooth=False), replace(CHECK, error=1e-5, rounding=2e-5)
    broken = replace(CHECK, error=math.nan, analytic=math.nan)
    run = CheckRun("w", 9, cells=[CHECK, kink, rounded, broken])
    assert (run.beyond, run.rounded) == (1, 1)
    assert run.worst == [broken, rounded, CHECK, kink]
    assert not math.isfinite(run.largest())


def test_a_kink_is_told(view: Granting) -> None:
    view.page._show(replace(CHECK, error=0.5, smooth=False))
    assert "kink" in plain(view.page.note)
    view.page._show(replace(CHECK, error=1e-5, rounding=2e-5))
    assert "rounded" in plain(view.page.note)


def test_errors_are_drawn_against_the_tolerance_in_the_colours_of_the_theme(qtbot: QtBot) -> None:
    plot = ErrorPlot()
    qtbot.addWidget(plot)
    plot.resize(400, 170)
    bad, kink = replace(CHECK, error=1e-2), replace(CHECK, error=1e-1, smooth=False)
    broken, nothing = replace(CHECK, error=math.nan), replace(CHECK, analytic=0.0, error=0.0)
    plot.show_cells([CHECK, bad, kink, broken, nothing])
    heights = [plot.place(cell).y() for cell in (broken, kink, bad, CHECK, nothing)]
    assert heights == sorted(heights)
    for theme in (DARK, LIGHT):
        plot.recolour(theme)
        assert {theme.good, theme.bad, theme.raised} <= colours_in(picture(plot))


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        (WEIGHT, LAYER), ("generator.weight", "generator."), ("source_embedding.weight", "source_embedding."),
        ("transformer.encoder.norm.bias", "transformer.encoder.norm."),
        ("transformer.decoder.layers.10.multihead_attn.in_proj_weight", "transformer.decoder.layers.10."),
    ],
)  # fmt: skip
def test_the_layer_of_a_parameter(name: str, layer: str) -> None:
    assert layer_of(name) == layer


def test_results_are_of_one_step(view: Granting, qtbot: QtBot) -> None:
    view.look_at("generator.bias", "value", (0,))
    press(qtbot, view.page.layer.button)
    view.stepper = stepper_after(HARD)
    view.rest()
    assert view.page.layer.run is None and not view.page.layer.table.isVisible()
    assert view.page.check == view.stepper.check("generator.bias", (0,))
