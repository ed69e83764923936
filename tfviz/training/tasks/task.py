"""What every task is: pairs for each step, some held out, one to watch, and a sentence on what to look for."""

from typing import NamedTuple

from tfviz.training.data.batches import Batch, collate
from tfviz.training.data.pair_formats import Pair
from tfviz.training.rules import ConfigurationError
from tfviz.training.task_config import TaskConfig
from tfviz.training.tokens.tokenizer import Tokenizer

Alignment = tuple[tuple[int, ...], ...]
"""For each token of the right answer, </s> aside, the tokens of the source that it comes from, counted from 0 without
<s>; none where it comes from no particular one."""


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

    def alignment(self, sentence: str) -> Alignment | None:
        """Where the tokens of the right answer to a sentence come from, where the task knows it."""
        return None

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
