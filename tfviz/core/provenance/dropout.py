"""Where the numbers of dropout come from."""

from tfviz.core.operations import Dropout
from tfviz.core.provenance.cells import Cells, Index
from tfviz.core.provenance.explanation import Derivation, summed, term
from tfviz.core.tensor import Tensor


def dropout_value(cells: Cells, operation: Dropout, tensor: Tensor, index: Index) -> Derivation:
    """y = x * mask; the mask itself is drawn."""
    if tensor is operation.mask:
        drawn = float(cells.values(operation.mask, *index))
        return Derivation(
            f"mask = 0 with probability {operation.rate:g}, else 1 / (1 - {operation.rate:g})", (), drawn,
            origin="drawn at random, anew for every step and place",
        )  # fmt: skip
    x, mask = cells.value("x", operation.x, *index), cells.value("mask", operation.mask, *index)
    return summed("y = x mask", [term(x, mask)])


def dropout_gradient(cells: Cells, operation: Dropout, tensor: Tensor, index: Index) -> Derivation:
    """What was dropped has no gradient."""
    d_y, mask = cells.gradient("dL/dy", operation.y, *index), cells.value("mask", operation.mask, *index)
    return summed("dL/dx = dL/dy mask", [term(d_y, mask)])
