"""Small runs for the tests of this folder."""

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any

import numpy

from tfviz.training.config import RunConfig
from tfviz.training.readings import Attention, Decoded, Prediction
from tfviz.training.record.history import History
from tfviz.training.run_file import Branch, Recorder, RunWriter
from tfviz.training.snapshot import Snapshot

TOKENS = ("<pad>", "<s>", "</s>", "<unk>", "how", "are", "you", "grün")
CONFIG = RunConfig.preset("tiny").replace("name", "a run")
SOURCE, TARGET = ("<s>", "how", "are", "</s>"), ("<s>", "you", "grün")


def history(steps: int, seed: int = 0) -> History:
    """Scalars of every kind: lossless in 32 bits and not, constant, now and then a number, none at all."""
    generator = numpy.random.default_rng(seed)
    validation = numpy.full(steps, numpy.nan)
    validation[9::10] = generator.random(len(validation[9::10]))
    found = History()
    found.extend(
        {
            "loss": generator.random(steps).astype(numpy.float32),
            "gradient_norm": generator.random(steps),
            "learning_rate": numpy.full(steps, 1e-3),
            "validation_loss": validation,
            "gradient_norm/encoder.0": generator.random(steps),
        }
    )
    return found


def state(seed: int = 0) -> dict[str, numpy.ndarray]:
    """Parameters, moments and a counter, as an optimiser's state has them."""
    generator = numpy.random.default_rng(seed)
    return {
        "parameters": generator.random(50).astype(numpy.float32),
        "first_moment": generator.random((3, 4)),
        "updates": numpy.array(7 + seed),
    }


def decoded(tokens: tuple[str, ...], generator: numpy.random.Generator) -> Decoded:
    count = len(tokens)
    return Decoded(tokens, generator.random(count), (("you", "how"),) * count, generator.random((count, 2)))


def snapshot(step: int, seed: int = 0, config: RunConfig = CONFIG) -> Snapshot:
    """Everything that a snapshot can hold."""
    generator = numpy.random.default_rng(step + seed)
    texts = ("how are", "you grün", "validation 1/64")
    attention = Attention(
        generator.random((2, 4, 4, 4)),
        generator.random((2, 4, 3, 3)),
        generator.random((2, 4, 3, 4)),
        SOURCE,
        TARGET,
        *texts,
    )
    prediction = Prediction(
        SOURCE, (*TARGET[1:], "</s>"), decoded(TARGET, generator), decoded(TARGET[:2], generator), *texts
    )
    sample = Prediction(SOURCE, (), None, decoded(TARGET, generator), "how are", "", "typed")
    return Snapshot(step, seed, config, attention, prediction, (sample,), ("what\ud800",))


def same_snapshot(one: Snapshot, other: Snapshot) -> bool:
    return fields(one) == fields(other)


def fields(value: object) -> object:
    """A dataclass as nested tuples, arrays as their type, shape and bytes."""
    if isinstance(value, numpy.ndarray):
        return (str(value.dtype), value.shape, value.tobytes())
    if isinstance(value, tuple):
        return tuple(fields(item) for item in value)
    if isinstance(value, Snapshot | Attention | Prediction | Decoded):
        return tuple((name, fields(item)) for name, item in vars(value).items())
    return value


def same_arrays(one: dict[str, numpy.ndarray], other: dict[str, numpy.ndarray]) -> bool:
    return {name: fields(array) for name, array in one.items()} == {
        name: fields(array) for name, array in other.items()
    }


def same_history(one: History, other: History, steps: int | None = None) -> bool:
    """In every column that either has; one that only one of them has is NaN."""
    for name in {*one.names, *other.names}:
        columns = [
            (found[name] if name in found else numpy.full(len(found), numpy.nan))[:steps]
            for found in (one, other)
        ]
        if not numpy.array_equal(*columns, equal_nan=True):
            return False
    return True


def new_recorder(path: Path, **options: object) -> Recorder:
    return Recorder.create(path, CONFIG, TOKENS, TOKENS, **options)


def record_run(path: Path, steps: int = 30) -> Path:
    """A whole run of a session, closed."""
    with new_recorder(path) as recorder:
        recorder.follow(Branch(config=CONFIG), history(steps))
        recorder.keyframe(0, 0, state())
        recorder.keyframe(0, steps, state(1))
        recorder.snapshot(0, snapshot(steps))
        recorder.event(0, 3, "intervention", {"path": "training.learning_rate", "value": 0.1})
    return path


def foreign_run(path: Path, steps: int = 30) -> Path:
    """A whole run of another trainer, closed."""
    with RunWriter(path, {"name": "theirs", "seed": 5}, TOKENS, TOKENS) as run:
        for step in range(1, steps + 1):
            run.scalars(step, loss=1 / step)
        run.keyframe(steps, {"layer.weight": numpy.ones((2, 3))})
    return path


def execute(path: Path, *statements: str) -> None:
    """Change a closed file behind the program's back."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for statement in statements:
            connection.execute(statement)


def rows_of(path: Path, query: str) -> list[tuple[Any, ...]]:
    """What a query finds in a closed file."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def overwrite(path: Path, content: bytes) -> None:
    """Without the wait for the disk that a file system may add to a file that is cut and written again."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def beside(path: Path) -> list[str]:
    """The names in the file's folder, the test's own user folder aside."""
    return sorted(name for name in os.listdir(path.parent) if name != "user")
