import math
import random

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfviz.training.run_file.scalar_blocks import decode, encode
from tfviz.training.run_file.schema import BLOCK

NUMBERS = st.one_of(
    st.floats(),
    st.floats(width=32),
    st.just(math.nan),
    st.sampled_from([0.0, -0.0, 1e-3, math.inf, -math.inf, 1e300]),
)


def decoded(data: bytes, rows: int, names: list[int]) -> dict[int, numpy.ndarray]:
    columns = {name: numpy.full(rows, math.nan) for name in names}
    decode(data, rows, columns)
    return columns


def same_bits(one: numpy.ndarray, other: numpy.ndarray) -> bool:
    """Equal to the last bit; one NaN is as good as another."""
    broken = numpy.isnan(one)
    return (
        numpy.array_equal(broken, numpy.isnan(other)) and one[~broken].tobytes() == other[~broken].tobytes()
    )


@given(
    st.integers(1, 40).flatmap(
        lambda rows: st.lists(st.lists(NUMBERS, min_size=rows, max_size=rows), max_size=5)
    )
)
def test_any_numbers_come_back_bit_for_bit(columns: list[list[float]]) -> None:
    rows = len(columns[0]) if columns else 1
    arrays = {7 * number: numpy.array(column) for number, column in enumerate(columns)}
    found = decoded(encode(arrays), rows, list(arrays))
    assert all(same_bits(found[number], array) for number, array in arrays.items())


@pytest.mark.parametrize(
    ("column", "most_bytes"),
    [
        (numpy.full(BLOCK, 1e-3), 20),
        (numpy.full(BLOCK, math.nan), 4),
        (numpy.arange(BLOCK, dtype=float), 4 * BLOCK + 10),
        (numpy.where(numpy.arange(BLOCK) % 100, math.nan, 0.1), 120),
    ],
    ids=["constant", "nothing", "exact in 32 bits", "now and then"],
)
def test_a_column_is_stored_in_its_shortest_form(column: numpy.ndarray, most_bytes: int) -> None:
    data = encode({3: column})
    assert len(data) <= most_bytes
    assert same_bits(decoded(data, BLOCK, [3])[3], column)


def test_damaged_bytes_are_a_value_error_and_nothing_else() -> None:
    rows, generator = 50, random.Random(0)
    sparse = numpy.full(rows, math.nan)
    sparse[[3, 40]] = 0.1
    columns = {
        0: numpy.random.default_rng(0).random(rows),
        1: sparse,
        2: numpy.ones(rows),
        3: numpy.arange(rows) / 2,
    }
    good = encode(columns)
    refused = 0
    for _ in range(3000):
        data = bytearray(good)
        for _ in range(generator.randint(1, 3)):
            data[generator.randrange(len(data))] = generator.randrange(256)
        if generator.random() < 0.3:
            del data[generator.randrange(len(data)) :]
        try:
            decoded(bytes(data), generator.choice([rows, rows, 1, 49, 1024]), list(columns))
        except ValueError:
            refused += 1
    assert refused > 1000


@pytest.mark.parametrize("rows", [0, -1, BLOCK + 1, 1 << 40])
def test_an_impossible_number_of_rows_is_refused(rows: int) -> None:
    with pytest.raises(ValueError, match=f"a stretch of {rows} steps"):
        decode(encode({0: numpy.ones(3)}), rows, {})
