"""Files that somebody made to do damage: refused in one sentence, or read; nothing else."""

import json
import sqlite3
import struct
from pathlib import Path

import numpy
import pytest
import safetensors.numpy

from tests.training.run_file.damage import MEGABYTE, peak_memory, refusal
from tests.training.run_file.runs import (
    CONFIG,
    execute,
    foreign_run,
    history,
    new_recorder,
    record_run,
)
from tfviz.training.run_file import Branch, RunReader
from tfviz.training.run_file.scalar_blocks import CONSTANT, COUNT, HEADER
from tfviz.training.run_file.schema import APPLICATION_ID, BLOCK, FORMAT, TABLES


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM run WHERE key = 'trainer'", "FILE is damaged: its trainer is missing"),
        ("UPDATE run SET value = 7 WHERE key = 'source_tokens'", "source_tokens is int, not list"),
        ("UPDATE run SET value = '[1]' WHERE key = 'source_tokens'", "source_tokens is no list of texts"),
        ("UPDATE run SET value = '[' WHERE key = 'target_tokens'", "target_tokens is no JSON"),
        ("UPDATE run SET value = x'00' WHERE key = 'id'", "its id is missing"),
        (
            "UPDATE run SET value = CAST(x'ff' AS TEXT) WHERE key = 'created'",
            "FILE is damaged: Could not decode",
        ),
        ("UPDATE branches SET config = '{}x'", "its configuration is invalid"),
        ('UPDATE branches SET config = \'{"model": {"d_model": 30, "nhead": 4}}\'', "d_model 30"),
        ("UPDATE branches SET config = '{\"model\": 7}'", "its configuration is invalid: model is int"),
        ("DELETE FROM branches", "it has no main branch"),
        ("UPDATE branches SET parent = 0", "branch 0 has the parent 0"),
        (
            "INSERT INTO branches VALUES (1, 'x', 2, 0, '{}'), (2, 'y', 1, 0, '{}')",
            "branch 1 has the parent 2",
        ),
        ("INSERT INTO branches VALUES (1, 'x', 1, 0, '{}')", "branch 1 has the parent 1"),
        ("UPDATE scalar_names SET name = 'loss'", "the name of scalar 1 is 'loss'"),
        ("UPDATE frames SET bytes = 1 << 40", "claims 1099511627776 bytes in a file of"),
        ("UPDATE frames SET bytes = 0", "claims 0 bytes"),
        (
            "UPDATE frames SET kind = 'x' WHERE kind = 'snapshot'",
            "a frame of step 30 has values of the wrong type",
        ),
        ("UPDATE scalars SET rows = 1025", "scalars of steps 1 follow those of step 0"),
        ("UPDATE scalars SET first = 1000", "the scalars of step 1000 go beyond their block"),
        ("UPDATE scalars SET first = 1 << 50", "FILE is damaged: scalars of steps 1125899906842624"),
        ("UPDATE scalars SET data = 'text'", "the scalars of step 1 are no bytes"),
        ("UPDATE scalars SET data = x'0100'", "too short for 1 columns"),
        ("UPDATE events SET data = '[]'", "an event is list, not dict"),
        ("UPDATE events SET time = 'now'", "an event of step 3 has values of the wrong type"),
        ("UPDATE pieces SET data = 'text' WHERE piece = 0", "the keyframe of step 0 is incomplete"),
        (
            "UPDATE pieces SET data = zeroblob(length(data)) WHERE piece = 0",
            "its keyframe of step 0 holds arrays that",
        ),
        ("DELETE FROM pieces", "the keyframe of step 0 is incomplete"),
        ("CREATE TABLE further (x)", "its tables are not those of a run file"),
        (
            "CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM run; END",
            "its tables are not those of a run file",
        ),
        ("DROP TABLE events", "its tables are not those of a run file"),
        ("PRAGMA user_version = 0", "its format is 0"),
        ("PRAGMA user_version = -5", "its format is -5"),
    ],
)
def test_the_refusal_says_what_is_wrong(tmp_path: Path, statement: str, message: str) -> None:
    path = record_run(tmp_path / "run.tfviz")
    execute(path, statement)

    def read(path: Path) -> None:
        reader = RunReader(path)
        reader.history()
        reader.keyframe(0, 0)
        reader.events()

    assert message in refusal(path, read)


def test_a_table_cannot_be_a_view_without_an_end(tmp_path: Path) -> None:
    path = tmp_path / "run.tfviz"
    endless = (
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS key, x AS value FROM n"
    )
    execute(
        path,
        f"PRAGMA application_id = {APPLICATION_ID}",
        f"PRAGMA user_version = {FORMAT}",
        *(statement for name, statement in TABLES.items() if name != "run"),
        f"CREATE VIEW run AS {endless}",
    )
    assert refusal(path) == "FILE is damaged: its tables are not those of a run file"


