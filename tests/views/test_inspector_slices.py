"""Which part of a tensor the inspector shows, over which range its scale reaches, and what the numbers add up to."""

import numpy
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.views.inspected import ENCODER_SCORES, SCORES, Open, opener
from tfviz.views.operations.step_debugger import Chosen


@pytest.fixture
def inspect(qtbot, qapp: QApplication) -> Open:
    return opener(qtbot, qapp)


def test_sliders_choose_the_place_on_the_other_axes(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(ENCODER_SCORES)
    batch, heads = inspected.panel.slice_bar.lines
    batch.slider.setFocus()
    inspected.qtbot.keyClick(batch.slider, Qt.Key.Key_Right)
    inspected.qtbot.keyClick(batch.slider, Qt.Key.Key_Right)
    inspected.qtbot.keyClick(heads.spin, Qt.Key.Key_Up)
    scores = inspected.stepper.value(ENCODER_SCORES)
    assert scores is not None
    assert numpy.array_equal(inspected.map().values, scores[2, 1])
    assert (batch.spin.value(), heads.slider.value()) == (2, 1)
    assert batch.words.text() == f"sentence 2: {inspected.stepper.batch.sentences[2][0]}"
    inspected.click(0, 1)
    assert inspected.wished == [Chosen(ENCODER_SCORES, "value", (2, 1, 0, 1))]


def test_any_two_axes_can_be_rows_and_columns(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(ENCODER_SCORES)
    scores = inspected.stepper.value(ENCODER_SCORES)
    assert scores is not None
    bar = inspected.panel.slice_bar
    bar.rows.setFocus()
    inspected.qtbot.keyClicks(bar.rows, "key")  # exchanged with the columns
    assert numpy.array_equal(inspected.map().values, scores[0, 0].T)
    inspected.qtbot.keyClicks(bar.columns, "heads")
    assert numpy.array_equal(inspected.map().values, scores[0, :, 0, :].T)
    assert (bar.rows.currentText(), bar.columns.currentText()) == ("key", "heads")
    inspected.click(3, 1)
    assert inspected.wished[-1].index == (0, 1, 0, 3)


def test_another_tensor_keeps_the_slice_where_its_axes_fit(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(ENCODER_SCORES, "value", (3, 1, 0, 0))
    inspected.look_at("decoder.layers.0.multihead_attn.weights")
    assert inspected.panel.seen is not None and inspected.panel.seen.at[:2] == (3, 1)
    inspected.look_at("logits")
    assert inspected.panel.seen.at[0] == 3
    inspected.look_at("generator.bias")
    inspected.look_at(ENCODER_SCORES)
    assert inspected.panel.seen.at == (0, 0, 0, 0)


def test_a_cell_of_another_slice_brings_that_slice_into_view(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(ENCODER_SCORES)
    inspected.look_at(ENCODER_SCORES, "gradient", (1, 1, 2, 0))
    gradient = inspected.stepper.gradient(ENCODER_SCORES)
    assert gradient is not None
    assert numpy.array_equal(inspected.map("gradient").values, gradient[1, 1])
    assert inspected.map("gradient").cell == (2, 0)
    inspected.panel.slice_bar.lines[0].slider.setValue(0)
    assert not inspected.map("gradient").locked
    inspected.go_to(inspected.stepper.position - 1)
    assert inspected.panel.slice_bar.lines[0].slider.value() == 0


def test_the_scale_reaches_over_the_slice_or_over_the_whole_tensor(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at("encoder.layers.0.self_attn.query")
    query = inspected.stepper.value("encoder.layers.0.self_attn.query")
    assert query is not None
    high = inspected.panel.maps.halves["value"].scale.high
    assert abs(query[0, 0]).max() <= high <= 1.1 * abs(query[0, 0]).max()
    box = inspected.panel.slice_bar.reach
    box.setFocus()
    inspected.qtbot.keyClick(box, Qt.Key.Key_Down)
    high = inspected.panel.maps.halves["value"].scale.high
    assert abs(query).max() <= high <= 1.1 * abs(query).max()


def test_statistics_are_those_of_the_tensor_and_of_the_slice(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at("logits", "value", (1, 0, 0))
    logits, gradient = inspected.stepper.value("logits"), inspected.stepper.gradient("logits")
    assert logits is not None and gradient is not None
    numbers = inspected.panel.numbers
    assert numbers.shape_label.text() == " × ".join(map(str, logits.shape))
    assert numbers.type_label.text() == f"batch × position × vocabulary · float32 · {logits.size:,} numbers"
    assert not numbers.left_out.isVisible()
    for of, part, array in (
        ("value", "tensor", logits), ("value", "slice", logits[1]),
        ("gradient", "tensor", gradient), ("gradient", "slice", gradient[1]),
    ):  # fmt: skip
        exact = array.astype(numpy.float64)
        wanted = {
            "min": exact.min(), "max": exact.max(), "mean": exact.mean(), "RMS": numpy.sqrt((exact**2).mean()),
        }  # fmt: skip
        for name, value in wanted.items():
            text = numbers.cells[name, of, part].text().replace("−", "-")
            assert float(text) == float(f"{value:.3g}"), (name, of, part)
        assert numbers.cells["zeros", of, part].text() == f"{(array == 0).sum():,}"
    assert numbers.histograms["value"].bars()
    inspected.look_at("loss")
    assert numbers.type_label.text() == "loss · float32 · 1 number"


def test_counts_can_be_logarithmic(inspect: Open) -> None:
    inspected = inspect()
    inspected.look_at(SCORES, "gradient")
    histogram = inspected.panel.numbers.histograms["gradient"]
    linear = [bar.height() for bar in histogram.bars()]
    inspected.panel.numbers.logarithmic.click()
    logarithmic = [bar.height() for bar in histogram.bars()]
    assert max(linear) == max(logarithmic)
    assert sum(logarithmic) > sum(linear)
    assert len(linear) == 64


def test_two_sliders_stand_in_one_row_where_there_is_room(inspect: Open) -> None:
    inspected = inspect(size=(700, 420))
    panel = inspected.panel
    inspected.look_at(SCORES)
    QApplication.processEvents()
    first, second = (line.slider.geometry() for line in panel.slice_bar.lines)
    assert first.right() < second.left() and first.top() == second.top()
    panel.resize(560, 420)
    QApplication.processEvents()
    first, second = (line.slider.geometry() for line in panel.slice_bar.lines)
    assert first.left() == second.left() and first.bottom() < second.top()
