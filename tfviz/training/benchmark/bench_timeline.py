"""What it costs to look back: pictures of steps near and far in both directions; and what recording takes of training.

A run is trained and recorded. Then its steps are shown as the window shows them, first from the keyframes in memory and
then, after opening it again, from those in its file. Recording is measured apart, by two runs that train in turns, one
of them with a run file.
"""

import random
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tfviz.training.benchmark.processor_load import ProcessorLoad
from tfviz.training.config import RunConfig
from tfviz.training.mailbox import Demand
from tfviz.training.session import Session

STEPS = {"tiny": 10_000, "small": 2_000, "medium": 500, "base": 100}
"""How long a run of each shape is, unless asked otherwise."""
WITHIN = {"tiny": (0.1, 0.25), "small": (0.25, 0.5)}
"""Seconds within which a step has to be shown: median and worst."""
KEPT_SPEED = 0.97
"""Of the speed of training, what it has to keep while it is recorded."""

ANYWHERE = "anywhere"
NEIGHBOURS = {"one on": 1, "one back": -1, "ten on": 10, "ten back": -10}
ROUNDS = 60  # of a leap anywhere, and a look at the neighbours there
PAIRS = 20  # of a phase with a run file and one without
SETTLING = (
    0.6  # seconds in which a recorder writes what it still has, so that the other phase bears nothing of it
)
PICTURE_INTERVAL = 1.0  # seconds between two pictures in the file, as `train --run` leaves them
TOLD = 2.0  # seconds between two words about the progress

Tell = Callable[[str], None]


@dataclass
class Looks:
    """Steps that were shown, and how long each took."""

    source: str
    """Where the keyframes were: "memory" or "file"."""
    keyframes: int
    keyframe_bytes: int
    seconds: dict[str, list[float]]
    """By the kind of way to the step."""

    @property
    def all(self) -> list[float]:
        return [one for times in self.seconds.values() for one in times]

    def quantile(self, share: float) -> float:
        """Seconds within which this share of the steps was shown."""
        return float(np.quantile(self.all, share))


@dataclass
class TimelineCost:
    """One shape."""

    shape: str
    steps: int
    file_bytes: int = 0
    opening: float = 0.0
    """Seconds until the recorded run was open again, at its last step."""
    looks: list[Looks] = field(default_factory=list)
    recorded: list[float] = field(default_factory=list)
    """Steps a second in each phase with a run file; `plain` in the one before or after it without."""
    plain: list[float] = field(default_factory=list)
    foreign_load: float | None = None

    @property
    def ratios(self) -> list[float]:
        """Recorded over plain speed, for each pair of neighbouring phases."""
        return [recorded / plain for recorded, plain in zip(self.recorded, self.plain, strict=True)]


def measure_timeline(
    shapes: Sequence[str] = tuple(WITHIN),
    steps: int | None = None,
    seconds: float = 30.0,
    tell: Tell = lambda text: None,
) -> list[TimelineCost]:
    """Measure presets: runs of so many steps, and so many seconds of training with a run file, and without one."""
    return [_measure(shape, steps or STEPS[shape], seconds, tell) for shape in shapes]


def _measure(shape: str, steps: int, seconds: float, tell: Tell) -> TimelineCost:
    cost = TimelineCost(shape, steps)
    config = RunConfig.preset(shape)
    with tempfile.TemporaryDirectory() as folder, ProcessorLoad() as load:
        path = Path(folder) / "run.tfviz"
        with Session(config) as session:
            session.record(path)
            session.mailbox.request(Demand(True, True, True))
            _train(session, steps, lambda step: tell(f"{shape}: trained {step:,} of {steps:,} steps"))
            tell(f"{shape}: showing steps")
            cost.looks.append(_look(session, "memory"))
        cost.file_bytes = path.stat().st_size
        began = time.perf_counter()
        with Session.open(path) as session:
            cost.opening = time.perf_counter() - began
            tell(f"{shape}: showing steps of the file")
            cost.looks.append(_look(session, "file"))
        tell(f"{shape}: training with and without a run file, in turns")
        _compare(config, Path(folder) / "other.tfviz", seconds / PAIRS, cost)
    cost.foreign_load = load.foreign
    return cost


def _train(session: Session, steps: int, tell: Callable[[int], None]) -> None:
    told = pictured = time.monotonic()
    while session.step < steps:
        session.train(1)
        now = time.monotonic()
        if now - pictured >= PICTURE_INTERVAL:
            session.show()
            pictured = now
        if now - told >= TOLD:
            tell(session.step)
            told = now


def _look(session: Session, source: str) -> Looks:
    times: dict[str, list[float]] = defaultdict(list)
    for kind, step in visits(session.frontier, ROUNDS):
        began = time.perf_counter()
        session.view(step)
        times[kind].append(time.perf_counter() - began)
    keyframes = session.keyframes
    return Looks(source, len(keyframes.steps), keyframes.size, dict(times))


def visits(last: int, rounds: int, seed: int = 1) -> Iterator[tuple[str, int]]:
    """Kinds and steps, 0 to `last`: again and again a leap anywhere, then there one and ten steps on and back.

    Each neighbour is that of the step before, and their order changes, so that every way begins at another place.
    """
    generator = random.Random(seed)
    for place in range(rounds):
        step = (last, 0)[place] if place < 2 else generator.randint(0, last)
        yield ANYWHERE, step
        for kind in generator.sample(list(NEIGHBOURS), len(NEIGHBOURS)):
            step = min(max(step + NEIGHBOURS[kind], 0), last)
            yield kind, step


def _compare(config: RunConfig, path: Path, seconds: float, cost: TimelineCost) -> None:
    config = config.replace("training.validation_every", 0)
    with Session(config) as plain, Session(config) as recorded:
        recorded.record(path)
        recorded.mailbox.request(Demand(True, True, True))
        for session in (plain, recorded):
            session.train(20)
        for turn in range(PAIRS):
            for session in (plain, recorded) if turn % 2 else (recorded, plain):
                if session is recorded:
                    cost.recorded.append(_speed(session, seconds, pictures=True))
                    time.sleep(SETTLING)
                else:
                    cost.plain.append(_speed(session, seconds, pictures=False))


def _speed(session: Session, seconds: float, pictures: bool) -> float:
    """Steps a second."""
    first = session.step
    began = pictured = now = time.perf_counter()
    while now - began < seconds:
        session.train(1)
        now = time.perf_counter()
        if pictures and now - pictured >= PICTURE_INTERVAL:
            session.show()
            pictured = now = time.perf_counter()
    return (session.step - first) / (now - began)


def summary(cost: TimelineCost) -> dict[str, object]:
    """JSON values, times in seconds."""
    return {
        "shape": cost.shape,
        "steps": cost.steps,
        "within": WITHIN.get(cost.shape),
        "file_bytes": cost.file_bytes,
        "opening": cost.opening,
        "looks": [
            {
                "keyframes_from": looks.source,
                "keyframes": looks.keyframes,
                "keyframe_bytes": looks.keyframe_bytes,
                "shown": len(looks.all),
                "median": looks.quantile(0.5),
                "p95": looks.quantile(0.95),
                "worst": max(looks.all),
                "median_by_kind": {kind: statistics.median(times) for kind, times in looks.seconds.items()},
            }
            for looks in cost.looks
        ],
        "recorded_over_plain": statistics.median(cost.ratios),
        "recorded_over_plain_range": [min(cost.ratios), max(cost.ratios)],
        "recorded_steps_per_second": statistics.median(cost.recorded),
        "plain_steps_per_second": statistics.median(cost.plain),
        "foreign_load": cost.foreign_load,
    }
