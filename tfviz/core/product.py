"""Matrix products in tiles.

BLAS copies the operands of a large product into order before it multiplies, which at the sizes of small models takes
as long as a third of the multiplication. Small products are multiplied where they lie. So a product is cut into tiles
of its result that are small enough, and np.matmul does them all in one call, or in two where the last tile of a row
is narrower.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from tfviz.core.tensor import Array
from tfviz.core.workspace import Workspace

Multiply = Callable[[], None]

SMALL = 1_000_000
"""Multiplications up to which OpenBLAS takes a product for small."""

SMALL_TRANSPOSED = 1100
"""Numbers of the result up to which it does, where the second operand is transposed."""

LONGEST_SUM = 320
"""Longer sums are worth the copying, unless the second operand is transposed."""

LARGEST, LARGEST_TRANSPOSED = 150_000, 300_000
"""Numbers of the second operand that stay in the second-level cache while every row of tiles reads them again."""

MOST = 100_000_000
"""Multiplications from which on the copying is a small part of a product."""

HEIGHTS, WIDEST, WIDTH_UNIT = (32, 16, 8), 256, 16
"""Rows of a tile; its columns are all there are, or a multiple of what a vector register holds."""


def product(a: Array, b: Array, out: Array) -> Multiply:
    """A function that computes out = a b of what the arrays hold then, in the best tiles there are.

    a : (rows, terms), b : (terms, columns), out : (rows, columns)
    """
    return tiled_product(a, b, out) or partial(np.matmul, a, b, out=out)


def tiled_product(a: Array, b: Array, out: Array, even: bool = False) -> Multiply | None:
    """The same; None where tiles would not be faster, or where not all would be alike though they shall be `even`."""
    (rows, columns), terms = out.shape, a.shape[1]
    tile = best_tile(rows, columns, terms, is_transposed(b))
    if tile is None:
        return None
    height, width = tile
    rest = columns % width
    if rest and even:
        return None
    parts = [(slice(0, columns - rest), width), (slice(columns - rest, columns), rest)]
    rows_of_a = tiles(a, height, terms)
    multiplies = [
        partial(np.matmul, rows_of_a, tiles(b[:, some], terms, wide), out=tiles(out[:, some], height, wide))
        for some, wide in parts
        if wide
    ]
    return multiplies[0] if rest == 0 else partial(_one_after_another, multiplies)


def _one_after_another(multiplies: Sequence[Multiply]) -> None:
    for multiply in multiplies:
        multiply()


def vector_product(a: Array, b: Array, out: Array) -> Multiply:
    """The same where one of a and b is a vector. np.dot sets out earlier, but copies a matrix whose rows lie apart."""
    whole = all(array.ndim == 1 or array.flags.c_contiguous for array in (a, b)) and out.flags.c_contiguous
    return partial(np.dot if whole else np.matmul, a, b, out=out)


def fetching(matrix: Array, workspace: Workspace) -> Multiply:
    """A function that reads a matrix in the order in which it lies, so that it is in the processor's cache.

    Products of single heads jump from row to row, and would wait for the memory at every row of a matrix that was not
    used for long.
    """
    ones = workspace.constant(1, (len(matrix),))
    return vector_product(ones, matrix, workspace.scratch(matrix.shape[1:]))


def best_tile(rows: int, columns: int, terms: int, transposed: bool) -> tuple[int, int] | None:
    """Height and width of the largest tile that is small; None where there is none.

    The last tile of every row of tiles is as narrow as what is left. One that leaves nothing is taken if it is at
    least half as large.
    """
    largest = LARGEST_TRANSPOSED if transposed else LARGEST
    if rows * terms * columns > MOST or terms * columns > largest or (terms > LONGEST_SUM and not transposed):
        return None
    most = min(SMALL // terms, SMALL_TRANSPOSED if transposed else SMALL)
    fitting = [
        (height, width)
        for height in HEIGHTS
        if rows % height == 0
        for width in _widths(columns)
        if height * width <= most
    ]

    def worth(tile: tuple[int, int]) -> tuple[int, int]:
        height, width = tile
        return height * width * (1 if columns % width else 2), width if transposed else height

    return max(fitting, key=worth, default=None)


def tiles(matrix: Array, height: int, width: int) -> Array:
    """The tiles of a matrix, (rows of tiles, columns of tiles, height, width): a view."""
    rows, columns = matrix.shape
    return matrix.reshape(rows // height, height, columns // width, width).swapaxes(1, 2)


def is_transposed(matrix: Array) -> bool:
    """Whether neighbours in a column lie side by side, not those in a row."""
    return matrix.strides[0] < matrix.strides[1]


def _widths(columns: int) -> Iterator[int]:
    if columns <= WIDEST:
        yield columns
    yield from range(WIDTH_UNIT, min(columns, WIDEST + 1), WIDTH_UNIT)
