"""Tasks: what is drawn for a step, what is held out, and what can be watched."""

from pathlib import Path

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfviz.training.config import RunConfig
from tfviz.training.data.datasets import identity_pairs
from tfviz.training.rules import ConfigurationError
from tfviz.training.task_config import TaskConfig
from tfviz.training.tasks import TASKS, Task, create_task
from tfviz.training.tasks.symbols import symbols
from tfviz.training.training_config import TrainingConfig


def task(batch_size: int = 16, seed: int = 0, **fields: object) -> Task:
    return create_task(
        RunConfig(task=TaskConfig(**fields), training=TrainingConfig(seed=seed, batch_size=batch_size))
    )


def same(first: Task, second: Task, step: int) -> bool:
    one, other = first.batch(step), second.batch(step)
    return all(
        numpy.array_equal(getattr(one, name), getattr(other, name))
        for name in ("source", "target_in", "target_out")
    )


def test_every_task_says_what_to_look_for_and_offers_its_probe() -> None:
    for name in set(TASKS) - {"file"}:
        found = task(name=name)
        assert found.what_to_look_for.endswith(".")
        assert found.probe() == found.example(1)
        assert found.expected(found.probe().source) == found.probe().target


def test_the_identity_task_trains_on_every_sentence_and_holds_none_out() -> None:
    identity = task(name="identity")
    assert identity.pairs == tuple(identity_pairs()) and identity.validation == ()
    assert identity.validation_batches() == []
    assert identity.steps_per_epoch == -(-len(identity.pairs) // 16)
    assert identity.probe().origin == f"training 1/{len(identity.pairs)}"
    assert identity.expected(" how  are you ") == "how are you"


@pytest.mark.parametrize("batch_size", [1, 7, 16, 92, 500])
def test_an_epoch_takes_every_pair_once_with_a_short_batch_at_its_end(batch_size: int) -> None:
    identity = task(name="identity", batch_size=batch_size)
    steps = identity.steps_per_epoch
    assert steps is not None
    batches = [identity.batch(step) for step in range(1, steps + 1)]
    assert sorted(pair for batch in batches for pair in batch.sentences) == sorted(identity.pairs)
    assert all(len(batch) == batch_size for batch in batches[:-1]) and 1 <= len(batches[-1]) <= batch_size
    assert {batch.source.shape[1] for batch in batches} == {identity.source_width}
    assert {batch.target_in.shape[1] for batch in batches} == {identity.target_width}


def test_epochs_are_counted_from_one_and_each_has_an_order_of_its_own() -> None:
    identity = task(name="identity", batch_size=92)
    assert identity.steps_per_epoch == 1
    orders = {identity.batch(step).sentences for step in range(1, 6)}
    assert len(orders) == 5
    six = task(name="identity")
    assert [six.epoch(step) for step in (1, 6, 7, 13)] == [1, 1, 2, 3]
    assert task(name="copy").epoch(5) is None


@pytest.mark.parametrize("name", ["identity", "copy", "reverse"])
def test_any_step_can_be_drawn_alone_and_in_any_order(name: str) -> None:
    forward, lonely = task(name=name, seed=3), task(name=name, seed=3)
    for step in range(1, 30):
        forward.batch(step)
    for step in (29, 1, 7, 14, 2):
        assert same(forward, lonely, step)


@pytest.mark.parametrize("name", ["identity", "copy", "reverse"])
def test_another_seed_gives_other_batches(name: str) -> None:
    assert not same(task(name=name, seed=0), task(name=name, seed=1), 1)


def test_batches_can_follow_another_seed_while_the_held_out_pairs_stay() -> None:
    copy, other = task(name="copy", seed=0), task(name="copy", seed=1)
    moved = copy.batch(5, seed=1)
    assert not set(moved.sentences) & set(copy.validation)
    assert copy.validation != other.validation
    assert moved.sentences != copy.batch(5).sentences
    identity = task(name="identity", seed=0)
    assert identity.batch(5, seed=1).sentences == task(name="identity", seed=1).batch(5).sentences


@pytest.mark.parametrize(("name", "backwards"), [("copy", False), ("reverse", True)])
def test_generated_answers_are_right_and_lengths_stay_in_range(name: str, backwards: bool) -> None:
    found = task(name=name, length=7, minimum_length=3, alphabet=40, batch_size=64)
    lengths = set()
    for step in range(1, 20):
        batch = found.batch(step)
        assert batch.source.shape == (64, 9) and batch.target_in.shape == batch.target_out.shape == (64, 8)
        for source, target in batch.sentences:
            words = source.split()
            lengths.add(len(words))
            assert target.split() == (words[::-1] if backwards else words)
            assert found.expected(source) == target
        rebuilt = found.collate(batch.sentences)
        for array in ("source", "target_in", "target_out"):
            assert numpy.array_equal(getattr(rebuilt, array), getattr(batch, array))
    assert lengths == {3, 4, 5, 6, 7}


def test_generated_tasks_hold_out_256_different_pairs_by_default() -> None:
    copy = task(name="copy", seed=4)
    assert len(copy.validation) == len(set(copy.validation)) == copy.example_count == 256
    assert copy.steps_per_epoch is None and copy.pairs == ()
    assert copy.validation == task(name="copy", seed=4).validation
    assert copy.validation != task(name="copy", seed=5).validation
    assert copy.probe().origin == "validation 1/256"
    batches = copy.validation_batches(100)
    assert [len(batch) for batch in batches] == [100, 100, 56]
    assert tuple(pair for batch in batches for pair in batch.sentences) == copy.validation
    assert {batch.source.shape[1] for batch in batches} == {copy.source_width}


@settings(deadline=None, max_examples=40)
@given(
    st.integers(2, 6),
    st.integers(1, 4),
    st.integers(0, 3),
    st.integers(0, 5),
    st.sampled_from(["copy", "reverse"]),
)
def test_no_training_batch_contains_a_held_out_pair(
    alphabet: int, shortest: int, more: int, seed: int, name: str
) -> None:
    fields = {"alphabet": alphabet, "minimum_length": shortest, "length": shortest + more}
    if alphabet ** (shortest + more) < 4:
        with pytest.raises(ConfigurationError, match="too few sequences to hold some out"):
            task(name=name, **fields)
        return
    found = task(name=name, seed=seed, batch_size=32, **fields)
    assert found.validation
    held_out = set(found.validation)
    seen: set[int] = set()
    for step in range(1, 15):
        batch = found.batch(step)
        assert len(batch) == 32 and not held_out.intersection(batch.sentences)
        seen.update(len(source.split()) for source, _ in batch.sentences)
    assert seen == set(range(shortest, shortest + more + 1))  # holding out never swallows a whole length


def test_more_held_out_pairs_than_there_can_be_are_refused_with_the_limit() -> None:
    with pytest.raises(
        ConfigurationError, match=r"task.validation is 300; .* at most 250 are allowed"
    ) as caught:
        task(name="copy", alphabet=10, minimum_length=3, length=3, validation=300)
    assert caught.value.path == "task.validation"
    assert len(task(name="copy", alphabet=10, minimum_length=3, length=3, validation=250).validation) == 250


def test_symbols_are_single_characters_as_long_as_they_suffice() -> None:
    assert symbols(12) == ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b"]
    assert symbols(36)[-1] == "z"
    assert symbols(3000)[517] == "s517" and len(set(symbols(3000))) == 3000
    copy = task(name="copy", alphabet=3000, length=4, validation=10)
    assert len(copy.source_tokenizer) == 3004
    assert copy.source_tokenizer.unknown("s0 s2999 s3000") == ["s3000"]


@pytest.mark.parametrize("name", ["tiny", "small", "medium", "base"])
def test_the_bench_presets_are_padded_to_exactly_their_length(name: str) -> None:
    width, vocabulary = {"tiny": (12, 32), "small": (16, 64), "medium": (32, 128), "base": (64, 1000)}[name]
    config = RunConfig.preset(name)
    found = create_task(config)
    batch = found.batch(1)
    assert batch.source.shape == (config.training.batch_size, width)
    assert batch.target_in.shape == (config.training.batch_size, width - 1)
    assert len(found.source_tokenizer) == len(found.target_tokenizer) == vocabulary


def test_every_preset_has_a_probe() -> None:
    for name in RunConfig.presets():
        assert create_task(RunConfig.preset(name)).probe().source


def test_a_probe_outside_the_examples_is_refused_with_their_number() -> None:
    assert task(name="copy", probe=256).probe().origin == "validation 256/256"
    with pytest.raises(ConfigurationError, match=r"task.probe is 257; allowed: a whole number from 1 to 256"):
        task(name="copy", probe=257)


def test_a_file_of_the_users_own_is_learned_and_its_words_enter_the_vocabulary(tmp_path: Path) -> None:
    path = tmp_path / "numbers.tsv"
    path.write_text("one\tun\ntwo one\tdeux un\n", encoding="utf-8")
    found = task(name="file", path=str(path), batch_size=8)
    assert found.source_tokenizer.tokens[4:] == ("one", "two")
    assert found.target_tokenizer.tokens[4:] == ("deux", "un")
    assert (found.source_width, found.target_width) == (4, 3)
    assert found.expected("two  one") == "deux un" and found.expected("three") is None
    assert len(found.batch(1)) == 2


def test_pairs_held_out_of_a_file_are_in_no_batch_even_where_the_file_repeats_them(tmp_path: Path) -> None:
    path = tmp_path / "letters.tsv"
    path.write_text("".join(f"{letter}\t{letter}\n" for letter in "abcdefabcdef"), encoding="utf-8")
    found = task(name="file", path=str(path), batch_size=4, validation=2, seed=1)
    assert len(found.validation) == 2 and len(found.pairs) == 8
    assert found.steps_per_epoch == 2
    trained = {pair for step in range(1, 7) for pair in found.batch(step).sentences}
    assert trained == set(found.pairs) and not trained & set(found.validation)
    assert found.probe().origin == "validation 1/2"
    with pytest.raises(
        ConfigurationError, match=r"task.validation is 6; allowed: below the 6 different pairs"
    ):
        task(name="file", path=str(path), validation=6)


def test_a_faulty_file_is_refused_when_the_task_is_made(tmp_path: Path) -> None:
    path = tmp_path / "broken.tsv"
    path.write_text("only one column\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 1: expected source, tab, target"):
        task(name="file", path=str(path))
