"""Pairs of sentences in the ways in which people keep them: lines with a tab, CSV, JSON lines."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tfviz.training.tokens.tokenizer import SPECIAL_TOKENS

LONGEST_LINE = 10_000  # characters
MOST_WORDS = 512  # in one sentence: attention grows with the square

Pair = tuple[str, str]


class NumberedPair(NamedTuple):
    """A pair and the line on which it begins, counted from 1."""

    line: int
    source: str
    target: str


def format_of_file(path: str | Path) -> str:
    """By the ending of the name; what is neither CSV nor JSON has tabs."""
    match Path(path).suffix.lower():
        case ".csv":
            return "csv"
        case ".jsonl" | ".ndjson" | ".json":
            return "jsonl"
    return "tsv"


def format_of_text(text: str) -> str:
    """By the first line that is not blank, for text that somebody pastes."""
    first = next((line for line in text.splitlines() if line.strip()), "").lstrip("\ufeff").strip()
    if first.startswith(("{", "[")):
        return "jsonl"
    return "csv" if "," in first and "\t" not in first else "tsv"


def read_pairs(text: str, kind: str) -> Iterator[NumberedPair]:
    """All pairs in their order, blank lines skipped, white space evened out.

    ValueError, which begins with the line, for the first one that is no pair.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return FORMATS[kind](lines)


def _tabs(lines: list[str]) -> Iterator[NumberedPair]:
    for number, line in enumerate(lines, start=1):
        if not line or line.isspace():
            continue
        _check_line(number, line)
        yield _two(number, line.split("\t"), "tab", line)


def _commas(lines: list[str]) -> Iterator[NumberedPair]:
    """With a first line "source,target" or without; a quoted text may hold commas and line ends."""
    for number, line in enumerate(lines, start=1):
        _check_line(number, line)
    reader = csv.reader((line + "\n" for line in lines), strict=True)
    number = 1
    while True:
        number = reader.line_num + 1
        try:
            columns = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ValueError(f"line {number}: no CSV: {error}") from None
        if not any(column.strip() for column in columns):
            continue
        if number == 1 and [column.strip().lower() for column in columns] == ["source", "target"]:
            continue
        yield _two(number, columns, "comma", ",".join(columns))


def _json_lines(lines: list[str]) -> Iterator[NumberedPair]:
    for number, line in enumerate(lines, start=1):
        if not line or line.isspace():
            continue
        _check_line(number, line)
        try:
            columns = _members(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"line {number}: no JSON: {error}") from None
        if columns is None:
            raise ValueError(
                f'line {number}: expected {{"source": "...", "target": "..."}}; found {shown(line)}'
            )
        yield _pair(number, *columns)


def _members(found: Any) -> Pair | None:
    """Source and target of an object, or of a list of the two."""
    if isinstance(found, dict):
        found = [found.get("source"), found.get("target")]
    if isinstance(found, list) and len(found) == 2 and all(isinstance(text, str) for text in found):
        return found[0], found[1]
    return None


FORMATS: dict[str, Callable[[list[str]], Iterator[NumberedPair]]] = {
    "tsv": _tabs,
    "csv": _commas,
    "jsonl": _json_lines,
}


def _check_line(number: int, line: str) -> None:
    if len(line) > LONGEST_LINE:
        raise ValueError(f"line {number}: {len(line)} characters; at most {LONGEST_LINE} are read")
    if "\0" in line:
        raise ValueError(f"line {number}: a NUL character; this is no text")


def _two(number: int, columns: list[str], between: str, line: str) -> NumberedPair:
    if len(columns) != 2:
        raise ValueError(
            f"line {number}: expected source, {between}, target; found {_counted(columns)}: {shown(line)}"
        )
    return _pair(number, *columns)


def _pair(number: int, *columns: str) -> NumberedPair:
    evened = []
    for name, column in zip(("source", "target"), columns, strict=True):
        words = column.split()
        if not words:
            raise ValueError(f"line {number}: the {name} is empty: {shown(' '.join(columns))}")
        if len(words) > MOST_WORDS:
            raise ValueError(
                f"line {number}: the {name} has {len(words)} words; at most {MOST_WORDS} are read"
            )
        if "<" in column and (reserved := set(words).intersection(SPECIAL_TOKENS)):
            raise ValueError(f"line {number}: the word {min(reserved)} is reserved")
        if not column.isascii() and any("\ud800" <= character <= "\udfff" for character in column):
            raise ValueError(f"line {number}: the {name} has half a surrogate pair; this is no text")
        evened.append(" ".join(words))
    return NumberedPair(number, evened[0], evened[1])


def _counted(columns: list[str]) -> str:
    return "1 column" if len(columns) == 1 else f"{len(columns)} columns"


def shown(line: str) -> str:
    """The beginning of a line, for a message."""
    return repr(line if len(line) <= 60 else line[:57] + "...")
