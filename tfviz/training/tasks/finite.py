"""Tasks with a finite set of pairs, taken in an order of its own in every pass: sentences that come with the program
and files of the user's.
"""

import numpy

from tfviz.training.data.batches import PERMUTATION, Batch, random_stream
from tfviz.training.data.datasets import identity_pairs, load_pairs
from tfviz.training.data.pair_formats import Pair
from tfviz.training.data.splitting import split_pairs
from tfviz.training.task_config import TaskConfig
from tfviz.training.tasks.task import Alignment, Task
from tfviz.training.tokens.tokenizer import Tokenizer
from tfviz.training.tokens.tokenizers import check_length, learn_tokenizers

KEPT = 50_000
"""So many pairs are kept as token ids; where there are more, each batch is encoded when it is needed."""


class FiniteTask(Task):
    """Pairs that are all there when the task is made."""

    held_out = 0
    """Pairs held out where the configuration does not say how many."""

    def __init__(self, config: TaskConfig, seed: int, batch_size: int) -> None:
        super().__init__(config, seed, batch_size)
        pairs = self.load()
        held_out = self.held_out if config.validation is None else config.validation
        self.pairs, self.validation = split_pairs(pairs, held_out, seed)
        sources, targets = [source for source, _ in pairs], [target for _, target in pairs]
        self.source_tokenizer, self.target_tokenizer = learn_tokenizers(config, sources, targets)
        self.source_width = self._longest("source", self.source_tokenizer, sources)
        self.target_width = self._longest("target", self.target_tokenizer, targets) - 1
        self.steps_per_epoch = -(-len(self.pairs) // batch_size)
        self._all = self.collate(self.pairs) if len(self.pairs) <= KEPT else None
        self._answers = dict(pairs)
        self._order: tuple[tuple[int, int], numpy.ndarray] = ((seed, -1), numpy.arange(0))

    def load(self) -> list[Pair]:
        """All pairs, those to be held out among them. ValueError where there are none to be had."""
        raise NotImplementedError

    def batch(self, step: int, seed: int | None = None) -> Batch:
        epoch, place = divmod(step - 1, self.steps_per_epoch or 1)
        order = self._permutation(self.seed if seed is None else seed, epoch)
        rows = order[place * self.batch_size : (place + 1) * self.batch_size]
        if self._all is None:
            return self.collate([self.pairs[row] for row in rows.tolist()])
        return self._all.rows(rows)

    def expected(self, sentence: str) -> str | None:
        return self._answers.get(" ".join(sentence.split()))

    def _longest(self, side: str, tokenizer: Tokenizer, sentences: list[str]) -> int:
        """Tokens of the longest sentence, <s> and </s> included."""
        longest = max(len(tokenizer.encode(sentence)) for sentence in sentences)
        check_length(side, tokenizer, longest - 2)
        return longest

    def _permutation(self, seed: int, epoch: int) -> numpy.ndarray:
        """The order of one pass; the last one is kept, replaced as a whole because several threads ask."""
        key, order = self._order
        if key != (seed, epoch):
            order = random_stream(seed, epoch, PERMUTATION).permutation(len(self.pairs))
            self._order = ((seed, epoch), order)
        return order


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

    def alignment(self, sentence: str) -> Alignment | None:
        return tuple((place,) for place in range(len(self.source_tokenizer.split(sentence))))
