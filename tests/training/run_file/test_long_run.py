"""A long run in small: what tests/benchmarks/million_steps.py writes and opens at full length."""

import sys
from pathlib import Path

import numpy
import pytest

from tests.benchmarks.million_steps import Run, keyframe, open_elsewhere, rows, write
from tfviz.training.config import RunConfig
from tfviz.training.run_file import RunReader
from tfviz.training.tasks import create_task
from tfviz.training.trainer import Trainer

STEPS = 20_000


@pytest.mark.skipif(sys.platform == "win32", reason="memory is told as POSIX tells it")
def test_a_long_run_keeps_to_its_budget_and_opens_whole(tmp_path: Path) -> None:
    path, run = tmp_path / "run.tfviz", Run(STEPS, keyframe_every=100, snapshot_every=500, budget=20 << 20)
    written = write(path, run)
    assert written.keyframes_given == 200  # of half a megabyte each: far more than there is room for
    assert path.stat().st_size == written.bytes <= 1.05 * run.budget
    opened = open_elsewhere(path)
    assert opened.steps == STEPS
    assert 10 < opened.keyframes < 40 and opened.pictures >= 20
    assert opened.memory < 3 * 8 * STEPS * written.scalars + (64 << 20)

    reader = RunReader(path)
    config = RunConfig.preset("tiny")
    trainer = Trainer(config, create_task(config))
    history = reader.history()
    for step, values in enumerate(rows(trainer.scalar_names, STEPS), 1):
        if step % 997 == 0 or step in (1, 1024, 1025, STEPS):
            for name in trainer.scalar_names:
                assert numpy.array_equal(history.column(name)[step - 1], values.get(name, numpy.nan), True)
    steps = reader.keyframe_steps()
    assert steps[0] == 100 and steps[-1] == STEPS
    for step in steps:
        stored, expected = reader.keyframe(0, step), keyframe(trainer.state(), step)
        assert all(numpy.array_equal(stored[name], array) for name, array in expected.items())
