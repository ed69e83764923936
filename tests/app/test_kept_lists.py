"""Kept sentences outlive the program, task by task, and whatever else stands in the settings breaks nothing."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QSettings

from tfviz.app.kept_lists import LONGEST_NAME, MOST_TASKS, KeptLists, list_of
from tfviz.app.settings import Settings
from tfviz.training.config import RunConfig
from tfviz.views.playground.draft import LONGEST_TEXT, Draft
from tfviz.views.playground.kept_sentences import MOST_KEPT

WORDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\n\r"), min_size=1, max_size=20
).filter(str.strip)
DRAFTS = st.lists(st.builds(Draft, WORDS, st.sampled_from([(), (0,)])), max_size=5, unique=True)


def read(store: Path) -> Settings:
    return Settings(QSettings(str(store), QSettings.Format.IniFormat))


def test_what_was_kept_is_there_at_the_next_start(settings: Settings, store: Path) -> None:
    assert settings.kept_sentences("copy") == ()
    copied = (Draft("1 2 3", (0, 2)), Draft("“ü” \u05e9\u05dc\u05d5\u05dd 😀, a=b;c % \\x"))
    settings.keep_sentences("copy", copied)
    settings.keep_sentences("file C:\\data, mine.tsv", [Draft("<s>")])
    settings.save()
    again = read(store)
    assert again.kept_sentences("copy") == copied and again.kept_sentences("sort") == ()
    assert again.kept_sentences("file C:\\data, mine.tsv") == (Draft("<s>"),)
    again.keep_sentences("copy", [])
    again.save()
    assert read(store).kept_sentences("copy") == ()


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), DRAFTS, max_size=5))
def test_text_and_back_again_is_the_same(lists: dict[str, list[Draft]]) -> None:
    kept = KeptLists()
    for name, drafts in lists.items():
        kept.put(name, drafts)
    again = KeptLists.from_text(kept.to_text())
    for name, drafts in lists.items():
        assert again[name] == tuple(drafts)
    assert again.to_text() == kept.to_text()


def test_no_more_than_so_many_sentences_and_tasks_are_kept() -> None:
    kept = KeptLists()
    kept.put("task", [Draft(str(number)) for number in range(MOST_KEPT + 5)])
    assert [draft.text for draft in kept["task"]] == [str(number) for number in range(5, MOST_KEPT + 5)]
    for number in range(MOST_TASKS):
        kept.put("other", [Draft("a")])  # changed again and again, it stays
        kept.put(f"task {number}", [Draft("a")])
    assert kept["task"] == kept["task 0"] == () and kept["other"] and kept["task 1"]
    kept.put("x" * (LONGEST_NAME + 1), [Draft("a")])
    assert kept["x" * (LONGEST_NAME + 1)] == ()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "7", '"copy"', "[" * 100_000, '{"copy": 3}', '{"copy": {"a": 1}}', '{"copy": [[]]}',
     '{"copy": [7, null, {}, [7], [null, 0], ["  "], [""], ["a\\nb"], ["a\\u0000"], ["\\ud800"]]}',
     json.dumps({"copy": [["a" * (LONGEST_TEXT + 1)]]})],
)  # fmt: skip
def test_what_could_not_have_been_kept_counts_as_absent(settings: Settings, store: Path, text: str) -> None:
    settings._store.setValue("kept_sentences", text)
    settings.save()
    again = read(store)
    assert again.kept_sentences("copy") == ()
    again.keep_sentences("copy", [Draft("1 2")])
    assert again.kept_sentences("copy") == (Draft("1 2"),)


def test_what_makes_sense_is_taken_from_among_what_does_not() -> None:
    stored = {
        "copy": [["1 2", 1, True, -1, "x", 0, 1, 99], 5, ["1 2", 0, 1], ["3 4"], ["3 4"]],
        "sort": "1 2",
        "": [["a"]],
    }
    kept = KeptLists.from_text(json.dumps(stored))
    assert kept["copy"] == (Draft("1 2", (0, 1)), Draft("3 4")) and kept["sort"] == ()
    many = {"copy": [[str(number)] for number in range(1000)]}
    assert len(KeptLists.from_text(json.dumps(many))["copy"]) == MOST_KEPT


def test_lists_of_settings_that_are_a_list_count_as_absent(settings: Settings) -> None:
    settings._store.setValue("kept_sentences", ["a", "b"])
    assert settings.kept_sentences("copy") == ()


def test_files_of_data_have_lists_of_their_own() -> None:
    config = RunConfig.preset("copy")
    assert list_of(config) == "copy"
    own = config.with_values({"task.name": "file", "task.path": "a.tsv"})
    assert list_of(own) == "file a.tsv" != list_of(own.replace("task.path", "b.tsv"))
