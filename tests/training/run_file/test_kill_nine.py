"""kill -9 at any moment: the file opens, lacks no more than the last second, and can be gone on with."""

import random
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy
import pytest

import tfviz
from tests.training.run_file.runs import CONFIG, beside, same_arrays, same_snapshot, snapshot
from tfviz.training.record.history import History
from tfviz.training.run_file import Branch, Recorder, RunReader

ROOT = Path(tfviz.__file__).parents[1]
REPORT = struct.Struct("<qd")

PROGRAM = """
import os, sys, time
from tests.training.run_file.runs import CONFIG, new_recorder, snapshot
from tests.training.run_file.test_kill_nine import REPORT, keyframe, loss
from tfviz.training.record.history import History
from tfviz.training.run_file import Branch

rows = History()
os.write(1, REPORT.pack(0, time.monotonic()))
recorder = new_recorder(sys.argv[1])
recorder.follow(Branch(config=CONFIG), rows)
recorder.keyframe(0, 0, keyframe(0))
for step in range(1, 10**6):
    rows.append(step, loss=loss(step), gradient_norm=1.0)
    if step % 50 == 0:
        recorder.keyframe(0, step, keyframe(step))
        recorder.snapshot(0, snapshot(step))
        recorder.event(0, step, "note", {"step": step})
    os.write(1, REPORT.pack(step, time.monotonic()))
    time.sleep(0.0005)
"""


def loss(step: int) -> float:
    return 1 / (step + 0.1)


def keyframe(step: int) -> dict[str, numpy.ndarray]:
    return {"parameters": numpy.full(20_000, step, numpy.float32), "updates": numpy.array(step)}


def run_and_kill(path: Path, seconds: float) -> tuple[list[tuple[int, float]], float]:
    """What the process reported until it was killed: steps with their times; and when that was."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, path], stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    begun = process.stdout.read(REPORT.size)  # imports done
    assert len(begun) == REPORT.size
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    reports = process.communicate(timeout=60)[0]
    assert process.returncode == -signal.SIGKILL
    return [
        REPORT.unpack_from(reports, at)
        for at in range(0, len(reports) // REPORT.size * REPORT.size, REPORT.size)
    ], killed


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX's")
@pytest.mark.parametrize("seed", range(4))
def test_a_killed_recording_opens_and_goes_on(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "run.tfviz"
    reports, killed = run_and_kill(path, random.Random(seed).choice([0.05, 0.4, 1.0, 1.3, 1.6]))
    safe = max((step for step, when in reports if when < killed - 1.0), default=0)
    if not path.exists():
        assert not safe
        return
    reader = RunReader(path)
    recorded = len(reader.history())
    assert safe <= recorded <= len(reports) + 1
    assert numpy.array_equal(
        reader.history()["loss"] if recorded else [], [loss(step) for step in range(1, recorded + 1)]
    )
    for step in reader.keyframe_steps():
        assert same_arrays(reader.keyframe(0, step), keyframe(step))
    for step in reader.snapshot_steps():
        assert same_snapshot(reader.snapshot(0, step), snapshot(step))
    assert [event.step for event in reader.events()] == [event.data["step"] for event in reader.events()]
    # Reading has mended it. A journal in which nothing is written yet stays for the next writer to remove.
    assert set(beside(path)) <= {"run.tfviz", "run.tfviz-journal"}
    assert not reader.closed or not recorded

    rows = History()
    for step in range(1, recorded + 101):
        rows.append(step, loss=loss(step), gradient_norm=1.0)
    with Recorder(path) as recorder:
        recorder.follow(Branch(config=CONFIG), rows)
    reader = RunReader(path)
    assert numpy.array_equal(reader.history()["loss"], rows["loss"])
    assert reader.closed
    assert beside(path) == ["run.tfviz"]
