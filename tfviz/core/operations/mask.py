"""Which keys a query may look at."""

import numpy as np

from tfviz.core import memory
from tfviz.core.operation import Operation
from tfviz.core.tensor import Saved, Tokens
from tfviz.core.workspace import Workspace

PADDING = 0


class KeyMask(Operation):
    """What is added to attention scores: 0 where the query may look at the key, minus infinity where it may not.

    No query may look at a padding token, unless `padding` is False; under the causal mask none may look at a later
    position, or the decoder would read the answer it is asked for. mask : (batch, 1, query, key), one for all heads,
    stored (key, 1, batch, query).
    Nothing flows backward.
    """

    def __init__(self, name: str, tokens: Tokens, mask: Saved, causal: bool, padding: bool = True) -> None:
        self.name, self.tokens, self.mask, self.causal, self.hides_padding = (
            name,
            tokens,
            mask,
            causal,
            padding,
        )
        self.inputs, self.outputs = (tokens,), (mask,)
        self.hidden: tuple[int, ...] = ()
        """Positions of keys that no query may look at either, whatever token stands there."""

    def bind(self, workspace: Workspace) -> None:
        keys, _, batch, queries = self.mask.data.shape
        self.out = self.mask.data[:, 0]  # (key, batch, query)
        later = np.arange(keys)[:, None, None] > np.arange(queries)
        never = np.where(later & self.causal, -np.inf, 0.0)
        self.never = memory.copy(np.repeat(never, batch, axis=1), self.out.dtype)  # (key, batch, query)
        self.key_ids = self.tokens.data.T[:, :, None]  # (key, batch, 1)
        self.is_padding = np.zeros((keys, batch, 1), np.bool_)
        self.padding = memory.full((keys, batch, 1), 0, self.out.dtype)

    def forward(self) -> None:
        np.equal(self.key_ids, PADDING, out=self.is_padding)
        self.padding.fill(0.0)
        if self.hides_padding:
            np.copyto(self.padding, -np.inf, where=self.is_padding)
        if self.hidden:
            self.padding[list(self.hidden)] = -np.inf
        np.copyto(self.out, self.padding)
        if self.causal:
            np.add(self.out, self.never, out=self.out)

    def backward(self) -> None:
        """Nothing to compute: tokens have no gradient."""
