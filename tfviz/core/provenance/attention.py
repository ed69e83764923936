"""Where the numbers of an attention head come from: scores, weights, context, and their gradients."""

from collections.abc import Sequence

import numpy as np

from tfviz.core.operations import HeadSwitch, Scores, Softmax, WeightedSum
from tfviz.core.provenance.cells import Cells, Index
from tfviz.core.provenance.explanation import (
    Derivation,
    Detail,
    Factor,
    Term,
    constant,
    row,
    same_number,
    summed,
    term,
    total_of,
)
from tfviz.core.tensor import Array, Tensor


def scores_value(cells: Cells, operation: Scores, scores: Tensor, index: Index) -> Derivation:
    """scores[q, k] = query[q] . key[k] / sqrt(width)."""
    batch, head, query, key = index
    return summed(
        f"scores[q, k] = sum_w query[q, w] key[k, w]{_divided(operation)}",
        [
            term(
                cells.value("query", operation.query, batch, head, query, w),
                cells.value("key", operation.key, batch, head, key, w),
                _scale(operation),
            )
            for w in range(operation.query.width)
        ],
    )


def scores_gradient(cells: Cells, operation: Scores, tensor: Tensor, index: Index) -> Derivation:
    """A query's gradient is a sum over the keys, a key's over the queries."""
    batch, head, position, w = index
    of_query = tensor is operation.query
    other = operation.key if of_query else operation.query
    terms = []
    for place in range(other.length):
        query, key = (position, place) if of_query else (place, position)
        d_scores = cells.gradient("dL/dscores", operation.scores, batch, head, query, key)
        factor = cells.value("key" if of_query else "query", other, batch, head, place, w)
        terms.append(term(d_scores, factor, _scale(operation)))
    if of_query:
        return summed(f"dL/dquery[q] = sum_k dL/dscores[q, k] key[k]{_divided(operation)}", terms)
    return summed(f"dL/dkey[k] = sum_q dL/dscores[q, k] query[q]{_divided(operation)}", terms)


def _scale(operation: Scores) -> Factor:
    return constant("1 / sqrt(width)" if operation.scale != 1.0 else "1, not scaled", operation.scale)


def _divided(operation: Scores) -> str:
    return " / sqrt(width)" if operation.scale != 1.0 else ""


def softmax_value(cells: Cells, operation: Softmax, weights: Tensor, index: Index) -> Derivation:
    """weights[q, k] = exp(scores[q, k] + mask[q, k]) / sum over the row."""
    batch, head, query, key = index
    pairs = [
        (
            cells.value("scores", operation.scores, batch, head, query, k),
            cells.value("mask", operation.mask, batch, 0, query, k),
        )
        for k in range(operation.scores.shape[0])
    ]
    return softmax_of(
        "weights[q, k] = exp(scores[q, k] + mask[q, k]) / sum_k' exp(scores[q, k'] + mask[q, k'])", pairs, key
    )


def softmax_of(formula: str, exponents: Sequence[tuple[Factor, ...]], chosen: int) -> Derivation:
    """A number of a softmax: each term the exponential of a sum of factors, `chosen` the term that is divided."""
    sums = np.array([sum(factor.value for factor in factors) for factors in exponents])
    exponentials: Array = np.exp(sums - sums.max())
    function = f"exp({' + '.join(factor.symbol for factor in exponents[chosen])} - largest of the row)"
    terms = tuple(
        Term(
            factors, float(exponential), part="this one" if number == chosen else "the row", function=function
        )
        for number, (factors, exponential) in enumerate(zip(exponents, exponentials, strict=True))
    )
    total = float(exponentials[chosen] / exponentials.sum())
    return Derivation(
        formula, terms, total, closing="this one / sum of the row",
        details=(Detail("largest of the row", (float(sums.max()),)), Detail("sum of the row", (total_of(terms),))),
    )  # fmt: skip


def softmax_gradient(cells: Cells, operation: Softmax, scores: Tensor, index: Index) -> Derivation:
    """dL/dweights times a row of the Jacobian, dp[k] / dscores[j] = p[k] ((1 if k = j else 0) - p[j])."""
    batch, head, query, j = index
    keys = range(operation.scores.shape[0])
    p = [cells.value("p[k]", operation.weights, batch, head, query, k) for k in keys]
    jacobian = [constant("δ-p[j]", (k == j) - p[j].value) for k in keys]
    terms = [
        term(cells.gradient("dL/dp[k]", operation.weights, batch, head, query, k), p[k], jacobian[k])
        for k in keys
    ]
    return summed(
        "dL/dscores[j] = sum_k dL/dp[k] p[k] (δ - p[j]), δ = 1 if k = j else 0, p = weights[q]",
        terms,
        row("weights", p),
        Detail("Jacobian row", tuple(p[k].value * jacobian[k].value for k in keys)),
    )


def switch_value(cells: Cells, operation: HeadSwitch, weights: Tensor, index: Index) -> Derivation:
    """The softmax's own weight, 0, or a share of the allowed keys."""
    batch, head, query, key = index
    if head in operation.off:
        return summed("weights[q, k] = 0, for the head is off", [term(constant("0", 0.0))])
    if head not in operation.uniform:
        return same_number(cells.value("p", operation.p, *index))
    mask = cells.values(operation.mask, batch, 0, query)
    here = cells.value("mask", operation.mask, batch, 0, query, key)
    share = 1.0 / np.count_nonzero(mask == 0.0) if here.value == 0.0 else 0.0
    return summed(
        "weights[q, k] = 1 / allowed keys, for the head is uniform",
        [Term((here,), float(share), function="1 / allowed keys, or 0 where the key is hidden")],
    )


def switch_gradient(cells: Cells, operation: HeadSwitch, p: Tensor, index: Index) -> Derivation:
    """What p has no influence on gives it no gradient."""
    if index[1] in (*operation.off, *operation.uniform):
        return summed("dL/dp[q, k] = 0, for the head is switched", [term(constant("0", 0.0))])
    return same_number(cells.gradient("dL/dweights", operation.weights, *index))


def weighted_sum_value(cells: Cells, operation: WeightedSum, context: Tensor, index: Index) -> Derivation:
    """context[q] = sum_k weights[q, k] value[k]."""
    batch, head, query, w = index
    return summed(
        "context[q] = sum_k weights[q, k] value[k]",
        [
            term(
                cells.value("weights", operation.weights, batch, head, query, k),
                cells.value("value", operation.value, batch, head, k, w),
            )
            for k in range(operation.value.length)
        ],
    )


def weighted_sum_gradient(cells: Cells, operation: WeightedSum, tensor: Tensor, index: Index) -> Derivation:
    """A weight's gradient is a product of two vectors, a value's a sum over the queries."""
    if tensor is operation.weights:
        batch, head, query, key = index
        return summed(
            "dL/dweights[q, k] = sum_w dL/dcontext[q, w] value[k, w]",
            [
                term(
                    cells.gradient("dL/dcontext", operation.context, batch, head, query, w),
                    cells.value("value", operation.value, batch, head, key, w),
                )
                for w in range(operation.value.width)
            ],
        )
    batch, head, key, w = index
    return summed(
        "dL/dvalue[k] = sum_q weights[q, k] dL/dcontext[q]",
        [
            term(
                cells.value("weights", operation.weights, batch, head, query, key),
                cells.gradient("dL/dcontext", operation.context, batch, head, query, w),
            )
            for query in range(operation.context.length)
        ],
    )
