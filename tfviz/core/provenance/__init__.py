"""Where a number came from: the terms that made any cell of any tensor, in the forward or the backward pass.

    explanation = explain(model, "encoder.layers.0.linear1", (0, 2, 5))
    explanation.terms       W[5, i] x[i] for every i, and b[5], each with the cells that its factors were read from
    explain(model, *explanation.terms[0].factors[1].cell)       and so on, down to the parameters and the tokens

One file for each family of operations, beside the family's own in core/operations, whose derivations it follows.
Nothing of it runs in training. To explain a new operation: a function for its value and one for its gradients, and a
line in DERIVATIONS.
"""

from tfviz.core.provenance.explanation import Cell, Detail, Explanation, Factor, Term
from tfviz.core.provenance.producer import explain
from tfviz.core.provenance.registry import DERIVATIONS

__all__ = ["DERIVATIONS", "Cell", "Detail", "Explanation", "Factor", "Term", "explain"]
