"""Files that somebody damaged, or made to do damage: refused in one sentence, or read; nothing else."""

import contextlib
import json
import random
import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest
import safetensors.numpy

from tests.training.run_file.runs import (
    CONFIG,
    beside,
    execute,
    foreign_run,
    history,
    new_recorder,
    overwrite,
    record_run,
    state,
)
from tfviz.training.run_file import Branch, Recorder, RunFileError, RunReader, copy_run_file, run_file_summary
from tfviz.training.run_file.scalar_blocks import CONSTANT, COUNT, HEADER
from tfviz.training.run_file.schema import APPLICATION_ID, BLOCK, FORMAT, TABLES

resource = pytest.importorskip("resource", reason="peak memory is measured on POSIX systems")

MEGABYTE = 1 << 20


def read_everything(path: Path) -> None:
    """All that the program ever asks of a file."""
    reader = RunReader(path)
    for branch in reader.branches:
        with contextlib.suppress(RunFileError):
            reader.history(branch.number)
        for step in reader.keyframe_steps(branch.number):
            with contextlib.suppress(RunFileError):
                reader.keyframe(branch.number, step)
        for step in reader.snapshot_steps(branch.number):
            with contextlib.suppress(RunFileError):
                reader.snapshot(branch.number, step)
        with contextlib.suppress(RunFileError):
            reader.events(branch.number)
    reader.refresh()
    run_file_summary(path)


def refusal(path: Path, read: Callable[[Path], object] = read_everything) -> str:
    """The sentence with which a file is refused."""
    with pytest.raises(RunFileError) as caught:
        read(path)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 500
    return text.replace(str(path), "FILE")


def peak_memory() -> int:
    """In bytes, of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def mutated(good: bytes, other: bytes, generator: random.Random) -> bytes:
    """Some bytes changed, a part cut off, moved, zeroed, or taken from another file."""
    data = bytearray(good)
    place = generator.randrange(len(data))
    length = generator.choice([1, 4, 100, 512, 8192])
    match generator.randrange(6):
        case 0:
            for _ in range(generator.randint(1, 20)):
                data[generator.randrange(len(data))] = generator.randrange(256)
        case 1:  # where SQLite keeps its own numbers: the beginnings of pages
            for _ in range(generator.randint(1, 8)):
                page = generator.randrange(len(data) // 8192) * 8192
                data[page + generator.randrange(120)] = generator.choice(
                    [0, 1, 2, 127, 128, 255, generator.randrange(256)]
                )
        case 2:
            del data[place:]
        case 3:
            data[place : place + length] = bytes(len(data[place : place + length]))
        case 4:
            start = generator.randrange(len(other))
            data[place : place + length] = other[start : start + length]
        case 5:
            first, second = (generator.randrange(len(data) // 8192) * 8192 for _ in range(2))
            data[first : first + 8192] = data[second : second + 8192]
    return bytes(data)


def test_fifteen_hundred_mutated_files_are_refused_or_read(tmp_path: Path) -> None:
    generator = random.Random(4)
    path = tmp_path / "run.tfviz"
    originals = [
        record_run(tmp_path / "one.tfviz", 200).read_bytes(),
        foreign_run(tmp_path / "two.tfviz", 1500).read_bytes(),
    ]
    (tmp_path / "one.tfviz").unlink()
    (tmp_path / "two.tfviz").unlink()
    read_mutated, before = 0, peak_memory()
    for number in range(1500):
        overwrite(path, mutated(originals[number % 2], originals[(number // 2) % 2], generator))
        with contextlib.suppress(RunFileError):
            read_everything(path)
            read_mutated += 1
        assert beside(path) == ["run.tfviz"], f"file {number} left something beside it"
    assert peak_memory() - before < 200 * MEGABYTE
    assert 100 < read_mutated < 1400


def test_a_recorder_goes_on_in_no_mutated_file_without_a_word(tmp_path: Path) -> None:
    generator, path = random.Random(5), tmp_path / "run.tfviz"
    original = record_run(path, 200).read_bytes()
    for _ in range(60):
        overwrite(path, mutated(original, original, generator))
        heard: list[tuple[str, int]] = []
        try:
            recorder = Recorder(path, warn=lambda *warning, heard=heard: heard.append(warning))
        except RunFileError:
            continue
        recorder.follow(Branch(config=CONFIG), history(300))
        recorder.keyframe(0, 300, state())
        assert recorder.flush() or heard
        recorder.close()


VALUES = (
    "NULL",
    "-1",
    "9223372036854775807",
    "1e300",
    "'text'",
    "x'00'",
    "''",
    "zeroblob(100000)",
    "'[1, 2]'",
    "'{}'",
)


def test_values_of_every_wrong_kind_are_refused_or_read(tmp_path: Path) -> None:
    """Each value of each table in turn, as a writer could set it who leaves out NOT NULL."""
    path = tmp_path / "run.tfviz"
    original = record_run(path, 30).read_bytes()
    columns = {name: [part.split()[0] for part in _columns(sql)] for name, sql in TABLES.items()}
    tried = 0
    for table, names in columns.items():
        for name in names:
            for value in VALUES:
                overwrite(path, original)
                with contextlib.suppress(sqlite3.IntegrityError):
                    execute(path, f"UPDATE OR REPLACE {table} SET {name} = {value}")
                with contextlib.suppress(RunFileError):
                    read_everything(path)
                tried += 1
    assert tried > 200


def _columns(statement: str) -> list[str]:
    inside = statement[statement.index("(") + 1 : statement.rindex(")")].partition(", PRIMARY KEY")[0]
    return [part.strip() for part in inside.split(",")]


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


def test_arrays_of_a_snapshot_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    """Every array of a snapshot in turn, with another shape and with another type."""
    path = record_run(tmp_path / "run.tfviz")
    original = path.read_bytes()
    connection = sqlite3.connect(path)
    ((first, good),) = connection.execute(
        "SELECT piece, data FROM pieces JOIN frames ON piece = first WHERE kind = 'snapshot'"
    )
    connection.close()
    arrays = safetensors.numpy.load(good)
    assert len(arrays) == 10
    for name in arrays.keys() - {"texts"}:
        for changed in (arrays[name].reshape(-1)[:-1], arrays[name].astype(numpy.int64)):
            data = safetensors.numpy.save(arrays | {name: changed})
            overwrite(path, original)
            connection = sqlite3.connect(path)
            connection.execute("UPDATE pieces SET data = ? WHERE piece = ?", (data, first))
            connection.execute("UPDATE frames SET bytes = ? WHERE kind = 'snapshot'", (len(data),))
            connection.commit()
            connection.close()
            assert "its snapshot of step 30 holds" in refusal(path, lambda p: RunReader(p).snapshot(0, 30))


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


def test_a_damaged_file_is_not_copied_over_another(tmp_path: Path) -> None:
    path, other = record_run(tmp_path / "run.tfviz"), record_run(tmp_path / "other.tfviz", 7)
    data = bytearray(path.read_bytes())
    data[100:200] = bytes(100)
    path.write_bytes(data)
    with pytest.raises(RunFileError):
        copy_run_file(path, other)
    assert len(RunReader(other).history()) == 7
    assert beside(other) == ["other.tfviz", "run.tfviz"]
