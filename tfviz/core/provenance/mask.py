"""Why a query may not look at a key."""

import math

from tfviz.core.operations import KeyMask
from tfviz.core.operations.mask import PADDING
from tfviz.core.provenance.cells import Cells, Index
from tfviz.core.provenance.explanation import Derivation, Term, summed
from tfviz.core.tensor import Tensor


def mask_value(cells: Cells, operation: KeyMask, mask: Tensor, index: Index) -> Derivation:
    """0 or minus infinity, by the key's token and, under the causal mask, by its place."""
    batch, _, query, key = index
    token = cells.value("token", operation.tokens, batch, key)
    if token.value == PADDING and operation.hides_padding:
        reason, mask_cell = "the key is padding", -math.inf
    elif operation.causal and key > query:
        reason, mask_cell = "the key comes later than the query", -math.inf
    else:
        reason, mask_cell = "the query may look at the key", 0.0
    reasons = ["is padding"] * operation.hides_padding + ["comes later than the query"] * operation.causal
    where = f"-infinity where the key {' or '.join(reasons)}, else 0" if reasons else "0 everywhere"
    return summed(
        f"mask = {where}",
        [Term((token,), mask_cell, function=reason)],
    )
