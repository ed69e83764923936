"""Dates and translation: sentences by rules, all different, some held out, in any split."""

import datetime
import itertools
import re

import pytest

from tfviz.training.config import RunConfig
from tfviz.training.rules import ConfigurationError
from tfviz.training.task_config import RULE_TASKS, TaskConfig
from tfviz.training.tasks import Task, create_task
from tfviz.training.tasks.rule_made import different, digits
from tfviz.training.tasks.translation import ADJECTIVES, NOUNS, VERBS
from tfviz.training.training_config import TrainingConfig


def task(name: str, seed: int = 0, **fields: object) -> Task:
    config = TaskConfig(**({"name": name, "examples": 500} | fields))
    return create_task(RunConfig(task=config, training=TrainingConfig(seed=seed)))


@pytest.mark.parametrize("name", RULE_TASKS)
def test_all_pairs_differ_and_those_held_out_are_never_trained_on(name: str) -> None:
    found = task(name, validation=300)
    sources = [source for source, _ in (*found.pairs, *found.validation)]
    assert (len(found.pairs), len(found.validation), len(set(sources))) == (500, 300, 800)
    steps = found.steps_per_epoch
    assert steps is not None
    trained = {pair for step in range(1, steps + 1) for pair in found.batch(step).sentences}
    assert trained == set(found.pairs) and not trained & set(found.validation)
    assert all(found.expected(source) == target for source, target in (*found.pairs, *found.validation))


@pytest.mark.parametrize("name", RULE_TASKS)
def test_the_same_seed_makes_the_same_sentences(name: str) -> None:
    assert task(name).pairs == task(name).pairs != task(name, seed=1).pairs
    assert len(task(name).validation) == 256 and task(name, validation=0).validation == ()


@pytest.mark.parametrize("name", RULE_TASKS)
@pytest.mark.parametrize("kind", ["word", "character", "bpe"])
@pytest.mark.parametrize("shared", [False, True])
def test_sentences_come_back_from_every_tokenizer(name: str, kind: str, shared: bool) -> None:
    found = task(name, tokenizer=kind, shared_vocabulary=shared, bpe_size=300)
    assert found.source_tokenizer.kind == found.target_tokenizer.kind == kind
    assert (found.source_tokenizer == found.target_tokenizer) is shared
    batch = found.batch(1)
    assert set(batch.sentences) <= set(found.pairs)
    assert batch.source.shape[1] == found.source_width and batch.target_in.shape[1] == found.target_width
    assert found.collate(found.validation).sentences == found.validation


def test_dates_are_read_by_character_unless_told_otherwise() -> None:
    assert task("dates").target_tokenizer.tokens[4:] == ("-", *"0123456789")
    assert task("translation").source_tokenizer.kind == "word"


def test_dates_are_days_of_so_many_years_in_three_forms() -> None:
    found = task("dates", alphabet=4, examples=2000)
    forms = {re.sub(r"\d+", "1", re.sub("[A-Z][a-z]+", "May", source)) for source, _ in found.pairs}
    assert forms == {"1 May 1", "May 1, 1", "1/1/1"}
    assert {target[:4] for _, target in found.pairs} == {"1998", "1999", "2000", "2001"}
    for _, target in found.pairs:
        assert datetime.date.fromisoformat(target).isoformat() == target


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("3 May 2024", "2024-05-03"), ("May  3, 2024", "2024-05-03"), ("03/05/2024", "2024-05-03"),
        ("29 February 2024", "2024-02-29"), ("29 February 2023", None), ("3 Mai 2024", None),
        ("32 May 2024", None), ("03/13/2024", None), ("tomorrow", None), ("3 May 0000", None),
    ],
)  # fmt: skip
def test_a_typed_date_is_read_if_there_is_such_a_day(typed: str, answer: str | None) -> None:
    assert task("dates").expected(typed) == answer


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("the small red house sees a dog", "la casa roja pequeña ve un perro"),
        ("a red dog", "un perro rojo"),
        ("the house", "la casa"),
        ("the dog sees", None), ("sees a dog", None), ("red the dog", None), ("the dog red", None),
        ("the dog sees a house sees a dog", None), ("the zebra", None), ("", None),
    ],
)  # fmt: skip
def test_translation_turns_the_order_round_and_keeps_agreement(typed: str, answer: str | None) -> None:
    assert task("translation").expected(typed) == answer


def test_translated_sentences_have_the_words_and_lengths_asked_for() -> None:
    found = task("translation", minimum_length=3, length=7, alphabet=5)
    lengths = {len(source.split()) for source, _ in found.pairs}
    assert lengths == {3, 4, 5, 6, 7}
    words = {word for source, _ in found.pairs for word in source.split()}
    allowed = {noun.english for noun in NOUNS[:5]} | {word for word, _ in (*ADJECTIVES[:5], *VERBS[:5])}
    assert words == allowed | {"the", "a"}


def test_every_word_of_the_little_language_is_one_word_of_its_own() -> None:
    for words in (
        [noun.english for noun in NOUNS] + [word for word, _ in (*ADJECTIVES, *VERBS)],
        [noun.spanish for noun in NOUNS] + [word for _, word in (*ADJECTIVES, *VERBS)],
    ):
        assert len(set(words)) == len(words) and all(word.split() == [word] for word in words)


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("dates", {"alphabet": 2, "examples": 3000},
         "task.examples 3000 and 256 held out are more than the 2193 different .* allowed: 1937"),
        ("translation", {"length": 2}, "task.examples 500 and 256 held out are more than the 20 .* allowed: 0"),
        ("translation", {"alphabet": 17}, "task.alphabet is 17; there are words of a kind: at most 16"),
        ("dates", {"alphabet": 1001}, "task.alphabet is 1001; dates take it as the number of years: at most 1000"),
    ],
)  # fmt: skip
def test_more_than_there_is_is_refused_with_the_limit(
    name: str, fields: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        task(name, **fields)


def test_a_number_is_a_choice_for_each_place_and_choices_never_repeat() -> None:
    assert digits(0, [2, 3]) == [0, 0] and digits(5, [2, 3]) == [1, 2]
    found = {tuple(different(list(choices))) for choices in itertools.product(range(4), range(3), range(2))}
    assert len(found) == 24 and all(len(set(choices)) == 3 for choices in found)
    assert {choice for choices in found for choice in choices} == {0, 1, 2, 3}
