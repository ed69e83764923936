"""The memory of one program beside its tensors: scratch that operations share, gradients that follow one another.

What was used a moment ago is still in the processor's cache; sharing a few buffers instead of owning many is worth
more than any single trick inside an operation.
"""

from collections import Counter, defaultdict

import numpy as np

from tfviz.core.operation import Operation
from tfviz.core.tensor import Array, Tensor


class Workspace:
    """Scratch arrays by shape. An operation may rely on their contents within one forward() or backward() only."""

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = dtype
        self._arrays: dict[tuple[object, ...], Array] = {}
        self._taken: Counter[tuple[int, ...]] = Counter()

    def begin_operation(self) -> None:
        """What is asked for from here on belongs to another operation, which may share all that others have."""
        self._taken.clear()

    def scratch(self, shape: tuple[int, ...]) -> Array:
        """An array that other operations write to as well; an operation that asks twice gets two."""
        self._taken[shape] += 1
        return self._shared(("scratch", shape, self._taken[shape]), shape, 0)

    def constant(self, value: float, shape: tuple[int, ...]) -> Array:
        """An array full of one number, which nobody changes."""
        array = self._shared(("constant", value, shape), shape, value)
        array.flags.writeable = False
        return array

    def _shared(self, key: tuple[object, ...], shape: tuple[int, ...], value: float) -> Array:
        if key not in self._arrays:
            self._arrays[key] = np.full(shape, value, self.dtype)
        return self._arrays[key]


def allocate_gradients(
    operations: list[Operation], tensors: list[Tensor], dtype: np.dtype, recycle: bool
) -> None:
    """Give every tensor that has a gradient its storage.

    Recycled, a storage serves another tensor as soon as the backward pass has read it for the last time: a few
    buffers do for the whole pass, and only the gradients of the parameters are there after it.
    """
    roots: list[set[Tensor]] = [_roots(operation) for operation in reversed(operations)]
    last_use = {root: place for place, used in enumerate(roots) for root in used}
    free: dict[object, list[Array]] = defaultdict(list)
    for place, used in enumerate(roots):
        for root in sorted(used, key=lambda root: root.name):
            if root.d_data is None:
                spare = free[root.storage_key] if recycle else []
                root.d_data = spare.pop() if spare else root.new_storage(dtype)
        for root in sorted(used, key=lambda root: root.name):
            if last_use[root] == place:
                free[root.storage_key].append(root.gradient)
    for tensor in tensors:
        tensor.bind_gradient()
        tensor.recycled = recycle


def _roots(operation: Operation) -> set[Tensor]:
    """The tensors in whose storage the gradients lie that an operation's backward pass reads or writes."""
    found = (tensor.gradient_root for tensor in (*operation.inputs, *operation.outputs))
    return {root for root in found if root is not None}
