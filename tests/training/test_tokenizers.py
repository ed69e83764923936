"""Characters and learned pieces as tokens: everything survives, every token can be shown, nothing depends on order."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfviz.training.tokens.byte_pair_tokenizer import SMALLEST, BytePairTokenizer
from tfviz.training.tokens.byte_pairs import learn_pieces
from tfviz.training.tokens.character_tokenizer import CharacterTokenizer
from tfviz.training.tokens.tokenizer import END, SPECIAL_TOKENS, START, UNKNOWN, Tokenizer
from tfviz.training.tokens.tokenizers import TOKENIZERS, learn_tokenizer, tokenizer_of
from tfviz.training.tokens.visible_text import revealed, visible

SENTENCES = ["low lower lowest", "new newer newest", "wide wider widest", "low new wide"] * 3
PIECES = BytePairTokenizer.from_sentences(SENTENCES, 290)
CHARACTERS = CharacterTokenizer.from_sentences(["how are you", "é e\u0301 שלום"])
ANYTHING = st.text(st.characters(codec="utf-8"))


@settings(max_examples=300)
@given(ANYTHING)
def test_byte_pairs_round_trip_any_text(text: str) -> None:
    assert PIECES.decode(PIECES.encode(text)) == text
    assert PIECES.unknown(text) == []


@settings(max_examples=60)
@given(st.lists(ANYTHING, min_size=1), st.integers(SMALLEST, SMALLEST + 40), st.randoms())
def test_byte_pairs_learned_from_anything_round_trip_it_and_ignore_its_order(
    sentences: list[str], size: int, order: random.Random
) -> None:
    learned = BytePairTokenizer.from_sentences(sentences, size)
    assert SMALLEST <= len(learned) <= size
    for text in sentences:
        assert learned.decode(learned.encode(text)) == text
    shuffled = order.sample(sentences, len(sentences))
    assert BytePairTokenizer.from_sentences(shuffled, size) == learned


def test_the_pair_that_occurs_most_often_is_merged_first_and_equal_ones_by_their_bytes() -> None:
    assert learn_pieces({b"abab": 3, b"bc": 4}, 1) == [b"ab"]
    assert learn_pieces({b"abab": 3, b"bc": 4}, 3) == [b"ab", b"bc", b"abab"]
    assert learn_pieces({b"xy": 2, b"ab": 2}, 2) == [b"ab", b"xy"]
    assert learn_pieces({b"ab": 1}, 5) == []  # what occurs once is no piece
    assert learn_pieces({b"aaaa": 2}, 5) == [b"aa", b"aaaa"]


@settings(max_examples=60)
@given(st.dictionaries(st.binary(min_size=1, max_size=12).map(lambda raw: bytes(b % 4 + 97 for b in raw)),
                       st.integers(1, 5), min_size=1, max_size=8))  # fmt: skip
def test_pieces_are_those_of_the_plain_algorithm(chunks: dict[bytes, int]) -> None:
    assert learn_pieces(chunks, 6) == plain_pieces(chunks, 6)


def plain_pieces(chunks: dict[bytes, int], count: int) -> list[bytes]:
    """Counts every pair anew after every merge."""
    parts = {chunk: [bytes([byte]) for byte in chunk] for chunk in chunks}
    pieces: dict[bytes, None] = {}
    while len(pieces) < count:
        found: dict[tuple[bytes, bytes], int] = {}
        for chunk, split in parts.items():
            for pair in itertools.pairwise(split):
                found[pair] = found.get(pair, 0) + chunks[chunk]
        best = min(found, key=lambda pair: (-found[pair], pair), default=None)
        if best is None or found[best] < 2:
            break
        pieces[best[0] + best[1]] = None
        for split in parts.values():
            place = 0
            while place < len(split) - 1:
                if (split[place], split[place + 1]) == best:
                    split[place : place + 2] = [best[0] + best[1]]
                place += 1
    return list(pieces)


def test_frequent_words_become_one_token_with_the_space_before_them() -> None:
    learned = BytePairTokenizer.from_sentences(["the cat", "the dog", "see the cat"] * 5, 300)
    assert learned.split("see the cat") == ["see", "▁the", "▁cat"]
    assert learned.split("the") == ["the"]
    assert len(learned.split("xyz")) == 3


def test_a_long_word_without_a_gap_is_split_in_bearable_time() -> None:
    text = "ab" * 20_000
    learned = BytePairTokenizer.from_sentences(["ab abab abababab"] * 4, 280)
    assert learned.decode(learned.encode(text)) == text


@settings(max_examples=200)
@given(ANYTHING)
def test_pieces_lie_in_the_text_in_order_without_gaps(text: str) -> None:
    for tokenizer in (PIECES, CHARACTERS):
        pieces = tokenizer.pieces(text)
        assert [START, *(piece.identifier for piece in pieces), END] == tokenizer.encode(text)
        assert {place for piece in pieces for place in range(piece.start, piece.stop)} == set(
            range(len(text))
        )
        assert [piece.start for piece in pieces] == sorted(piece.start for piece in pieces)
        assert all(0 <= piece.start < piece.stop <= len(text) for piece in pieces)
    for word in Tokenizer.from_sentences(["a"]).pieces(text):
        assert text[word.start : word.stop] == word.text
    assert Tokenizer.from_sentences(["a"]).split(text) == text.split()


def test_tokens_that_are_parts_of_one_character_share_its_place() -> None:
    pieces = PIECES.pieces("aé€")
    assert [(piece.start, piece.stop) for piece in pieces] == [(0, 1), (1, 2), (1, 2), (2, 3), (2, 3), (2, 3)]
    assert [piece.text for piece in pieces][1:3] == ["\\xc3", "\\xa9"]


@settings(max_examples=300)
@given(st.binary(), st.binary())
def test_the_visible_form_has_no_white_space_and_can_be_turned_back(raw: bytes, other: bytes) -> None:
    text = visible(raw)
    assert revealed(text) == raw and text not in SPECIAL_TOKENS
    assert text.isprintable() and text.split() == ([text] if raw else [])
    assert (visible(other) == text) == (other == raw)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (" the", "▁the"), ("▁", "\\u{2581}"), ("\\", "\\\\"), ("\n", "\\u{a}"), ("\u200f", "\\u{200f}"),
        ("<s>", "\\<s>"), ("שלום", "שלום"), ("é", "é"), ("·", "·"),
    ],
)  # fmt: skip
def test_what_cannot_be_seen_has_a_form_that_can(raw: str, text: str) -> None:
    assert visible(raw.encode()) == text and revealed(text) == raw.encode()


@given(ANYTHING)
def test_characters_round_trip_what_they_were_made_of(text: str) -> None:
    tokenizer = CharacterTokenizer.from_sentences([text])
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.unknown(text) == []
    assert len(tokenizer) == len(SPECIAL_TOKENS) + len(set(text))


def test_characters_outside_the_data_are_unknown_and_shown_as_they_can_be() -> None:
    assert CHARACTERS.encode("a") == [START, CHARACTERS.tokens.index("a"), END]
    assert CHARACTERS.unknown("how\tXX") == ["\\u{9}", "X"]
    assert CHARACTERS.encode("X")[1] == UNKNOWN and CHARACTERS.decode([UNKNOWN]) == "<unk>"
    assert CHARACTERS.split("a e\u0301") == ["a", "▁", "e", "\u0301"]  # a combining accent is a character


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_every_kind_comes_back_from_its_tokens(kind: str) -> None:
    made = learn_tokenizer(kind, SENTENCES, 280)
    assert type(made) is TOKENIZERS[kind] and len(set(made.tokens)) == len(made)
    again = tokenizer_of(kind, made.tokens)
    assert again == made and type(again) is type(made)
    assert again.encode("lower new\twides") == made.encode("lower new\twides")
    assert [made.token(number) for number in range(len(made))] == list(made.tokens)


def test_kinds_with_the_same_tokens_are_not_the_same() -> None:
    words = Tokenizer.from_sentences(["a b"])
    assert words != CharacterTokenizer(words.tokens) and words == tokenizer_of("word", words.tokens)


def test_a_vocabulary_that_is_none_of_its_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="256 single bytes after its special tokens"):
        BytePairTokenizer((*SPECIAL_TOKENS, "a"))
    with pytest.raises(ValueError, match="two tokens of a byte-pair vocabulary stand for the same bytes"):
        BytePairTokenizer((*PIECES.tokens, "\\x61b", "ab"))
    with pytest.raises(
        ValueError, match="a byte-pair vocabulary of 259 tokens is too small; allowed: at least 260"
    ):
        BytePairTokenizer.from_sentences(["a"], 259)
    with pytest.raises(ValueError, match="of kind 'syllable'; there are word, character, bpe"):
        tokenizer_of("syllable", [])


def test_every_merge_joins_two_tokens_that_were_there_before() -> None:
    sentences = ["the cat sat on the mat", "the other cat", "übermut über alles, aaaa aaa aa"]
    tokenizer = BytePairTokenizer.from_sentences(sentences, 320)
    known = set(tokenizer.tokens[: 4 + 256])
    merges = list(tokenizer.merges())
    assert [piece for _, _, piece in merges] == list(tokenizer.tokens[4 + 256 :]) and merges
    for left, right, piece in merges:
        assert left in known and right in known
        assert revealed(left) + revealed(right) == revealed(piece)
        known.add(piece)
