"""How the learning rate changes with the step. A step is one update; the first is step 1."""

import math
from collections.abc import Callable

Schedule = Callable[[int], float]


def constant(rate: float, warmup_steps: int = 0, total_steps: int | None = None) -> Schedule:
    """The rate itself, after a linear warm-up where one is asked for."""
    return lambda step: rate * _warmup(step, warmup_steps)


def warmup_inverse_sqrt(rate: float, warmup_steps: int = 0, total_steps: int | None = None) -> Schedule:
    """Linear up to the rate at the end of the warm-up, then falling with the inverse square root of the step.

    Section 5.3 of "Attention Is All You Need", with the peak stated instead of d_model^-0.5 * warmup^-0.5.
    """
    warmup = max(1, warmup_steps)
    return lambda step: rate * min(step / warmup, math.sqrt(warmup / step))


def cosine(rate: float, warmup_steps: int = 0, total_steps: int | None = None) -> Schedule:
    """Linear warm-up, then half a cosine down to 0 at the last step (Loshchilov and Hutter 2017).

    A run that ends within the warm-up has nothing else. ValueError without a last step.
    """
    if total_steps is None:
        raise ValueError("the cosine schedule needs a last step")
    falling = max(1, total_steps - warmup_steps)

    def learning_rate(step: int) -> float:
        progress = min(1.0, max(0, step - warmup_steps) / falling)
        return rate * _warmup(step, warmup_steps) * 0.5 * (1.0 + math.cos(math.pi * progress))

    return learning_rate


def _warmup(step: int, warmup_steps: int) -> float:
    return min(1.0, step / warmup_steps) if warmup_steps else 1.0


SCHEDULES: dict[str, Callable[[float, int, int | None], Schedule]] = {
    "constant": constant,
    "warmup_inverse_sqrt": warmup_inverse_sqrt,
    "cosine": cosine,
}
