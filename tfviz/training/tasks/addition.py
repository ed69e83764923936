"""Adding two whole numbers, digit by digit."""

from collections.abc import Iterable

import numpy

from tfviz.training.rules import ConfigurationError
from tfviz.training.task_config import TaskConfig
from tfviz.training.tasks.generated import FIRST_SYMBOL, GeneratedTask, Rows
from tfviz.training.tasks.symbols import symbols
from tfviz.training.tasks.task import Alignment

LARGEST_BASE, MOST_DIGITS = 36, 32


class AdditionTask(GeneratedTask):
    """Sums such as "4 7 + 8 5": numbers of minimum_length to length digits in base `alphabet`, both lengths uniform.

    The answer is written as numbers are, the first digit first, without leading zeros: "1 3 2".
    """

    what_to_look_for = (
        "Each digit of the answer looks at the two digits above it, counted from the right, and at those further "
        "right that decide whether one is carried. Sums full of nines, whose carry runs on, are learned last."
    )

    def check(self, config: TaskConfig) -> None:
        if config.alphabet > LARGEST_BASE:
            raise ConfigurationError(
                "task.alphabet",
                f"task.alphabet is {config.alphabet}; addition takes it as base: at most {LARGEST_BASE}",
            )
        if config.length > MOST_DIGITS:
            raise ConfigurationError(
                "task.length",
                f"task.length is {config.length}; addition takes it as digits: at most {MOST_DIGITS}",
            )

    @property
    def plus(self) -> int:
        """The id of the sign."""
        return FIRST_SYMBOL + self.config.alphabet

    def symbols(self) -> list[str]:
        return [*symbols(self.config.alphabet), "+"]

    def longest(self) -> tuple[int, int]:
        return 2 * self.config.length + 1, self.config.length + 1

    def shapes(self) -> dict[int, int]:
        """By the digits of the first number times 100, plus those of the second."""
        digits = range(self.config.minimum_length, self.config.length + 1)
        return {100 * first + second: self._numbers(first) * self._numbers(second)
                for first in digits for second in digits}  # fmt: skip

    def _numbers(self, digits: int) -> int:
        base = self.config.alphabet
        return base if digits == 1 else base**digits - base ** (digits - 1)

    def some(self, stream: numpy.random.Generator, shape: int, count: int) -> Iterable[list[int]]:
        first, second = (numpy.full(count, digits) for digits in divmod(shape, 100))
        return self._sums(stream, first, second)[0][:, : sum(divmod(shape, 100)) + 1].tolist()

    def draw(self, stream: numpy.random.Generator, count: int) -> Rows:
        config = self.config
        first, second = stream.integers(config.minimum_length, config.length + 1, size=(2, count))
        return self._sums(stream, first, second)

    def _sums(self, stream: numpy.random.Generator, first: numpy.ndarray, second: numpy.ndarray) -> Rows:
        """Sums of numbers with so many digits, (count,) each."""
        count = len(first)
        size = (count, self.config.length)
        numbers = []
        for digits in (first, second):
            number = stream.integers(0, self.config.alphabet, size=size)
            leading = stream.integers(1, self.config.alphabet, size=count)
            number[:, 0] = numpy.where(digits > 1, leading, number[:, 0])
            numbers.append(number + FIRST_SYMBOL)
        places = numpy.arange(self.longest_source)
        plus = first[:, None]
        behind = _at(numbers[1], places - plus - 1)
        sequences = numpy.where(places < plus, _at(numbers[0], places[None]), behind)
        sequences[places == plus] = self.plus
        lengths = first + second + 1
        sequences *= places < lengths[:, None]
        return sequences, lengths

    def answer(self, sequences: numpy.ndarray, lengths: numpy.ndarray) -> Rows:
        plus = numpy.argmax(sequences == self.plus, axis=1)
        carry = numpy.zeros(len(sequences), dtype=numpy.int64)
        ones_first = numpy.zeros((len(sequences), self.longest_answer), dtype=numpy.int64)
        for place in range(self.longest_answer):
            total = carry + self._digit(sequences, plus - 1 - place, 0)
            total += self._digit(sequences, lengths - 1 - place, plus + 1)
            carry, ones_first[:, place] = numpy.divmod(total, self.config.alphabet)
        longer = numpy.maximum(plus, lengths - plus - 1)
        answer_lengths = longer + (ones_first[numpy.arange(len(sequences)), longer] > 0)
        places = answer_lengths[:, None] - 1 - numpy.arange(self.longest_answer)
        return numpy.where(places >= 0, _at(ones_first, places) + FIRST_SYMBOL, 0), answer_lengths

    def _digit(
        self, sequences: numpy.ndarray, place: numpy.ndarray, first: numpy.ndarray | int
    ) -> numpy.ndarray:
        """The value of the digit at a place of each row, 0 where the number, which starts at `first`, is shorter."""
        found = sequences[numpy.arange(len(sequences)), numpy.maximum(place, 0)] - FIRST_SYMBOL
        return numpy.where(place >= first, found, 0)

    def expected(self, sentence: str) -> str | None:
        words = sentence.split()
        if words.count("+") != 1 or self.source_tokenizer.unknown(sentence):
            return None
        place = words.index("+")
        try:
            total = sum(
                int("".join(part), self.config.alphabet) for part in (words[:place], words[place + 1 :])
            )
        except ValueError:  # nothing before or behind the sign
            return None
        digits = []
        while total:
            total, digit = divmod(total, self.config.alphabet)
            digits.append(symbols(self.config.alphabet)[digit])
        return " ".join(reversed(digits)) or "0"

    def alignment(self, sentence: str) -> Alignment | None:
        """The digits above; those that decide about a carry are not counted. None above a carried first digit."""
        answer = self.expected(sentence)
        if answer is None:
            return None
        words = sentence.split()
        plus = words.index("+")
        return tuple(
            tuple(
                place
                for place, first in ((plus - 1 - ones, 0), (len(words) - 1 - ones, plus + 1))
                if place >= first
            )
            for ones in reversed(range(len(answer.split())))
        )


def _at(rows: numpy.ndarray, places: numpy.ndarray) -> numpy.ndarray:
    """What stands at these places (count, place) of each row; anything where there is no such place."""
    places = numpy.broadcast_to(places, (len(rows), places.shape[1]))
    return numpy.take_along_axis(rows, numpy.clip(places, 0, rows.shape[1] - 1), axis=1)
