"""The part of a configuration that says how it is learned."""

from dataclasses import dataclass

from tfviz.training.rules import ConfigurationError, check_fields, setting

MOST_SHARDS = 2
"""Parts that a batch is computed in, at most."""


@dataclass(frozen=True)
class TrainingConfig:
    """How it is learned."""

    seed: int = setting(int, 0, "Decides initial weights, batches and dropout.", minimum=0, maximum=2**53)
    batch_size: int = setting(int, 16, "Sentence pairs in one step.", minimum=1, maximum=65_536)
    steps: int | None = setting(
        int, None, "Stop after this many steps. None: open end.", minimum=1, optional=True
    )
    epochs: int | None = setting(
        int, None, "Stop after this many passes over the data. None: open end.", minimum=1, optional=True
    )
    optimizer: str = setting(
        str, "adam", "How gradients change the weights.", choices=("sgd", "momentum", "adam", "adamw")
    )
    learning_rate: float = setting(
        float, 1e-3, "Size of an update; the peak where a schedule warms up.", above=0
    )
    schedule: str = setting(
        str,
        "constant",
        "How the learning rate changes over the steps.",
        choices=("constant", "warmup_inverse_sqrt", "cosine"),
    )
    warmup_steps: int = setting(int, 0, "Steps over which the learning rate rises from zero.", minimum=0)
    clip_norm: float = setting(
        float, 1.0, "Longest gradient (global norm) before it is scaled; 0 is off.", minimum=0
    )
    label_smoothing: float = setting(
        float, 0.0, "Probability spread over all tokens instead of the right one.", minimum=0, below=1
    )
    weight_decay: float = setting(
        float, 0.0, "Share of the weights that AdamW takes away, times the rate.", minimum=0
    )
    momentum: float = setting(float, 0.9, "Share of the last update that momentum keeps.", minimum=0, below=1)
    # The paper's second beta, 0.98, forgets faster than the usual 0.999; eps is the paper's too.
    betas: tuple[float, float] = setting(
        tuple, (0.9, 0.98), "Adam's two averaging factors.", minimum=0, below=1
    )
    eps: float = setting(float, 1e-9, "Added to Adam's denominator.", above=0, maximum=1)
    label_shift: int = setting(
        int,
        0,
        "Places that labels lie too late: with 1 the model is trained to repeat its input.",
        minimum=0,
        maximum=1,
    )
    frozen: tuple[str, ...] = setting(
        list,
        (),
        "Parts that no update changes: groups, layers or stacks, such as encoder.0 or source_embedding.",
    )
    dtype: str = setting(str, "float32", "Number format of the computation.", choices=("float32", "float64"))
    shards: int | None = setting(
        int,
        None,
        "Parts of a batch computed side by side; part of the result's exact bits. None: by the model's size.",
        minimum=1,
        maximum=MOST_SHARDS,
        optional=True,
    )
    validation_every: int = setting(int, 100, "Steps between two validations; 0 is off.", minimum=0)

    def __post_init__(self) -> None:
        check_fields(self, "training.")
        if self.schedule == "warmup_inverse_sqrt" and self.warmup_steps < 1:
            raise ConfigurationError(
                "training.warmup_steps", "training.warmup_steps is 0; warmup_inverse_sqrt needs at least 1"
            )
        if self.schedule == "cosine" and self.steps is None and self.epochs is None:
            raise ConfigurationError(
                "training.schedule",
                "training.schedule cosine needs an end: set training.steps or training.epochs",
            )
        if self.shards is not None and self.shards > self.batch_size:
            raise ConfigurationError(
                "training.shards",
                f"training.shards {self.shards} is above training.batch_size {self.batch_size}",
            )

    def total_steps(self, steps_per_epoch: int | None) -> int | None:
        """The step at which a run ends by its limits, whichever comes first; None for an open end."""
        limits = [] if self.steps is None else [self.steps]
        if self.epochs is not None and steps_per_epoch is not None:
            limits.append(self.epochs * steps_per_epoch)
        return min(limits, default=None)
