"""The ways a run took: the main branch, and those that left it."""

from dataclasses import dataclass, field

from tfviz.training.run_file.foreign import Configuration, ForeignConfig

MAIN = 0


@dataclass(frozen=True)
class Branch:
    """One future of a run. Up to `fork` its record is its parent's."""

    number: int = MAIN
    name: str = "main"
    parent: int | None = None
    """The number of the branch it left; None for the main branch."""
    fork: int = 0
    """The last step it shares with its parent."""
    config: Configuration = field(default_factory=ForeignConfig)
