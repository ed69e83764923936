"""Histories made by hand, as training would have written them."""

import numpy

from tfviz.training.record.history import History

GROUPS = (
    "source_embedding",
    "encoder.0.self_attn",
    "encoder.0.feed_forward",
    "decoder.0.multihead_attn",
    "generator",
)


def columns(
    steps: int, every: int = 0, groups: tuple[str, ...] = GROUPS, seed: int = 0, decoded: int = 0
) -> dict[str, numpy.ndarray]:
    """A noisy loss that falls, accuracies that rise, validation `every` so many steps (0: never), gradient norms.

    Where `decoded` is given, free-running accuracies every so many steps, lower than the others."""
    random = numpy.random.default_rng(seed)
    step = numpy.arange(1, steps + 1)
    loss = 0.1 + 2.5 * numpy.exp(-4 * step / max(steps, 1))
    accuracy = numpy.clip(step / max(steps, 1), 0, 1)
    validated = (step % every == 0) if every else numpy.zeros(steps, bool)
    made = {
        "loss": loss * numpy.exp(0.1 * random.normal(size=steps)),
        "token_accuracy": accuracy,
        "sequence_accuracy": accuracy**2,
        "learning_rate": numpy.full(steps, 1e-3),
        "gradient_norm": loss,
        "step_time": numpy.full(steps, 1e-3),
        "validation_loss": numpy.where(validated, loss, numpy.nan),
        "validation_token_accuracy": numpy.where(validated, accuracy, numpy.nan),
        "validation_sequence_accuracy": numpy.where(validated, accuracy**2, numpy.nan),
    }
    if decoded:
        free = step % decoded == 0
        made["validation_free_token_accuracy"] = numpy.where(free, 0.6 * accuracy, numpy.nan)
        made["validation_free_sequence_accuracy"] = numpy.where(free, 0.5 * accuracy**2, numpy.nan)
    for row, group in enumerate(groups):
        made[f"gradient_norm/{group}"] = 10.0 ** (-row / 2) * loss
    return made


def history(made: dict[str, numpy.ndarray], steps: int | None = None) -> History:
    """The first `steps` rows of the columns."""
    result = History()
    result.extend({name: column[:steps] for name, column in made.items()})
    return result


def grow(result: History, made: dict[str, numpy.ndarray], steps: int) -> None:
    """Append rows up to this step."""
    have = len(result)
    result.extend({name: column[have:steps] for name, column in made.items()})
