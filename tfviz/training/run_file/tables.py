"""What the tables of a run file say, each value checked before it is believed."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tfviz.training.run_file.branch import MAIN, Branch
from tfviz.training.run_file.errors import RunFileError
from tfviz.training.run_file.foreign import parse_configuration, parse_json, text_list
from tfviz.training.run_file.schema import (
    KEYFRAME,
    MOST_BRANCHES,
    MOST_EVENTS,
    MOST_FRAMES,
    MOST_NAMES,
    MOST_STEPS,
    OURS,
    PIECE,
    SNAPSHOT,
)

NO_END = 1 << 62
KEYS = ("id", "trainer", "tfviz", "created", "source_tokens", "target_tokens", "fingerprint", "state")


@dataclass(frozen=True)
class RunRow:
    """The values of the table run."""

    identity: str
    trainer: str
    version: str
    created: str
    source_tokens: tuple[str, ...]
    target_tokens: tuple[str, ...]
    fingerprint: dict[str, Any]
    closed: bool

    @property
    def foreign(self) -> bool:
        return self.trainer != OURS


@dataclass(frozen=True)
class Frame:
    """Where a keyframe or a snapshot lies."""

    kind: str
    branch: int
    step: int
    first: int
    size: int


@dataclass(frozen=True)
class RecordedEvent:
    """Something that happened after `step` updates of a branch."""

    branch: int
    step: int
    kind: str
    data: dict[str, Any]
    time: float
    """Seconds since 1970."""


def read_run(connection: sqlite3.Connection, path: str) -> RunRow:
    """RunFileError, as everywhere here, where the values are not those that RunStore writes."""
    found = dict(rows(connection, path, "SELECT key, value FROM run LIMIT 16"))
    for key in KEYS:
        if not isinstance(found.get(key), str):
            raise damaged(path, f"its {key} is missing")
    try:
        return RunRow(
            identity=found["id"],
            trainer=found["trainer"],
            version=found["tfviz"],
            created=found["created"],
            source_tokens=text_list(
                parse_json(found["source_tokens"], list, "source_tokens"), "source_tokens"
            ),
            target_tokens=text_list(
                parse_json(found["target_tokens"], list, "target_tokens"), "target_tokens"
            ),
            fingerprint=parse_json(found["fingerprint"], dict, "fingerprint"),
            closed=found["state"] == "closed",
        )
    except RunFileError as error:
        raise damaged(path, str(error)) from None


def read_branches(connection: sqlite3.Connection, path: str, foreign: bool) -> dict[int, Branch]:
    """By number, rising. Each one's parent is there and was there first, so that no way leads in a circle."""
    query = "SELECT branch, name, parent, fork, config FROM branches ORDER BY branch LIMIT ?"
    found: dict[int, Branch] = {}
    for number, name, parent, fork, config in rows(connection, path, query, (MOST_BRANCHES,)):
        if not (_is_count(number) and isinstance(name, str) and _is_count(fork) and isinstance(config, str)):
            raise damaged(path, f"branch {number!r:.50} has values of the wrong type")
        rooted = (parent is None and fork == 0) if number == MAIN else parent in found
        if number in found or not rooted:
            raise damaged(path, f"branch {number} has the parent {parent!r:.50}")
        try:
            found[number] = Branch(number, name, parent, fork, parse_configuration(config, foreign))
        except RunFileError as error:
            raise damaged(path, str(error)) from None
    if MAIN not in found:
        raise damaged(path, "it has no main branch")
    return found


def read_names(connection: sqlite3.Connection, path: str) -> dict[int, str]:
    """The names of the scalars by their numbers, in the order in which they appeared."""
    query = "SELECT number, name FROM scalar_names ORDER BY number LIMIT ?"
    found: dict[int, str] = {}
    for number, name in rows(connection, path, query, (MOST_NAMES,)):
        if not (_is_count(number) and isinstance(name, str)) or number in found or name in found.values():
            raise damaged(path, f"the name of scalar {number!r:.50} is {name!r:.50}")
        found[number] = name
    return found


