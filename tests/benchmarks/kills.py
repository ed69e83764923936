"""kill -9 at random moments: of headless training and of the window, each recording a run.

    python -m tests.benchmarks.kills --training 50 --window 10

The window records by itself, to the user's data folder (one of its own here). After every kill the file must open, lack
no step that was done a second before, and hold the very scalars of a run that nobody disturbed. Then `train --resume`
must bring it to the same last state, bit for bit. Exit code 1 else.
"""

import argparse
import itertools
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy

from tfviz.training.run_file import RunReader
from tfviz.training.run_file.schema import side_files

ROOT = Path(__file__).parents[2]
PATIENCE = 300.0
KILLED = -signal.SIGKILL if os.name == "posix" else 1
"""What a process ends with that Popen.kill() has ended."""
LATEST = 1.0
"""Seconds of training that a kill may cost."""
OPTIONS = ("--preset", "tiny", "--set", "model.dropout=0.1", "--set", "training.optimizer=adamw")
STEP = re.compile(r"Step (\d+)")

WINDOW = """
import sys
from pathlib import Path
from PySide6.QtCore import QSettings, QTimer
from tfviz import blas
blas.use_one_thread()
from tfviz.app.application import create_application, create_window
from tfviz.app.settings import Settings
from tfviz.training.config import RunConfig

folder, steps = Path(sys.argv[1]), int(sys.argv[2])
application = create_application()
settings = Settings(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
values = {"model.dropout": 0.1, "training.optimizer": "adamw", "training.steps": steps}
window = create_window(RunConfig.preset("tiny").with_values(values), settings)
window.resize(1280, 800)
window.show()
session = window.session
session.gate.run_until(step=steps)
timer = QTimer()
timer.timeout.connect(lambda: session.frontier and print(f"Step {session.frontier}", flush=True))
timer.start(20)
application.exec()
"""


@dataclass
class Outcome:
    """What became of one kill."""

    moment: float
    """Seconds after the start of the process, or of training."""
    reported: int = 0
    """The last step that the process spoke of."""
    recorded: int | None = None
    """Steps in the file; None where there was none yet."""
    missing: float = 0.0
    """Seconds since the first step that the file lacks had been reported."""
    """On a machine that is busy otherwise it may be more than a second."""
    faults: list[str] = field(default_factory=list)
    """What is wrong with the file, or with what it was resumed to."""


class Heard:
    """The steps that a process spoke of, each with the time when it was heard."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.steps: list[tuple[int, float]] = []
        self.begun = threading.Event()
        self._thread = threading.Thread(target=self._listen, args=(process,))
        self._thread.start()

    def join(self) -> None:
        self._thread.join(PATIENCE)

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                if match := STEP.match(line):
                    self.steps.append((int(match[1]), time.monotonic()))
                    self.begun.set()


def training_command(folder: Path, steps: int) -> list[str]:
    options = ["--steps", str(steps), "--run", str(folder / "run.tfviz"), "--log-every", "20"]
    return [sys.executable, str(ROOT / "main.py"), "train", *OPTIONS, *options]


def window_command(folder: Path, steps: int) -> list[str]:
    return [sys.executable, "-c", WINDOW, str(folder), str(steps)]


def resume(path: Path) -> None:
    command = [sys.executable, str(ROOT / "main.py"), "train", "--run", str(path), "--resume", "--quiet"]
    subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=PATIENCE)


def kill_one(
    command: list[str], folder: Path, reference: RunReader, moment: float, begun: bool
) -> Outcome | None:
    """Start, kill, look, resume, compare; None where the process was done before."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(folder),
    )
    heard = Heard(process)
    if begun:
        heard.begun.wait(PATIENCE)
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        process.kill()
    killed = time.monotonic()
    process.wait(PATIENCE)
    heard.join()
    if process.returncode != KILLED or (heard.steps and heard.steps[-1][0] >= len(reference.history())):
        return None
    outcome = Outcome(moment, heard.steps[-1][0] if heard.steps else 0)
    late = [when for _, when in heard.steps]
    path = next(folder.rglob("*.tfviz"), None)
    if path is None:
        outcome.missing = killed - late[0] if late else 0.0
    else:
        _examine(path, reference, heard, killed, outcome)
    return outcome


