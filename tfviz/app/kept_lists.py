"""The sentences that somebody kept in the playground, task by task, as text that outlives the program."""

import json
from collections.abc import Sequence
from typing import Self

from tfviz.training.config import RunConfig
from tfviz.views.playground.draft import LONGEST_TEXT, Draft
from tfviz.views.playground.kept_sentences import MOST_KEPT

MOST_TASKS = 20
"""Whose sentences are kept; the task that was changed longest ago gives way."""
LONGEST_NAME = 4096
"""Characters of a task's name, which may have a path in it."""
NO_LINE = "\0\n\r"
"""What the field of the playground cannot hold."""


def list_of(config: RunConfig) -> str:
    """Whose sentences they are: of a task, or of a file of data."""
    return f"{config.task.name} {config.task.path}" if config.task.path else config.task.name


class KeptLists:
    """Name of a task -> its sentences, the newest last. The tasks are in the order in which they were changed."""

    def __init__(self) -> None:
        self._lists: dict[str, tuple[Draft, ...]] = {}

    def __getitem__(self, name: str) -> tuple[Draft, ...]:
        """Empty where nothing was kept."""
        return self._lists.get(name, ())

    def put(self, name: str, drafts: Sequence[Draft]) -> None:
        """These are the sentences of a task now. More than MOST_KEPT, or MOST_TASKS, are not kept."""
        self._lists.pop(name, None)
        if drafts and len(name) <= LONGEST_NAME:
            self._lists[name] = tuple(drafts)[-MOST_KEPT:]
        while len(self._lists) > MOST_TASKS:
            del self._lists[next(iter(self._lists))]

    def to_text(self) -> str:
        return json.dumps(
            {name: [[draft.text, *draft.hidden] for draft in drafts] for name, drafts in self._lists.items()}
        )

    @classmethod
    def from_text(cls, text: str) -> Self:
        """What to_text() gave, without what makes no sense."""
        lists = cls()
        try:
            stored = json.loads(text)
        except (ValueError, RecursionError):
            return lists
        if isinstance(stored, dict):
            for name, entries in stored.items():
                if isinstance(entries, list):
                    found = (_draft(entry) for entry in entries)
                    lists.put(name, list(dict.fromkeys(draft for draft in found if draft is not None)))
        return lists


def _draft(entry: object) -> Draft | None:
    """Of [text, hidden token, ...]; None where it is not one that could have been kept."""
    match entry:
        case [str(text), *hidden] if text.strip() and len(text) <= LONGEST_TEXT and _is_line(text):
            most = len(text.encode())  # a token has at least one byte
            places = {place for place in hidden if type(place) is int and 0 <= place < most}
            return Draft(text, tuple(sorted(places)))
    return None


def _is_line(text: str) -> bool:
    """Half a character, as JSON may have it, is none."""
    return not any(character in NO_LINE or "\ud800" <= character <= "\udfff" for character in text)