def read_frames(connection: sqlite3.Connection, path: str) -> dict[str, dict[int, dict[int, Frame]]]:
    """Kind -> branch -> step -> where it lies; none is larger than the whole file."""
    found: dict[str, dict[int, dict[int, Frame]]] = {KEYFRAME: {}, SNAPSHOT: {}}
    most = file_size(connection)
    query = "SELECT kind, branch, step, first, bytes FROM frames LIMIT ?"
    for kind, branch, step, first, size in rows(connection, path, query, (MOST_FRAMES,)):
        if kind not in found or not all(map(_is_count, (branch, step, first))):
            raise damaged(path, f"a frame of step {step!r:.50} has values of the wrong type")
        if type(size) is not int or not 0 < size <= most:
            raise damaged(path, f"the {kind} of step {step} claims {size!r:.50} bytes in a file of {most}")
        steps = found[kind].setdefault(branch, {})
        if step in steps:
            raise damaged(path, f"the {kind} of step {step} stands twice")
        steps[step] = Frame(kind, branch, step, first, size)
    return found


def read_frame(connection: sqlite3.Connection, path: str, frame: Frame) -> bytes:
    """The bytes of a frame. RunFileError where it is no longer there, as happens when frames are thinned
    meanwhile.
    """
    now = "SELECT first, bytes FROM frames WHERE kind = ? AND branch = ? AND step = ?"
    if connection.execute(now, (frame.kind, frame.branch, frame.step)).fetchone() != (
        frame.first,
        frame.size,
    ):
        raise RunFileError(f"{path} no longer has the {frame.kind} of step {frame.step}")
    last = frame.first + -(-frame.size // PIECE)
    query = "SELECT data FROM pieces WHERE piece >= ? AND piece < ? ORDER BY piece"
    pieces: list[bytes] = []
    left = frame.size
    for (data,) in connection.execute(query, (frame.first, last)):
        if not isinstance(data, bytes) or len(data) != min(left, PIECE):
            raise damaged(path, f"the {frame.kind} of step {frame.step} is incomplete")
        pieces.append(data)
        left -= len(data)
    if left:
        raise damaged(path, f"the {frame.kind} of step {frame.step} is incomplete")
    return b"".join(pieces)


def read_events(connection: sqlite3.Connection, path: str) -> list[RecordedEvent]:
    """In the order in which they were recorded."""
    query = "SELECT event, branch, step, kind, data, time FROM events ORDER BY event LIMIT ?"
    found, last = [], -1
    for number, branch, step, kind, data, when in rows(connection, path, query, (MOST_EVENTS,)):
        if number <= last:
            raise damaged(path, f"event {number} follows event {last}")
        last = number
        if not (_is_count(branch) and _is_count(step) and isinstance(kind, str) and isinstance(when, float)):
            raise damaged(path, f"an event of step {step!r:.50} has values of the wrong type")
        try:
            found.append(RecordedEvent(branch, step, kind, parse_json(data, dict, "an event"), when))
        except RunFileError as error:
            raise damaged(path, str(error)) from None
    return found


def rows(
    connection: sqlite3.Connection, path: str, query: str, arguments: Sequence[Any] = ()
) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, which are no longer than the file: in a crafted one they may share their contents."""
    left = file_size(connection)
    for row in connection.execute(query, arguments):
        left -= sum(len(value) for value in row if isinstance(value, str | bytes))
        if left < 0:
            raise damaged(path, "its rows are longer than the file")
        yield row


def file_size(connection: sqlite3.Connection) -> int:
    """Bytes of all pages: nothing that is stored can be larger."""
    (pages,), (size,) = (
        connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size")
    )
    return int(pages * size)


def damaged(path: str, reason: str) -> RunFileError:
    return RunFileError(f"{path} is damaged: {reason}")


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < MOST_STEPS
