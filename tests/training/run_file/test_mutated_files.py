"""Files with damage everywhere, by chance and value by value: each is refused or read, and leaves nothing beside it."""

import contextlib
import random
import sqlite3
from pathlib import Path

import numpy
import pytest
import safetensors.numpy

from tests.training.run_file.damage import MEGABYTE, peak_memory, read_everything, refusal
from tests.training.run_file.runs import (
    CONFIG,
    beside,
    execute,
    foreign_run,
    history,
    overwrite,
    record_run,
    state,
)
from tfviz.training.run_file import Branch, Recorder, RunFileError, RunReader, copy_run_file
from tfviz.training.run_file.schema import TABLES


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


def test_a_damaged_file_is_not_copied_over_another(tmp_path: Path) -> None:
    path, other = record_run(tmp_path / "run.tfviz"), record_run(tmp_path / "other.tfviz", 7)
    data = bytearray(path.read_bytes())
    data[100:200] = bytes(100)
    path.write_bytes(data)
    with pytest.raises(RunFileError):
        copy_run_file(path, other)
    assert len(RunReader(other).history()) == 7
    assert beside(other) == ["other.tfviz", "run.tfviz"]
