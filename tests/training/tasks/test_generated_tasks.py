"""Tasks of symbols without end: answers are right, held-out sequences stay out, sizes do what they say."""

import itertools

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfviz.training.config import RunConfig
from tfviz.training.rules import ConfigurationError
from tfviz.training.task_config import GENERATED_TASKS, TaskConfig
from tfviz.training.tasks import Task, create_task
from tfviz.training.training_config import TrainingConfig

SIZES = {
    "copy": {"length": 6, "minimum_length": 2, "alphabet": 12},
    "reverse": {"length": 6, "minimum_length": 2, "alphabet": 12},
    "sort": {"length": 6, "minimum_length": 2, "alphabet": 12},
    "repeat": {"length": 6, "minimum_length": 2, "alphabet": 12},
    "addition": {"length": 4, "minimum_length": 1, "alphabet": 10},
    "brackets": {"length": 9, "minimum_length": 2, "alphabet": 6, "depth": 3},
}


def task(name: str, batch_size: int = 64, seed: int = 0, **fields: object) -> Task:
    config = TaskConfig(**(SIZES[name] | {"name": name} | fields))
    return create_task(RunConfig(task=config, training=TrainingConfig(seed=seed, batch_size=batch_size)))


def right_answer(name: str, source: str) -> str:
    """Worked out from the text alone."""
    words = source.split()
    match name:
        case "copy":
            return source
        case "reverse":
            return " ".join(words[::-1])
        case "sort":
            return " ".join(sorted(words))
        case "repeat":
            return " ".join(itertools.chain.from_iterable(zip(words, words, strict=True)))
        case "addition":
            return " ".join(str(sum(int(number) for number in source.replace(" ", "").split("+"))))
    rest = source.replace(" ", "")
    while any(pair in rest for pair in ("()", "[]", "{}")):
        for pair in ("()", "[]", "{}"):
            rest = rest.replace(pair, "")
    return " ".join(rest[::-1].translate(str.maketrans("([{", ")]}")))


@pytest.mark.parametrize("name", GENERATED_TASKS)
def test_answers_are_right_for_training_and_for_held_out_pairs(name: str) -> None:
    found = task(name)
    pairs = [pair for step in range(1, 12) for pair in found.batch(step).sentences]
    for source, target in [*pairs, *found.validation]:
        assert target == right_answer(name, source) == found.expected(source)


@pytest.mark.parametrize("name", GENERATED_TASKS)
def test_pairs_encoded_again_give_the_drawn_ids(name: str) -> None:
    found = task(name)
    batch = found.batch(3)
    assert batch.source.shape == (64, found.source_width)
    assert batch.target_in.shape == batch.target_out.shape == (64, found.target_width)
    rebuilt = found.collate(batch.sentences)
    for array in ("source", "target_in", "target_out"):
        assert numpy.array_equal(getattr(rebuilt, array), getattr(batch, array))
    for side in (batch.source, batch.target_out):
        assert int(side.max()) < len(found.source_tokenizer) and int((side == 3).sum()) == 0


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(GENERATED_TASKS),
    st.integers(2, 3),
    st.integers(1, 2),
    st.integers(2, 4),
    st.integers(2, 4),
    st.integers(0, 5),
)
def test_no_training_batch_contains_a_held_out_pair(
    name: str, pairs: int, shortest: int, more: int, depth: int, seed: int
) -> None:
    fields = {"alphabet": 2 * pairs, "minimum_length": shortest, "length": shortest + more, "depth": depth}
    found = task(name, 32, seed, **fields)
    held_out = set(found.validation)
    assert len(held_out) == len(found.validation) >= 1
    for step in range(1, 12):
        assert not held_out.intersection(found.batch(step).sentences)
    assert found.validation == task(name, 32, seed, **fields).validation


