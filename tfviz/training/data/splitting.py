"""Which pairs are held out of training."""

from collections.abc import Sequence
from typing import NamedTuple

from tfviz.training.data.batches import HELD_OUT, random_stream
from tfviz.training.data.pair_formats import Pair
from tfviz.training.rules import ConfigurationError


class Split(NamedTuple):
    training: tuple[Pair, ...]
    """In the order of the data, repeated where the data repeat them."""
    validation: tuple[Pair, ...]
    """Each once, in the order of the data; none of them stands in training."""


def split_pairs(pairs: Sequence[Pair], held_out: int, seed: int) -> Split:
    """Hold out so many different pairs, chosen by the seed. ConfigurationError where nothing would be left."""
    distinct = list(dict.fromkeys(pairs))
    if held_out >= len(distinct):
        raise ConfigurationError(
            "task.validation",
            f"task.validation is {held_out}; allowed: below the {len(distinct)} different pairs",
        )
    chosen = random_stream(seed, 0, HELD_OUT).permutation(len(distinct))[:held_out]
    validation = tuple(distinct[position] for position in sorted(chosen.tolist()))
    apart = set(validation)
    return Split(tuple(pair for pair in pairs if pair not in apart), validation)
