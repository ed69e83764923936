"""Batches of token ids as the model takes them, and the random streams that they are drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy

from tfviz.training.data.pair_formats import Pair
from tfviz.training.tokens.tokenizer import PADDING, Tokenizer

# What a stream is for is part of its key, so that no two uses share numbers.
PERMUTATION, DRAW, HELD_OUT, EXAMPLES, SAMPLE = 1, 2, 3, 4, 5


def random_stream(seed: int, index: int, purpose: int) -> numpy.random.Generator:
    """A generator that depends on these numbers only: any step can be drawn again, alone and in any order."""
    return numpy.random.Generator(numpy.random.Philox(key=[seed, index], counter=[0, 0, 0, purpose]))


@dataclass(frozen=True, eq=False)
class Batch:
    """Padded token ids of some sentence pairs, with teacher forcing: the target as input and as answer."""

    source: numpy.ndarray
    """(batch, source position) int64: <s> ... </s>, padding."""
    target_in: numpy.ndarray
    """(batch, target position) int64: <s> ..., padding; without </s>."""
    target_out: numpy.ndarray
    """(batch, target position) int64: ... </s>, padding; without <s>."""
    source_tokenizer: Tokenizer
    target_tokenizer: Tokenizer

    def __len__(self) -> int:
        return len(self.source)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Sentences, positions of the source, positions of the target: what a model is built for."""
        return len(self.source), self.source.shape[1], self.target_in.shape[1]

    @cached_property
    def sentences(self) -> tuple[Pair, ...]:
        """Source and target texts, made from the ids when somebody asks."""
        return tuple(
            (self.source_tokenizer.decode(source), self.target_tokenizer.decode(target))
            for source, target in zip(self.source.tolist(), self.target_out.tolist(), strict=True)
        )

    def rows(self, chosen: numpy.ndarray | slice) -> "Batch":
        """The batch of some of these pairs, at the same width."""
        return Batch(
            self.source[chosen],
            self.target_in[chosen],
            self.target_out[chosen],
            self.source_tokenizer,
            self.target_tokenizer,
        )


def collate(
    pairs: Sequence[Pair],
    source_tokenizer: Tokenizer,
    target_tokenizer: Tokenizer,
    source_width: int | None = None,
    target_width: int | None = None,
) -> Batch:
    """Encode and pad pairs to these widths (target_width is that of target_in and of target_out).

    Without a width, the longest pair decides. ValueError where a sentence is longer than the width.
    """
    sources = [source_tokenizer.encode(source) for source, _ in pairs]
    targets = [target_tokenizer.encode(target) for _, target in pairs]
    return Batch(
        _padded(sources, source_width),
        _padded([ids[:-1] for ids in targets], target_width),
        _padded([ids[1:] for ids in targets], target_width),
        source_tokenizer,
        target_tokenizer,
    )


def _padded(rows: Sequence[Sequence[int]], width: int | None) -> numpy.ndarray:
    longest = max(map(len, rows), default=0)
    if width is not None and longest > width:
        raise ValueError(f"a sentence of {longest} tokens does not fit the width {width}")
    padded = numpy.full((len(rows), longest if width is None else width), PADDING, dtype=numpy.int64)
    for row, ids in zip(padded, rows, strict=True):
        row[: len(ids)] = ids
    return padded
