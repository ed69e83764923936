"""What can be learned: where the pairs come from, what is held out, and what to look for in the attention."""

from typing import NamedTuple

import numpy

from tfviz.training.batches import HELD_OUT, PERMUTATION, Batch, collate, random_stream
from tfviz.training.config import RunConfig, TaskConfig
from tfviz.training.datasets import Pair, identity_pairs, load_pairs
from tfviz.training.generated import Sequences
from tfviz.training.rules import ConfigurationError
from tfviz.training.tokenizer import Tokenizer


class Example(NamedTuple):
    """A pair that can be watched, and where it comes from: "validation 3/256" or "training 9/92"."""

    source: str
    target: str
    origin: str


class Task:
    """Pairs to learn from. All batches of a task have the same width, decided by the configuration alone."""

    what_to_look_for = ""
    source_tokenizer: Tokenizer
    target_tokenizer: Tokenizer
    source_width: int
    target_width: int
    """Of target_in and target_out, and so the longest answer that decoding can give, </s> included."""
    pairs: tuple[Pair, ...] = ()
    """All training pairs, in the order of the data; none where they are drawn without end."""
    validation: tuple[Pair, ...] = ()
    """Pairs that no training batch contains."""
    steps_per_epoch: int | None = None
    """None where pairs are drawn without end."""

    def __init__(self, config: TaskConfig, seed: int, batch_size: int) -> None:
        self.config, self.seed, self.batch_size = config, seed, batch_size

    def batch(self, step: int, seed: int | None = None) -> Batch:
        """The pairs of one step, counted from 1: a function of configuration, seed and step alone.

        Another seed than the task's own leaves the held-out pairs as they are.
        """
        raise NotImplementedError

    def expected(self, sentence: str) -> str | None:
        """The right answer to a typed sentence, where the task knows it."""
        raise NotImplementedError

    def collate(self, pairs: list[Pair] | tuple[Pair, ...]) -> Batch:
        """Any pairs at this task's width. ValueError where one is too long."""
        return collate(
            pairs, self.source_tokenizer, self.target_tokenizer, self.source_width, self.target_width
        )

    def validation_batches(self, size: int | None = None) -> list[Batch]:
        """All held-out pairs in their order, in batches of this size (the training's without one)."""
        size = size or self.batch_size
        return [
            self.collate(self.validation[start : start + size])
            for start in range(0, len(self.validation), size)
        ]

    @property
    def example_count(self) -> int:
        """How many pairs `example` knows: the held-out ones or, where there are none, the training pairs."""
        return len(self.validation or self.pairs)

    def example(self, number: int) -> Example:
        """One of the pairs to watch, counted from 1."""
        if not 1 <= number <= self.example_count:
            raise ConfigurationError(
                "task.probe",
                f"task.probe is {number}; allowed: a whole number from 1 to {self.example_count}",
            )
        kind, pairs = ("validation", self.validation) if self.validation else ("training", self.pairs)
        return Example(*pairs[number - 1], f"{kind} {number}/{len(pairs)}")

    def probe(self) -> Example:
        """The pair that the configuration says to watch."""
        return self.example(self.config.probe)

    def epoch(self, step: int) -> int | None:
        """The pass over the data that a step belongs to, counted from 1; None without end."""
        return None if self.steps_per_epoch is None else (step - 1) // self.steps_per_epoch + 1


