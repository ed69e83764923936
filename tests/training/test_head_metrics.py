"""What heads do, in numbers: on maps whose answer is known."""

import math

import numpy as np
import pytest

from tests.training.small_runs import SMALL
from tfviz.training.config import RunConfig
from tfviz.training.heads.head_entropies import head_entropies
from tfviz.training.heads.head_metrics import (
    head_metrics,
)
from tfviz.training.readings import Attention
from tfviz.training.session import Session
from tfviz.training.task_config import GENERATED_TASKS, TaskConfig
from tfviz.training.tasks import Task, create_task
from tfviz.training.tokens.tokenizer import SPECIAL_TOKENS


def attention(encoder: object, decoder: object, cross: object) -> Attention:
    """Of one layer each; heads (head, query, key)."""
    maps = [np.array([found], dtype=np.float32) for found in (encoder, decoder, cross)]
    source, target = maps[0].shape[2], maps[1].shape[2]
    return Attention(*maps, ("s",) * source, ("t",) * target)


def shifted(size: int, by: int) -> np.ndarray:
    """Every query looks `by` positions back, the first ones at the first key."""
    return np.eye(size)[np.maximum(np.arange(size) - by, 0)]


def test_heads_that_do_one_thing_are_measured_as_doing_it() -> None:
    even = np.full((4, 4), 0.25)
    lower = np.tril(np.ones((3, 3))) / np.arange(1, 4)[:, None]
    found = head_metrics(
        attention(
            [np.eye(4), shifted(4, 1), shifted(4, 9), even], [np.eye(3), lower], [np.full((3, 4), 0.25)]
        )
    )
    assert list(found) == [
        *(f"encoder L0H{n}" for n in range(4)),
        "decoder L0H0",
        "decoder L0H1",
        "cross L0H0",
    ]
    itself, previous, first, wash = (found[f"encoder L0H{head}"] for head in range(4))
    assert (itself.diagonal, itself.previous_token, itself.first_token, itself.entropy) == (1, 0, 0.25, 0)
    assert (previous.diagonal, previous.previous_token, previous.first_token) == (0.25, 1, 0.5)
    assert (first.first_token, first.entropy) == (1, 0)
    assert (wash.diagonal, wash.previous_token, wash.first_token) == (0.25, 0.25, 0.25)
    assert wash.entropy == pytest.approx(math.log(4))
    # The decoder's first query has no choice and does not count.
    assert (found["decoder L0H0"].diagonal, found["decoder L0H0"].first_token) == (1, 0)
    causal = found["decoder L0H1"]
    assert (
        causal.diagonal == causal.first_token == causal.previous_token == pytest.approx((1 / 2 + 1 / 3) / 2)
    )
    assert causal.entropy == pytest.approx((math.log(2) + math.log(3)) / 2)
    assert math.isnan(found["encoder L0H0"].source_alignment) and math.isnan(
        found["cross L0H0"].source_alignment
    )


def test_source_alignment_is_the_weight_on_the_places_that_an_answer_comes_from() -> None:
    cross = np.zeros((1, 4, 5))  # rows answer tokens 0, 1, 2 and </s>; keys are <s>, three words, </s>
    cross[0, 0, 1], cross[0, 1, [2, 3]], cross[0, 2, 4], cross[0, 3, 4] = 0.75, 0.25, 1.0, 1.0
    found = head_metrics(attention([np.eye(5)], [np.eye(4)], cross), ((0,), (1, 2), ()))
    assert found["cross L0H0"].source_alignment == pytest.approx((0.75 + 0.5) / 2)
    nowhere = head_metrics(attention([np.eye(5)], [np.eye(4)], cross), ((), (), ()))
    assert math.isnan(nowhere["cross L0H0"].source_alignment)


def test_one_position_alone_tells_nothing() -> None:
    found = head_metrics(attention([[[1.0]]], [[[1.0]]], [[[1.0]]]))
    for metrics in found.values():
        assert (
            math.isnan(metrics.entropy) and math.isnan(metrics.diagonal) and math.isnan(metrics.first_token)
        )


