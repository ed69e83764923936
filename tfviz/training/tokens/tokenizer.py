"""Texts to token ids and back: four special tokens, then what the data are made of, here their words.

The kinds beside it cut texts otherwise, into characters or learned pieces, behind the same methods.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, NamedTuple, Self

PADDING, START, END, UNKNOWN = 0, 1, 2, 3
SPECIAL_TOKENS = ("<pad>", "<s>", "</s>", "<unk>")

_WORD = re.compile(r"\S+")  # cuts where str.split cuts


class Piece(NamedTuple):
    """A part of a text that becomes one token."""

    text: str
    """As it can be shown: where it has a token, that token."""
    identifier: int
    """UNKNOWN where the vocabulary lacks it."""
    start: int
    stop: int
    """Its characters, text[start:stop]. Pieces that are parts of one character share it."""


class Tokenizer:
    """A word tokenizer: any Unicode white space separates words, upper and lower case differ."""

    kind: ClassVar[str] = "word"
    unit: ClassVar[str] = "word"
    """What a message calls that which it does not know."""

    def __init__(self, tokens: Sequence[str]) -> None:
        """The tokens in the order of their ids, the special ones first. ValueError says what is wrong."""
        self.tokens = tuple(tokens)
        if self.tokens[: len(SPECIAL_TOKENS)] != SPECIAL_TOKENS:
            raise ValueError(
                f"a vocabulary starts with {', '.join(SPECIAL_TOKENS)}, not with {_listed(self.tokens[:4])}"
            )
        self._ids: dict[str, int] = {}
        for position, token in enumerate(self.tokens):
            if not isinstance(token, str) or token.split() != [token]:
                raise ValueError(f"token {position} is {token!r}; a token is a text without white space")
            if token in self._ids:
                raise ValueError(f"token {token!r} stands twice, at {self._ids[token]} and {position}")
            self._ids[token] = position

    @classmethod
    def from_sentences(cls, sentences: Iterable[str]) -> Self:
        """A vocabulary of all words that occur, sorted, so that it does not depend on their order."""
        words = {word for sentence in sentences for word in sentence.split()}
        reserved = words.intersection(SPECIAL_TOKENS)
        if reserved:
            raise ValueError(f"the word {min(reserved)} is reserved; there are {', '.join(SPECIAL_TOKENS)}")
        return cls((*SPECIAL_TOKENS, *sorted(words)))

    def __len__(self) -> int:
        return len(self.tokens)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tokenizer) and (self.kind, self.tokens) == (other.kind, other.tokens)

    def __hash__(self) -> int:
        return hash(self.tokens)

    def pieces(self, text: str) -> list[Piece]:
        """How a text is split, without <s> and </s>."""
        return [
            Piece(word[0], self._word_id(word[0]), word.start(), word.end()) for word in _WORD.finditer(text)
        ]

    def split(self, text: str) -> list[str]:
        """The parts of a text as they are shown, without <s> and </s>."""
        return [piece.text for piece in self.pieces(text)]

    def encode(self, text: str) -> list[int]:
        """<s>, the words, </s>. Words outside the vocabulary, and typed special tokens, become <unk>."""
        return [START, *(self._word_id(word) for word in text.split()), END]

    def decode(self, ids: Iterable[int]) -> str:
        """The words up to the first </s>, separated by spaces; <pad> and <s> are left out."""
        return " ".join(self.token(identifier) for identifier in said(ids))

    def token(self, identifier: int) -> str:
        """The text of one id. ValueError where there is none."""
        if not 0 <= identifier < len(self.tokens):
            raise ValueError(f"token id {identifier} is outside the vocabulary of {len(self.tokens)}")
        return self.tokens[identifier]

    def unknown(self, text: str) -> list[str]:
        """The parts of a text that would become <unk>, each once, in their order."""
        pieces = self.pieces(text)
        return list(dict.fromkeys(piece.text for piece in pieces if piece.identifier == UNKNOWN))

    def _word_id(self, word: str) -> int:
        identifier = self._ids.get(word, UNKNOWN)
        return identifier if identifier > UNKNOWN else UNKNOWN


def said(ids: Iterable[int]) -> Iterator[int]:
    """The tokens of a sentence up to the first </s>, without <pad> and <s>."""
    for identifier in ids:
        if identifier == END:
            return
        if identifier not in (PADDING, START):
            yield identifier


def _listed(tokens: Sequence[object]) -> str:
    return ", ".join(map(str, tokens)) or "nothing"
