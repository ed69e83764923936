"""Pieces of words as tokens, learned from the data by byte-pair encoding; any text can be written with them."""

import heapq
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import ClassVar, Self

from tfviz.training.tokens.byte_pairs import learn_pieces
from tfviz.training.tokens.tokenizer import END, SPECIAL_TOKENS, START, Piece, Tokenizer, said
from tfviz.training.tokens.visible_text import revealed, visible

BYTES = tuple(bytes([byte]) for byte in range(256))
SMALLEST = len(SPECIAL_TOKENS) + len(BYTES)
"""Tokens of a vocabulary that has learned no piece."""
DEFAULT_SIZE = 512
KEPT = 1 << 16  # chunks whose pieces are remembered

_CHUNK = re.compile(r" ?\S+|\s+")  # a word with the space before it: no token reaches over a gap


class BytePairTokenizer(Tokenizer):
    """The special tokens, all 256 bytes, then the learned pieces in the order in which they were merged.

    That order is all there is to know: of the neighbours that make a known piece together, the one learned first is
    merged first. Nothing is ever unknown; what is no UTF-8 (half a surrogate pair) is written as "?".
    """

    kind: ClassVar[str] = "bpe"
    unit: ClassVar[str] = "piece"

    def __init__(self, tokens: Sequence[str]) -> None:
        super().__init__(tokens)
        self._bytes = tuple(map(revealed, self.tokens))
        if self._bytes[len(SPECIAL_TOKENS) : SMALLEST] != BYTES:
            raise ValueError("a byte-pair vocabulary has the 256 single bytes after its special tokens")
        # Numbered by their order, which is that of merging.
        self._pieces = {
            raw: number for number, raw in enumerate(self._bytes) if number >= len(SPECIAL_TOKENS)
        }
        if len(self._pieces) + len(SPECIAL_TOKENS) != len(self.tokens):
            raise ValueError("two tokens of a byte-pair vocabulary stand for the same bytes")
        self._chunk_ids = lru_cache(KEPT)(self._merged)

    @classmethod
    def from_sentences(cls, sentences: Iterable[str], size: int = DEFAULT_SIZE) -> Self:
        """Learned from sentences, whatever their order. Fewer tokens than `size` where no pair occurs twice.

        ValueError where not even the single bytes fit the size.
        """
        if size < SMALLEST:
            raise ValueError(
                f"a byte-pair vocabulary of {size} tokens is too small; allowed: at least {SMALLEST}"
            )
        chunks: Counter[bytes] = Counter()
        for sentence, times in Counter(sentences).items():
            for chunk in _CHUNK.findall(sentence):
                chunks[_encoded(chunk)] += times
        learned = learn_pieces(chunks, size - SMALLEST)
        return cls((*SPECIAL_TOKENS, *map(visible, (*BYTES, *learned))))

    def pieces(self, text: str) -> list[Piece]:
        found, place, offset = [], 0, 0
        ends = _ends(text)
        for identifier in self.encode(text)[1:-1]:
            after = offset + len(self._bytes[identifier])
            while place < len(text) and ends[place] <= offset:
                place += 1
            stop = place
            while stop < len(text) and ends[stop] < after:
                stop += 1
            found.append(Piece(self.tokens[identifier], identifier, place, stop + 1))
            offset = after
        return found

    def encode(self, text: str) -> list[int]:
        """<s>, the pieces, </s>."""
        return [START, *(number for chunk in _CHUNK.findall(text) for number in self._chunk_ids(chunk)), END]

    def decode(self, ids: Iterable[int]) -> str:
        """The text up to the first </s>; <pad> and <s> are left out. Bytes that are no UTF-8 become U+FFFD."""
        return b"".join(self._bytes[identifier] for identifier in said(ids)).decode("utf-8", "replace")

    def merges(self) -> Iterator[tuple[str, str, str]]:
        """Left part, right part and the piece that they make, in the order in which they were merged."""
        for number in range(SMALLEST, len(self.tokens)):
            parts = [bytes([byte]) for byte in self._bytes[number]]
            while len(parts) > 2:
                earliest, place = min(
                    (self._pieces.get(left + right, number), place)
                    for place, (left, right) in enumerate(itertools.pairwise(parts))
                )
                if earliest >= number:
                    break
                parts[place : place + 2] = [parts[place] + parts[place + 1]]
            yield visible(parts[0]), visible(b"".join(parts[1:])), self.tokens[number]

    def _merged(self, chunk: str) -> tuple[int, ...]:
        """The pieces of a chunk. A heap of possible merges over a linked list, so that long chunks stay fast."""
        parts: list[bytes | None] = [bytes([byte]) for byte in _encoded(chunk)]
        before = list(range(-1, len(parts) - 1))
        behind = list(range(1, len(parts) + 1))
        heap: list[tuple[int, int, bytes]] = []

        def offer(left: int) -> None:
            """The merge of a part with the one behind it, if that is a piece."""
            right = behind[left] if left >= 0 else len(parts)
            if right < len(parts):
                joined = (parts[left] or b"") + (parts[right] or b"")
                if joined in self._pieces:
                    heapq.heappush(heap, (self._pieces[joined], left, joined))

        for left in range(len(parts) - 1):
            offer(left)
        while heap:
            _, left, joined = heapq.heappop(heap)
            right = behind[left]
            if (
                parts[left] is None
                or right >= len(parts)
                or (parts[left] or b"") + (parts[right] or b"") != joined
            ):
                continue  # one of the two was merged with another meanwhile
            parts[left], parts[right] = joined, None
            behind[left] = behind[right]
            if behind[left] < len(parts):
                before[behind[left]] = left
            offer(before[left])
            offer(left)
        return tuple(self._pieces[part] for part in parts if part is not None)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _ends(text: str) -> list[int]:
    """The byte behind each character."""
    ends, end = [], 0
    for character in text:
        end += len(_encoded(character))
        ends.append(end)
    return ends