@pytest.mark.parametrize("name", GENERATED_TASKS)
def test_any_step_can_be_drawn_alone_and_depends_on_the_seed(name: str) -> None:
    first, second = task(name), task(name)
    for step in range(1, 8):
        first.batch(step)
    for step in (7, 1, 4):
        assert first.batch(step).sentences == second.batch(step).sentences
    assert first.batch(1).sentences != task(name, seed=1).batch(1).sentences


@pytest.mark.parametrize("name", GENERATED_TASKS)
def test_at_least_a_thousand_pairs_can_be_held_out(name: str) -> None:
    found = task(name, validation=1000)
    assert len(set(found.validation)) == 1000


def test_sums_are_of_all_lengths_and_many_carry() -> None:
    found = task("addition", length=3, alphabet=10)
    pairs = [pair for step in range(1, 20) for pair in found.batch(step).sentences]
    lengths = {tuple(len(part.split()) for part in source.split("+")) for source, _ in pairs}
    assert lengths == set(itertools.product((1, 2, 3), repeat=2))
    assert {len(target.split()) for _, target in pairs} == {1, 2, 3, 4}
    assert not any(
        part.split()[0] == "0" and len(part.split()) > 1 for source, _ in pairs for part in source.split("+")
    )


def test_addition_in_another_base_carries_there() -> None:
    binary, hexadecimal = task("addition", alphabet=2), task("addition", alphabet=16)
    assert binary.expected("1 1 + 1") == "1 0 0"
    assert hexadecimal.expected("f f + 1") == "1 0 0" and hexadecimal.expected("0 + 0") == "0"
    for source, target in binary.batch(1).sentences:
        first, second = source.replace(" ", "").split("+")
        assert int(first, 2) + int(second, 2) == int(target.replace(" ", ""), 2)


@pytest.mark.parametrize("typed", ["", "1 2", "+ 1", "1 +", "1 + 2 + 3", "1 + x", "a + b"])
def test_what_is_no_sum_has_no_answer(typed: str) -> None:
    assert task("addition").expected(typed) is None


def test_brackets_go_to_their_depth_and_no_deeper() -> None:
    found = task("brackets", depth=3, length=9, alphabet=4, minimum_length=1)
    depths = set()
    for step in range(1, 20):
        for source, target in found.batch(step).sentences:
            level = deepest = 0
            for bracket in source.split():
                level += 1 if bracket in "([" else -1
                deepest = max(deepest, level)
            depths.add(deepest)
            assert level == len(target.split()) >= 1
    assert depths == {1, 2, 3} and found.target_width == 4


@pytest.mark.parametrize("typed", ["", ")", "( ]", "( )", "( x", "( {"])
def test_what_cannot_be_completed_has_no_answer(typed: str) -> None:
    assert task("brackets", alphabet=4).expected(typed) is None


def test_a_symbol_that_stands_twice_is_sorted_twice_and_strangers_have_no_order() -> None:
    found = task("sort", alphabet=12)
    assert found.expected("b 3 a 3") == "3 3 a b" and found.expected("z 1") is None


@pytest.mark.parametrize(
    ("name", "fields", "path", "message"),
    [
        ("addition", {"alphabet": 37}, "task.alphabet", "task.alphabet is 37; addition takes it as base: at most 36"),
        ("addition", {"length": 33}, "task.length", "task.length is 33; addition takes it as digits: at most 32"),
        ("brackets", {"alphabet": 7}, "task.alphabet", "is 7; allowed: an even number of at most 12"),
        ("brackets", {"alphabet": 14}, "task.alphabet", "is 14; allowed: an even number of at most 12"),
        ("brackets", {"depth": 1}, "task.depth", "task.depth is 1; allowed: a whole number of at least 2"),
        ("sort", {"tokenizer": "bpe"}, "task.tokenizer", "task.tokenizer is bpe, .* allowed: auto, word"),
    ],
)  # fmt: skip
def test_sizes_that_a_task_cannot_have_are_refused_with_the_limit(
    name: str, fields: dict[str, object], path: str, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        task(name, **fields)
    assert caught.value.path == path
