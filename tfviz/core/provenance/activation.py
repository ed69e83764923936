"""Where the numbers of the non-linearities come from."""

import math

import numpy as np

from tfviz.core.operations import GELU, ReLU
from tfviz.core.provenance.cells import Cells, Index
from tfviz.core.provenance.explanation import Derivation, Term, constant, row, summed, term
from tfviz.core.tensor import Tensor


def relu_value(cells: Cells, operation: ReLU, y: Tensor, index: Index) -> Derivation:
    """y = max(x, 0)."""
    x = cells.value("x", operation.x, *index)
    return summed("y = max(x, 0)", [Term((x,), float(np.maximum(x.value, 0.0)), function="max(x, 0)")])


def relu_gradient(cells: Cells, operation: ReLU, tensor: Tensor, index: Index) -> Derivation:
    """The gradient passes where x > 0; as in the pass by the sign of y, which a NaN has too."""
    x, y = cells.value("x", operation.x, *index), cells.value("y", operation.y, *index)
    d_y = cells.gradient("dL/dy", operation.y, *index)
    passes = y.value != 0.0 and not np.signbit(y.value)
    reached = Term(
        (d_y,), d_y.value if passes else 0.0, function="x > 0: passes" if passes else "x <= 0: stopped"
    )
    return summed("dL/dx = dL/dy where x > 0, else 0", [reached], row("x", [x]))


def gelu_value(cells: Cells, operation: GELU, y: Tensor, index: Index) -> Derivation:
    """y = x P(x), with P the normal distribution function."""
    x = cells.value("x", operation.x, *index)
    return summed(
        "y = x P(x), P(x) = (1 + erf(x / sqrt 2)) / 2", [term(x, constant("P(x)", _cumulative(x.value)))]
    )


def gelu_gradient(cells: Cells, operation: GELU, tensor: Tensor, index: Index) -> Derivation:
    """The product rule: P(x) + x P'(x)."""
    x, d_y = cells.value("x", operation.x, *index), cells.gradient("dL/dy", operation.y, *index)
    return summed(
        "dL/dx = dL/dy (P(x) + x P'(x)), P'(x) = exp(-x^2 / 2) / sqrt(2 pi)",
        [
            term(d_y, constant("P(x)", _cumulative(x.value)), part="x outside"),
            term(d_y, x, constant("P'(x)", _density(x.value)), part="x inside P"),
        ],
    )


def _cumulative(x: float) -> float:
    return (1.0 + math.erf(x * math.sqrt(0.5))) / 2.0


def _density(x: float) -> float:
    return math.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
