"""Sentences made by rules: as many as the configuration says, all different, the same for the same seed."""

from tfviz.training.data.batches import EXAMPLES, random_stream
from tfviz.training.data.pair_formats import Pair
from tfviz.training.rules import ConfigurationError
from tfviz.training.tasks.finite import FiniteTask
from tfviz.training.tasks.generated import DEFAULT_HELD_OUT, even_portions

MOST = 2**62
"""So many sentences of a shape are told apart."""


class RuleMadeTask(FiniteTask):
    """What the rules have to say: how many sentences there are of each shape, and each of them by its number."""

    held_out = DEFAULT_HELD_OUT

    def shapes(self) -> dict[int, int]:
        """Kinds of sentences, such as their lengths -> how many different ones there are."""
        raise NotImplementedError

    def pair(self, shape: int, number: int) -> Pair:
        """One of them, counted from 0."""
        raise NotImplementedError

    def load(self) -> list[Pair]:
        """Training and held-out pairs, spread evenly over the shapes. ConfigurationError where there are too few."""
        held_out = self.held_out if self.config.validation is None else self.config.validation
        available = {shape: min(count, MOST) for shape, count in self.shapes().items()}
        wanted, total = self.config.examples + held_out, sum(available.values())
        if wanted > total:
            raise ConfigurationError(
                "task.examples",
                f"task.examples {self.config.examples} and {held_out} held out are more than the {total} different "
                f"sentences that there are; allowed: {max(total - held_out, 0)}, or more words or longer sentences",
            )
        stream = random_stream(self.seed, 0, EXAMPLES)
        pairs = [
            self.pair(shape, int(number))
            for shape, count in even_portions(available, wanted).items()
            for number in stream.choice(available[shape], count, replace=False)
        ]
        return [pairs[place] for place in stream.permutation(len(pairs)).tolist()]


def digits(number: int, bases: list[int]) -> list[int]:
    """A number written with a base for each digit, the first digit in the first base: what each choice was."""
    found = []
    for base in bases:
        number, digit = divmod(number, base)
        found.append(digit)
    return found


def different(choices: list[int]) -> list[int]:
    """Choices, each among what earlier ones left, as choices among all: [0, 0] becomes [0, 1]."""
    taken: list[int] = []
    for choice in choices:
        for other in sorted(taken):
            choice += other <= choice
        taken.append(choice)
    return taken
