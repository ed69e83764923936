"""Where the numbers of dropout come from."""

from tfviz.core.operations import Dropout
from tfviz.core.provenance.cells import Cells, Index
from tfviz.core.provenance.explanation import Derivation, Factor, summed, term
from tfviz.core.tensor import Features, Tensor


def dropout_value(cells: Cells, operation: Dropout, tensor: Tensor, index: Index) -> Derivation:
    """y = x * mask; the mask itself is drawn."""
    if tensor is operation.mask:
        drawn = float(cells.values(operation.mask, *index))
        return Derivation(
            f"mask = 0 with probability {operation.rate:g}, else 1 / (1 - {operation.rate:g})", (), drawn,
            origin="drawn at random, anew for every step and place",
        )  # fmt: skip
    return summed("y = x mask", [term(cells.value("x", operation.x, *index), _mask(cells, operation, index))])


def dropout_gradient(cells: Cells, operation: Dropout, tensor: Tensor, index: Index) -> Derivation:
    """What was dropped has no gradient."""
    d_y = cells.gradient("dL/dy", operation.y, *index)
    return summed("dL/dx = dL/dy mask", [term(d_y, _mask(cells, operation, index))])


def _mask(cells: Cells, operation: Dropout, index: Index) -> Factor:
    """A mask has the axes of storage: (features, batch * position), or (key, heads, batch, query)."""
    if isinstance(operation.x, Features):
        batch, position, feature = index
        return cells.value("mask", operation.mask, feature, batch * operation.x.length + position)
    batch, head, query, key = index
    return cells.value("mask", operation.mask, key, head, batch, query)
