"""What an update does to the weights: tried before it is made, measured when somebody looks at it."""

import math

import numpy as np

from tfviz.core.optimizers import Adam, Momentum
from tfviz.core.tensor import Array
from tfviz.training.snapshot import OptimiserState
from tfviz.training.stepping.planned_update import PlannedUpdate
from tfviz.training.trainer import Trainer

MOST_SAMPLED = 1 << 14
"""Weights of a group that its median is taken of; a million would take longer than the step."""


def update_ratios(trainer: Trainer, before: Array, after: Array) -> dict[str, float]:
    """Length of the change over length of the weights, by parameter group.

    Weights that are all 0 give NaN or infinity.
    """
    with np.errstate(all="ignore"):
        ratios = np.divide(trainer.group_norms(after - before), trainer.group_norms(before))
    return dict(zip(trainer.groups, ratios.tolist(), strict=True))


def tried_ratios(trainer: Trainer, plan: PlannedUpdate) -> dict[str, float]:
    """The same of an update that has not been made: it is tried and taken back, to the last bit."""
    before = trainer.state()
    with np.errstate(all="ignore"):
        trainer.update(plan.model.gradients, plan.learning_rate, plan.scale)
    ratios = update_ratios(trainer, before["parameters"], trainer.parameters.flat)
    trainer.restore(before)
    return ratios


def measured(trainer: Trainer) -> OptimiserState | None:
    """The update that led to where a trainer is; None where it did not watch that update."""
    made = trainer.last_update
    if made is None:
        return None
    optimizer, rate = trainer.optimizer, made.learning_rate
    sizes = np.array([rows.stop - rows.start for rows in trainer.groups.values()], np.float64)
    after = trainer.parameters.flat if made.after is None else made.after
    ratios = update_ratios(trainer, made.before, after)
    first = second = None
    step_sizes = np.full(len(sizes), rate)
    with np.errstate(all="ignore"):
        changes = trainer.group_norms(after - made.before) / np.sqrt(sizes)
        match optimizer:
            case Momentum():
                first = trainer.group_norms(optimizer.moments["velocity"]) / np.sqrt(sizes)
            case Adam():
                beta1, beta2 = optimizer.betas
                unbiased1, unbiased2 = (1.0 - beta**optimizer.updates for beta in (beta1, beta2))
                first = trainer.group_norms(optimizer.moments["first_moment"]) / np.sqrt(sizes) / unbiased1
                squares = optimizer.moments["second_moment"]
                sums = np.array([squares[rows].sum(dtype=np.float64) for rows in trainer.groups.values()])
                second = np.sqrt(sums / sizes / unbiased2)
                medians = [
                    _median(rate / (np.sqrt(_spread(squares[rows]) / unbiased2) + optimizer.eps))
                    for rows in trainer.groups.values()
                ]
                step_sizes = np.array(medians)
    return OptimiserState(
        trainer.config.training.optimizer,
        tuple(trainer.groups),
        rate,
        made.scale,
        np.array(made.group_norms),
        np.array(list(ratios.values())),
        first,
        second,
        changes,
        step_sizes,
    )


def _spread(values: Array) -> Array:
    """All values or, where there are too many, so many at equal distances, which are no multiple of a row."""
    if len(values) <= MOST_SAMPLED:
        return values
    return values[np.linspace(0, len(values) - 1, MOST_SAMPLED).astype(np.int64)]


def _median(values: Array) -> float:
    return float(np.median(values)) if len(values) else math.nan
