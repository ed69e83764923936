"""What each attention head is worth: how much the loss on held-out pairs rises when it is switched off."""

import dataclasses
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tfviz.core.config import ModelConfig
from tfviz.core.parameters import Parameters
from tfviz.core.transformer import Transformer
from tfviz.training.data.batches import Batch
from tfviz.training.tasks import Task

MOST_PAIRS = 1024
"""Of the data; more would not change the ranking."""

AT_ONCE = 64
"""Pairs in one pass."""


class Importance(NamedTuple):
    """Of one head, such as "encoder.0.3"."""

    head: str
    loss: float
    """With the head off."""
    change: float
    """Against the loss with the head at work, whatever is done to it now: above 0 where the head helps."""
    cost: float = 0.0
    """What is done to the head now costs so much loss, against the head at work; 0 where nothing is."""


class HeadImportance:
    """Measures heads of a model, teacher-forced, one at a time and in any order. Nothing of the parameters is changed.

    `parameters` must stand still meanwhile: give a copy where they are trained. The pairs are those of validation or,
    where there are none, of training; `pairs` and `origin` say how many and which.
    """

    def __init__(self, config: ModelConfig, parameters: Parameters, task: Task) -> None:
        self.config, self.parameters = config, parameters
        self.origin = "validation" if task.validation else "training"
        chosen = (task.validation or task.pairs)[:MOST_PAIRS]
        self.pairs = len(chosen)
        self._batches = [
            task.collate(chosen[start : start + AT_ONCE]) for start in range(0, len(chosen), AT_ONCE)
        ]
        self._losses: dict[ModelConfig, float] = {}
        self.loss = self._loss(config)
        """Of the model as it is."""

    @property
    def heads(self) -> tuple[str, ...]:
        """All there are."""
        return self.config.heads

    def of(self, head: str) -> Importance:
        """ValueError for a head that does not exist."""
        off, at_work = (
            self._loss(switched_off(self.config, head)),
            self._loss(at_work_again(self.config, head)),
        )
        return Importance(head, off, off - at_work, self.loss - at_work)

    def all(self) -> Iterator[Importance]:
        """One head after another; whoever has seen enough stops asking."""
        return map(self.of, self.heads)

    def _loss(self, config: ModelConfig) -> float:
        """Mean over all tokens that are not padding; computed once for a configuration."""
        if config not in self._losses:
            self._losses[config] = self._mean_loss(config)
        return self._losses[config]

    def _mean_loss(self, config: ModelConfig) -> float:
        total, tokens = 0.0, 0
        models: dict[int, Transformer] = {}
        for batch in self._batches:
            if len(batch) not in models:
                models[len(batch)] = self._model(config, batch)
            model = models[len(batch)]
            count = int(np.count_nonzero(batch.target_out))
            with np.errstate(all="ignore"):
                total += model.forward(batch.source, batch.target_in, batch.target_out) * count
            tokens += count
        return total / max(1, tokens)

    def _model(self, config: ModelConfig, batch: Batch) -> Transformer:
        return Transformer(config, *batch.shape, parameters=self.parameters, gradients=False)


def switched_off(config: ModelConfig, head: str) -> ModelConfig:
    """The configuration with this head off, whatever it was before."""
    again = at_work_again(config, head)
    return dataclasses.replace(again, heads_off=(*again.heads_off, head))


def at_work_again(config: ModelConfig, head: str) -> ModelConfig:
    """The configuration with nothing done to this head; the same where nothing is."""
    off = tuple(name for name in config.heads_off if name != head)
    uniform = tuple(name for name in config.heads_uniform if name != head)
    return dataclasses.replace(config, heads_off=off, heads_uniform=uniform)
