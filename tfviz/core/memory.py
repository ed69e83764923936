"""Memory that begins where a line of the processor's cache does, in large amounts mapped in large pages.

A vector register is as long as such a line: from memory that begins elsewhere nearly every load and store touches two
lines, and adding two arrays takes up to twice as long. NumPy promises 16 bytes.

The processor finds few addresses at a time without looking them up; with pages of 4 KiB a training step spends up to
a twentieth of its time on that. NumPy asks the system for large pages, but only for arrays of 4 MB and more, and only
those parts are mapped so that lie on whole large pages: zeros() makes the array part of one, at the start of a page.
"""

import math

import numpy as np

from tfviz.core.tensor import Array

LINE = 64
"""Bytes of a line of the cache."""

PAGE = 1 << 21
"""Bytes of a large page. What is never touched of the pages around an array costs address space only."""


def zeros(shape: int | tuple[int, ...], dtype: np.typing.DTypeLike) -> Array:
    """As np.zeros."""
    shape = (shape,) if isinstance(shape, int) else shape
    size = math.prod(shape) * np.dtype(dtype).itemsize
    pages = np.zeros((-(-size // PAGE) + 2) * PAGE, np.uint8)
    start = -pages.ctypes.data % PAGE
    return pages[start : start + size].view(dtype).reshape(shape)


def full(shape: int | tuple[int, ...], value: float, dtype: np.typing.DTypeLike) -> Array:
    """As np.full, for arrays that are too small for pages of their own."""
    shape = (shape,) if isinstance(shape, int) else shape
    size = math.prod(shape) * np.dtype(dtype).itemsize
    lines = np.empty(size + LINE, np.uint8)
    start = -lines.ctypes.data % LINE
    array = lines[start : start + size].view(dtype).reshape(shape)
    array[...] = value
    return array


def copy(array: Array, dtype: np.typing.DTypeLike) -> Array:
    """The numbers of an array there."""
    result = full(array.shape, 0, dtype)
    result[...] = array
    return result
