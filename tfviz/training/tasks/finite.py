"""Tasks with a finite set of pairs, taken in an order of its own in every pass: sentences that come with the program
and files of the user's.
"""

import itertools

import numpy

from tfviz.training.batches import HELD_OUT, PERMUTATION, Batch, random_stream
from tfviz.training.config import TaskConfig
from tfviz.training.datasets import Pair, identity_pairs, load_pairs
from tfviz.training.rules import ConfigurationError
from tfviz.training.tasks.task import Task
from tfviz.training.tokenizer import Tokenizer
from tfviz.training.tokenizers import learn_tokenizer


class FiniteTask(Task):
    """Pairs that are all there when the task is made."""

    held_out = 0
    """Pairs held out where the configuration does not say how many."""

    def __init__(self, config: TaskConfig, seed: int, batch_size: int) -> None:
        super().__init__(config, seed, batch_size)
        pairs = self.load()
        self.source_tokenizer, self.target_tokenizer = self._tokenizers(pairs)
        self.source_width = max(len(self.source_tokenizer.encode(source)) for source, _ in pairs)
        self.target_width = max(len(self.target_tokenizer.encode(target)) for _, target in pairs) - 1
        self.validation = self._held_out(pairs)
        held_out = set(self.validation)
        self.pairs = tuple(pair for pair in pairs if pair not in held_out)
        self.steps_per_epoch = -(-len(self.pairs) // batch_size)
        self._all = self.collate(self.pairs)
        self._answers = dict(pairs)
        self._order: tuple[tuple[int, int], numpy.ndarray] = ((seed, -1), numpy.arange(0))

    def load(self) -> list[Pair]:
        """All pairs, those to be held out among them. ValueError where there are none to be had."""
        raise NotImplementedError

    def batch(self, step: int, seed: int | None = None) -> Batch:
        epoch, place = divmod(step - 1, self.steps_per_epoch or 1)
        order = self._permutation(self.seed if seed is None else seed, epoch)
        return self._all.rows(order[place * self.batch_size : (place + 1) * self.batch_size])

    def expected(self, sentence: str) -> str | None:
        return self._answers.get(" ".join(sentence.split()))

    def _tokenizers(self, pairs: list[Pair]) -> tuple[Tokenizer, Tokenizer]:
        """Of sources and targets: two, or one for both."""
        kind, size = self.config.tokenizer_kind, self.config.bpe_size
        sides = [source for source, _ in pairs], [target for _, target in pairs]
        if self.config.shared_vocabulary:
            shared = learn_tokenizer(kind, itertools.chain(*sides), size)
            return shared, shared
        return learn_tokenizer(kind, sides[0], size), learn_tokenizer(kind, sides[1], size)

    def _permutation(self, seed: int, epoch: int) -> numpy.ndarray:
        """The order of one pass; the last one is kept, replaced as a whole because several threads ask."""
        key, order = self._order
        if key != (seed, epoch):
            order = random_stream(seed, epoch, PERMUTATION).permutation(len(self.pairs))
            self._order = ((seed, epoch), order)
        return order

    def _held_out(self, pairs: list[Pair]) -> tuple[Pair, ...]:
        count = self.held_out if self.config.validation is None else self.config.validation
        distinct = list(dict.fromkeys(pairs))
        if count >= len(distinct):
            raise ConfigurationError(
                "task.validation",
                f"task.validation is {count}; allowed: below the {len(distinct)} different pairs",
            )
        chosen = random_stream(self.seed, 0, HELD_OUT).permutation(len(distinct))[:count]
        return tuple(distinct[position] for position in sorted(chosen.tolist()))


class FileTask(FiniteTask):
    """Pairs from a file of the user's."""

    what_to_look_for = (
        "Cross attention lines up each word of the answer with the words of the source that it depends on."
    )

    def load(self) -> list[Pair]:
        assert self.config.path is not None  # TaskConfig has checked it
        return load_pairs(self.config.path)


class IdentityTask(FiniteTask):
    """The handcrafted sentences, each its own answer. All of them are trained on."""

    what_to_look_for = (
        "Cross attention turns from an even wash into a few bright cells: each answered word comes to pick the "
        "places of the source that it needs, and the answers turn right."
    )

    def load(self) -> list[Pair]:
        return identity_pairs()

    def expected(self, sentence: str) -> str | None:
        return " ".join(sentence.split())
