"""Where the numbers of a linear layer come from."""

from tfviz.core.operations import Linear
from tfviz.core.provenance.cells import Cells, Index
from tfviz.core.provenance.explanation import Derivation, summed, term
from tfviz.core.tensor import Tensor


def linear_value(cells: Cells, operation: Linear, y: Tensor, index: Index) -> Derivation:
    """y = W x + b: a row of W times the column of x at this position."""
    batch, position, output = index
    weight, bias = operation.affine.tensors
    products = [
        term(
            cells.value("W", weight, output, i), cells.value("x", operation.x, batch, position, i), part="W x"
        )
        for i in range(operation.x.features)
    ]
    return summed(
        "y[o] = sum_i W[o, i] x[i] + b[o]", [*products, term(cells.value("b", bias, output), part="b")]
    )


def linear_gradient(cells: Cells, operation: Linear, tensor: Tensor, index: Index) -> Derivation:
    """The gradients of x, W and b."""
    weight, _ = operation.affine.tensors
    if tensor is operation.x:
        return _of_x(cells, operation, index)
    return _of_weight(cells, operation, index) if tensor is weight else _of_bias(cells, operation, index)


def _of_x(cells: Cells, operation: Linear, index: Index) -> Derivation:
    batch, position, i = index
    weight, _ = operation.affine.tensors
    return summed(
        "dL/dx[i] = sum_o W[o, i] dL/dy[o]",
        [
            term(cells.value("W", weight, o, i), cells.gradient("dL/dy", operation.y, batch, position, o))
            for o in range(operation.y.features)
        ],
    )


def _of_weight(cells: Cells, operation: Linear, index: Index) -> Derivation:
    o, i = index
    return summed(
        "dL/dW[o, i] = sum_n dL/dy[o, n] x[i, n], n all positions of all sequences",
        [
            term(cells.gradient("dL/dy", operation.y, *place, o), cells.value("x", operation.x, *place, i))
            for place in cells.places(operation.x)
        ],
    )


def _of_bias(cells: Cells, operation: Linear, index: Index) -> Derivation:
    (o,) = index
    return summed(
        "dL/db[o] = sum_n dL/dy[o, n], n all positions of all sequences",
        [term(cells.gradient("dL/dy", operation.y, *place, o)) for place in cells.places(operation.x)],
    )
