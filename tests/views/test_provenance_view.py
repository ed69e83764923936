"""The page "Cell": the terms that made a cell, links that lead to where they were read, and the way back."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from tests.training.small_runs import HARD
from tests.views.hand_made import colours_in, picture
from tests.views.on_screen import exposed
from tests.views.step_pages import Granting, plain, stepper_after
from tfviz.core.provenance import Cell, Explanation, Factor, Term
from tfviz.training.stepping.stepper import Stepper
from tfviz.views.inspector.cell_text import cell_text, number_text
from tfviz.views.inspector.provenance_view import NO_CELL, ProvenanceView
from tfviz.views.inspector.step_page import NO_STEP
from tfviz.views.inspector.sum_grid import ROUNDED
from tfviz.views.inspector.term_columns import percent
from tfviz.views.inspector.term_model import SHOWN, TermModel
from tfviz.views.inspector.term_table import WRITINGS, TermTable
from tfviz.views.operations.step_debugger import Chosen
from tfviz.views.style.theme import DARK, LIGHT

LINEAR, WEIGHT = "encoder.layers.0.linear1", "transformer.encoder.layers.0.linear1.weight"


@pytest.fixture
def stepper() -> Stepper:
    made = stepper_after()
    made.run_to_gradients()
    return made


@pytest.fixture
def view(qtbot: QtBot, stepper: Stepper) -> Granting:
    return Granting(exposed(qtbot, ProvenanceView(), 760, 700), stepper)


def texts(table: TermTable, column: int) -> list[str]:
    return [
        table.terms.data(table.terms.index(row, column))
        for row in range(table.terms.rowCount())
        if row != table.terms.fold_row
    ]


def column_of(table: TermTable, title: str) -> int:
    return [column.title for column in table.terms.columns].index(title)


def click(qtbot: QtBot, table: TermTable, row: int, column: int) -> None:
    index = table.terms.index(row, column)
    table.scrollTo(index)
    QApplication.processEvents()
    qtbot.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(index).center() + QPoint(2, 0)
    )


def test_a_cell_shows_its_formula_terms_and_both_sums(view: Granting, stepper: Stepper) -> None:
    view.look_at(LINEAR, "value", (1, 2, 3))
    page, told = view.page, stepper.explain(LINEAR, (1, 2, 3))
    assert page.formula.text() == told.formula == "y[o] = sum_i W[o, i] x[i] + b[o]"
    assert plain(page.made_by).startswith("batch 1 · position 2 · features 3\nmade by " + LINEAR)
    assert page.sums.texts == {
        "sum, in float64": number_text(told.total, 12),
        "stored by the step": number_text(told.stored, 9),
        "difference": number_text(told.stored - told.total, 3),
    }
    assert page.sums.findChild(QLabel, "rounded_note").text() == ROUNDED
    page.order.button(1).click()
    assert texts(page.table, 0) == [number_text(term.product) for term in told.terms]
    assert texts(page.table, column_of(page.table, "W"))[-1] == f"b  {number_text(told.terms[-1].product)} ↗"


def test_numbers_of_a_step_in_float64_are_not_said_to_be_rounded(qtbot: QtBot) -> None:
    stepper = stepper_after(HARD.replace("training.dtype", "float64"))
    stepper.run_to_gradients()
    view = Granting(exposed(qtbot, ProvenanceView(), 760, 700), stepper)
    view.look_at(LINEAR, "value", (1, 2, 3))
    assert view.page.sums.findChild(QLabel, "rounded_note") is None


def test_the_largest_product_comes_first_unless_the_order_is_asked_for(
    view: Granting, stepper: Stepper, qtbot: QtBot
) -> None:
    view.look_at(WEIGHT, "gradient", (0, 0))
    products = [term.product for term in stepper.explain(WEIGHT, (0, 0), "gradient").terms]
    largest = sorted(products, key=abs, reverse=True)
    assert texts(view.page.table, 0) == [number_text(product) for product in largest[:SHOWN]]
    qtbot.mouseClick(view.page.order.button(1), Qt.MouseButton.LeftButton)
    assert texts(view.page.table, 0) == [number_text(product) for product in products[:SHOWN]]


def test_what_is_folded_is_counted_summed_and_unfolded_by_a_click(
    view: Granting, stepper: Stepper, qtbot: QtBot
) -> None:
    view.look_at(WEIGHT, "gradient", (0, 0))
    terms = view.page.table.terms
    products = sorted((term.product for term in terms.terms), key=abs, reverse=True)
    assert terms.rowCount() == SHOWN + 1
    rest = products[SHOWN:]
    text = terms.data(terms.index(SHOWN, 0))
    assert text == f"{len(rest)} more terms, together {number_text(sum(rest))} - show them"
    click(qtbot, view.page.table, SHOWN, 0)
    assert terms.rowCount() == len(products) + 1
    view.page.table.setFocus()
    view.page.table.setCurrentIndex(terms.index(len(products), 0))
    qtbot.keyClick(view.page.table, Qt.Key.Key_Space)
    assert terms.rowCount() == SHOWN + 1


def test_links_are_walked_by_mouse_and_keyboard_and_back_along_the_walk(view: Granting, qtbot: QtBot) -> None:
    view.look_at(WEIGHT, "gradient", (3, 2))
    table = view.page.table
    row = next(row for row in range(SHOWN) if table.terms.term(row).factors[0].value)
    click(qtbot, table, row, column_of(table, "dL/dy"))
    first = view.wished[0]
    assert (first.tensor, first.of) == (LINEAR, "gradient")
    table.setFocus()
    table.setCurrentIndex(table.terms.index(0, column_of(table, "dL/dy")))
    qtbot.keyClick(table, Qt.Key.Key_Return)
    assert len(view.wished) == 2 and view.wished[1].of == "gradient"
    walk = view.page.walk.walk
    here = view.page.walk.findChild(QLabel, "walk_here")
    assert here.isEnabled() and here.toolTip() == f"You are here: {cell_text(walk[2])}"
    assert walk[0] == Cell(WEIGHT, (3, 2), "gradient") and len(walk) == 3
    assert view.page.cell == walk[2] == view.page.explanation.cell
    qtbot.mouseClick(
        view.page.walk.findChild(type(view.page.others["value"]), "walk_1"), Qt.MouseButton.LeftButton
    )
    assert view.wished[2] == first and view.page.walk.walk == walk[:2]


@pytest.mark.parametrize(
    ("tensor", "of"),
    [
        (LINEAR, "value"), (LINEAR, "gradient"), (WEIGHT, "gradient"), ("logits", "gradient"),
        ("source_embedding", "value"), ("encoder.layers.0.self_attn.scores", "value"),
        ("encoder.layers.0.self_attn.scores", "gradient"),
        ("encoder.layers.0.self_attn.weights", "value"), ("encoder.layers.0.self_attn.weights", "gradient"),
        ("encoder.layers.0.self_attn.query", "gradient"),
    ],
)  # fmt: skip
def test_on_a_narrow_page_numbers_are_written_shorter_and_no_column_is_cut(
    view: Granting, stepper: Stepper, tensor: str, of: str
) -> None:
    parameter = stepper.parameters.get(tensor)
    axes = (stepper.tensors[tensor] if parameter is None else parameter).axes
    view.page.resize(380, 700)
    view.look_at(tensor, of, (0,) * len(axes))
    QApplication.processEvents()
    table = view.page.table
    assert table.horizontalHeader().length() <= table.viewport().width()
    assert tensor != LINEAR or of == "gradient" or table.terms.writing.digits < 6
    view.page.resize(760, 700)
    QApplication.processEvents()
    assert table.terms.writing == WRITINGS[0]
    assert texts(table, 0)[0] == number_text(table.terms.term(0).product)


def test_what_is_the_same_in_every_term_is_said_once(view: Granting) -> None:
    view.look_at("encoder.layers.0.self_attn.scores", "value", (0, 0, 0, 0))
    told = view.page.explanation
    scale = told.terms[0].factors[2]
    assert view.page.each.text() == f"each times 1 / sqrt(width) = {number_text(scale.value)}"
    assert [column.title for column in view.page.table.terms.columns] == ["product", "share", "query", "key"]
    view.look_at("encoder.layers.0.self_attn.weights", "value", (0, 0, 0, 0))
    assert view.page.each.text() == "each exp(scores + mask - largest of the row)"
    view.look_at("encoder.layers.0.activation", "value", (0, 0, 0))
    assert not view.page.each.text().startswith("each")
    view.look_at(WEIGHT, "gradient", (0, 0))
    assert not view.page.each.isVisible()


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "–"), (0.1234, "12.3%"), (-0.0, "0.0%"), (-14.321, "−1432%"), (1234.0, "1.2e05%")],
)
def test_a_share_is_short_however_large_it_is(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_a_cell_that_is_chosen_elsewhere_begins_a_new_walk(view: Granting) -> None:
    view.look_at(WEIGHT, "gradient", (3, 2))
    view.page.follow(Cell(LINEAR, (0, 0, 3), "gradient"))
    assert len(view.page.walk.walk) == 2 and view.page.walk.isVisible()
    view.look_at("logits", "value", (0, 0, 1))
    assert view.page.walk.walk == (Cell("logits", (0, 0, 1), "value"),) and not view.page.walk.isVisible()


def test_a_parameter_is_followed_through_clipping_and_update(view: Granting, qtbot: QtBot) -> None:
    view.look_at(WEIGHT, "gradient", (3, 2))
    qtbot.mouseClick(view.page.others["clipped"], Qt.MouseButton.LeftButton)
    assert "Not computed yet" in view.page.empty.label.text()
    view.stepper.run_to_update()
    view.rest()
    view.look_at(WEIGHT, "gradient", (3, 2))  # told again of what is chosen, as a panel does
    assert view.page.formula.text().startswith("clipped = scale dL/dw")
    assert not view.page.others["clipped"].isVisible()
    qtbot.mouseClick(view.page.others["value"], Qt.MouseButton.LeftButton)
    assert view.wished == [Chosen(WEIGHT, "value", (3, 2))]
    assert "made by the update (AdamW)" in plain(view.page.made_by)
    assert "value before" in texts(view.page.table, column_of(view.page.table, "part"))
    assert "effective step" in view.page.details.texts


def test_a_softmax_and_a_normalisation_show_what_helps_to_read_them(view: Granting) -> None:
    view.look_at("encoder.layers.0.self_attn.weights", "value", (0, 0, 1, 1))
    assert "this one / sum of the row" in view.page.sums.texts
    assert "sum of the row" in view.page.details.texts
    view.look_at("encoder.layers.0.self_attn.scores", "gradient", (0, 0, 1, 1))
    assert "Jacobian row" in view.page.details.texts
    view.look_at("encoder.layers.0.residual1", "gradient", (0, 0, 1))
    assert {"mean", "variance", "r", "through the mean"} <= set(view.page.details.texts)


def test_a_detail_that_was_read_from_one_cell_leads_there(view: Granting, qtbot: QtBot) -> None:
    view.look_at("source_embedding", "value", (0, 1, 2))
    button = view.page.details.findChild(type(view.page.others["value"]), "detail_token")
    QApplication.processEvents()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert view.wished == [Chosen("source", "value", (0, 1))]
    token = view.stepper.task.source_tokenizer.tokens[int(view.page.explanation.total)]
    assert plain(view.page.made_by) == f'batch 0 · position 1\nread from the batch\nthe token "{token}"'
    assert not view.page.table.isVisible()


def test_where_nothing_is_to_be_told_it_says_what_to_do(view: Granting) -> None:
    page = view.page
    assert page.empty.label.text() == NO_CELL
    view.look_at("logits")
    assert page.empty.label.text() == NO_CELL and not page.area.isVisible()
    view.look_at("source_mask", "gradient", (0, 0, 0, 0))
    assert "has no gradient" in page.empty.label.text()
    view.stepper.run_to_loss()
    view.rest()
    view.look_at("logits", "gradient", (0, 0, 0))
    position = view.stepper.complete_at("logits", "gradient")
    assert "Not computed yet" in page.empty.label.text() and str(position) in page.empty.label.text()
    assert "loss (backward, CrossEntropy)" in page.empty.label.text()
    page.show_stepper(None)
    assert page.empty.label.text() == NO_STEP


def test_an_answer_that_comes_too_late_is_not_shown(view: Granting) -> None:
    view.held = True
    view.look_at("logits", "value", (0, 0, 0))
    view.look_at("logits", "value", (0, 0, 1))
    view.release()
    assert view.page.explanation.cell.indices == (0, 0, 1)
    view.look_at("logits", "value", (0, 0, 2))
    view.page.show_stepper(None)
    view.release()
    assert view.page.explanation is None


def test_a_hidden_page_asks_for_nothing_until_it_is_seen(view: Granting) -> None:
    view.held = True
    view.page.hide()
    view.look_at("logits", "value", (0, 0, 0))
    assert view.waiting == []
    view.page.show()
    view.release()
    assert view.page.explanation.cell.tensor == "logits"


def test_bars_are_blue_and_orange_in_the_colours_of_the_theme(view: Granting) -> None:
    view.look_at(WEIGHT, "gradient", (3, 2))
    bars = [view.page.table.terms._bar(term) for term in view.page.table.terms.terms]
    assert min(bars) < 0 < max(bars) and max(map(abs, bars)) == 1.0
    for theme in (LIGHT, DARK):
        view.page.recolour(theme)
        assert {theme.activation, theme.gradient} <= colours_in(picture(view.page.table.viewport()))


@pytest.mark.parametrize("count", [0, 1, SHOWN + 1, SHOWN + 2, 2500])
def test_the_table_of_any_number_of_terms_is_a_proper_model(qtbot: QtBot, count: int) -> None:
    numbers = np.random.default_rng(1).normal(size=count)
    terms = tuple(Term((Factor("x", float(number), Cell("y", (0,))),), float(number)) for number in numbers)
    model = TermModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    table = TermTable()
    qtbot.addWidget(table)
    explanation = Explanation(Cell("z", (0,)), "z", "Linear", "forward", "z = sum x", terms, 0.0, None)
    model.show_terms(explanation)
    table.show_terms(explanation)
    assert model.rowCount() == min(count, SHOWN + 1) == table.model().rowCount()
    if model.fold_row is not None:
        model.fold(False)
        assert model.rowCount() == count + 1
    del tester


def test_numbers_that_are_none_are_named() -> None:
    assert [number_text(value) for value in (float("nan"), float("-inf"), None, -0.0, -1.5)] == [
        "NaN", "−∞", "not computed yet", "0", "−1.5",
    ]  # fmt: skip
