"""Tokenizer: words to ids and back, whatever is typed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfviz.training.tokens.tokenizer import END, PADDING, SPECIAL_TOKENS, START, UNKNOWN, Tokenizer

WORDS = st.text(st.characters(codec="utf-8"), min_size=1).filter(
    lambda text: text.split() == [text] and text not in SPECIAL_TOKENS
)
TOKENIZER = Tokenizer.from_sentences(["how are you", "Are you happy"])


def test_the_special_tokens_come_first_then_the_words_sorted() -> None:
    assert (PADDING, START, END, UNKNOWN) == (0, 1, 2, 3)
    assert TOKENIZER.tokens == ("<pad>", "<s>", "</s>", "<unk>", "Are", "are", "happy", "how", "you")
    assert len(TOKENIZER) == 9


def test_the_vocabulary_does_not_depend_on_the_order_of_the_sentences() -> None:
    assert Tokenizer.from_sentences(["Are you happy", "how are you"]) == TOKENIZER
    assert hash(Tokenizer.from_sentences(["you happy how are Are"])) == hash(TOKENIZER)


def test_a_sentence_is_framed_by_start_and_end() -> None:
    assert TOKENIZER.encode("how are you") == [1, 7, 5, 8, 2]
    assert TOKENIZER.encode("") == [1, 2]


def test_any_white_space_separates_words() -> None:
    assert TOKENIZER.encode("\u3000how\u00a0are\t\nyou ") == TOKENIZER.encode("how are you")


def test_an_unknown_word_becomes_unk_and_is_reported_once() -> None:
    assert TOKENIZER.encode("how old are old trees") == [1, 7, 3, 5, 3, 3, 2]
    assert TOKENIZER.unknown("how old are old trees") == ["old", "trees"]
    assert TOKENIZER.unknown("how are you") == []


@pytest.mark.parametrize("special", SPECIAL_TOKENS)
def test_a_typed_special_token_does_not_smuggle_its_meaning_in(special: str) -> None:
    assert TOKENIZER.encode(special) == [START, UNKNOWN, END]
    assert TOKENIZER.unknown(special) == [special]


def test_decoding_ends_at_the_end_token_and_leaves_out_padding() -> None:
    assert TOKENIZER.decode([1, 7, 5, 8, 2, 8, 8]) == "how are you"
    assert TOKENIZER.decode([7, 3, 0, 0]) == "how <unk>"
    assert TOKENIZER.decode([]) == ""


@pytest.mark.parametrize("identifier", [-1, 9, 10**9])
def test_an_id_outside_the_vocabulary_is_refused(identifier: int) -> None:
    with pytest.raises(ValueError, match=f"token id {identifier} is outside the vocabulary of 9"):
        TOKENIZER.token(identifier)


@given(st.lists(st.lists(WORDS, min_size=1, max_size=8), min_size=1))
def test_every_sentence_of_the_data_survives_encoding(sentences: list[list[str]]) -> None:
    texts = [" ".join(words) for words in sentences]
    tokenizer = Tokenizer.from_sentences(texts)
    for text in texts:
        assert tokenizer.unknown(text) == []
        assert tokenizer.decode(tokenizer.encode(text)) == text
    assert Tokenizer(tokenizer.tokens) == tokenizer


@given(st.text())
def test_anything_can_be_typed(text: str) -> None:
    ids = TOKENIZER.encode(text)
    assert ids[0] == START and ids[-1] == END and len(ids) == len(TOKENIZER.split(text)) + 2
    assert all(UNKNOWN <= identifier < len(TOKENIZER) for identifier in ids[1:-1])


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ([], "starts with <pad>, <s>, </s>, <unk>, not with nothing"),
        (["<s>", "<pad>", "</s>", "<unk>"], "not with <s>, <pad>"),
        ([*SPECIAL_TOKENS, "a", "b", "a"], "'a' stands twice, at 4 and 6"),
        ([*SPECIAL_TOKENS, "<pad>"], "'<pad>' stands twice"),
        ([*SPECIAL_TOKENS, "two words"], "token 4 is 'two words'"),
        ([*SPECIAL_TOKENS, ""], "token 4 is ''"),
        ([*SPECIAL_TOKENS, 5], "token 4 is 5"),
    ],
)
def test_a_stored_vocabulary_is_checked(tokens: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Tokenizer(tokens)


def test_data_may_not_contain_a_reserved_word() -> None:
    with pytest.raises(ValueError, match="the word </s> is reserved"):
        Tokenizer.from_sentences(["a </s> b"])
