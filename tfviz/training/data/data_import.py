"""A look at data before they are learned: the first rows, how many and how long, what repeats, what would be held out.

Pasted text is looked at in the same way, and saved as a file, for a run reads its data from one.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from tfviz.training.atomic_file import write_atomically
from tfviz.training.data.pair_formats import NumberedPair, format_of_text, read_pairs
from tfviz.training.data.splitting import split_pairs
from tfviz.training.task_config import TaskConfig
from tfviz.training.tokens.tokenizer import Tokenizer
from tfviz.training.tokens.tokenizers import check_length, learn_tokenizers

PREVIEW = 20  # rows
LISTED = 100  # lines and tokens named; the rest is counted


@dataclass(frozen=True)
class Found:
    """How often something was found, and where first."""

    count: int
    lines: tuple[int, ...]
    """The first of them, counted from 1."""


@dataclass(frozen=True)
class Longest:
    """The longest sentence of one side, in tokens without <s> and </s>."""

    tokens: int
    line: int


@dataclass(frozen=True)
class DataSurvey:
    """What there is to know about some pairs and their split."""

    preview: tuple[NumberedPair, ...]
    pairs: int
    training: int
    """Pairs to train on, repeated ones counted as often as they stand there."""
    validation: int
    """Different pairs held out."""
    longest_source: Longest
    longest_target: Longest
    source_tokens: int
    """Sizes of the vocabularies, special tokens included."""
    target_tokens: int
    repeated: Found
    """Lines that say what an earlier one said."""
    leaking: Found
    """Lines held out whose source is trained on too, with another target."""
    unseen_tokens: tuple[str, ...]
    """The first tokens of held-out sentences that no training sentence has, sources before targets."""
    unseen_count: int


def pasted_pairs(text: str) -> list[NumberedPair]:
    """ValueError, in one sentence with the line, where the text holds no pairs."""
    pairs = list(read_pairs(text, format_of_text(text)))
    if not pairs:
        raise ValueError("the text is empty; expected lines of source, tab, target")
    return pairs


def save_pairs(path: str | os.PathLike[str], pairs: Sequence[NumberedPair]) -> None:
    """Write pairs as lines of source, tab, target, as the task `file` reads them. OSError."""
    lines = "".join(f"{source}\t{target}\n" for _, source, target in pairs)
    write_atomically(path, lines.encode())


def survey(pairs: Sequence[NumberedPair], config: TaskConfig, seed: int) -> DataSurvey:
    """How the task `file` would take these pairs, with a configuration's tokenizer and split.

    ConfigurationError where a sentence would be too long, or more is to be held out than there is.
    """
    plain = [(source, target) for _, source, target in pairs]
    split = split_pairs(plain, config.validation or 0, seed)
    held_out = set(split.validation)
    sides = [source for source, _ in plain], [target for _, target in plain]
    tokenizers = learn_tokenizers(config, *sides)
    longest: list[Longest] = []
    unseen: list[str] = []
    apart = [pair in held_out for pair in plain]
    for side, tokenizer, sentences in zip(("source", "target"), tokenizers, sides, strict=True):
        lengths, tokens = _read(tokenizer, sentences, apart)
        place = max(range(len(lengths)), key=lengths.__getitem__)
        check_length(side, tokenizer, lengths[place])
        longest.append(Longest(lengths[place], pairs[place].line))
        unseen += tokens
    trained = {source for source, _ in split.training}
    return DataSurvey(
        preview=tuple(pairs[:PREVIEW]),
        pairs=len(pairs),
        training=len(split.training),
        validation=len(split.validation),
        longest_source=longest[0],
        longest_target=longest[1],
        source_tokens=len(tokenizers[0]),
        target_tokens=len(tokenizers[1]),
        repeated=_found(_repeated(pairs)),
        leaking=_found([line for line, *pair in pairs if tuple(pair) in held_out and pair[0] in trained]),
        unseen_tokens=tuple(unseen[:LISTED]),
        unseen_count=len(unseen),
    )


def _read(tokenizer: Tokenizer, sentences: list[str], held_out: list[bool]) -> tuple[list[int], list[str]]:
    """Lengths in tokens, and the tokens that only held-out sentences have."""
    lengths: list[int] = []
    seen: tuple[set[int], set[int]] = set(), set()
    for sentence, apart in zip(sentences, held_out, strict=True):
        ids = tokenizer.encode(sentence)
        lengths.append(len(ids) - 2)
        seen[apart].update(ids)
    trained, validated = seen
    return lengths, [tokenizer.token(identifier) for identifier in sorted(validated - trained)]


def _repeated(pairs: Sequence[NumberedPair]) -> list[int]:
    known: set[tuple[str, str]] = set()
    lines = []
    for line, *pair in pairs:
        if (key := (pair[0], pair[1])) in known:
            lines.append(line)
        known.add(key)
    return lines


def _found(lines: list[int]) -> Found:
    return Found(len(lines), tuple(lines[:LISTED]))
