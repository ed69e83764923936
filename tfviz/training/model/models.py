"""Models of one configuration for every shape of batch that comes along, sharing one set of parameters."""

from collections import OrderedDict
from dataclasses import replace
from typing import Literal

from tfviz.core.config import ModelConfig
from tfviz.core.parallel import Crew
from tfviz.core.parameters import Parameters
from tfviz.core.transformer import Transformer

Purpose = Literal["training", "observed training", "evaluation", "inspection"]

KEPT = 12
"""Shapes kept; one that was not used for long is built again, which takes milliseconds."""

SHARE_FROM = 500e6
"""Parameters times tokens of a batch from which a second thread is worth its core.

Measured: at tiny it slows a run down, at small it gains a seventh, and nothing beside a live window, which then has
no core of its own; at medium it gains two thirds.
"""


class ModelCache:
    """Builds a model for a shape on first use. All share `parameters`; each has tensors and gradients of its own."""

    def __init__(
        self, config: ModelConfig, parameters: Parameters, seed: int, label_smoothing: float = 0.0, shards: int = 1,
    ) -> None:  # fmt: skip
        self.config, self.parameters, self.seed = config, parameters, seed
        self.label_smoothing, self.shards = label_smoothing, shards
        self.hidden: tuple[int, ...] = ()
        """Positions of the source that the models that are asked for now do not look at."""
        self.crew: Crew | None = Crew(shards) if shards > 1 else None
        """The threads in which parts of a batch are computed, where there are several."""
        self._models: OrderedDict[tuple[int, int, int, Purpose], Transformer] = OrderedDict()

    def training(self, batch: int, source_length: int, target_length: int) -> Transformer:
        """With gradients and dropout."""
        return self._get((batch, source_length, target_length, "training"))

    def observed_training(self, batch: int, source_length: int, target_length: int) -> Transformer:
        """The same, but slower: it keeps every activation and every gradient, so that its passes can be observed."""
        return self._get((batch, source_length, target_length, "observed training"))

    def evaluation(self, batch: int, source_length: int, target_length: int) -> Transformer:
        """Forward pass only, nothing dropped, no label smoothing."""
        return self._get((batch, source_length, target_length, "evaluation"))

    def inspection(self, batch: int, source_length: int, target_length: int) -> Transformer:
        """Keeps every activation and every gradient; the loss of training, but nothing dropped."""
        return self._get((batch, source_length, target_length, "inspection"))

    def reconfigure(self, config: ModelConfig, seed: int) -> None:
        """Use another dropout rate or other switches, which leave the parameters as they are, or draw other masks."""
        self.config, self.seed = config, seed
        self._models.clear()

    def close(self) -> None:
        """End the threads. What is still computed is computed in the caller's."""
        if self.crew:
            self.crew.close()
            self.crew = None
            self._models.clear()

    def _get(self, key: tuple[int, int, int, Purpose]) -> Transformer:
        model = self._models.get(key)
        if model is None:
            model = self._models[key] = self._build(*key)
            while len(self._models) > KEPT:
                self._models.popitem(last=False)
        self._models.move_to_end(key)
        model.hide(self.hidden)
        return model

    def _build(self, batch: int, source_length: int, target_length: int, purpose: Purpose) -> Transformer:
        training = purpose in ("training", "observed training")
        return Transformer(
            self.config if training else replace(self.config, dropout=0.0),
            batch,
            source_length,
            target_length,
            label_smoothing=0.0 if purpose == "evaluation" else self.label_smoothing,
            seed=self.seed,
            parameters=self.parameters,
            shards=self.shards if training else 1,
            gradients=purpose != "evaluation",
            recycle=purpose == "training",
            crew=self.crew,
        )


def default_shards(parameter_count: int, batch: int, length: int) -> int:
    """Into how many parts a batch is cut where the configuration does not say: a function of sizes alone."""
    return 2 if parameter_count * batch * length >= SHARE_FROM and batch >= 2 else 1
