"""The tokens of a task with how often each occurs in what is trained on."""

from typing import NamedTuple

import numpy

from tfviz.training.tasks import Task
from tfviz.training.tokens.tokenizer import PADDING, START, Tokenizer

DRAWN = 1000
"""Pairs that are counted where they are drawn without end: those of the first steps."""


class TokenCount(NamedTuple):
    """One line of the table."""

    identifier: int
    token: str
    occurrences: int
    """Special tokens are counted too: each sentence has an <s> and an </s>."""


class TokenTable(NamedTuple):
    """Tokens by their ids, with what was counted: so many of the training pairs."""

    source: tuple[TokenCount, ...]
    target: tuple[TokenCount, ...]
    pairs: int
    complete: bool
    """Whether these are all training pairs."""


def token_counts(task: Task) -> TokenTable:
    """Counted over all training pairs or, where they have no end, over the first thousand or so."""
    steps = task.steps_per_epoch or -(-DRAWN // task.batch_size)
    source = numpy.zeros(len(task.source_tokenizer), dtype=numpy.int64)
    target = numpy.zeros(len(task.target_tokenizer), dtype=numpy.int64)
    pairs = 0
    for step in range(1, steps + 1):
        batch = task.batch(step)
        pairs += len(batch)
        source += numpy.bincount(batch.source.ravel(), minlength=len(source))
        target += numpy.bincount(batch.target_out.ravel(), minlength=len(target))
    target[START] = pairs  # stands in target_in alone
    complete = task.steps_per_epoch is not None
    return TokenTable(
        _lines(task.source_tokenizer, source), _lines(task.target_tokenizer, target), pairs, complete
    )


def _lines(tokenizer: Tokenizer, counts: numpy.ndarray) -> tuple[TokenCount, ...]:
    counts[PADDING] = 0  # fills up, and stands in no sentence
    return tuple(
        TokenCount(identifier, token, count)
        for identifier, (token, count) in enumerate(zip(tokenizer.tokens, counts.tolist(), strict=True))
    )
