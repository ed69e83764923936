"""Brackets of several kinds, left open: which ones have to be closed, and in which order?"""

from collections.abc import Iterable

import numpy

from tfviz.training.rules import ConfigurationError
from tfviz.training.task_config import TaskConfig
from tfviz.training.tasks.generated import FIRST_SYMBOL, HELD_OUT_SHARE, MOST_HELD_OUT, GeneratedTask, Rows
from tfviz.training.tasks.task import Alignment

BRACKETS = "()[]{}<>«»‹›"
OPENING = 0.6
"""Probability that a bracket is opened where one could be closed too: a bit deeper than a fair coin goes."""
ENOUGH = HELD_OUT_SHARE * MOST_HELD_OUT
"""So many are not counted further."""


class BracketsTask(GeneratedTask):
    """The beginning of a balanced expression, such as "( [ ] {", to be completed: "} )".

    To complete is asked rather than to decide between right and wrong: each closing bracket is a row of attention of
    its own, which has to find its partner past all that is closed already; a decision would be one row for everything.
    """

    what_to_look_for = (
        "Each closing bracket looks at the one that it closes, from the innermost out; brackets that are already "
        "closed stay dark, however near they are."
    )

    def check(self, config: TaskConfig) -> None:
        if config.alphabet > len(BRACKETS) or config.alphabet % 2:
            raise ConfigurationError(
                "task.alphabet",
                f"task.alphabet is {config.alphabet}; allowed: an even number of at most {len(BRACKETS)}",
            )

    def symbols(self) -> list[str]:
        return list(BRACKETS[: self.config.alphabet])

    def longest(self) -> tuple[int, int]:
        return self.config.length, min(self.config.length, self.config.depth)

    def shapes(self) -> dict[int, int]:
        """By length. What is open at the end may be of any depth, but something is."""
        kinds, found = self.config.alphabet // 2, {}
        counts = [1] + [0] * self.config.depth  # by what is open
        for length in range(1, self.config.length + 1):
            opened = [0, *(kinds * count for count in counts[:-1])]
            closed = [*counts[1:], 0]
            counts = [min(ENOUGH, one + other) for one, other in zip(opened, closed, strict=True)]
            if length >= self.config.minimum_length:
                found[length] = sum(counts[1:])
        return found

    def some(self, stream: numpy.random.Generator, shape: int, count: int) -> Iterable[list[int]]:
        return self._beginnings(stream, numpy.full(count, shape))[:, :shape].tolist()

    def draw(self, stream: numpy.random.Generator, count: int) -> Rows:
        lengths = stream.integers(self.config.minimum_length, self.config.length + 1, size=count)
        return self._beginnings(stream, lengths), lengths

    def _beginnings(self, stream: numpy.random.Generator, lengths: numpy.ndarray) -> numpy.ndarray:
        """Brackets of these lengths, never deeper than `depth`, with something open at the end."""
        size = (len(lengths), self.longest_source)
        kinds = stream.integers(0, self.config.alphabet // 2, size=size)
        wishes = stream.random(size) < OPENING
        stack = _Stack(len(lengths), self.longest_answer)
        sequences = numpy.zeros(size, dtype=numpy.int64)
        for place in range(self.longest_source):
            going = place < lengths
            needed = (stack.level == 0) | ((stack.level == 1) & (place == lengths - 1))
            opens = needed | (wishes[:, place] & (stack.level < self.config.depth))
            found = numpy.where(opens, 2 * kinds[:, place], stack.top + 1)
            sequences[:, place] = numpy.where(going, FIRST_SYMBOL + found, 0)
            stack.take(going & opens, going & ~opens, found)
        return sequences

    def answer(self, sequences: numpy.ndarray, lengths: numpy.ndarray) -> Rows:
        stack = _Stack(len(sequences), self.longest_answer)
        for found in (sequences - FIRST_SYMBOL).T:
            stack.take((found >= 0) & (found % 2 == 0), (found >= 0) & (found % 2 == 1), found)
        places = stack.level[:, None] - 1 - numpy.arange(self.longest_answer)
        closing = numpy.take_along_axis(stack.cells, numpy.maximum(places, 0), axis=1) + 1 + FIRST_SYMBOL
        return numpy.where(places >= 0, closing, 0), stack.level

    def expected(self, sentence: str) -> str | None:
        words = sentence.split()
        opened = self._open(words)
        return " ".join(BRACKETS[BRACKETS.index(words[place]) + 1] for place in reversed(opened)) or None

    def alignment(self, sentence: str) -> Alignment | None:
        """The bracket that is closed."""
        opened = self._open(sentence.split())
        return tuple((place,) for place in reversed(opened)) or None

    def _open(self, words: list[str]) -> list[int]:
        """The places of the brackets that are open at the end; none where something else is wrong."""
        opened: list[int] = []
        for place, word in enumerate(words):
            if word not in self.symbols():
                return []
            number = BRACKETS.index(word)
            if number % 2 == 0:
                opened.append(place)
            elif not opened or words[opened.pop()] != BRACKETS[number - 1]:
                return []
        return opened


class _Stack:
    """What is open in each of several rows."""

    def __init__(self, count: int, depth: int) -> None:
        self.cells = numpy.zeros((count, depth), dtype=numpy.int64)
        """(row, level): numbers of opening brackets."""
        self.level = numpy.zeros(count, dtype=numpy.int64)
        self._rows = numpy.arange(count)

    @property
    def top(self) -> numpy.ndarray:
        """(row,): the innermost open bracket; anything where there is none."""
        return self.cells[self._rows, numpy.maximum(self.level - 1, 0)]

    def take(self, opens: numpy.ndarray, closes: numpy.ndarray, brackets: numpy.ndarray) -> None:
        """Open or close a bracket in each row where this is asked."""
        rows = self._rows[opens]
        self.cells[rows, self.level[rows]] = brackets[rows]
        self.level += opens
        self.level -= closes
