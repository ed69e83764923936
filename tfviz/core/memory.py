"""Memory that the system maps in large pages.

The processor finds few addresses at a time without looking them up; with pages of 4 KiB a training step spends up to
a twentieth of its time on that. NumPy asks the system for large pages, but only for arrays of 4 MB and more, and only
those parts are mapped so that lie on whole large pages: zeros() makes the array part of one, at the start of a page.
"""

import math

import numpy as np

from tfviz.core.tensor import Array

PAGE = 1 << 21
"""Bytes of a large page. What is never touched of the pages around an array costs address space only."""


def zeros(shape: int | tuple[int, ...], dtype: np.typing.DTypeLike) -> Array:
    """As np.zeros."""
    shape = (shape,) if isinstance(shape, int) else shape
    size = math.prod(shape) * np.dtype(dtype).itemsize
    pages = np.zeros((-(-size // PAGE) + 2) * PAGE, np.uint8)
    start = -pages.ctypes.data % PAGE
    return pages[start : start + size].view(dtype).reshape(shape)
