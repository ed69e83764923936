"""Large arrays in blocks that stay in the processor's cache from one pass of an operation to its next."""

BLOCK = 1 << 17
"""Numbers of an array in one block; three arrays of so many fit a second-level cache of 2 MB."""


def blocks(count: int, size: int) -> list[slice]:
    """`count` rows or heads of `size` numbers each in blocks, all but the last alike, of BLOCK numbers or one row."""
    fitting = max(1, BLOCK // size)
    return [slice(first, min(first + fitting, count)) for first in range(0, count, fitting)]
