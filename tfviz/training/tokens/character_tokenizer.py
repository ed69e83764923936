"""Single characters as tokens: few of them, and no word is unknown whose letters are known."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Self

from tfviz.training.tokens.tokenizer import END, SPECIAL_TOKENS, START, UNKNOWN, Piece, Tokenizer, said
from tfviz.training.tokens.visible_text import revealed, visible


class CharacterTokenizer(Tokenizer):
    """A token is a Unicode character (code point), a space among them, in its visible form."""

    kind: ClassVar[str] = "character"
    unit: ClassVar[str] = "character"

    def __init__(self, tokens: Sequence[str]) -> None:
        super().__init__(tokens)
        # Looked up by what they stand for: which characters are printable changes with the version of Unicode.
        self._characters = {
            revealed(token).decode("utf-8", "replace"): identifier
            for identifier, token in enumerate(self.tokens)
            if identifier > UNKNOWN
        }

    @classmethod
    def from_sentences(cls, sentences: Iterable[str]) -> Self:
        """A vocabulary of all characters that occur, sorted."""
        characters = sorted(set().union(*sentences))
        return cls((*SPECIAL_TOKENS, *(visible(character.encode()) for character in characters)))

    def pieces(self, text: str) -> list[Piece]:
        return [
            Piece(
                visible(character.encode("utf-8", "surrogatepass")),
                self._characters.get(character, UNKNOWN),
                place,
                place + 1,
            )
            for place, character in enumerate(text)
        ]

    def encode(self, text: str) -> list[int]:
        """<s>, the characters, </s>. Those outside the vocabulary become <unk>."""
        return [START, *(self._characters.get(character, UNKNOWN) for character in text), END]

    def decode(self, ids: Iterable[int]) -> str:
        """The characters up to the first </s>; <pad> and <s> are left out."""
        return b"".join(revealed(self.token(identifier)) for identifier in said(ids)).decode(
            "utf-8", "replace"
        )
