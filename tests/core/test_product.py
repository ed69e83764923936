"""Products in tiles are the products, whatever the shapes, and write where they are told to."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfviz.core import memory
from tfviz.core.product import best_tile, is_transposed, product, tiled_product, tiles, vector_product

SIZES = st.sampled_from([1, 3, 8, 16, 24, 32, 33, 64, 65, 96, 128, 192, 257, 496, 509, 513])


def filled(rows: int, columns: int, transposed: bool = False, spread: int = 0) -> np.ndarray:
    """A matrix of float64 numbers, as the columns of a wider one where `spread` is not 0."""
    shape = (columns, rows + spread) if transposed else (rows, columns + spread)
    numbers = np.random.default_rng(rows * columns).standard_normal(shape)
    matrix = numbers[:, : shape[1] - spread]
    return matrix.T if transposed else matrix


@given(SIZES, SIZES, SIZES, st.booleans(), st.booleans(), st.sampled_from([0, 1, 16]))
def test_a_product_is_that_of_numpy(
    rows: int, terms: int, columns: int, turn_a: bool, turn_b: bool, spread: int
) -> None:
    a, b = filled(rows, terms, turn_a, spread), filled(terms, columns, turn_b, spread)
    whole = np.full((rows + 1, columns + spread + 1), np.nan)
    product(a, b, whole[:-1, :columns])()
    np.testing.assert_allclose(whole[:-1, :columns], a @ b, rtol=1e-12, atol=1e-11)
    assert np.isnan(whole[-1]).all() and np.isnan(whole[:, columns:]).all()


def test_a_product_sees_what_its_operands_hold_when_it_runs() -> None:
    a, b, out = filled(64, 64), filled(64, 512), np.empty((64, 512))
    multiply = tiled_product(a, b, out)
    assert multiply is not None
    a *= 2.0
    multiply()
    np.testing.assert_allclose(out, a @ b, rtol=1e-12, atol=1e-11)


def test_tiles_are_the_largest_that_are_small() -> None:
    assert best_tile(64, 512, 65, transposed=False) == (32, 256)
    assert best_tile(64, 65, 512, transposed=True) == (16, 65)
    assert best_tile(7, 512, 65, transposed=False) is None  # no height divides 7


def test_the_last_tile_of_a_row_may_be_narrower_where_the_others_were_to_be_less_than_half_as_large() -> None:
    assert best_tile(64, 480, 65, transposed=False) == (32, 240)
    assert best_tile(64, 496, 65, transposed=False) == (32, 256)  # 16 would be the widest that divides 496
    assert best_tile(64, 513, 512, transposed=True) == (8, 128)
    out = np.empty((64, 496))
    assert tiled_product(filled(64, 65), filled(65, 496), out) is not None
    assert tiled_product(filled(64, 65), filled(65, 496), out, even=True) is None


def test_what_is_too_large_for_the_cache_or_sums_for_long_is_left_to_blas() -> None:
    assert best_tile(256, 2048, 257, transposed=False) is None
    assert best_tile(64, 128, 513, transposed=False) is None
    assert best_tile(64, 128, 513, transposed=True) is not None
    assert best_tile(64, 257, 1200, transposed=True) is None


@pytest.mark.parametrize(
    "matrix", [filled(64, 96), filled(64, 96, spread=3), filled(64, 96, transposed=True)]
)
def test_tiles_are_views(matrix: np.ndarray) -> None:
    cut = tiles(matrix, 16, 32)
    assert cut.shape == (4, 3, 16, 32) and np.shares_memory(cut, matrix)
    np.testing.assert_array_equal(cut[2, 1], matrix[32:48, 32:64])


def test_a_matrix_is_transposed_where_columns_lie_together() -> None:
    assert is_transposed(filled(4, 6, transposed=True)) and not is_transposed(filled(4, 6))


@pytest.mark.parametrize("spread", [0, 5])
def test_a_vector_times_a_matrix(spread: int) -> None:
    ones, matrix, out = np.ones(6), filled(6, 10, spread=spread), np.empty(10)
    vector_product(ones, matrix, out)()
    np.testing.assert_allclose(out, matrix.sum(axis=0), rtol=1e-12)


def test_small_arrays_begin_where_a_line_of_the_cache_does() -> None:
    for size in (1, 7, 100):
        array = memory.full((size, 3), 2.5, np.float32)
        assert array.ctypes.data % memory.LINE == 0 and (array == 2.5).all()
    copied = memory.copy(np.arange(5), np.float32)
    assert copied.ctypes.data % memory.LINE == 0 and copied.dtype == np.float32
    np.testing.assert_array_equal(copied, np.arange(5))
