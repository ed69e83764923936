"""Blocks, smoothing and ticks, against the plain way of computing them."""

import math

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.views.made_histories import columns, grow, history
from tfviz.views.plots.curve_data import Envelope, MeanCurve, Pyramid
from tfviz.views.plots.group_norms import GroupNorms, short_name
from tfviz.views.plots.run_curves import RunCurves
from tfviz.views.plots.smoothing import SmoothedCurve
from tfviz.views.plots.ticks import decade_ticks, step_ticks, value_ticks
from tfviz.views.plots.value_range import padded, robust_range, settled

NUMBERS = st.floats(-1e3, 1e3, allow_nan=False)
WITH_GAPS = st.one_of(NUMBERS, st.sampled_from([math.nan, math.inf, -math.inf]))


def in_pieces(values: numpy.ndarray, cuts: list[int]) -> list[numpy.ndarray]:
    """Growing views of an array, as a history gives them from one look to the next."""
    ends = sorted({min(cut, len(values)) for cut in cuts} | {len(values)})
    return [values[:end] for end in ends]


@given(
    st.lists(NUMBERS, min_size=1, max_size=600),
    st.lists(st.integers(0, 600), max_size=5),
    st.integers(0, 7),
    st.integers(0, 600),
    st.integers(0, 600),
)
def test_blocks_of_every_size_equal_the_plain_reduction(
    numbers: list[float], cuts: list[int], power: int, one: int, other: int
) -> None:
    values, size = numpy.array(numbers), 2**power
    pyramid = Pyramid(numpy.maximum)
    for piece in in_pieces(values, cuts):
        pyramid.update([piece])
    start, stop = sorted((min(one, len(values)), min(other, len(values))))
    found = pyramid.read(start, stop, size)[0]
    wanted = [values[a : a + size].max() for a in range(start // size * size, stop, size)]
    numpy.testing.assert_array_equal(found, wanted)


@given(
    st.lists(WITH_GAPS, min_size=1, max_size=400),
    st.lists(st.integers(0, 400), max_size=4),
    st.integers(1, 60),
)
def test_the_envelope_holds_the_lowest_and_highest_finite_value_of_each_block(
    numbers: list[float], cuts: list[int], pixels: int
) -> None:
    values = numpy.array(numbers)
    envelope, known = Envelope(), 0
    for piece in in_pieces(values, cuts):
        envelope.update(piece, ~numpy.isfinite(piece[known:]))
        known = len(piece)
    steps, low, high = envelope.blocks(1, len(values), pixels)
    size = 1
    while len(values) - 1 > size * pixels:
        size *= 2
    wanted = {}
    for begin in range(0, len(values), size):
        block = values[begin : begin + size]
        finite = block[numpy.isfinite(block)]
        limits = (finite.min(), finite.max()) if len(finite) else (math.nan, math.nan)
        wanted[(2 * begin + len(block) + 1) / 2] = limits
    assert dict(zip(steps, zip(low, high, strict=True), strict=True)).keys() == wanted.keys()
    numpy.testing.assert_array_equal(numpy.array([low, high]).T, list(wanted.values()))
    assert envelope.broken.tolist() == (numpy.flatnonzero(~numpy.isfinite(values)) + 1).tolist()


@given(
    st.lists(WITH_GAPS, min_size=1, max_size=500),
    st.lists(st.integers(0, 500), max_size=4),
    st.floats(0.0, 0.999),
)
def test_the_moving_average_equals_the_loop_over_all_steps(
    numbers: list[float], cuts: list[int], factor: float
) -> None:
    values = numpy.array(numbers)
    curve = SmoothedCurve(factor)
    for piece in in_pieces(values, cuts):
        curve.update(piece)
    total, weight, wanted = 0.0, 0.0, []
    for value in numbers:
        if math.isfinite(value):
            total, weight = factor * total + value, factor * weight + 1.0
        wanted.append(total / weight if weight else math.nan)
    numpy.testing.assert_allclose(curve.values, wanted, rtol=1e-9, atol=1e-9)


def test_another_smoothing_factor_gives_the_same_as_having_had_it_from_the_start() -> None:
    values = columns(5000)["loss"]
    changed, fresh = SmoothedCurve(0.9), SmoothedCurve(0.99)
    changed.update(values)
    changed.set_factor(0.99, values)
    fresh.update(values)
    numpy.testing.assert_array_equal(changed.values, fresh.values)


@given(st.lists(NUMBERS, min_size=1, max_size=500), st.integers(1, 40))
def test_a_mean_curve_has_the_mean_of_each_block(numbers: list[float], pixels: int) -> None:
    values = numpy.array(numbers)
    curve = MeanCurve()
    curve.update(values)
    steps, means = curve.points(1, len(values), pixels)
    size = 1
    while len(values) - 1 > size * pixels:
        size *= 2
    wanted = [values[begin : begin + size].mean() for begin in range(0, len(values), size)]
    numpy.testing.assert_allclose(means, wanted, rtol=1e-9, atol=1e-9)
    assert (numpy.diff(steps) > 0).all()


def test_a_line_of_a_million_steps_has_at_most_two_points_for_a_pixel() -> None:
    envelope = Envelope()
    envelope.update(columns(1_000_000, groups=())["loss"])
    for first, last in ((1, 1_000_000), (250_000, 251_000), (999_000, 1_000_000), (1, 40)):
        x, y = envelope.points(first, last, 700)
        assert len(x) == len(y) <= 2 * (700 + 4)
        assert x[0] <= first + 1500 and x[-1] >= last - 1500


def test_a_plot_without_any_width_gets_few_points() -> None:
    curve = SmoothedCurve(0.9)
    curve.update(columns(5000)["loss"])
    assert len(curve.means.points(1, 5000, 0)[0]) <= 3


def test_a_missing_value_leaves_no_gap_and_a_broken_one_does() -> None:
    values = numpy.array([1.0, numpy.nan, 3.0, numpy.nan, 5.0])
    envelope = Envelope()
    envelope.update(values, numpy.array([False, False, False, True, False]))
    steps, low, _ = envelope.blocks(1, 5, 100)
    assert steps.tolist() == [1, 3, 4, 5]
    assert numpy.isnan(low).tolist() == [False, False, True, False]


def test_the_newest_number_before_a_step_is_found_over_long_gaps() -> None:
    values = numpy.full(20_000, numpy.nan)
    values[[99, 15_000]] = 1.5, 2.5
    envelope = Envelope()
    envelope.update(values)
    assert envelope.latest(20_000) == 2.5 and envelope.latest(15_000) == 1.5
    assert math.isnan(envelope.latest(50))


def test_curves_start_anew_with_another_run_and_after_a_cut() -> None:
    made = columns(100)
    curves = RunCurves(("loss",), smoothed=("loss",))
    run = history(made, 60)
    assert curves.update(run) and len(curves) == 60
    assert not curves.update(run)
    grow(run, made, 100)
    assert curves.update(run) and len(curves) == 100
    run.truncate(30)
    assert curves.update(run) and len(curves) == 30 and len(curves.smoothed["loss"]) == 30
    other = history(columns(100, seed=1))
    assert curves.update(other)
    assert curves.value("loss", 40) == other["loss"][39]


def test_a_record_that_was_cut_and_grew_past_its_old_end_is_noticed() -> None:
    run = history(columns(50))
    curves = RunCurves(("loss",))
    curves.update(run)
    run.truncate(20)
    grow(run, columns(50, seed=3) | {"loss": columns(80, seed=3)["loss"][:50]}, 50)
    curves.update(run)
    assert curves.value("loss", 50) == run["loss"][49]
    assert curves.envelopes["loss"].blocks(21, 50, 100)[1].tolist()[-1] == run["loss"][49]


def test_a_loss_that_is_nan_is_broken_only_where_the_step_was_recorded() -> None:
    made = columns(6)
    made["loss"][2] = numpy.nan
    made["loss"][4] = made["learning_rate"][4] = made["step_time"][4] = numpy.nan
    curves = RunCurves(("loss", "validation_loss"))
    curves.update(history(made))
    assert curves.envelopes["loss"].broken.tolist() == [3]
    assert not len(curves.envelopes["validation_loss"].broken)


@given(st.integers(1, 300), st.integers(1, 50), st.lists(st.integers(0, 300), max_size=3))
def test_the_heat_map_holds_the_largest_norm_of_each_block(steps: int, pixels: int, cuts: list[int]) -> None:
    made = columns(steps)
    made["gradient_norm/generator"][steps // 2] = numpy.nan
    norms, run = GroupNorms(), history(made, 0)
    for end in [*sorted(min(cut, steps) for cut in cuts), steps]:
        grow(run, made, end)
        norms.update(run)
    exponents, broken, start, size = norms.image(1, steps, pixels)
    assert start == 0
    for row, group in enumerate(norms.groups):
        column = made[f"gradient_norm/{group}"]
        for block in range(exponents.shape[1]):
            cells = column[block * size : (block + 1) * size]
            assert broken[row, block] == (not numpy.isfinite(cells).all())
            finite = cells[numpy.isfinite(cells)]
            if len(finite):
                assert exponents[row, block] == pytest.approx(math.log10(finite.max()), abs=1e-5)


@pytest.mark.parametrize(
    ("group", "short"),
    [
        ("encoder.0.self_attn", "enc0 self"),
        ("decoder.11.multihead_attn", "dec11 cross"),
        ("decoder.1.feed_forward", "dec1 ffn"),
        ("source_embedding", "source emb"),
        ("encoder.norm", "enc norm"),
        ("generator", "generator"),
    ],
)
def test_group_names_get_short(group: str, short: str) -> None:
    assert short_name(group) == short


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 12))
def test_ticks_are_few_within_the_range_and_told_apart(low: float, span: float, count: int) -> None:
    ticks = value_ticks(low, low + span, count)
    assert len(ticks) <= count + 1
    assert all(low - 1e-6 * span <= value <= low + span * (1 + 1e-6) for value, _ in ticks)


@given(st.integers(0, 10**7), st.integers(1, 10**7), st.integers(2, 15))
def test_step_ticks_are_whole_steps(low: int, span: int, count: int) -> None:
    ticks = step_ticks(low, low + span, count)
    assert len(ticks) <= count + 1
    assert all(float(text.replace(",", "")) == pytest.approx(value) for value, text in ticks)


def test_logarithmic_ticks_stand_at_the_powers_they_name() -> None:
    for low, high in ((-3.0, 1.0), (-0.2, 0.1), (-12.0, 4.0), (0.0, 0.9)):
        ticks = decade_ticks(low, high, 6)
        assert 1 <= len(ticks) <= 9
        for position, text in ticks:
            assert 10.0**position == pytest.approx(float(text), rel=1e-3)


def test_one_outlier_does_not_flatten_the_curve() -> None:
    values = numpy.concatenate((numpy.linspace(1.0, 0.5, 500), [1e6]))
    low, high = robust_range(values) or (0.0, 0.0)
    assert low == pytest.approx(0.5) and high < 4.0
    assert robust_range(numpy.array([numpy.nan, numpy.inf])) is None


def test_a_range_stands_still_until_something_leaves_it_or_it_is_much_too_wide() -> None:
    assert settled((0.0, 1.0), (0.1, 0.9)) == (0.0, 1.0)
    assert settled((0.0, 1.0), (0.1, 1.2)) == (0.1, 1.2)
    assert settled((0.0, 1.0), (0.0, 0.4)) == (0.0, 0.4)
    low, high = padded(0.1, 2.0, from_zero=True)
    assert low < 0 < 0.1 and high > 2.0
