"""A run of a million tiny steps, written by RunWriter: the size of its file, the memory it takes, how fast it opens.

    python -m tests.benchmarks.million_steps

Every step has the scalars that a tiny run of tfviz has; every five hundredth a keyframe with the parameters and the
moments of the tiny model, every thousandth a picture, so that the file's budget (1 GB) makes keyframes give way. Then
processes of their own open the file and read what a window shows at once: the index, every scalar, the last picture.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy

from tfviz.training.config import RunConfig
from tfviz.training.run_file import BUDGET, RunReader, RunWriter
from tfviz.training.tasks import create_task
from tfviz.training.trainer import State, Trainer

ROOT = Path(__file__).parents[2]
BATCH = 1000  # steps whose numbers are drawn together
VALIDATED = 100  # steps between two that have validation scalars
TOKENS = ("<pad>", "<s>", "</s>", "<unk>", *map(str, range(28)))
SENTENCE = ("<s>", *map(str, range(10)), "</s>")


@dataclass(frozen=True)
class Run:
    """What is written."""

    steps: int = 10**6
    keyframe_every: int = 500
    snapshot_every: int = 1000
    budget: int = BUDGET


@dataclass
class Written:
    seconds: float
    bytes: int
    scalars: int
    """Curves."""
    keyframes_given: int
    peak_memory: int
    """Bytes that writing took of the process, at most."""


@dataclass
class Opened:
    index: float
    """Seconds until the file was open."""
    history: float
    """Seconds until all scalars were read."""
    picture: float
    """Seconds until the last picture was read."""
    memory: int
    """Bytes that all this took of the process."""
    steps: int
    keyframes: int
    pictures: int

    @property
    def seconds(self) -> float:
        return self.index + self.history + self.picture


def write(path: Path, run: Run) -> Written:
    config = RunConfig.preset("tiny")
    trainer = Trainer(config, create_task(config))
    names, state = trainer.scalar_names, trainer.state()
    trainer.models.close()
    generator = numpy.random.default_rng(1)
    maps = {name: generator.random((2, 4, 11, 11), numpy.float32) for name in ("encoder", "decoder", "cross")}
    before, began, keyframes = _peak(), time.perf_counter(), 0
    with RunWriter(path, config.to_dict(), TOKENS, TOKENS, budget=run.budget) as writer:
        for step, values in enumerate(rows(names, run.steps), 1):
            writer.scalars(step, **values)
            if step % run.keyframe_every == 0:
                keyframes += 1
                writer.keyframe(step, keyframe(state, step))
            if step % run.snapshot_every == 0:
                writer.snapshot(step, SENTENCE[:11], SENTENCE, *maps.values())
    seconds = time.perf_counter() - began
    return Written(seconds, path.stat().st_size, len(names), keyframes, _peak() - before)


def rows(names: tuple[str, ...], steps: int) -> Iterator[dict[str, float]]:
    """Numbers as training gives them: in full precision, falling and noisy; validation now and then."""
    validation = {name for name in names if name.startswith("validation_")}
    generator = numpy.random.default_rng(0)
    for start in range(0, steps, BATCH):
        falling = 1 / numpy.sqrt(numpy.arange(start + 1, start + 1 + BATCH))
        numbers = (falling * (1 + 0.1 * generator.standard_normal((len(names), BATCH)))).T.tolist()
        for step, row in enumerate(numbers[: steps - start], start + 1):
            values = dict(zip(names, row, strict=True)) | {"learning_rate": 0.001}
            if step % VALIDATED:
                values = {name: value for name, value in values.items() if name not in validation}
            yield values


def keyframe(state: State, step: int) -> State:
    """As large as one of the tiny model, and different from all others."""
    return state | {"step": numpy.array(step)}


def open_once(path: Path) -> Opened:
    """In this process, which should have done nothing before."""
    before, began = _peak(), time.perf_counter()
    reader = RunReader(path)
    index = time.perf_counter()
    history = reader.history()
    read = time.perf_counter()
    picture = reader.snapshot_at_or_before(0, len(history))
    end = time.perf_counter()
    assert picture is not None and len(history["loss"]) == len(history)
    return Opened(
        index - began,
        read - index,
        end - read,
        _peak() - before,
        len(history),
        len(reader.keyframe_steps()),
        len(reader.snapshot_steps()),
    )


def open_elsewhere(path: Path) -> Opened:
    """In a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.million_steps", "--open", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return Opened(**json.loads(done.stdout))


def _peak() -> int:
    """The most memory, in bytes, that the process ever had. Linux says it of this program alone; what is asked for
    elsewhere counts whoever started it too."""
    try:
        with open("/proc/self/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--steps", type=int, default=Run.steps)
    parser.add_argument("--folder", type=Path, help="where to write (without: where temporary files go)")
    parser.add_argument("--opened", type=int, default=5, help="how many times the file is opened")
    parser.add_argument("--open", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.open:
        print(json.dumps(asdict(open_once(chosen.open))))
        return 0
    run = Run(chosen.steps)
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        path = Path(folder) / "run.tfviz"
        written = write(path, run)
        print(
            f"{run.steps:,} steps with {written.scalars} scalars and {written.keyframes_given:,} keyframes: "
            f"{written.seconds:.1f} s, {written.bytes / 1e6:.1f} MB of {run.budget / 1e6:.0f}, "
            f"{written.peak_memory / 1e6:.0f} MB of memory at most",
            flush=True,
        )
        opened = [open_elsewhere(path) for _ in range(chosen.opened)]
    first = opened[0]
    assert {one.steps for one in opened} == {run.steps}
    median = statistics.median(one.seconds for one in opened)
    print(
        f"opened in {median:.3f} s (median of {len(opened)}, worst {max(one.seconds for one in opened):.3f}): index "
        f"{first.index:.3f}, scalars {first.history:.3f}, last picture {first.picture:.3f}; "
        f"{first.keyframes:,} keyframes, {first.pictures:,} pictures, {first.memory / 1e6:.0f} MB of memory; "
        f"load of the machine {os.getloadavg()[0]:.1f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
