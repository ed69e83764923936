"""A model small enough for any test, at a random point, and a batch with padding on both sides."""

import numpy as np

from tfviz.core.config import ModelConfig
from tfviz.core.gradient_check import random_batch, random_parameters, small_config
from tfviz.core.transformer import Transformer

CONFIG = small_config()
BATCH = random_batch(CONFIG, 3, 5, 4)


def small_model(
    config: ModelConfig = CONFIG, shards: int = 1, gradients: bool = True, smoothing: float = 0.1
) -> Transformer:
    """A float64 model for batches like BATCH."""
    return Transformer(
        config,
        3,
        5,
        4,
        smoothing,
        np.float64,
        parameters=random_parameters(config),
        shards=shards,
        gradients=gradients,
    )
