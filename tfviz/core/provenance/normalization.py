"""Where the numbers of a layer normalisation come from."""

import numpy as np

from tfviz.core.operations import LayerNorm
from tfviz.core.provenance.cells import Cells, Index
from tfviz.core.provenance.explanation import Derivation, Detail, Factor, constant, summed, term, total_of
from tfviz.core.tensor import Tensor


def norm_value(cells: Cells, operation: LayerNorm, tensor: Tensor, index: Index) -> Derivation:
    """y = gain n + bias, n = (x - mean) r, r = 1 / sqrt(variance + eps)."""
    if tensor is operation.reciprocal_deviation:
        return _reciprocal_deviation(cells, operation, index)
    if tensor is operation.normalized:
        return _normalized(cells, operation, index)
    batch, position, feature = index
    gain = term(
        cells.value("gain", operation.gain, feature),
        cells.value("n", operation.normalized, *index),
        part="gain n",
    )
    bias = term(cells.value("bias", operation.bias, feature), part="bias")
    return summed("y = gain n + bias", [gain, bias], *_moments(cells, operation, batch, position))


def _normalized(cells: Cells, operation: LayerNorm, index: Index) -> Derivation:
    batch, position, feature = index
    r = _r(cells, operation, batch, position)
    x = [cells.value("x", operation.x, batch, position, j) for j in range(operation.x.features)]
    return summed(
        "n[i] = r (x[i] - sum_j x[j] / d), r = 1 / sqrt(variance + eps)",
        [
            term(r, x[feature], part="x"),
            *(term(r, constant("-1 / d", -1.0 / len(x)), x_j, part="mean") for x_j in x),
        ],
        *_moments(cells, operation, batch, position),
    )


def _reciprocal_deviation(cells: Cells, operation: LayerNorm, index: Index) -> Derivation:
    """The variance, sum_j (x[j] - mean)^2 / d, is also sum_j x[j] (x[j] - mean) / d: a sum over cells."""
    batch, position = divmod(index[0], operation.x.length)
    x = [cells.value("x[j]", operation.x, batch, position, j) for j in range(operation.x.features)]
    mean = float(cells.values(operation.x, batch, position).mean())
    terms = (
        *(
            term(
                x_j,
                constant("x[j] - mean", x_j.value - mean),
                constant("1 / d", 1.0 / len(x)),
                part="variance",
            )
            for x_j in x
        ),
        term(constant("eps", operation.eps), part="eps"),
    )
    return Derivation(
        "r = 1 / sqrt(variance + eps), variance = sum_j x[j] (x[j] - mean) / d",
        terms, float(1.0 / np.sqrt(total_of(terms))), closing="1 / sqrt(sum)",
        details=_moments(cells, operation, batch, position),
    )  # fmt: skip


def norm_gradient(cells: Cells, operation: LayerNorm, tensor: Tensor, index: Index) -> Derivation:
    """The gradients of x, gain and bias."""
    if tensor is operation.x:
        return _of_x(cells, operation, index)
    (feature,) = index
    places = cells.places(operation.x)
    d_y = [cells.gradient("dL/dy", operation.y, *place, feature) for place in places]
    if tensor is operation.bias:
        formula = "dL/dbias = sum_n dL/dy[n], n all positions of all sequences"
        return summed(formula, [term(factor) for factor in d_y])
    normalized = [cells.value("n", operation.normalized, *place, feature) for place in places]
    formula = "dL/dgain = sum_n dL/dy[n] n[n], n all positions of all sequences"
    return summed(formula, [term(*factors) for factors in zip(d_y, normalized, strict=True)])


def _of_x(cells: Cells, operation: LayerNorm, index: Index) -> Derivation:
    """x moves n itself, through the mean, and through the variance: three parts."""
    batch, position, i = index
    r = _r(cells, operation, batch, position)
    features = range(operation.x.features)
    d_y = [cells.gradient("dL/dy", operation.y, batch, position, j) for j in features]
    gain = [cells.value("gain", operation.gain, j) for j in features]
    n = [cells.value("n", operation.normalized, batch, position, j) for j in features]
    share = constant("-1 / d", -1.0 / len(features))
    parts = [
        [term(r, gain[i], d_y[i], part="directly")],
        [term(r, share, gain[j], d_y[j], part="through the mean") for j in features],
        [term(r, share, n[i], gain[j], d_y[j], n[j], part="through the variance") for j in features],
    ]
    return summed(
        "dL/dx[i] = r (h[i] - sum_j h[j] / d - n[i] sum_j h[j] n[j] / d), h = gain dL/dy",
        [term for part in parts for term in part],
        *(Detail(part[0].part, (total_of(part),)) for part in parts),
        *_moments(cells, operation, batch, position),
    )


def _r(cells: Cells, operation: LayerNorm, batch: int, position: int) -> Factor:
    return cells.value("r", operation.reciprocal_deviation, batch * operation.x.length + position)


def _moments(cells: Cells, operation: LayerNorm, batch: int, position: int) -> tuple[Detail, ...]:
    x = cells.values(operation.x, batch, position)
    r = _r(cells, operation, batch, position)
    return (
        Detail("mean", (float(x.mean()),)),
        Detail("variance", (float(x.var()),)),
        Detail("r", (r.value,), (r.cell,) if r.cell else ()),
    )
