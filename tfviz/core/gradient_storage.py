"""Where gradients lie: each in storage of its own, or in a few buffers that follow one another."""

from collections import defaultdict

import numpy as np

from tfviz.core.operation import Operation
from tfviz.core.tensor import Array, Tensor


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
