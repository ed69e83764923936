"""The kinds of tokenizer by their names, and how a task's are made and read again."""

from collections.abc import Iterable, Sequence
from typing import Any

from tfviz.training.byte_pair_tokenizer import BytePairTokenizer
from tfviz.training.character_tokenizer import CharacterTokenizer
from tfviz.training.tokenizer import Tokenizer

TOKENIZERS: dict[str, type[Tokenizer]] = {
    kind.kind: kind for kind in (Tokenizer, CharacterTokenizer, BytePairTokenizer)
}


def learn_tokenizer(kind: str, sentences: Iterable[str], size: int) -> Tokenizer:
    """A tokenizer for these sentences; the size counts for learned pieces alone."""
    if kind == BytePairTokenizer.kind:
        return BytePairTokenizer.from_sentences(sentences, size)
    return TOKENIZERS[kind].from_sentences(sentences)


def tokenizer_of(kind: str, tokens: Sequence[str]) -> Tokenizer:
    """The tokenizer with these tokens, as a file has them. ValueError where they are no vocabulary."""
    if kind not in TOKENIZERS:
        raise ValueError(f"a tokenizer of kind {kind!r:.40}; there are {', '.join(TOKENIZERS)}")
    return TOKENIZERS[kind](tokens)


def tokenizer_from_json(data: Any) -> Tokenizer:
    """Read what a tokenizer's to_json gave: a list of words, or an object with `kind` and `tokens`."""
    if isinstance(data, dict) and isinstance(data.get("kind"), str):
        kind, tokens = data["kind"], data.get("tokens")
    else:
        kind, tokens = Tokenizer.kind, data
    if not isinstance(tokens, list):
        raise ValueError(f"a vocabulary is a list of tokens, not {type(tokens).__name__}")
    return tokenizer_of(kind, tokens)
