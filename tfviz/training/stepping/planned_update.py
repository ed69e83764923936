"""An update before it is made, as who may prevent it sees it, and what is kept of one that was made."""

from collections.abc import Callable
from dataclasses import dataclass

from tfviz.core.tensor import Array
from tfviz.core.transformer import Transformer
from tfviz.training.data.batches import Batch


@dataclass(frozen=True)
class PlannedUpdate:
    """What is known of a step between its backward pass and its update."""

    step: int
    """The number of the step; the update leads there."""
    loss: float
    norm: float
    group_norms: list[float]
    learning_rate: float
    scale: float
    """What the update multiplies the gradients by; 1 where nothing is clipped."""
    model: Transformer
    """Its gradients are those of the step."""
    batch: Batch
    spoiled: bool
    """Whether a number on the way was NaN or infinite; known only where the numbers are watched."""


BeforeUpdate = Callable[[PlannedUpdate], None]
"""Called while the state is that of before the step; what it raises prevents the update."""


@dataclass(frozen=True)
class MadeUpdate:
    """An update that somebody watches."""

    learning_rate: float
    scale: float
    group_norms: list[float]
    before: Array
    """All parameters as they were; the next watched update writes there."""
    after: Array | None = None
    """All parameters as they became, where they were edited since; else they still are so."""
