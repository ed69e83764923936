"""Where the vectors of the tokens come from."""

import numpy as np

from tfviz.core.operations import Embedding, LearnedPositions, PositionalEncoding
from tfviz.core.operations.embedding import sinusoids
from tfviz.core.provenance.cells import Cells, Index
from tfviz.core.provenance.explanation import (
    Derivation,
    Detail,
    Factor,
    constant,
    row,
    same_number,
    summed,
    term,
)
from tfviz.core.tensor import Tensor


def embedding_value(cells: Cells, operation: Embedding, x: Tensor, index: Index) -> Derivation:
    """x = sqrt(d_model) E[token]."""
    batch, position, feature = index
    token = cells.value("token", operation.tokens, batch, position)
    entry = cells.value("E[token]", operation.table, int(token.value), feature)
    return summed("x = sqrt(d_model) E[token]", [term(_scale(operation), entry)], row("token", [token]))


def embedding_gradient(cells: Cells, operation: Embedding, table: Tensor, index: Index) -> Derivation:
    """A row of the table: the sum over the positions that read it.

    A small table's gradient is computed as a product with one-hot columns, in which a number that is not finite
    reaches the rows of other tokens too (0 times infinity): stored, not in these terms.
    """
    token, feature = index
    readers = np.argwhere(cells.values(operation.tokens) == token).tolist()
    return summed(
        "dL/dE[v] = sqrt(d_model) sum_n dL/dx[n], n the positions whose token is v",
        [term(_scale(operation), cells.gradient("dL/dx", operation.x, *place, feature)) for place in readers],
        Detail("positions that read it", (float(len(readers)),)),
    )


def _scale(operation: Embedding) -> Factor:
    return constant("sqrt(d_model)", operation.x.features**0.5)


def position_value(cells: Cells, operation: PositionalEncoding, y: Tensor, index: Index) -> Derivation:
    """y = x + P."""
    _, position, feature = index
    wave = sinusoids(operation.x.length, operation.x.features)[position, feature]
    formula = f"y = x + P, P[t, f] = {'cos' if feature % 2 else 'sin'}(t / 10000^({feature - feature % 2} / d_model))"
    return summed(
        formula, [term(cells.value("x", operation.x, *index)), term(constant("P", wave), part="position")]
    )


def position_gradient(cells: Cells, operation: PositionalEncoding, x: Tensor, index: Index) -> Derivation:
    """P is constant."""
    return same_number(cells.gradient("dL/dy", operation.y, *index))


def learned_value(cells: Cells, operation: LearnedPositions, y: Tensor, index: Index) -> Derivation:
    """y = x + P[t]."""
    _, position, feature = index
    entry = cells.value("P[t]", operation.table, position, feature)
    return summed(
        "y = x + P[t], t the position",
        [term(cells.value("x", operation.x, *index)), term(entry, part="position")],
    )


def learned_gradient(cells: Cells, operation: LearnedPositions, tensor: Tensor, index: Index) -> Derivation:
    """x passes everything on; a row of the table is read once in every sequence, or never."""
    if tensor is operation.x:
        return same_number(cells.gradient("dL/dy", operation.y, *index))
    position, feature = index
    batch, length, _ = cells.array(operation.y.name, "value").shape
    readers = range(batch if position < length else 0)
    return summed(
        "dL/dP[t] = sum_b dL/dy[b, t], b all sequences",
        [term(cells.gradient("dL/dy", operation.y, row_number, position, feature)) for row_number in readers],
    )
