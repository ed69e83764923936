"""Words to token ids and back: four special tokens, then the words of the data."""

from collections.abc import Iterable, Sequence
from typing import Any, Self

PADDING, START, END, UNKNOWN = 0, 1, 2, 3
SPECIAL_TOKENS = ("<pad>", "<s>", "</s>", "<unk>")


class Tokenizer:
    """A word tokenizer: any Unicode white space separates words, upper and lower case differ."""

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

    @classmethod
    def from_json(cls, tokens: Any) -> Self:
        """Read what to_json gave; ValueError where it is no list of texts."""
        if not isinstance(tokens, list):
            raise ValueError(f"a vocabulary is a list of tokens, not {type(tokens).__name__}")
        return cls(tokens)

    def to_json(self) -> list[str]:
        return list(self.tokens)

    def __len__(self) -> int:
        return len(self.tokens)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tokenizer) and self.tokens == other.tokens

    def __hash__(self) -> int:
        return hash(self.tokens)

    def split(self, text: str) -> list[str]:
        """The words of a text, as they are looked up, without <s> and </s>."""
        return text.split()

    def encode(self, text: str) -> list[int]:
        """<s>, the words, </s>. Words outside the vocabulary, and typed special tokens, become <unk>."""
        return [START, *(self._word_id(word) for word in self.split(text)), END]

    def decode(self, ids: Iterable[int]) -> str:
        """The words up to the first </s>, separated by spaces; <pad> and <s> are left out."""
        words = []
        for identifier in ids:
            if identifier == END:
                break
            if identifier not in (PADDING, START):
                words.append(self.token(identifier))
        return " ".join(words)

    def token(self, identifier: int) -> str:
        """The text of one id. ValueError where there is none."""
        if not 0 <= identifier < len(self.tokens):
            raise ValueError(f"token id {identifier} is outside the vocabulary of {len(self.tokens)}")
        return self.tokens[identifier]

    def unknown(self, text: str) -> list[str]:
        """The words of a text that would become <unk>, each once, in their order."""
        return list(dict.fromkeys(word for word in self.split(text) if self._word_id(word) == UNKNOWN))

    def _word_id(self, word: str) -> int:
        identifier = self._ids.get(word, UNKNOWN)
        return identifier if identifier > UNKNOWN else UNKNOWN


def _listed(tokens: Sequence[object]) -> str:
    return ", ".join(map(str, tokens)) or "nothing"
