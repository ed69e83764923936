"""How often the model is right when it goes on from its own words instead of from the right ones."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from tfviz.training.data.pair_formats import Pair
from tfviz.training.model.inference import Reader

AT_ONCE = 64
"""Sentences decoded together."""
DECODED = 32
"""Held-out sentences that validation decodes. A model that has learned nothing takes a pass for every token."""
DECODED_EVERY = 200
"""Steps from which on the next validation decodes: a hundredth of the time at the preset tiny, twice that until
something is learned."""


def decodes_at(step: int, validation_every: int) -> bool:
    """Whether the validation at this step decodes too: the first from each multiple of DECODED_EVERY on."""
    return step % DECODED_EVERY < validation_every


class Accuracy(NamedTuple):
    """Shares from 0 to 1; NaN where there was no sentence."""

    tokens: float
    """Of the right answers' tokens, </s> included, that stand at their place in the model's own."""
    sequences: float
    """Of the answers that are right to the last token."""


NOT_MEASURED = Accuracy(math.nan, math.nan)


def free_running_accuracy(reader: Reader, pairs: Sequence[Pair]) -> Accuracy:
    """Greedy answers to the sources, compared with the targets token by token."""
    right_tokens = tokens = right_sequences = 0
    for start in range(0, len(pairs), AT_ONCE):
        piece = pairs[start : start + AT_ONCE]
        sources = [reader.encode(source) for source, _ in piece]
        targets = [reader.task.target_tokenizer.encode(target)[1:] for _, target in piece]
        # The right answers are the best guesses: what the model has learned takes one pass.
        for answer, target in zip(reader.free_running(sources, targets), targets, strict=True):
            said = [token for token, _ in answer]
            tokens += len(target)
            right_tokens += sum(one == other for one, other in zip(said, target, strict=False))
            right_sequences += said == target
    if not pairs:
        return NOT_MEASURED
    return Accuracy(right_tokens / tokens, right_sequences / len(pairs))
