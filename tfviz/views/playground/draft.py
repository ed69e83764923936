"""A sentence that is tried out, with the tokens of it that are masked, and the ones before it to go back to."""

from collections.abc import Sequence
from dataclasses import dataclass

from tfviz.training.tokens.tokenizer import Piece

MOST = 200
"""Drafts to go back to."""
LONGEST_TEXT = 4000
"""Characters of a text."""


@dataclass(frozen=True)
class Draft:
    """`hidden` are tokens of the text, counted from 0 without <s>, in their order."""

    text: str = ""
    hidden: tuple[int, ...] = ()

    def retyped(self, text: str, before: Sequence[Piece], after: Sequence[Piece]) -> "Draft":
        """Another text: the tokens at its beginning and its end that are as before stay masked."""
        old, new = [piece.text for piece in before], [piece.text for piece in after]
        shared = min(len(old), len(new))
        first = next((place for place in range(shared) if old[place] != new[place]), shared)
        room = shared - first
        last = next((place for place in range(room) if old[-1 - place] != new[-1 - place]), room)
        moved = len(new) - len(old)
        kept = [place for place in self.hidden if place < first]
        kept += [place + moved for place in self.hidden if place >= max(len(old) - last, first)]
        return Draft(text, tuple(kept))

    def edited(self, piece: Piece, said: str) -> str:
        """The text with another one in the place of a piece, or without it."""
        before, after = self.text[: piece.start], self.text[piece.stop :]
        return f"{before}{said}{after}" if said else f"{before.rstrip()}{after}".strip()

    def toggled(self, place: int) -> "Draft":
        """With a token masked that was not, or not masked any more."""
        return Draft(self.text, tuple(sorted({*self.hidden} ^ {place})))


class Drafts:
    """The present draft and those before it. What is typed letter by letter is one of them."""

    def __init__(self) -> None:
        self.current = Draft()
        self._before: list[Draft] = []
        self._typing = False

    @property
    def undoable(self) -> bool:
        return bool(self._before)

    def write(self, draft: Draft, typing: bool = False) -> None:
        """Another draft; `typing` where it goes on from what is being typed."""
        if draft == self.current:
            return
        if not (typing and self._typing):
            self._before = [*self._before, self.current][-MOST:]
        self.current, self._typing = draft, typing

    def undo(self) -> None:
        """Back to the one before, if there is one."""
        if self._before:
            self.current, self._typing = self._before.pop(), False

    def begin(self, draft: Draft) -> None:
        """Begin with this one; nothing is before it."""
        self.current, self._typing = draft, False
        self._before.clear()
