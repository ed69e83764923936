"""Runs small enough for any test, and what it takes to say that two of them are the same to the last bit."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tfviz.training.branching.keyframes import Keyframes
from tfviz.training.config import RunConfig
from tfviz.training.mailbox import Demand
from tfviz.training.readings import Attention, Decoded, Prediction
from tfviz.training.record.history import History
from tfviz.training.session import Session
from tfviz.training.snapshot import Snapshot
from tfviz.training.stepping.flow import Flow
from tfviz.training.tasks import create_task
from tfviz.training.trainer import Trainer

PATIENCE = 30.0  # seconds until a test gives up; nothing waits that long
EVERYTHING = Demand(True, True, True)
RATE = "training.learning_rate"

SMALL = RunConfig().with_values(
    {
        "name": "small",
        "model.d_model": 8,
        "model.nhead": 2,
        "model.num_encoder_layers": 1,
        "model.num_decoder_layers": 1,
        "model.dim_feedforward": 12,
        "task.name": "copy",
        "task.length": 4,
        "task.alphabet": 5,
        "task.validation": 6,
        "training.batch_size": 4,
        "training.learning_rate": 0.01,
        "training.validation_every": 5,
        "training.shards": 1,
    }
)
"""Adam at a constant rate on copied symbols."""

HARD = SMALL.with_values(
    {
        "name": "hard",
        "model.dropout": 0.2,
        "training.optimizer": "adamw",
        "training.weight_decay": 0.05,
        "training.schedule": "warmup_inverse_sqrt",
        "training.warmup_steps": 6,
    }
)
"""Everything that makes a step depend on more than its batch: dropout, moments, decay, a schedule."""

PAIRS = tuple((f"a{number} b{number % 3} c", f"c a{number}") for number in range(10))


def dense(spacing: int = 4) -> Callable[[], Keyframes]:
    """Makes keyframes at every so many steps, in place of those that follow the clock."""
    return lambda: Keyframes(spacing=spacing)


def file_config(folder: Path, validation: int = 0, config: RunConfig = SMALL) -> RunConfig:
    """Ten pairs from a file: with batches of four, the last batch of an epoch is short."""
    path = folder / "pairs.tsv"
    path.write_text("".join(f"{source}\t{target}\n" for source, target in PAIRS), encoding="utf-8")
    values = {"task.name": "file", "task.path": str(path), "task.validation": validation}
    return config.with_values(values)


def new_trainer(config: RunConfig = SMALL) -> Trainer:
    return Trainer(config, create_task(config))


def losses(trainer: Trainer, steps: int) -> list[float]:
    return [trainer.train_batch()[0] for _ in range(steps)]


def fields(value: object) -> object:
    """Snapshots and states as nested tuples, arrays as their type, shape and bytes."""
    match value:
        case np.ndarray():
            return (str(value.dtype), value.shape, value.tobytes())
        case Snapshot() | Attention() | Prediction() | Decoded() | Flow():
            return tuple((name, fields(item)) for name, item in vars(value).items())
        case Mapping():
            return tuple((name, fields(item)) for name, item in sorted(value.items()))
        case tuple():
            return tuple(fields(item) for item in value)
    return value


def same(one: object, other: object) -> bool:
    """Whether all arrays in two snapshots, states or dictionaries have the same bits."""
    return fields(one) == fields(other)


def scalars(history: History, steps: int | None = None) -> dict[str, bytes]:
    """The bits of all scalars but the time that a step took, which is no function of the run."""
    return {name: history[name][:steps].tobytes() for name in history.names if name != "step_time"}


def moment(session: Session) -> dict[str, Any]:
    """Everything that going to a step again must give again."""
    return {
        "state": fields(session.trainer.state()),
        "snapshot": fields(session.snapshot(EVERYTHING)),
        "config": session.config,
        "loss": session.loss if session.step else None,
    }


def worker_waits(session: Session) -> None:
    assert session.gate.wait_parked(PATIENCE), "the worker did not park"


def in_worker(session: Session, function: Callable[[], Any]) -> Any:
    return session.gate.call(function).result(PATIENCE)


def with_branches(config: RunConfig = HARD, path: Path | None = None) -> Session:
    """A run of three branches with changes at all kinds of places."""
    session = Session(config)
    if path is not None:
        session.record(path)
    session.intervene("training.learning_rate", 0.02)  # before the first step
    session.train(10)
    session.intervene("training.clip_norm", 0.3)
    session.train(10)
    session.branch("same")
    session.train(3)
    session.switch(0)
    session.intervene("training.betas", (0.8, 0.9))  # where the branch has left, after it has
    session.train(5)
    session.go_to(10)
    session.intervene("training.seed", 4)  # where another change lies
    session.train(7)
    session.intervene("model.dropout", 0.0)
    session.train(4)
    return session


def whole(session: Session) -> object:
    """All that an operation which fails must leave as it was."""
    lines = [
        (line.branch, tuple(line.configs), scalars(line.history), line.keyframes.steps)
        for line in session.lines.values()
    ]
    return fields(session.trainer.state()), session.step, session.line.branch, tuple(lines), session.probe
