"""Tasks whose pairs are drawn without end, as ids, without touching a string; some of them are held out of training."""

from collections.abc import Iterable

import numpy

from tfviz.training.data.batches import DRAW, HELD_OUT, Batch, random_stream
from tfviz.training.rules import ConfigurationError
from tfviz.training.task_config import TaskConfig
from tfviz.training.tasks.task import Task
from tfviz.training.tokens.tokenizer import END, PADDING, SPECIAL_TOKENS, START, Tokenizer

FIRST_SYMBOL = len(SPECIAL_TOKENS)  # its token id
DEFAULT_HELD_OUT = 256
HELD_OUT_SHARE = 4  # at most a quarter of the sequences of a shape, so that training still sees that shape
MOST_HELD_OUT = 10**6

Rows = tuple[numpy.ndarray, numpy.ndarray]
"""Ids (count, longest), padded, and their lengths (count,)."""


class GeneratedTask(Task):
    """What a kind of sequence has to say: its symbols, how sources are drawn, and the right answers."""

    longest_source: int
    longest_answer: int

    def __init__(self, config: TaskConfig, seed: int, batch_size: int) -> None:
        super().__init__(config, seed, batch_size)
        self.check(config)
        self.source_tokenizer = self.target_tokenizer = Tokenizer((*SPECIAL_TOKENS, *self.symbols()))
        self.longest_source, self.longest_answer = self.longest()
        self.source_width, self.target_width = self.longest_source + 2, self.longest_answer + 1
        # Sequences are recognised by a sum with fixed random factors, in 64 bits. Equal sequences have equal
        # sums; should two others ever collide, one is needlessly drawn again.
        self._factors = random_stream(0, 0, HELD_OUT).integers(
            2**63, size=self.longest_source, dtype=numpy.int64
        )
        sequences, lengths = self._hold_out(seed)
        self._held_sums = numpy.sort(sequences @ self._factors)
        self.validation = self._batch(sequences, lengths).sentences

    def check(self, config: TaskConfig) -> None:
        """ConfigurationError where the task cannot be made so; by default it always can."""

    def symbols(self) -> list[str]:
        """The tokens after the special ones, in the order of their ids."""
        raise NotImplementedError

    def longest(self) -> tuple[int, int]:
        """Tokens of the longest source and of the longest answer."""
        return self.config.length, self.config.length

    def shapes(self) -> dict[int, int]:
        """Kinds of sources, such as their lengths -> how many different sources there are (or a large number)."""
        raise NotImplementedError

    def some(self, stream: numpy.random.Generator, shape: int, count: int) -> Iterable[list[int]]:
        """So many sources of a shape, as ids."""
        raise NotImplementedError

    def draw(self, stream: numpy.random.Generator, count: int) -> Rows:
        """So many sources of any shape."""
        raise NotImplementedError

    def answer(self, sequences: numpy.ndarray, lengths: numpy.ndarray) -> Rows:
        """The right answers to sources, (count, longest_answer) and their lengths."""
        raise NotImplementedError

    def batch(self, step: int, seed: int | None = None) -> Batch:
        stream = random_stream(self.seed if seed is None else seed, step, DRAW)
        sequences, lengths = self.draw(stream, self.batch_size)
        held = self._is_held_out(sequences)
        while held.any():
            sequences[held], lengths[held] = self.draw(stream, int(held.sum()))
            held = self._is_held_out(sequences)
        return self._batch(sequences, lengths)

    def _is_held_out(self, sequences: numpy.ndarray) -> numpy.ndarray:
        sums = sequences @ self._factors
        places = numpy.minimum(numpy.searchsorted(self._held_sums, sums), len(self._held_sums) - 1)
        return self._held_sums[places] == sums

    def _hold_out(self, seed: int) -> Rows:
        """Distinct sources, spread evenly over the shapes."""
        stream = random_stream(seed, 0, HELD_OUT)
        chosen: list[tuple[int, ...]] = []
        for shape, count in self._quotas().items():
            distinct: set[tuple[int, ...]] = set()
            while len(distinct) < count:
                distinct.update(map(tuple, self.some(stream, shape, count - len(distinct))))
            chosen.extend(sorted(distinct))
        order = stream.permutation(len(chosen)).tolist()
        sequences = numpy.full((len(chosen), self.longest_source), PADDING, dtype=numpy.int64)
        for row, position in zip(sequences, order, strict=True):
            row[: len(chosen[position])] = chosen[position]
        return sequences, numpy.array([len(chosen[position]) for position in order])

    def _quotas(self) -> dict[int, int]:
        """Shape -> how many of its sources are held out. ConfigurationError where there are too few."""
        config = self.config
        available = {
            shape: min(MOST_HELD_OUT, count // HELD_OUT_SHARE) for shape, count in self.shapes().items()
        }
        total = sum(available.values())
        wanted = min(DEFAULT_HELD_OUT, total) if config.validation is None else config.validation
        if total == 0:
            raise ConfigurationError(
                "task.alphabet",
                f"task.alphabet {config.alphabet} with task.length {config.length} gives too few sequences "
                "to hold some out; allowed: more symbols or longer sequences",
            )
        if wanted > total:
            raise ConfigurationError(
                "task.validation",
                f"task.validation is {wanted}; with these lengths and symbols at most {total} are allowed",
            )
        return even_portions(available, wanted)

    def _batch(self, sequences: numpy.ndarray, lengths: numpy.ndarray) -> Batch:
        count = len(sequences)
        rows = numpy.arange(count)
        answers, answer_lengths = self.answer(sequences, lengths)
        source = numpy.zeros((count, self.source_width), dtype=numpy.int64)
        source[:, 0] = START
        source[:, 1:-1] = sequences
        source[rows, lengths + 1] = END
        target_in = numpy.empty((count, self.target_width), dtype=numpy.int64)
        target_in[:, 0] = START
        target_in[:, 1:] = answers
        target_out = numpy.zeros((count, self.target_width), dtype=numpy.int64)
        target_out[:, :-1] = answers
        target_out[rows, answer_lengths] = END
        return Batch(source, target_in, target_out, self.source_tokenizer, self.target_tokenizer)


def even_portions(available: dict[int, int], wanted: int) -> dict[int, int]:
    """Share a number out evenly, as far as each has so many to give; `wanted` is at most their sum."""
    portions = dict.fromkeys(available, 0)
    left = wanted
    while left:
        open_shapes = [shape for shape in available if portions[shape] < available[shape]]
        portion, rest = divmod(left, len(open_shapes))
        for place, shape in enumerate(reversed(open_shapes)):
            added = min(portion + (place < rest), available[shape] - portions[shape])
            portions[shape] += added
            left -= added
    return portions
