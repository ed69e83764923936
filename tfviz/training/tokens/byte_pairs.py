"""Which pieces of words are worth a token of their own (byte-pair encoding, Sennrich et al. 2016, section 3.2).

Starting from single bytes, the pair of neighbours that occurs most often becomes one piece, again and again. Of pairs
that occur equally often the one whose bytes come first is taken, so that the result depends on the counts alone.
"""

import heapq
import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping

Pair = tuple[bytes, bytes]

SELDOM = 2
"""A pair that occurs less often is no piece: it would only learn a text by heart."""


def learn_pieces(chunks: Mapping[bytes, int], count: int) -> list[bytes]:
    """At most so many pieces of two bytes or more, in the order in which they were merged.

    `chunks` are the texts that no piece reaches beyond, such as words, with how often each occurs.
    """
    return _Pieces(chunks).merged(count)


class _Pieces:
    """The chunks as far as they are merged, and what stands side by side in them."""

    def __init__(self, chunks: Mapping[bytes, int]) -> None:
        self._chunks = [[bytes([byte]) for byte in chunk] for chunk in chunks]
        self._occurrences = list(chunks.values())
        self._counts: Counter[Pair] = Counter()
        self._places: defaultdict[Pair, set[int]] = defaultdict(set)
        for place in range(len(self._chunks)):
            self._count(place, 1)
        self._heap = [(-count, pair) for pair, count in self._counts.items()]
        heapq.heapify(self._heap)

    def merged(self, count: int) -> list[bytes]:
        pieces: dict[bytes, None] = {}
        while len(pieces) < count and (pair := self._most_frequent()) is not None:
            pieces[pair[0] + pair[1]] = None  # the same bytes may have been merged from other parts before
            self._merge(pair)
        return list(pieces)

    def _most_frequent(self) -> Pair | None:
        while self._heap:
            negative, pair = heapq.heappop(self._heap)
            if -negative < SELDOM:
                return None
            if self._counts[pair] == -negative:  # else its count has changed since, and it stands here again
                return pair
        return None

    def _merge(self, pair: Pair) -> None:
        changed: set[Pair] = set()
        for place in sorted(self._places[pair]):
            changed |= self._count(place, -1)
            self._chunks[place] = _joined(self._chunks[place], pair)
            changed |= self._count(place, 1)
        for other in changed:
            if self._counts[other] > 0:
                heapq.heappush(self._heap, (-self._counts[other], other))
            else:
                del self._counts[other]

    def _count(self, place: int, sign: int) -> set[Pair]:
        """Add a chunk to the counts or take it away; the pairs in it."""
        chunk = self._chunks[place]
        found = Counter(itertools.pairwise(chunk))
        for pair, times in found.items():
            self._counts[pair] += sign * times * self._occurrences[place]
            (self._places[pair].add if sign > 0 else self._places[pair].discard)(place)
        return set(found)


def _joined(chunk: list[bytes], pair: Pair) -> list[bytes]:
    """A chunk with a pair made one piece wherever it stands, from the left."""
    joined: list[bytes] = []
    place = 0
    while place < len(chunk):
        if place + 1 < len(chunk) and (chunk[place], chunk[place + 1]) == pair:
            joined.append(chunk[place] + chunk[place + 1])
            place += 2
        else:
            joined.append(chunk[place])
            place += 1
    return joined
