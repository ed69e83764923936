"""One attention head taken apart on the probe: every stage from queries to context, and what the loss wants of each.

The probe is run teacher-forced, forward and backward, through a model of its own on the same parameters, with nothing
dropped. The gradients of training are neither read nor written.
"""

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from tfviz.core.operations.mask import PADDING
from tfviz.core.transformer import Transformer
from tfviz.training.heads.head_entropies import heads_of, place_of_head, tokens_of

MASKS = {"source": "source_mask", "target_in": "target_mask", "stream": "stream_mask"}
"""The tokens that look at themselves -> what is added to their scores."""

LARGEST = 0.25
"""Of the cells that a query may look at: those with the largest pressures, whose signs a move is held against."""


@dataclass(frozen=True)
class StagesWish:
    """Which head to take apart, and whose loss to propagate back."""

    head: str | None = None
    """As "cross L0H3". None, or one that the model does not have, is the last layer's first head."""
    position: int | None = None
    """Of the target whose loss alone counts. None, or one that the target does not have, is the whole sentence."""


@dataclass(frozen=True, eq=False)
class Stages:
    """The tensors of a head, or their gradients, in the order in which they are computed."""

    query: np.ndarray
    """(query, width)"""
    key: np.ndarray
    """(key, width)"""
    value: np.ndarray
    """(key, width)"""
    scores: np.ndarray
    """(query, key): scaled, before the mask. Their gradient is that after the mask, too."""
    weights: np.ndarray
    """(query, key)"""
    context: np.ndarray
    """(query, width): the weighted values."""


@dataclass(frozen=True)
class Agreement:
    """How far attention moved where the loss of the probe wanted it to go."""

    cosine: float
    """Between the two, over all cells; NaN where one of them is zero."""
    followed: int
    """How many of the largest pressures have the sign of the move."""
    largest: int
    """How many those are."""


@dataclass(frozen=True, eq=False)
class Moved:
    """What the update after the shown step did to the head on the same probe: after minus before."""

    scores: np.ndarray
    """(query, key)"""
    weights: np.ndarray
    """(query, key)"""

    def agreement(self, pressure: np.ndarray) -> Agreement:
        """Of the weights' move with the pressure. The rows of both sum to zero, unlike those of the scores' move."""
        wanted, moved = (array.astype(np.float64).ravel() for array in (pressure, self.weights))
        lengths = float(np.linalg.norm(wanted) * np.linalg.norm(moved))
        largest = np.argsort(-abs(wanted), kind="stable")[: math.ceil(LARGEST * np.count_nonzero(wanted))]
        followed = np.sign(wanted[largest]) == np.sign(moved[largest])
        return Agreement(
            float(wanted @ moved) / lengths if lengths else math.nan,
            int(np.count_nonzero(followed)),
            len(largest),
        )


@dataclass(frozen=True, eq=False)
class HeadStages:
    """A head taken apart at one step. All arrays are copies."""

    head: str
    heads: tuple[str, ...]
    """All that the model has."""
    queries: tuple[str, ...]
    """Their tokens."""
    keys: tuple[str, ...]
    targets: tuple[str, ...]
    """What is expected at each position; empty where that is not known, and there is no loss then."""
    position: int | None
    """Of the target whose loss alone was propagated back; None for the whole sentence."""
    loss: float
    """The loss that was propagated; NaN where there is none."""
    values: Stages
    masked: np.ndarray
    """(query, key) bool, True where the query cannot see the key."""
    gradients: Stages | None
    """Of the loss; None where there is none."""
    moved: Moved | None = None
    """None where the step that follows is not recorded, or reads other tokens."""
    sentence: str = ""
    origin: str = ""

    @property
    def pressure(self) -> np.ndarray | None:
        """(query, key): minus the gradient of the scores, which is where the loss wants attention to go."""
        return None if self.gradients is None else -self.gradients.scores

    @property
    def path(self) -> str:
        """What the names of its tensors begin with, such as "decoder.layers.0.multihead_attn"."""
        return place_of_head(self.head)[0]

    def moved_to(self, after: Self) -> Self:
        """With what moved until the next step."""
        if (after.head, after.queries, after.keys) != (self.head, self.queries, self.keys):
            return self
        before, then = self.values, after.values
        return replace(self, moved=Moved(then.scores - before.scores, then.weights - before.weights))


def measure(
    model: Transformer,
    sentence: tuple[np.ndarray, np.ndarray, np.ndarray],
    wish: StagesWish,
    tokens: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]],
    origin: tuple[str, str],
) -> HeadStages:
    """Take a head apart. `model` is of one sentence, keeps its activations and drops nothing.

    `sentence` is (source, target_in, target_out), each (1, position), and `tokens` the same in words; `origin` is the
    sentence as it is called and where it comes from. Without words for the target_out nothing is propagated back.
    """
    source, target_in, target_out = sentence
    heads = heads_of(model.config)
    head = wish.head if wish.head in heads else heads[-model.config.nhead]
    known = bool(tokens[2])
    position = wish.position if wish.position is not None and 0 <= wish.position < len(tokens[2]) else None
    loss = model.forward(source, target_in, alone(target_out, position))
    if known:
        model.backward()
    kind = head.partition(" ")[0]
    path, number = place_of_head(head)
    words = {"source": tokens[0], "target_in": tokens[1], "stream": tokens[0] + tokens[1][1:]}
    of_queries, of_keys = tokens_of(model.config.architecture)[kind]
    queries, keys = words[of_queries], words[of_keys]
    mask = model.tensors["memory_mask" if kind == "cross" else MASKS[of_queries]].value[0, 0]
    return HeadStages(
        head,
        heads,
        queries,
        keys,
        tokens[2],
        position,
        loss if known else math.nan,
        _stages(model, path, number, len(queries), len(keys), gradients=False),
        np.isneginf(mask)[: len(queries), : len(keys)],
        _stages(model, path, number, len(queries), len(keys), gradients=True) if known else None,
        None,
        *origin,
    )


def alone(target_out: np.ndarray, position: int | None) -> np.ndarray:
    """A target of which one position counts, all others being padding; as it is for None."""
    if position is None:
        return target_out
    return np.where(np.arange(target_out.shape[1]) == position, target_out, PADDING)


def _stages(model: Transformer, path: str, head: int, queries: int, keys: int, gradients: bool) -> Stages:
    """Without the padding that a program may need behind a sentence."""

    def copy(name: str, *lengths: int) -> np.ndarray:
        tensor = model.tensors[f"{path}.{name}"]
        array = tensor.grad if gradients else tensor.value
        assert array is not None  # the model keeps all
        found = array[0, head][tuple(map(slice, lengths))].copy()
        found.setflags(write=False)
        return found

    return Stages(
        copy("query", queries),
        copy("key", keys),
        copy("value", keys),
        copy("scores", queries, keys),
        copy("weights", queries, keys),
        copy("context", queries),
    )
