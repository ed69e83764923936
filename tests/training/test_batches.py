"""Batches: teacher forcing, padding, and random streams that need no history."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfviz.training.data.batches import DRAW, PERMUTATION, collate, random_stream
from tfviz.training.tokens.tokenizer import END, PADDING, START, Tokenizer

PAIRS = [("a b c", "x y"), ("a", "x y z")]
SOURCE = Tokenizer.from_sentences(source for source, _ in PAIRS)
TARGET = Tokenizer.from_sentences(target for _, target in PAIRS)


def test_the_target_is_given_once_as_input_and_once_as_answer() -> None:
    batch = collate(PAIRS, SOURCE, TARGET)
    assert batch.source.tolist() == [[1, 4, 5, 6, 2], [1, 4, 2, 0, 0]]
    assert batch.target_in.tolist() == [[1, 4, 5, 0], [1, 4, 5, 6]]
    assert batch.target_out.tolist() == [[4, 5, 2, 0], [4, 5, 6, 2]]
    assert len(batch) == 2 and batch.source.dtype == numpy.int64


def test_a_batch_gives_its_texts_back() -> None:
    assert collate(PAIRS, SOURCE, TARGET).sentences == tuple(PAIRS)


def test_a_given_width_is_kept_and_a_sentence_that_is_too_long_refused() -> None:
    batch = collate(PAIRS, SOURCE, TARGET, source_width=8, target_width=7)
    assert batch.source.shape == (2, 8) and batch.target_in.shape == batch.target_out.shape == (2, 7)
    assert (batch.source[:, 5:] == PADDING).all()
    with pytest.raises(ValueError, match="a sentence of 5 tokens does not fit the width 4"):
        collate(PAIRS, SOURCE, TARGET, source_width=4)


def test_rows_of_a_batch_keep_its_width() -> None:
    batch = collate(PAIRS, SOURCE, TARGET)
    assert batch.rows(numpy.array([1])).source.tolist() == [[1, 4, 2, 0, 0]]
    assert batch.rows(slice(0, 1)).sentences == (PAIRS[0],)


WORDS = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=6).map(" ".join)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=6))
def test_input_and_answer_are_the_same_sentence_shifted_by_one(pairs: list[tuple[str, str]]) -> None:
    tokenizer = Tokenizer.from_sentences(["a b c d e f g h"])
    batch = collate(pairs, tokenizer, tokenizer)
    assert batch.sentences == tuple(pairs)
    for row_in, row_out in zip(batch.target_in.tolist(), batch.target_out.tolist(), strict=True):
        length = row_out.index(END)
        assert row_in[0] == START and END not in row_in
        assert row_in[1 : length + 1] == row_out[:length]
        assert set(row_in[length + 1 :]) | set(row_out[length + 1 :]) <= {PADDING}


def test_a_stream_depends_on_seed_index_and_purpose_only() -> None:
    def numbers(*key: int) -> list[int]:
        return random_stream(*key).integers(2**62, size=4).tolist()

    assert numbers(1, 2, DRAW) == numbers(1, 2, DRAW)
    keys = [(1, 2, DRAW), (1, 2, PERMUTATION), (2, 1, DRAW), (2, 2, DRAW), (1, 3, DRAW), (2**53, 0, DRAW)]
    assert len({tuple(numbers(*key)) for key in keys}) == len(keys)
