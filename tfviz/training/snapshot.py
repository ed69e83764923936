"""What leaves the training thread: frozen copies of what the panels show at one step, never a live array."""

from dataclasses import dataclass

import numpy

from tfviz.training.config import RunConfig
from tfviz.training.generation.playground import Played
from tfviz.training.readings import Attention, Prediction, own_array
from tfviz.training.stepping.flow import Flow
from tfviz.training.stepping.stages import HeadStages


@dataclass(frozen=True, eq=False)
class OptimiserState:
    """The update that led to the snapshot's step, by parameter group. Arrays are (group,) float64.

    RMS is the root of the mean of the squares. Where an optimiser has no such moment there is None.
    """

    optimizer: str
    """As the configuration names it."""
    groups: tuple[str, ...]
    learning_rate: float
    clip_scale: float
    """What the gradient was multiplied by; 1 where nothing was clipped."""
    gradient_norm: numpy.ndarray
    """Euclidean length, before clipping."""
    update_ratio: numpy.ndarray
    """Length of the change over length of the weights; NaN or infinite for weights that were all 0."""
    first_moment: numpy.ndarray | None
    """RMS of Adam's first moment without its bias, or of the velocity of SGD with momentum."""
    second_moment: numpy.ndarray | None
    """RMS of the root of Adam's second moment without its bias."""
    change: numpy.ndarray
    """RMS of the change of a weight."""
    step_size: numpy.ndarray
    """What a weight's direction is multiplied by: Adam's rate / (sqrt(v) + eps), its median; else the learning rate."""

    def __post_init__(self) -> None:
        for name in (
            "gradient_norm", "update_ratio", "first_moment", "second_moment", "change", "step_size",
        ):  # fmt: skip
            if getattr(self, name) is not None:
                own_array(self, name, (len(self.groups),), numpy.float64)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One step as the panels see it. What nobody asked for is None or empty."""

    step: int
    seed: int
    config: RunConfig
    attention: Attention | None = None
    prediction: Prediction | None = None
    """Of the probe."""
    samples: tuple[Prediction, ...] = ()
    """Other sentences of the data."""
    unknown_words: tuple[str, ...] = ()
    """Words of a typed probe that the vocabulary does not have."""
    flow: Flow | None = None
    """Of the probe, teacher-forced. Computed anew where it is asked for: no run file has it."""
    stages: HeadStages | None = None
    """One head taken apart."""
    optimiser: OptimiserState | None = None
    """Of the update that led here; None also at step 0, where no update did."""
    playground: Played | None = None
    """The answer to what somebody tries out."""
