"""The optimisers, each a handful of operations on the flat vector of all parameters.

They work in place and in pieces that stay in the processor's cache, and follow torch.optim to the letter, so that
a run can be repeated there.
"""

import math
from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np

from tfviz.core import memory
from tfviz.core.parallel import Crew
from tfviz.core.tensor import Array

PIECE = 1 << 16
"""Numbers updated at a time: the piece, its moments and its gradient fit the second-level cache together."""

SHARED_PIECE = 1 << 17
"""The same where several threads update: with less work at a time they would wait longer for the interpreter's lock,
which every operation takes for a moment, than the cache saves."""


class Optimizer:
    """Moves values against their gradients. `moments` are vectors as long as the values, `updates` how many were made.

    update(gradients, learning_rate, scale) takes the gradients times `scale`, which is how clipping reaches them.
    """

    moment_names: tuple[str, ...] = ()
    decoupled = False
    """Whether the weight decay is taken from the values themselves, not added to their gradients."""

    def __init__(self, values: Array, weight_decay: float = 0.0) -> None:
        self.values = values
        self.weight_decay = weight_decay
        self.updates = 0
        self.moments = {name: memory.zeros(values.size, values.dtype) for name in self.moment_names}
        self._scratch = [self._two_pieces()]  # for each thread

    def update(
        self, gradients: Array, learning_rate: float, scale: float = 1.0, crew: Crew | None = None
    ) -> None:
        """One step; with a crew each of its threads takes the next piece when it is done with one: no bit changes."""
        self.updates += 1
        size = SHARED_PIECE if crew and crew.size > 1 else PIECE
        cuts = [slice(start, start + size) for start in range(0, self.values.size, size)]
        threads, left = min(crew.size, len(cuts)) if crew else 1, iter(cuts)
        while len(self._scratch) < threads:
            self._scratch.append(self._two_pieces())
        shares = [
            partial(self._update_pieces, gradients, learning_rate, scale, left, scratch)
            for scratch in self._scratch[:threads]
        ]
        if crew:
            crew.run(shares)
        else:
            shares[0]()

    def _two_pieces(self) -> tuple[Array, Array]:
        size, dtype = min(SHARED_PIECE, self.values.size), self.values.dtype
        return memory.zeros(size, dtype), memory.zeros(size, dtype)

    def _update_pieces(
        self, gradients: Array, learning_rate: float, scale: float, left: Iterator[slice],
        pieces: tuple[Array, Array],
    ) -> None:  # fmt: skip
        """The pieces that nobody else has taken; two of scratch belong to the thread."""
        for piece in left:
            gradient, values = gradients[piece], self.values[piece]
            scratch, other = (array[: len(values)] for array in pieces)
            if scale != 1.0:
                gradient = np.multiply(gradient, scale, out=scratch)
            if self.weight_decay and self.decoupled:
                np.multiply(values, 1.0 - learning_rate * self.weight_decay, out=values)
            elif self.weight_decay:
                decay = np.multiply(values, self.weight_decay, out=other)
                gradient = np.add(gradient, decay, out=scratch)
            self._move(piece, values, gradient, learning_rate, scratch, other)

    def _move(
        self, piece: slice, values: Array, gradient: Array, learning_rate: float, scratch: Array, other: Array
    ) -> None:
        """Change `values`, which lie at `piece`. `gradient` is left alone or is `scratch`, which like `other` is as
        long as it."""
        raise NotImplementedError

    def state(self) -> dict[str, Array]:
        """Copies of everything that the next step depends on besides the values."""
        return {name: moment.copy() for name, moment in self.moments.items()} | {
            "updates": np.array(self.updates)
        }

    def restore(self, state: Mapping[str, Array]) -> None:
        """Go back to a state()."""
        for name, moment in self.moments.items():
            moment[...] = state[name]
        self.updates = int(state["updates"])


class SGD(Optimizer):
    """value -= rate * g"""

    def _move(
        self, piece: slice, values: Array, gradient: Array, learning_rate: float, scratch: Array, other: Array
    ) -> None:
        change = np.multiply(gradient, learning_rate, out=scratch)
        np.subtract(values, change, out=values)


class Momentum(Optimizer):
    """velocity = momentum * velocity + g; value -= rate * velocity (Polyak 1964)"""

    moment_names = ("velocity",)

    def __init__(self, values: Array, weight_decay: float = 0.0, momentum: float = 0.9) -> None:
        super().__init__(values, weight_decay)
        self.momentum = momentum

    def _move(
        self, piece: slice, values: Array, gradient: Array, learning_rate: float, scratch: Array, other: Array
    ) -> None:
        velocity = self.moments["velocity"][piece]
        np.multiply(velocity, self.momentum, out=velocity)
        np.add(velocity, gradient, out=velocity)
        change = np.multiply(velocity, learning_rate, out=scratch)
        np.subtract(values, change, out=values)


class Adam(Optimizer):
    """m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; value -= rate * m' / (sqrt(v') + eps)

    with m' = m / (1 - b1^t) and v' = v / (1 - b2^t), which undo that both start at 0 (Kingma and Ba 2015).
    """

    moment_names = ("first_moment", "second_moment")

    def __init__(
        self,
        values: Array,
        weight_decay: float = 0.0,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        super().__init__(values, weight_decay)
        self.betas, self.eps = betas, eps

    def _move(
        self, piece: slice, values: Array, gradient: Array, learning_rate: float, scratch: Array, other: Array
    ) -> None:
        first, second = self.moments["first_moment"][piece], self.moments["second_moment"][piece]
        beta1, beta2 = self.betas
        correction = math.sqrt(1.0 - beta2**self.updates)
        rate = learning_rate * correction / (1.0 - beta1**self.updates)
        np.multiply(gradient, gradient, out=other)
        np.multiply(other, 1.0 - beta2, out=other)
        np.multiply(second, beta2, out=second)
        np.add(second, other, out=second)
        np.multiply(gradient, 1.0 - beta1, out=scratch)
        np.multiply(first, beta1, out=first)
        np.add(first, scratch, out=first)
        np.sqrt(second, out=other)
        np.add(other, self.eps * correction, out=other)  # sqrt(v') + eps, times the correction
        np.divide(first, other, out=other)
        np.multiply(other, rate, out=other)
        np.subtract(values, other, out=values)


class AdamW(Adam):
    """Adam with the decay taken from the values themselves: value -= rate * decay * value (Loshchilov, Hutter 2019)."""

    decoupled = True


OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": SGD, "momentum": Momentum, "adam": Adam, "adamw": AdamW}


def gradient_norm(gradients: Array) -> float:
    """The Euclidean length of the gradient; infinite or NaN where an element is."""
    return math.sqrt(np.dot(gradients, gradients))


def clip_scale(norm: float, limit: float) -> float:
    """What the gradient is multiplied by so that its norm is at most the limit; 1 where there is no limit (0).

    As torch.nn.utils.clip_grad_norm_ has it (Pascanu, Mikolov and Bengio 2013).
    """
    return min(1.0, limit / (norm + 1e-6)) if limit else 1.0
