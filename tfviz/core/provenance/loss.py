"""Where the loss comes from, and with it every gradient."""

import numpy as np

from tfviz.core.operations import CrossEntropy
from tfviz.core.operations.mask import PADDING
from tfviz.core.provenance.attention import softmax_of
from tfviz.core.provenance.cells import Cells, Index
from tfviz.core.provenance.explanation import Derivation, Detail, Factor, Term, constant, row, summed, term
from tfviz.core.tensor import Tensor


def loss_value(cells: Cells, operation: CrossEntropy, tensor: Tensor, index: Index) -> Derivation:
    """The probabilities, a softmax of the logits, and the mean of -sum_v t[v] log p[v]."""
    if tensor is operation.probabilities:
        batch, position, token = index
        logits = [(factor,) for factor in _logits(cells, operation, batch, position)]
        return softmax_of("p[v] = exp(logits[v]) / sum_v' exp(logits[v'])", logits, token)
    targets = cells.values(operation.target).astype(int)
    return summed(
        "L = (1 / tokens) sum_n -sum_v t[v] log p[v], n the positions that are not padding",
        [
            _of_position(cells, operation, place, targets[place])
            for place in cells.places(operation.target)
            if targets[place] != PADDING
        ],
        Detail("tokens", (float(operation.tokens),)),
    )


def _of_position(cells: Cells, operation: CrossEntropy, place: Index, token: int) -> Term:
    """A position's share of the loss, with log p[v] = logits[v] - log sum exp(logits), which cannot overflow."""
    logits = cells.values(operation.logits, *place)
    shifted = logits - logits.max()
    log_p = shifted - np.log(np.exp(shifted).sum())
    wanted = (1.0 - operation.smoothing) * log_p[token] + operation.smoothing * log_p.mean()
    return Term(
        (cells.value("p[target]", operation.probabilities, *place, token),),
        float(-wanted / operation.tokens),
        part=f"sequence {place[0]}, position {place[1]}",
        function="-(1 / tokens) sum_v t[v] log p[v]"
        if operation.smoothing
        else "-(1 / tokens) log p[target]",
    )


def loss_gradient(cells: Cells, operation: CrossEntropy, logits: Tensor, index: Index) -> Derivation:
    """dL/dlogits[v] = (p[v] - t[v]) / tokens, and 0 at padding."""
    batch, position, token = index
    target = cells.value("target", operation.target, batch, position)
    share = constant("1 / tokens", 1.0 / operation.tokens)
    if target.value == PADDING:
        share = constant("0 at padding", 0.0)
    smoothing, vocabulary = operation.smoothing, operation.logits.features
    terms = [term(cells.value("p[v]", operation.probabilities, *index), share, part="p")]
    if target.value == token:
        terms.append(term(constant("-(1 - smoothing)", smoothing - 1.0), share, part="t, the target"))
    if smoothing:
        terms.append(
            term(constant("-smoothing / vocabulary", -smoothing / vocabulary), share, part="t, smoothing")
        )
    return summed(
        "dL/dlogits[v] = (p[v] - t[v]) / tokens, t = (1 - smoothing) on the target + smoothing / vocabulary",
        terms,
        row("target", [target]),
        row("loss", [cells.value("loss", operation.loss, 0)]),
        row("dL/dL", [cells.gradient("dL/dL", operation.loss, 0)]),
    )


def _logits(cells: Cells, operation: CrossEntropy, batch: int, position: int) -> list[Factor]:
    return [
        cells.value("logits", operation.logits, batch, position, v) for v in range(operation.logits.features)
    ]