def _examine(path: Path, reference: RunReader, heard: Heard, killed: float, outcome: Outcome) -> None:
    history = RunReader(path).history()
    outcome.recorded = len(history)
    lacking = [when for step, when in heard.steps if step > outcome.recorded]
    outcome.missing = killed - lacking[0] if lacking else 0.0
    if not same_scalars(path, reference, outcome.recorded):
        outcome.faults.append("other scalars")
    resume(path)
    last = len(reference.history())
    if len(RunReader(path).history()) != last or not same_scalars(path, reference, last):
        outcome.faults.append("resumed to other scalars")
    ends = [reader.keyframe(0, last) for reader in (RunReader(path), reference)]
    if ends[0].keys() != ends[1].keys() or any(
        ends[0][name].tobytes() != array.tobytes() for name, array in ends[1].items()
    ):
        outcome.faults.append("resumed to another state")
    if left := [side for side in side_files(str(path)) if os.path.exists(side)]:
        outcome.faults.append(f"left {', '.join(left)}")


def same_scalars(path: Path, reference: RunReader, steps: int) -> bool:
    """To the last bit, but for the time that a step took."""
    found, expected = RunReader(path).history(), reference.history()
    if not steps:
        return True
    return set(found.names) == set(expected.names) and all(
        numpy.array_equal(found.column(name)[:steps], expected.column(name)[:steps], equal_nan=True)
        for name in found.names
        if name != "step_time"
    )


def environment(folder: Path) -> dict[str, str]:
    """Nothing of the user's is read or written, and no display is needed."""
    folders = {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    return os.environ | folders | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}


@contextmanager
def undisturbed(folder: Path, steps: int) -> Iterator[tuple[RunReader, float]]:
    """A run that nobody kills, and how long it took."""
    path, began = folder / "run.tfviz", time.monotonic()
    subprocess.run(
        training_command(folder, steps), cwd=ROOT, check=True, capture_output=True, timeout=PATIENCE
    )
    yield RunReader(path), time.monotonic() - began


def kill_many(
    kind: str,
    count: int,
    command: Callable[[Path, int], list[str]],
    steps: int,
    seed: int,
    begun: bool = False,
    tell: Callable[[str], None] = lambda text: None,
) -> list[Outcome]:
    """So many kills at moments spread over the whole of a run: the start of the process included, unless it must have
    `begun` to train."""
    generator, outcomes = random.Random(seed), list[Outcome]()
    with tempfile.TemporaryDirectory() as text, undisturbed(Path(text), steps) as (reference, longest):
        for attempt in itertools.count():
            folder = Path(text) / f"{kind}-{attempt}"
            folder.mkdir()
            moment = generator.uniform(0.1, longest)
            outcome = kill_one(command(folder, steps), folder, reference, moment, begun)
            shutil.rmtree(folder)
            if outcome is not None:
                outcomes.append(outcome)
                tell(f"{kind} {len(outcomes)}/{count}: {describe(outcome)}")
            if len(outcomes) == count:
                break
    return outcomes


def describe(outcome: Outcome) -> str:
    recorded = "no file yet" if outcome.recorded is None else f"{outcome.recorded:,} steps recorded"
    return (
        f"killed after {outcome.moment:.2f} s, {outcome.reported:,} steps heard of, {recorded}, "
        f"{outcome.missing:.2f} s missing{''.join(f'; FAULT: {fault}' for fault in outcome.faults)}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--training", type=int, default=50, metavar="N", help="kills of headless training")
    parser.add_argument("--window", type=int, default=10, metavar="N", help="kills of the window")
    parser.add_argument("--steps", type=int, default=4000, help="of each run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--begun", action="store_true", help="kill none before it speaks of its first step")
    chosen = parser.parse_args()
    faults = 0
    for kind, count, command in (
        ("training", chosen.training, training_command),
        ("window", chosen.window, window_command),
    ):
        if not count:
            continue
        outcomes = kill_many(
            kind,
            count,
            command,
            chosen.steps,
            chosen.seed,
            chosen.begun,
            tell=lambda text: print(text, flush=True),
        )
        faulty = sum(bool(outcome.faults) or outcome.missing > LATEST for outcome in outcomes)
        faults += faulty
        print(
            f"{kind}: {count} kills, {sum(outcome.recorded is None for outcome in outcomes)} before there was a file, "
            f"{sum(bool(outcome.recorded) for outcome in outcomes)} with steps in it; most missing "
            f"{max(outcome.missing for outcome in outcomes):.2f} s; {faulty} with faults or too much missing",
            flush=True,
        )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