class FileTask(Task):
    """Finite pairs, from a file of the user's."""

    what_to_look_for = (
        "Cross attention lines up each word of the answer with the words of the source that it depends on."
    )

    def __init__(self, config: TaskConfig, seed: int, batch_size: int) -> None:
        super().__init__(config, seed, batch_size)
        pairs = self.load()
        self.source_tokenizer = Tokenizer.from_sentences(source for source, _ in pairs)
        self.target_tokenizer = Tokenizer.from_sentences(target for _, target in pairs)
        self.source_width = max(len(source.split()) for source, _ in pairs) + 2
        self.target_width = max(len(target.split()) for _, target in pairs) + 1
        self.validation = self._held_out(pairs)
        held_out = set(self.validation)
        self.pairs = tuple(pair for pair in pairs if pair not in held_out)
        self.steps_per_epoch = -(-len(self.pairs) // batch_size)
        self._all = self.collate(self.pairs)
        self._answers = dict(pairs)
        self._order: tuple[tuple[int, int], numpy.ndarray] = ((seed, -1), numpy.arange(0))

    def load(self) -> list[Pair]:
        assert self.config.path is not None  # TaskConfig has checked it
        return load_pairs(self.config.path)

    def batch(self, step: int, seed: int | None = None) -> Batch:
        epoch, place = divmod(step - 1, self.steps_per_epoch or 1)
        order = self._permutation(self.seed if seed is None else seed, epoch)
        return self._all.rows(order[place * self.batch_size : (place + 1) * self.batch_size])

    def expected(self, sentence: str) -> str | None:
        return self._answers.get(" ".join(sentence.split()))

    def _permutation(self, seed: int, epoch: int) -> numpy.ndarray:
        """The order of one pass; the last one is kept, replaced as a whole because several threads ask."""
        key, order = self._order
        if key != (seed, epoch):
            order = random_stream(seed, epoch, PERMUTATION).permutation(len(self.pairs))
            self._order = ((seed, epoch), order)
        return order

    def _held_out(self, pairs: list[Pair]) -> tuple[Pair, ...]:
        count = self.config.validation or 0
        distinct = list(dict.fromkeys(pairs))
        if count >= len(distinct):
            raise ConfigurationError(
                "task.validation",
                f"task.validation is {count}; allowed: below the {len(distinct)} different pairs",
            )
        chosen = random_stream(self.seed, 0, HELD_OUT).permutation(len(distinct))[:count]
        return tuple(distinct[position] for position in sorted(chosen.tolist()))


class IdentityTask(FileTask):
    """The handcrafted sentences, each its own answer. All of them are trained on."""

    what_to_look_for = (
        "Cross attention turns from an even wash into a few bright cells: each answered word comes to pick the "
        "places of the source that it needs, and the answers turn right."
    )

    def load(self) -> list[Pair]:
        return identity_pairs()

    def expected(self, sentence: str) -> str | None:
        return " ".join(sentence.split())


class CopyTask(Task):
    """Random sequences of symbols, to be repeated."""

    what_to_look_for = (
        "Cross attention becomes a diagonal. The words mean nothing here, so only the positions can carry it."
    )
    backwards = False

    def __init__(self, config: TaskConfig, seed: int, batch_size: int) -> None:
        super().__init__(config, seed, batch_size)
        self._sequences = Sequences(config, seed, self.backwards)
        self.source_tokenizer = self.target_tokenizer = self._sequences.tokenizer
        self.source_width, self.target_width = config.length + 2, config.length + 1
        self.validation = self._sequences.held_out.sentences

    def batch(self, step: int, seed: int | None = None) -> Batch:
        return self._sequences.draw(self.seed if seed is None else seed, step, self.batch_size)

    def expected(self, sentence: str) -> str | None:
        words = sentence.split()
        return " ".join(reversed(words) if self.backwards else words)


class ReverseTask(CopyTask):
    """Random sequences of symbols, to be said backwards."""

    what_to_look_for = (
        "Cross attention becomes the other diagonal: the first answer looks at the last symbol of the source."
    )
    backwards = True


TASKS: dict[str, type[Task]] = {
    "identity": IdentityTask,
    "copy": CopyTask,
    "reverse": ReverseTask,
    "file": FileTask,
}


def create_task(config: RunConfig) -> Task:
    """The task of a run. ValueError where its data cannot be read or its probe does not exist."""
    task = TASKS[config.task.name](config.task, config.training.seed, config.training.batch_size)
    task.probe()
    return task
