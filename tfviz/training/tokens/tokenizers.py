"""The kinds of tokenizer by their names, and how a task's are made and read again."""

import itertools
from collections.abc import Iterable, Sequence

from tfviz.training.data.pair_formats import MOST_WORDS
from tfviz.training.rules import ConfigurationError
from tfviz.training.task_config import TaskConfig
from tfviz.training.tokens.byte_pair_tokenizer import BytePairTokenizer
from tfviz.training.tokens.character_tokenizer import CharacterTokenizer
from tfviz.training.tokens.tokenizer import Tokenizer

MOST_TOKENS = MOST_WORDS

TOKENIZERS: dict[str, type[Tokenizer]] = {
    kind.kind: kind for kind in (Tokenizer, CharacterTokenizer, BytePairTokenizer)
}


def learn_tokenizer(kind: str, sentences: Iterable[str], size: int) -> Tokenizer:
    """A tokenizer for these sentences; the size counts for learned pieces alone."""
    if kind == BytePairTokenizer.kind:
        return BytePairTokenizer.from_sentences(sentences, size)
    return TOKENIZERS[kind].from_sentences(sentences)


def learn_tokenizers(
    config: TaskConfig, sources: Sequence[str], targets: Sequence[str]
) -> tuple[Tokenizer, Tokenizer]:
    """Of both sides of a task: two, or one for both."""
    kind, size = config.tokenizer_kind, config.bpe_size
    if config.shared_vocabulary:
        shared = learn_tokenizer(kind, itertools.chain(sources, targets), size)
        return shared, shared
    return learn_tokenizer(kind, sources, size), learn_tokenizer(kind, targets, size)


def check_length(side: str, tokenizer: Tokenizer, tokens: int) -> None:
    """ConfigurationError where the longest sentence of a side has too many tokens for its attention to be kept."""
    if tokens > MOST_TOKENS:
        raise ConfigurationError(
            "task.tokenizer",
            f"the longest {side} is {tokens} tokens long, split as task.tokenizer {tokenizer.kind} says; "
            f"allowed: at most {MOST_TOKENS}",
        )


def tokenizer_of(kind: str, tokens: Sequence[str]) -> Tokenizer:
    """The tokenizer with these tokens, as a file has them. ValueError where they are no vocabulary."""
    if kind not in TOKENIZERS:
        raise ValueError(f"a tokenizer of kind {kind!r:.40}; there are {', '.join(TOKENIZERS)}")
    return TOKENIZERS[kind](tokens)