def test_a_tree_that_seems_to_hold_more_rows_than_there_is_time_is_left_early(tmp_path: Path) -> None:
    """Inner pages whose children are all the same page, several levels of them, over one page with two rows."""
    path = record_run(tmp_path / "run.tfviz")
    inserts = (
        f"INSERT INTO events VALUES ({n}, 9, 9, 'x', '{json.dumps('y' * 3000)}', 0.5)" for n in range(2, 600)
    )
    execute(path, "BEGIN", *inserts, "UPDATE events SET data = '{\"a\":' || data || '}'", "COMMIT")
    connection = sqlite3.connect(path)
    (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'events'").fetchone()
    connection.close()
    data = bytearray(path.read_bytes())
    page = bytearray(data[(root - 1) * 8192 : root * 8192])
    assert page[0] == 5  # an inner page
    (cells,) = struct.unpack_from(">H", page, 3)
    places = [*struct.unpack_from(f">{cells}H", page, 12), 8]
    (leaf,) = struct.unpack_from(">I", page, places[0])
    levels = [root, *(len(data) // 8192 + 1 + level for level in range(5))]
    data += bytes(8192 * 5)
    for level, child in zip(levels, [*levels[1:], leaf], strict=True):
        for place in places:
            struct.pack_into(">I", page, place, child)
        data[(level - 1) * 8192 : level * 8192] = page
    struct.pack_into(">I", data, 28, len(data) // 8192)
    path.write_bytes(data)
    before = peak_memory()
    assert "follows event" in refusal(path, lambda p: RunReader(p).events())
    assert peak_memory() - before < 20 * MEGABYTE
    connection = sqlite3.connect(path)
    connection.set_progress_handler(lambda: True, 5_000_000)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):  # there really is no end
        connection.execute("SELECT sum(step) FROM events").fetchone()
    connection.close()


def test_a_small_file_cannot_claim_a_long_history(tmp_path: Path) -> None:
    path = foreign_run(tmp_path / "run.tfviz", 3)
    constant = COUNT.pack(1) + numpy.array([(0, CONSTANT, 0)], HEADER).tobytes() + struct.pack("<d", 1.0)
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO scalars VALUES (0, ?, 1, ?)", (BLOCK * 10**8 + 1, constant))
    connection.commit()
    connection.close()
    before = peak_memory()
    assert "has scalars of too few of its 102400000001 steps to show them" in refusal(
        path, lambda p: RunReader(p).history()
    )
    assert peak_memory() - before < 20 * MEGABYTE


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "a snapshot without 'texts'"),
        ({"texts": b"[]"}, "a snapshot is list, not dict"),
        ({"texts": b"[" * 100_000}, "a snapshot is no JSON"),
        ({"texts": b"{}"}, "a snapshot without 'seed'"),
        ({"texts": b'{"seed": "x", "samples": [], "unknown_words": []}'}, "str where int belongs"),
        ({"texts": b'{"seed": 1, "samples": 5, "unknown_words": []}'}, "int where list belongs"),
        ({"texts": b'{"seed": 1, "samples": [], "unknown_words": [1]}'}, "unknown_words is no list of texts"),
        (
            {"texts": b'{"seed": 1, "samples": [], "unknown_words": [], "attention": 3}'},
            "without 'attention/encoder_self'",
        ),
        (
            {"texts": b'{"seed": 1, "samples": [], "unknown_words": [], "prediction": []}'},
            "list indices must be",
        ),
        ({"texts": b"\xff"}, "codec can't decode"),
    ],
)
def test_a_snapshot_of_something_else_is_refused(
    tmp_path: Path, arrays: dict[str, bytes], message: str
) -> None:
    path = record_run(tmp_path / "run.tfviz")
    data = safetensors.numpy.save(
        {name: numpy.frombuffer(text, numpy.uint8) for name, text in arrays.items()}
    )
    connection = sqlite3.connect(path)
    ((first,),) = connection.execute("SELECT first FROM frames WHERE kind = 'snapshot'")
    connection.execute("UPDATE pieces SET data = ? WHERE piece = ?", (data, first))
    connection.execute("UPDATE frames SET bytes = ? WHERE kind = 'snapshot'", (len(data),))
    connection.commit()
    connection.close()
    text = refusal(path, lambda p: RunReader(p).snapshot(0, 30))
    assert text.startswith("FILE is damaged: its snapshot of step 30 holds ")
    assert message in text


def test_names_that_are_sql_are_only_names(tmp_path: Path) -> None:
    evil = "'); DROP TABLE scalars; --"
    rows = history(3)
    rows.add(evil)
    with new_recorder(tmp_path / "run.tfviz") as recorder:
        recorder.follow(Branch(config=CONFIG), rows)
        recorder.follow(Branch(1, evil, 0, 2, CONFIG.replace("name", evil)), rows)
        recorder.keyframe(1, 3, {evil: numpy.ones(2)})
        recorder.event(1, 3, evil, {evil: evil})
    reader = RunReader(tmp_path / "run.tfviz")
    assert evil in reader.history(1)
    assert (reader.branch(1).name, reader.branch(1).config.name) == (evil, evil)
    assert list(reader.keyframe(1, 3)) == [evil]
    assert reader.events(1)[0].data == {evil: evil}


def test_a_configuration_nested_without_end_is_refused(tmp_path: Path) -> None:
    path = foreign_run(tmp_path / "run.tfviz")
    for text in ("[" * 100_000, '{"a":' * 100_000, json.dumps({"a": "x" * 3_000_000}) + "x"):
        connection = sqlite3.connect(path)
        connection.execute("UPDATE branches SET config = ?", (text,))
        connection.commit()
        connection.close()
        assert "its configuration" in refusal(path)
