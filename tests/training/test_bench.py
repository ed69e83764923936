import threading
from types import SimpleNamespace

import numpy
import pytest

from tfviz.training.benchmark import processor_load
from tfviz.training.benchmark.bench import measure, timed, useful_work
from tfviz.training.benchmark.processor_load import ProcessorLoad
from tfviz.training.config import RunConfig
from tfviz.training.data.batches import Batch
from tfviz.training.tasks import create_task


def shape_of(name):
    """The model, and the first batch, of a preset."""
    config = RunConfig.preset(name)
    task = create_task(config)
    model = config.model.model_config(len(task.source_tokenizer), len(task.target_tokenizer))
    return model, task.batch(1)


def filled(rows, source, target):
    """A batch of so many tokens each, followed by padding."""
    ids = [numpy.zeros((rows, 20), numpy.int64) for _ in range(3)]
    for array, length in zip(ids, (source, target, target), strict=True):
        array[:, :length] = 5
    return Batch(*ids, None, None)


@pytest.mark.parametrize(
    ("name", "rows", "length", "millions"),
    [("tiny", 16, 12, 53.674), ("small", 32, 16, 754.975)],
)
def test_the_work_of_a_full_batch_is_that_of_its_matrix_products(name, rows, length, millions):
    model, _ = shape_of(name)
    assert useful_work(model, filled(rows, length, length)) / 1e6 == pytest.approx(millions, abs=5e-4)


def test_padding_is_no_work():
    model, _ = shape_of("tiny")
    short = filled(2, 5, 4)
    narrow = Batch(short.source[:, :5], short.target_in[:, :4], short.target_out[:, :4], None, None)
    assert useful_work(model, short) == useful_work(model, narrow)
    rows = [useful_work(model, short.rows(slice(row, row + 1))) for row in range(2)]
    assert useful_work(model, short) == sum(rows)


def test_every_case_is_measured_with_its_parts():
    result = measure(("tiny",), (1, 2), seconds=0.02)
    assert [(case.shape, case.threads, case.is_default) for case in result.cases] == [
        ("tiny", 1, True),
        ("tiny", 2, False),
    ]
    for case in result.cases:
        assert len(case.step) >= 5  # in every round at least one
        assert 0 < case.seconds < 10
    _, batch = shape_of("tiny")
    most = batch.source.size + batch.target_in.size
    assert 0.5 * most < result.cases[0].tokens < most
    assert result.peaks[1] > 0
    operations = result.breakdowns[0].operations
    assert {"Linear", "Softmax", "LayerNorm", "CrossEntropy"} <= operations.keys()
    assert all(time > 0 for both in operations.values() for time in both)
    assert "update" in result.breakdowns[0].other
    assert not [thread for thread in threading.enumerate() if thread.name == "tfviz part of a batch"]


def test_what_is_timed_is_done_at_least_once():
    calls = []
    assert len(timed(lambda: calls.append(1), 0.0)) == len(calls) == 1


@pytest.mark.parametrize(("own", "foreign"), [(0.0, 1.5), (0.5, 1.0), (1.5, 0.0), (2.0, 0.0)])
def test_the_own_work_of_a_process_is_not_foreign(monkeypatch, own, foreign):
    busy, mine, now = iter([10.0, 11.5]), iter([3.0, 3.0 + own]), iter([0.0, 1.0])
    monkeypatch.setattr(processor_load, "_busy_seconds", lambda: next(busy))
    monkeypatch.setattr(processor_load, "_own_seconds", lambda: next(mine))
    monkeypatch.setattr(processor_load, "time", SimpleNamespace(monotonic=lambda: next(now)))
    with ProcessorLoad() as load:
        pass
    assert load.foreign == pytest.approx(foreign)
