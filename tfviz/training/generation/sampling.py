"""Drawing the next token at random instead of always taking the most probable one."""

from dataclasses import dataclass

import numpy as np

from tfviz.training.data.batches import SAMPLE, random_stream
from tfviz.training.rules import check_fields, setting


@dataclass(frozen=True)
class Sampling:
    """From which distribution tokens are drawn: sharpened or flattened first, then cut to the most probable."""

    temperature: float = setting(
        float, 1.0, "Below 1 the probable tokens gain, above 1 the others do.", above=0, maximum=100
    )
    top_k: int | None = setting(
        int, None, "So many of the most probable tokens can be drawn. None: all.", minimum=1, optional=True
    )
    top_p: float | None = setting(
        float,
        None,
        "The most probable tokens can be drawn that reach this share of the probability together (nucleus "
        "sampling, Holtzman et al. 2020). None: all.",
        above=0,
        maximum=1,
        optional=True,
    )

    def __post_init__(self) -> None:
        check_fields(self, "")

    def distribution(self, probabilities: np.ndarray) -> np.ndarray:
        """What is drawn from, float64 of the same shape (..., vocabulary), for what the model says.

        Of equally probable tokens those with the lower id come first.
        """
        with np.errstate(divide="ignore"):
            logits = np.log(probabilities.astype(np.float64)) / self.temperature
        found = np.exp(logits - logits.max(axis=-1, keepdims=True))
        found /= found.sum(axis=-1, keepdims=True)
        order = np.argsort(-found, axis=-1, kind="stable")
        ranked = np.take_along_axis(found, order, axis=-1)
        if self.top_k is not None:
            ranked[..., self.top_k :] = 0.0
            ranked /= ranked.sum(axis=-1, keepdims=True)
        if self.top_p is not None:
            before = np.cumsum(ranked, axis=-1) - ranked  # of the tokens that are more probable
            ranked[before >= self.top_p] = 0.0
            ranked /= ranked.sum(axis=-1, keepdims=True)
        np.put_along_axis(found, order, ranked, axis=-1)
        return found

    def choose(self, probabilities: np.ndarray, uniform: float) -> int:
        """The token that a number drawn uniformly from [0, 1) stands for."""
        sums = np.cumsum(self.distribution(probabilities))
        # The last sum may fall short of 1 by rounding.
        return min(int(np.searchsorted(sums, uniform * sums[-1], side="right")), len(sums) - 1)


def uniform_numbers(seed: int, step: int, count: int) -> np.ndarray:
    """(count,) in [0, 1), one for each token of an answer: the same for the same seed and step of training."""
    return random_stream(seed, step, SAMPLE).random(count)
