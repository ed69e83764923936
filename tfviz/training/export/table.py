"""Tables for spreadsheets and data frames: attention in long form, and the scalars of every step."""

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any

from tfviz.training.atomic_file import atomic_file
from tfviz.training.export.heads import Head, all_heads, attention_of
from tfviz.training.record.history import History
from tfviz.training.snapshot import Snapshot

PIECE = 4096  # rows of scalars that are turned into Python numbers at a time: a million steps stay small in memory

ATTENTION_COLUMNS = (
    "kind",
    "layer",
    "head",
    "query_position",
    "query_token",
    "key_position",
    "key_token",
    "weight",
)


def write_attention_csv(snapshot: Snapshot, path: str | PathLike[str], head: Head | None = None) -> None:
    """One row for each cell of every head, or of one; a weight that is no number is an empty field."""
    attention = attention_of(snapshot)
    heads = all_heads(attention) if head is None else [head]
    maps = [(one, one.weights(attention), *one.tokens(attention)) for one in heads]
    rows = (
        (
            one.array,
            one.layer,
            one.head,
            query,
            query_token,
            key,
            key_token,
            "" if math.isnan(weight) else str(weight),
        )
        for one, weights, query_tokens, key_tokens in maps
        for query, (query_token, row) in enumerate(zip(query_tokens, weights, strict=True))
        for key, (key_token, weight) in enumerate(zip(key_tokens, row, strict=True))
    )
    _write_csv(path, ATTENTION_COLUMNS, rows)


def write_scalars_csv(history: History, path: str | PathLike[str]) -> None:
    """One row for each step, counted from 1, a column for each name; what was not measured is an empty field."""
    names, count = history.names, len(history)
    pieces = (history.matrix(names, start, min(start + PIECE, count)) for start in range(0, count, PIECE))
    values = (
        ["" if math.isnan(value) else value for value in row] for piece in pieces for row in piece.T.tolist()
    )
    _write_csv(path, ("step", *names), ((step, *row) for step, row in enumerate(values, start=1)))


def write_scalars_json(history: History, path: str | PathLike[str]) -> None:
    """An object of lists of equal length: "step", counted from 1, and every name.

    What was not measured is null, and so is an infinite value, for which JSON has no number.
    """
    names, count = history.names, len(history)
    with atomic_file(path) as file:
        file.write(f'{{\n"step": {json.dumps(list(range(1, count + 1)))}'.encode())
        for name in names:
            column = history.column(name)[:count].tolist()
            values = json.dumps(
                [value if math.isfinite(value) else None for value in column], allow_nan=False
            )
            file.write(f",\n{json.dumps(name)}: {values}".encode())
        file.write(b"\n}\n")


def _write_csv(path: str | PathLike[str], header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with atomic_file(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", newline="")
        writer = csv.writer(_Lines(text))
        writer.writerow(header)
        writer.writerows(rows)
        text.detach()


class _Lines:
    """Ends rows with a line feed alone. The writer must not know: it quotes what ends its own rows, and a carriage
    return without quotation marks ends a row for whoever reads the table."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self._file = file

    def write(self, row: str) -> None:
        self._file.write(row.removesuffix("\r\n") + "\n")
