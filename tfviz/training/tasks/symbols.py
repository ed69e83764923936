"""Random sequences of symbols, to be repeated, turned round, sorted or doubled."""

import string
from collections.abc import Iterable

import numpy

from tfviz.training.tasks.generated import FIRST_SYMBOL, GeneratedTask, Rows
from tfviz.training.tasks.task import Alignment

TIMES = 2
"""How often the repeat task says each symbol."""

_CHARACTERS = string.digits + string.ascii_lowercase


def symbols(count: int) -> list[str]:
    """0 to 9, then a to z; s0, s1, ... where there are more."""
    return (
        list(_CHARACTERS[:count]) if count <= len(_CHARACTERS) else [f"s{number}" for number in range(count)]
    )


class SymbolTask(GeneratedTask):
    """Sequences with a length uniform in [minimum_length, length], each symbol as likely as any other."""

    def symbols(self) -> list[str]:
        return symbols(self.config.alphabet)

    def shapes(self) -> dict[int, int]:
        return {
            length: self.config.alphabet ** min(length, 20)
            for length in range(self.config.minimum_length, self.config.length + 1)
        }

    def some(self, stream: numpy.random.Generator, shape: int, count: int) -> Iterable[list[int]]:
        size = (count, shape)
        return stream.integers(FIRST_SYMBOL, FIRST_SYMBOL + self.config.alphabet, size=size).tolist()

    def draw(self, stream: numpy.random.Generator, count: int) -> Rows:
        config = self.config
        lengths = stream.integers(config.minimum_length, config.length + 1, size=count)
        sequences = stream.integers(FIRST_SYMBOL, FIRST_SYMBOL + config.alphabet, size=(count, config.length))
        sequences *= numpy.arange(config.length) < lengths[:, None]
        return sequences, lengths


class CopyTask(SymbolTask):
    """Random sequences of symbols, to be repeated."""

    what_to_look_for = (
        "Cross attention becomes a diagonal. The words mean nothing here, so only the positions can carry it."
    )

    def answer(self, sequences: numpy.ndarray, lengths: numpy.ndarray) -> Rows:
        return sequences, lengths

    def expected(self, sentence: str) -> str | None:
        return " ".join(sentence.split())

    def alignment(self, sentence: str) -> Alignment | None:
        return tuple((place,) for place in range(len(sentence.split())))


class ReverseTask(SymbolTask):
    """Random sequences of symbols, to be said backwards."""

    what_to_look_for = (
        "Cross attention becomes the other diagonal: the first answer looks at the last symbol of the source."
    )

    def answer(self, sequences: numpy.ndarray, lengths: numpy.ndarray) -> Rows:
        places = (
            lengths[:, None] - 1 - numpy.arange(sequences.shape[1])
        )  # negative where padding has to stand
        answers = numpy.take_along_axis(sequences, numpy.maximum(places, 0), axis=1)
        answers *= places >= 0
        return answers, lengths

    def expected(self, sentence: str) -> str | None:
        return " ".join(reversed(sentence.split()))

    def alignment(self, sentence: str) -> Alignment | None:
        return tuple((place,) for place in reversed(range(len(sentence.split()))))


class SortTask(SymbolTask):
    """Random sequences of symbols, to be put in order."""

    what_to_look_for = (
        "No diagonal: each answer jumps to the place of the symbol that comes next in the order, wherever it stands. "
        "Where a symbol stands twice, its row of cross attention shares itself out between the two."
    )

    def answer(self, sequences: numpy.ndarray, lengths: numpy.ndarray) -> Rows:
        behind = FIRST_SYMBOL + self.config.alphabet
        answers = numpy.sort(numpy.where(sequences, sequences, behind), axis=1)
        answers *= answers < behind
        return answers, lengths

    def expected(self, sentence: str) -> str | None:
        if self.source_tokenizer.unknown(sentence):
            return None
        return self.source_tokenizer.decode(sorted(self.source_tokenizer.encode(sentence)[1:-1]))

    def alignment(self, sentence: str) -> Alignment | None:
        words = sentence.split()
        answer = self.expected(sentence)
        if answer is None:
            return None
        return tuple(
            tuple(place for place, other in enumerate(words) if other == word) for word in answer.split()
        )


class RepeatTask(SymbolTask):
    """Random sequences of symbols, each to be said twice."""

    what_to_look_for = (
        "Cross attention becomes a staircase: two answers in a row look at the same symbol before they move on. "
        "To know which of the two it is, the decoder has to count its own words."
    )

    def longest(self) -> tuple[int, int]:
        return self.config.length, TIMES * self.config.length

    def answer(self, sequences: numpy.ndarray, lengths: numpy.ndarray) -> Rows:
        return numpy.repeat(sequences, TIMES, axis=1), TIMES * lengths

    def expected(self, sentence: str) -> str | None:
        return " ".join(word for word in sentence.split() for _ in range(TIMES))

    def alignment(self, sentence: str) -> Alignment | None:
        return tuple((place,) for place in range(len(sentence.split())) for _ in range(TIMES))
