"""What the dialog for the user's own data asks for, and the look at the data that answers it, away from the window."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfviz.training.counted import counted
from tfviz.training.data.data_import import DataSurvey, Found, pasted_pairs, survey
from tfviz.training.data.datasets import load_numbered_pairs
from tfviz.training.data.pair_formats import NumberedPair
from tfviz.training.task_config import TaskConfig

PLACEHOLDER = "pasted text"
"""Stands for the file that pasted text is saved in when it is used."""
MOST_HELD_OUT = 100_000
NAMED_LINES = 6


@dataclass(frozen=True)
class Wish:
    """Where the data are, and how they are to be split."""

    path: str
    """Empty where the text counts."""
    text: str
    share: int
    """Percent of the different pairs that are held out."""
    seed: int
    tokenizer: str
    bpe_size: int
    shared: bool

    @property
    def origin(self) -> tuple[str, str, float]:
        """Equal as long as the pairs are the same."""
        changed = os.stat(self.path).st_mtime if self.path and os.path.isfile(self.path) else 0.0
        return self.path, "" if self.path else self.text, changed

    def config(self, held_out: int, path: str) -> TaskConfig:
        """ConfigurationError names what cannot be combined."""
        return TaskConfig(
            name="file",
            path=path,
            tokenizer=self.tokenizer,
            bpe_size=self.bpe_size,
            shared_vocabulary=self.shared,
            validation=held_out,
        )


@dataclass(frozen=True)
class Look:
    """Pairs that were read, and what there is to know of them."""

    wish: Wish
    origin: tuple[str, str, float]
    pairs: Sequence[NumberedPair]
    survey: DataSurvey

    def values(self, path: str) -> dict[str, Any]:
        """Path -> value of the fields of a run that learns these data from a file."""
        config = self.wish.config(self.survey.validation, path)
        names = ("name", "path", "tokenizer", "bpe_size", "shared_vocabulary", "validation", "probe")
        return {f"task.{name}": getattr(config, name) for name in names} | {"training.seed": self.wish.seed}


def look_at(wish: Wish, earlier: Look | None) -> Look:
    """Read and survey; pairs that an earlier look has read are not read again. ValueError in one sentence."""
    origin = wish.origin
    if earlier is not None and earlier.origin == origin:
        pairs = earlier.pairs
    else:
        pairs = load_numbered_pairs(Path(wish.path)) if wish.path else pasted_pairs(wish.text)
    different = len({(source, target) for _, source, target in pairs})
    held_out = min(round(different * wish.share / 100), different - 1, MOST_HELD_OUT)
    config = wish.config(held_out, wish.path or PLACEHOLDER)
    return Look(wish, origin, pairs, survey(pairs, config, wish.seed))


def facts(found: DataSurvey) -> list[tuple[str, str]]:
    """(name, what there is), line by line, as the dialog shows them."""
    unseen = ", ".join(found.unseen_tokens[:NAMED_LINES])
    more = ", …" if found.unseen_count > NAMED_LINES else ""
    return [
        ("Pairs", f"{found.pairs:,}: {found.training:,} to train on, {found.validation:,} held out"),
        ("Longest source", _tokens(found.longest_source.tokens, found.longest_source.line)),
        ("Longest target", _tokens(found.longest_target.tokens, found.longest_target.line)),
        ("Vocabulary", f"{found.source_tokens:,} source tokens, {found.target_tokens:,} target tokens"),
        ("Repeated lines", lines_text(found.repeated)),
        ("Held out, but source is trained", lines_text(found.leaking)),
        (
            "Unknown in training",
            f"{counted(found.unseen_count, 'token')}: {unseen}{more}" if unseen else "none",
        ),
    ]


def lines_text(found: Found) -> str:
    """ "3: lines 2, 5, 9", or "none"."""
    if not found.count:
        return "none"
    named = ", ".join(f"{line:,}" for line in found.lines[:NAMED_LINES])
    more = ", …" if found.count > NAMED_LINES else ""
    return f"{found.count:,}: {'line' if found.count == 1 else 'lines'} {named}{more}"


def save_place(folder: Path) -> Path:
    """A file for pasted text that is not there yet. OSError where the folder cannot be made."""
    folder.mkdir(parents=True, exist_ok=True)
    number = 1
    while (place := folder / f"pasted-{number}.tsv").exists():
        number += 1
    return place


def _tokens(count: int, line: int) -> str:
    return f"{counted(count, 'token')}, in line {line:,}"
