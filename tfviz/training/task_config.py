"""The part of a configuration that says what is learned."""

from dataclasses import dataclass

from tfviz.training.rules import ConfigurationError, check_fields, setting
from tfviz.training.tokens.byte_pair_tokenizer import SMALLEST

GENERATED_TASKS = ("copy", "reverse", "sort", "repeat", "addition", "brackets")
"""Drawn without end, as symbols."""
RULE_TASKS = ("dates", "translation")
"""So many sentences, made by rules when the task is made."""
TASK_NAMES = ("identity", *GENERATED_TASKS, *RULE_TASKS, "file")
TOKENIZER_KINDS = ("word", "character", "bpe")
SMALLEST_BPE, LARGEST_BPE = SMALLEST, 65_536
"""Tokens of a vocabulary of byte pairs: at least the special ones and the bytes."""
CHARACTER_TASKS = ("dates",)
"""Those that are read character by character unless the configuration says otherwise."""


@dataclass(frozen=True)
class TaskConfig:
    """What is learned, from which data."""

    name: str = setting(str, "identity", "What the model has to learn.", choices=TASK_NAMES)
    length: int = setting(
        int,
        10,
        "Longest generated sequence, without <s> and </s>; digits of a number in addition, words in translation.",
        minimum=1,
        maximum=4096,
    )
    minimum_length: int = setting(int, 1, "Shortest generated sequence.", minimum=1, maximum=4096)
    alphabet: int = setting(
        int,
        10,
        "Number of symbols in generated sequences; base in addition, words of a kind in translation, years in dates.",
        minimum=2,
        maximum=100_000,
    )
    depth: int = setting(int, 4, "Deepest nesting in task brackets.", minimum=2, maximum=64)
    examples: int = setting(
        int, 4000, "Different sentences to train on in dates and translation.", minimum=1, maximum=100_000
    )
    path: str | None = setting(
        str,
        None,
        "Data of task file: TSV, CSV or JSON lines with source and target. None for the other tasks.",
        optional=True,
    )
    tokenizer: str = setting(
        str,
        "auto",
        "How sentences are split; bpe learns pieces of words. auto: characters for dates, words for the others.",
        choices=("auto", *TOKENIZER_KINDS),
    )
    bpe_size: int = setting(
        int,
        512,
        "Tokens of a bpe vocabulary, the 256 bytes among them.",
        minimum=SMALLEST_BPE,
        maximum=LARGEST_BPE,
    )
    shared_vocabulary: bool = setting(
        bool, False, "One vocabulary for source and target; generated sequences always have one."
    )
    validation: int | None = setting(
        int,
        None,
        "Examples held out of training. None: 256 where they are made, 0 of identity and of files.",
        minimum=0,
        maximum=100_000,
        optional=True,
    )
    probe: int = setting(
        int, 1, "The example to watch, counted from 1: of validation, or of training without one.", minimum=1
    )

    def __post_init__(self) -> None:
        check_fields(self, "task.")
        if self.minimum_length > self.length:
            raise ConfigurationError(
                "task.minimum_length",
                f"task.minimum_length {self.minimum_length} is above task.length {self.length}",
            )
        if self.name == "file" and not self.path:
            raise ConfigurationError(
                "task.path", "task.path is missing; the task file reads its data from there"
            )
        if self.name != "file" and self.path is not None:
            raise ConfigurationError(
                "task.path", f"task.path is {self.path!r}, but only the task file reads one, not {self.name}"
            )
        if self.generated and self.tokenizer not in ("auto", "word"):
            raise ConfigurationError(
                "task.tokenizer",
                f"task.tokenizer is {self.tokenizer}, but the symbols of the generated task {self.name} are "
                "tokens already; allowed: auto, word",
            )
        if self.generated and self.validation == 0:
            raise ConfigurationError(
                "task.validation",
                f"task.validation is 0, but the generated task {self.name} needs at least 1 to "
                "watch; training.validation_every 0 turns validation off",
            )

    @property
    def generated(self) -> bool:
        """Whether examples are drawn without end instead of read from finite data."""
        return self.name in GENERATED_TASKS

    @property
    def tokenizer_kind(self) -> str:
        """How sentences are split, where the configuration leaves that to the task too."""
        if self.tokenizer != "auto":
            return self.tokenizer
        return "character" if self.name in CHARACTER_TASKS else "word"
