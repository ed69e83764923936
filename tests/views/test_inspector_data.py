"""What the inspector's heat maps are given equals the reference cases that PyTorch computed."""

import numpy
import pytest

from tests.core.test_oracle import CASES, assert_agrees
from tests.training.test_stepper_oracle import stepper_of
from tests.views.inspected import Inspected
from tfviz.views.grids.cells import Scale
from tfviz.views.inspector.tensor_labels import TensorLabels
from tfviz.views.inspector.tensor_scale import rounded_up, unit_of, unit_text
from tfviz.views.inspector.tensor_slice import Slice
from tfviz.views.inspector.tensor_statistics import Statistics
from tfviz.views.style.theme import DARK

KINDS = (("activation", "value"), ("activation_gradient", "gradient"), ("gradient", "gradient"))


@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("name", CASES)
def test_every_tensor_and_gradient_that_is_shown_is_that_of_the_reference(
    name: str, shards: int, qtbot, qapp
) -> None:
    DARK.apply(qapp)
    stepper, arrays = stepper_of(name, shards)
    stepper.run_to_gradients()
    inspected = Inspected(qtbot, stepper, DARK, (700, 400))
    inspected.panel.show_stepper(stepper)
    shown = 0
    generator = numpy.random.default_rng(0)
    for kind, of in KINDS:
        for tensor, reference in (
            (key.partition("/")[2], arrays[key]) for key in arrays if key.startswith(kind + "/")
        ):
            cell = tuple(int(generator.integers(size)) for size in reference.shape)
            inspected.look_at(tensor, of, cell)
            reading, seen = inspected.panel.reading, inspected.panel.seen
            assert reading is not None and seen is not None and reading.tensor == tensor
            assert_agrees(f"{of} of {tensor}", reading.half(of).numbers, reference)  # type: ignore[arg-type]
            largest = abs(reference).max()
            heat_map = inspected.map(of)
            place = heat_map.cell
            assert heat_map.values is not None and place is not None
            assert heat_map.values.shape == seen.cut(reference).shape
            numpy.testing.assert_allclose(
                heat_map.values, seen.cut(reference), rtol=0, atol=max(1e-9 * largest, 1e-12)
            )
            assert seen.index(*place) == cell
            assert abs(heat_map.values[place] - reference[cell]) <= max(1e-9 * largest, 1e-12)
            shown += 1
    assert shown > 100


def test_a_slice_has_sensible_rows_and_columns() -> None:
    def seen(*axes: str) -> tuple[str | None, str]:
        cut = Slice.of(axes, (3,) * len(axes))
        return None if cut.rows is None else axes[cut.rows], axes[cut.columns]

    assert seen("batch", "heads", "query", "key") == ("query", "key")
    assert seen("key", "heads", "batch", "query") == ("query", "key")
    assert seen("batch", "heads", "position", "width") == ("position", "width")
    assert seen("batch", "position", "features") == ("position", "features")
    assert seen("batch", "position", "vocabulary") == ("position", "vocabulary")
    assert seen("features", "batch * position") == ("batch * position", "features")
    assert seen("output", "input") == ("output", "input")
    assert seen("batch", "position") == ("batch", "position")
    assert seen("features") == (None, "features")


@pytest.mark.parametrize("rows", range(4))
@pytest.mark.parametrize("columns", range(4))
def test_every_cell_of_a_slice_is_a_cell_of_the_tensor_and_back(rows: int, columns: int) -> None:
    shape = (2, 3, 4, 5)
    array = numpy.arange(120).reshape(shape)
    seen = Slice.of(("batch", "heads", "query", "key"), shape).moved_to((1, 2, 3, 4))
    seen = seen.with_rows(rows).with_columns(columns)
    assert seen.rows != seen.columns == columns
    cut = seen.cut(array)
    for (row, column), value in numpy.ndenumerate(cut):
        index = seen.index(row, column)
        assert array[index] == value
        assert seen.cell(index) == (row, column)
    other = seen.others[0]
    assert seen.placed(other, 0).cell(seen.index(0, 0)) is None


def test_positions_along_the_whole_batch_are_labelled_with_sentence_and_token() -> None:
    stepper, _ = stepper_of(CASES[0], 1)
    name = "encoder.layers.0.norm1.reciprocal_deviation"
    tensor, batch = stepper.tensors[name], stepper.batch
    labels = TensorLabels(name, tensor.axes, tensor.value.shape, batch)
    length = batch.source.shape[1]
    token = batch.source_tokenizer.token(int(batch.source[1, 2]))
    assert labels.ticks(0, None)[length + 2] == token
    assert labels.place(0, length + 2, None) == f"sentence 1, position 2 {token}"


def test_statistics_leave_out_what_is_not_finite_and_count_it() -> None:
    array = numpy.array([[1.0, -3.0, numpy.nan], [numpy.inf, 0.0, -numpy.inf]], numpy.float32)
    found = Statistics.of(array)
    assert (found.count, found.zeros, found.nan, found.infinite) == (6, 1, 1, 2)
    assert (found.least, found.most, found.mean) == (-3, 1, pytest.approx(-2 / 3))
    assert found.rms == pytest.approx(numpy.sqrt(10 / 3))
    assert found.bins.sum() == 3 and found.bins[0] == found.bins[-1] == 1
    nothing = Statistics.of(array[:1, 2:])
    assert numpy.isnan(nothing.least) and nothing.nan == 1 and not nothing.bins.any()


@pytest.mark.parametrize("value", [0.0, 7.0, 1e-40, -1e38])
def test_equal_numbers_lie_in_one_bin(value: float) -> None:
    assert sorted(Statistics.of(numpy.full(5, value, numpy.float32)).bins)[-2:] == [0, 5]


def test_bins_are_those_of_numpy() -> None:
    numbers = numpy.random.default_rng(1).normal(size=1000)
    wanted, _ = numpy.histogram(numbers, 64)
    assert abs(Statistics.of(numbers).bins - wanted).sum() <= 4  # rounding at the edges of bins


def test_ends_of_a_scale_are_short_numbers_that_hold_all() -> None:
    for value in (0.123, 0.0999, 1.0, 7e-30, 3.2e20, 0.13):
        high = rounded_up(value)
        assert value <= high <= 1.1 * value
        assert len(f"{high / unit_of(Scale(0, high)):.6g}") <= 4
    assert unit_text(unit_of(Scale(-1e-5, 1.2e-5))) == "× 1e−5"
    assert unit_text(unit_of(Scale(0, 0.5))) == ""