def test_entropies_of_encoder_and_cross_are_those_that_training_is_watched_by() -> None:
    with Session(SMALL) as session:
        session.train(4)
        example = session.task.example(1)
        read = session.reader.read_attention(example)
        batch = session.task.collate([(example.source, example.target)])
        model = session.trainer.models.evaluation(*batch.shape)
        model.forward(batch.source, batch.target_in, batch.target_out)
        found, watched = head_metrics(read), head_entropies(model)
        for head in ("encoder L0H0", "encoder L0H1", "cross L0H0", "cross L0H1"):
            assert found[head].entropy == pytest.approx(watched[head], rel=1e-5)


def task(name: str, **fields: object) -> Task:
    return create_task(
        RunConfig(task=TaskConfig(**({"name": name, "alphabet": 6, "examples": 200} | fields)))
    )


def aligned(found: Task, sentence: str) -> list[tuple[str, list[str]]]:
    """Each token of the right answer with those of the source that it comes from."""
    source, answer = found.source_tokenizer.split(sentence), found.expected(sentence)
    places = found.alignment(sentence)
    assert answer is not None and places is not None
    tokens = found.target_tokenizer.split(answer)
    return [(token, [source[place] for place in row]) for token, row in zip(tokens, places, strict=True)]


@pytest.mark.parametrize("name", ["copy", "reverse", "sort", "repeat"])
def test_symbols_come_from_where_they_stand(name: str) -> None:
    found = task(name)
    for source, _ in found.validation[:40]:
        assert all(set(places) == {token} for token, places in aligned(found, source))
    assert task("sort").alignment("3 1 3") == ((1,), (0, 2), (0, 2)) and task("sort").alignment("z") is None
    assert task("repeat").alignment("3 1") == ((0,), (0,), (1,), (1,))


@pytest.mark.parametrize("kind", ["word", "character", "bpe"])
def test_identity_is_aligned_however_sentences_are_split(kind: str) -> None:
    found = task("identity", tokenizer=kind)
    assert all(places == [token] for token, places in aligned(found, "how is your little sister"))


def test_digits_of_a_sum_come_from_the_digits_above() -> None:
    found = task("addition", alphabet=10)
    assert aligned(found, "4 7 + 8") == [("5", ["4"]), ("5", ["7", "8"])]
    assert aligned(found, "9 9 + 8 7") == [("1", []), ("8", ["9", "8"]), ("6", ["9", "7"])]
    assert found.alignment("4 7") is None


def test_a_closing_bracket_comes_from_its_partner() -> None:
    found = task("brackets")
    assert found.alignment("( [ ] { (") == ((4,), (3,), (0,))
    assert found.alignment("( ]") is None and found.alignment("( )") is None


def test_parts_of_a_date_come_from_their_like() -> None:
    found = task("dates")
    for sentence in ("3 May 2024", "May 3, 2024"):
        rows = aligned(found, sentence)
        assert [places for _, places in rows[:4]] == [["2"], ["0"], ["2"], ["4"]]
        assert rows[5:7] == [("0", ["M", "a", "y"]), ("5", ["M", "a", "y"])]
        assert rows[8:] == [("0", ["3"]), ("3", ["3"])] and rows[4] == rows[7] == ("-", [])
    assert aligned(found, "28/05/1999") == [
        *((digit, [digit]) for digit in "1999"),
        ("-", []), ("0", ["0"]), ("5", ["5"]), ("-", []), ("2", ["2"]), ("8", ["8"]),
    ]  # fmt: skip
    assert (
        found.alignment("32 May 2024") is None
        and task("dates", tokenizer="word").alignment("3 May 2024") is None
    )


def test_translated_words_come_from_the_words_that_they_translate() -> None:
    found = task("translation")
    assert aligned(found, "the small red house sees a dog") == [
        ("la", ["the"]), ("casa", ["house"]), ("roja", ["red"]), ("pequeña", ["small"]),
        ("ve", ["sees"]), ("un", ["a"]), ("perro", ["dog"]),
    ]  # fmt: skip
    assert found.alignment("red house") is None
    assert task("translation", tokenizer="bpe").alignment("the house") is None


@pytest.mark.parametrize("name", [*GENERATED_TASKS, "dates", "translation"])
def test_alignments_fit_the_tokens_of_every_pair(name: str) -> None:
    found = task(name)
    for source, target in found.validation:
        places = found.alignment(source)
        assert places is not None and len(places) == len(found.target_tokenizer.split(target))
        length = len(found.source_tokenizer.split(source))
        assert all(0 <= place < length for row in places for place in row)
    assert not set(found.source_tokenizer.split(found.probe().source)) & set(SPECIAL_TOKENS)
