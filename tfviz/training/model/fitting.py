"""Whether a task can be learned by a model of a given shape."""

from tfviz.training.config import RunConfig
from tfviz.training.rules import ConfigurationError
from tfviz.training.tasks import Task


def check_fit(config: RunConfig, task: Task) -> None:
    """ConfigurationError for an encoder alone where answers are not as long as their source, or too few positions."""
    if config.model.architecture == "encoder":
        _check_equal_lengths(task)
    needed = longest_sequence(config, task.source_width, task.target_width)
    if config.model.positions == "learned" and needed > config.model.max_positions:
        raise ConfigurationError(
            "model.max_positions",
            f"model.max_positions is {config.model.max_positions}, but this task has sequences of {needed} tokens",
        )


def longest_sequence(config: RunConfig, source: int, target: int) -> int:
    """Tokens that stand in one row, for so many positions of source and of target_in."""
    match config.model.architecture:
        case "encoder":
            return max(source, target + 1)
        case "decoder":
            return source + target - 1
    return max(source, target)


def _check_equal_lengths(task: Task) -> None:
    for source, target in (*task.validation, *task.pairs):
        lengths = len(task.source_tokenizer.encode(source)), len(task.target_tokenizer.encode(target))
        if lengths[0] != lengths[1]:
            raise ConfigurationError(
                "model.architecture",
                f"model.architecture encoder answers each token with one, but “{source}” has {lengths[0] - 2} and "
                f"“{target}” {lengths[1] - 2}",
            )
