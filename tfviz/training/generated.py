"""Random symbol sequences for the copy and reverse tasks: drawn as ids, without touching a string."""

import string

import numpy

from tfviz.training.batches import DRAW, HELD_OUT, Batch, random_stream
from tfviz.training.config import TaskConfig
from tfviz.training.rules import ConfigurationError
from tfviz.training.tokenizer import END, PADDING, SPECIAL_TOKENS, START, Tokenizer

FIRST_SYMBOL = len(SPECIAL_TOKENS)  # its token id
DEFAULT_HELD_OUT = 256
HELD_OUT_SHARE = 4  # at most a quarter of the sequences of a length, so that training still sees that length
_CHARACTERS = string.digits + string.ascii_lowercase


def symbols(count: int) -> list[str]:
    """0 to 9, then a to z; s0, s1, ... where there are more."""
    return (
        list(_CHARACTERS[:count]) if count <= len(_CHARACTERS) else [f"s{number}" for number in range(count)]
    )


class Sequences:
    """Sequences with a length uniform in [minimum_length, length], some of which are held out of training."""

    def __init__(self, config: TaskConfig, seed: int, backwards: bool) -> None:
        self.config, self.backwards = config, backwards
        self.tokenizer = Tokenizer((*SPECIAL_TOKENS, *symbols(config.alphabet)))
        self._positions = numpy.arange(config.length)
        # Sequences are recognised by a sum with fixed random factors, in 64 bits. Equal sequences have equal
        # sums; should two others ever collide, one is needlessly drawn again.
        self._factors = random_stream(0, 0, HELD_OUT).integers(2**63, size=config.length, dtype=numpy.int64)
        sequences, lengths = self._hold_out(seed)
        self._held_sums = numpy.sort(sequences @ self._factors)
        self.held_out = self._batch(sequences, lengths)
        """Batch of the validation examples."""

    def draw(self, seed: int, step: int, count: int) -> Batch:
        """The training examples of one step, none of them held out."""
        stream = random_stream(seed, step, DRAW)
        sequences, lengths = self._draw(stream, count)
        held = self._is_held_out(sequences)
        while held.any():
            sequences[held], lengths[held] = self._draw(stream, int(held.sum()))
            held = self._is_held_out(sequences)
        return self._batch(sequences, lengths)

    def _draw(self, stream: numpy.random.Generator, count: int) -> tuple[numpy.ndarray, numpy.ndarray]:
        """Ids (count, length), padded, and lengths (count,)."""
        config = self.config
        lengths = stream.integers(config.minimum_length, config.length + 1, size=count)
        sequences = stream.integers(FIRST_SYMBOL, FIRST_SYMBOL + config.alphabet, size=(count, config.length))
        sequences *= self._positions < lengths[:, None]
        return sequences, lengths

    def _is_held_out(self, sequences: numpy.ndarray) -> numpy.ndarray:
        sums = sequences @ self._factors
        places = numpy.minimum(numpy.searchsorted(self._held_sums, sums), len(self._held_sums) - 1)
        return self._held_sums[places] == sums

    def _hold_out(self, seed: int) -> tuple[numpy.ndarray, numpy.ndarray]:
        """Distinct sequences, ids (count, length) and lengths (count,), spread evenly over the lengths."""
        stream = random_stream(seed, 0, HELD_OUT)
        chosen: list[tuple[int, ...]] = []
        for length, count in self._quotas().items():
            distinct: set[tuple[int, ...]] = set()
            while len(distinct) < count:
                row = stream.integers(FIRST_SYMBOL, FIRST_SYMBOL + self.config.alphabet, size=length).tolist()
                distinct.add(tuple(row))
            chosen.extend(sorted(distinct))
        order = stream.permutation(len(chosen)).tolist()
        sequences = numpy.full((len(chosen), self.config.length), PADDING, dtype=numpy.int64)
        for row, position in zip(sequences, order, strict=True):
            row[: len(chosen[position])] = chosen[position]
        return sequences, numpy.array([len(chosen[position]) for position in order])

    def _quotas(self) -> dict[int, int]:
        """Length -> how many of its sequences are held out. ConfigurationError where there are too few."""
        config = self.config
        most = 10**6
        available = {
            length: min(most, config.alphabet ** min(length, 20) // HELD_OUT_SHARE)
            for length in range(config.minimum_length, config.length + 1)
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
        quotas = dict.fromkeys(available, 0)
        left = wanted
        while left:  # in even portions, as far as each length has sequences to give
            open_lengths = [length for length in available if quotas[length] < available[length]]
            portion, rest = divmod(left, len(open_lengths))
            for place, length in enumerate(reversed(open_lengths)):
                added = min(portion + (place < rest), available[length] - quotas[length])
                quotas[length] += added
                left -= added
        return quotas

    def _batch(self, sequences: numpy.ndarray, lengths: numpy.ndarray) -> Batch:
        count, length = sequences.shape
        rows = numpy.arange(count)
        answers = sequences
        if self.backwards:
            places = lengths[:, None] - 1 - self._positions  # negative where padding has to stand
            answers = numpy.take_along_axis(sequences, numpy.maximum(places, 0), axis=1)
            answers *= places >= 0
        source = numpy.zeros((count, length + 2), dtype=numpy.int64)
        source[:, 0] = START
        source[:, 1:-1] = sequences
        source[rows, lengths + 1] = END
        target_in = numpy.empty((count, length + 1), dtype=numpy.int64)
        target_in[:, 0] = START
        target_in[:, 1:] = answers
        target_out = numpy.zeros((count, length + 1), dtype=numpy.int64)
        target_out[:, :-1] = answers
        target_out[rows, lengths] = END
        return Batch(source, target_in, target_out, self.tokenizer, self.tokenizer)
