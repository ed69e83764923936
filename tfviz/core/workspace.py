"""Scratch memory that the operations of one program share.

What was used a moment ago is still in the processor's cache; sharing a few buffers instead of owning many is worth
more than any single trick inside an operation.
"""

from collections import Counter
from typing import Self

import numpy as np

from tfviz.core import memory
from tfviz.core.tensor import Array, Form


class Workspace:
    """Scratch arrays by shape. An operation may rely on their contents within one forward() or backward() only."""

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = dtype
        self._arrays: dict[tuple[object, ...], Array] = {}
        self._taken: Counter[tuple[int, ...]] = Counter()

    def begin(self) -> Self:
        """What is asked for from here on is for another operation, or piece of one, and may be what others have."""
        self._taken.clear()
        return self

    def scratch(self, shape: tuple[int, ...]) -> Array:
        """An array that other operations write to as well; what asks twice gets two."""
        self._taken[shape] += 1
        return self._shared(("scratch", shape, self._taken[shape]), shape, 0)

    def spread_scratch(self, shape: tuple[int, int]) -> Array:
        """Scratch whose rows do not lie a multiple of 2 KiB apart."""
        form = Form(*shape, spread=True)
        return self.scratch((shape[0], form.stride(self.dtype)))[:, : shape[1]]

    def constant(self, value: float, shape: tuple[int, ...]) -> Array:
        """An array full of one number, which nobody changes."""
        array = self._shared(("constant", value, shape), shape, value)
        array.flags.writeable = False
        return array

    def _shared(self, key: tuple[object, ...], shape: tuple[int, ...], value: float) -> Array:
        if key not in self._arrays:
            self._arrays[key] = memory.full(shape, value, self.dtype)
        return self._arrays[key]
