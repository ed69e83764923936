"""Which attention cells the decoder cannot see: the weights do not say, a masked one is 0 like an unlikely one."""

from functools import cache

import numpy
from numpy.typing import NDArray

from tfviz.training.export.comparison import Compared
from tfviz.training.export.heads import weights_of

Mask = NDArray[numpy.bool_]


@cache
def _future(length: int) -> Mask:
    """(query, key): the keys after the query."""
    mask = numpy.triu(numpy.ones((length, length), numpy.bool_), 1)
    mask.flags.writeable = False
    return mask


def causal_mask(weights: NDArray[numpy.floating]) -> Mask | None:
    """(query, key), True where masked, of decoder self-attention (..., query, key); None where it is not causal.

    A model without the causal mask gives the first query some weight on later keys; with it, exactly none.
    """
    length = weights.shape[-1]
    if weights.shape[-2] != length or length < 2 or weights[..., 0, 1:].any():
        return None
    return _future(length)


def mask_of(kind: str, compared: Compared) -> Mask | None:
    """(query, key), True where the queries of this kind cannot see the keys; None where they see all.

    A difference is masked where both of its steps are.
    """
    masks = [causal_mask(weights_of(kind, part)) for part in compared.parts] if kind == "decoder" else [None]
    return masks[0] if all(mask is not None for mask in masks) else None
