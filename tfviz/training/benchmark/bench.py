"""How fast training is on this machine, against what its processor can do.

Everything is measured in turns, round by round: what disturbs the machine for a while disturbs all alike. The step is
the trainer's own: batch, forward, backward, norms and clipping, update, accuracies. Its work is counted without
padding, multiplications and additions of the matrix products alone; its ceiling is a product of two large matrices.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from tfviz.core.config import ModelConfig
from tfviz.core.parallel import Crew
from tfviz.core.program import in_turn
from tfviz.core.transformer import Transformer
from tfviz.training.benchmark.processor_load import ProcessorLoad
from tfviz.training.config import RunConfig
from tfviz.training.data.batches import Batch
from tfviz.training.model.models import default_shards
from tfviz.training.tasks import create_task
from tfviz.training.trainer import Trainer

SHAPES = ("tiny", "small", "medium", "base")
THREADS = (1, 2)
ROUNDS = 5
PEAK_SIZE = 2048  # of the square matrices whose product is the ceiling
COUNTED_BATCHES = 64  # over which the work of a step is averaged

Times = list[float]
"""Seconds, one for each time that something was done."""


@dataclass
class Case:
    """One shape on one number of threads, with all that was measured of it."""

    shape: str
    threads: int
    is_default: bool
    """Whether a run of this shape would take as many threads by itself."""
    work: float
    """Floating-point operations of a step, without padding."""
    tokens: float
    """Source and target tokens of a step, without padding."""
    step: Times = field(default_factory=list)
    model: Times = field(default_factory=list)
    """Forward and backward pass alone."""

    @property
    def seconds(self) -> float:
        """Of a step, median."""
        return statistics.median(self.step)

    @property
    def quartiles(self) -> tuple[float, float]:
        """Seconds that a quarter of the steps did not reach, and a quarter went beyond."""
        low, high = np.quantile(self.step, [0.25, 0.75])
        return float(low), float(high)


@dataclass
class Breakdown:
    """Where the time of a step of one shape goes on one thread: medians, in seconds."""

    shape: str
    operations: dict[str, tuple[float, float]]
    """Kind of operation -> forward, backward; each operation timed by itself."""
    other: dict[str, float]
    """What else a step does: making the batch, the update, and the rest."""


@dataclass
class Result:
    cases: list[Case]
    breakdowns: list[Breakdown]
    peaks: dict[int, float]
    """Threads -> operations per second of a float32 matrix product, the best of all rounds."""
    foreign_load: float | None
    """Cores that other processes kept busy meanwhile; None where the system does not tell."""


def measure(shapes: Sequence[str] = SHAPES, threads: Sequence[int] = THREADS, seconds: float = 3.0) -> Result:
    """Measure shapes (names of presets) on numbers of threads, so many seconds of training steps each."""
    runners = [_Runner(shape, count) for shape in shapes for count in threads]
    parts = [_Parts(shape) for shape in shapes]
    peaks = [_Peak(count) for count in threads]
    turn = seconds / ROUNDS
    try:
        for runner in runners:
            runner.warm_up()
        with ProcessorLoad() as load:
            for _ in range(ROUNDS):
                for runner in runners:
                    runner.run(turn)
                for part in parts:
                    part.run(turn / 3)
                for peak in peaks:
                    peak.run()
    finally:
        for runner in runners:
            runner.close()
        for peak in peaks:
            peak.close()
    return Result(
        [runner.case for runner in runners],
        [part.result() for part in parts],
        {peak.threads: peak.best for peak in peaks},
        load.foreign,
    )


def useful_work(config: ModelConfig, batch: Batch) -> float:
    """Floating-point operations of the matrix products of one step over the tokens that are no padding.

    Two for a multiplication and an addition; three products for each of the forward pass, because the backward pass
    has one for the input and one for the weights. Attention counts in full, as if no mask saved anything.
    """
    source = np.count_nonzero(batch.source, axis=1).astype(float)
    target = np.count_nonzero(batch.target_in, axis=1).astype(float)
    width, hidden = config.d_model, config.dim_feedforward
    projections, feed_forward = 4 * width * width, 2 * width * hidden
    encoder = (projections + feed_forward) * source + 2 * width * source * source
    decoder = (
        (projections + feed_forward) * target
        + 2 * width * target * target
        + 2 * width * width * (source + target)  # cross attention: keys and values of the source
        + 2 * width * source * target
    )
    generator = width * config.target_vocabulary * target
    products = config.num_encoder_layers * encoder + config.num_decoder_layers * decoder + generator
    return 3 * 2 * float(products.sum())


class _Runner:
    """Trains one shape on one number of threads."""

    def __init__(self, shape: str, threads: int) -> None:
        self.trainer = _trainer(shape, threads)
        trainer = self.trainer
        default = default_shards(
            trainer.parameters.layout.count, trainer.config.training.batch_size, trainer.task.source_width
        )
        batches = [trainer.task.batch(step) for step in range(1, COUNTED_BATCHES + 1)]
        work = statistics.mean(useful_work(trainer.parameters.config, batch) for batch in batches)
        tokens = statistics.mean(
            int(np.count_nonzero(batch.source) + np.count_nonzero(batch.target_in)) for batch in batches
        )
        self.case = Case(shape, threads, threads == default, work, float(tokens))
        self.batch = batches[0]
        self.model = trainer.models.training(*self.batch.shape)

    def warm_up(self) -> None:
        self.trainer.train_batch()
        self.pass_model()

    def run(self, seconds: float) -> None:
        self.case.step += timed(self.trainer.train_batch, seconds)
        self.case.model += timed(self.pass_model, seconds / 3)

    def pass_model(self) -> None:
        self.model.forward_and_backward(self.batch.source, self.batch.target_in, self.batch.target_out)

    def close(self) -> None:
        self.trainer.models.close()


class _Parts:
    """Times the parts of a step of one shape, on one thread."""

    def __init__(self, shape: str) -> None:
        self.shape, self.trainer = shape, _trainer(shape, 1)
        batch = self.batch = self.trainer.task.batch(1)
        self.model: Transformer = self.trainer.models.training(*batch.shape)
        self.forward: dict[str, Times] = defaultdict(list)
        self.backward: dict[str, Times] = defaultdict(list)
        self.others: dict[str, Times] = defaultdict(list)
        self.whole: Times = []

    def run(self, seconds: float) -> None:
        self.whole += timed(self.trainer.train_batch, seconds)
        timed(self.time_operations, seconds)
        trainer = self.trainer
        self.others["making the batch"] += timed(lambda: trainer.task.batch(trainer.step + 1), seconds / 10)
        self.others["update"] += timed(
            lambda: trainer.optimizer.update(self.model.gradients, 0.0, 0.5), seconds / 10
        )

    def time_operations(self) -> None:
        """One forward and one backward pass, each piece of an operation by itself; sums by kind."""
        self.model.load(self.batch.source, self.batch.target_in, self.batch.target_out)
        operations = self.model.program.operations
        for times, sequence, phase in (
            (self.forward, operations, "forward"),
            (self.backward, operations[::-1], "backward"),
        ):
            sums: dict[str, float] = defaultdict(float)
            for operation, piece in in_turn(sequence):
                run = getattr(piece, phase)
                started = time.perf_counter()
                run()
                sums[type(operation).__name__] += time.perf_counter() - started
            for kind, duration in sums.items():
                times[kind].append(duration)

    def result(self) -> Breakdown:
        median = statistics.median
        operations = {
            kind: (median(times), median(self.backward[kind])) for kind, times in self.forward.items()
        }
        other = {name: median(times) for name, times in self.others.items()}
        known = sum(map(sum, operations.values())) + sum(other.values())
        other["norms, accuracies and the rest"] = max(0.0, median(self.whole) - known)
        by_time = sorted(operations.items(), key=lambda item: -sum(item[1]))
        return Breakdown(self.shape, dict(by_time), other)


class _Peak:
    """Products of large matrices, one for each thread at the same time."""

    def __init__(self, threads: int) -> None:
        self.threads, self.best = threads, 0.0
        self._crew = Crew(threads)
        generator = np.random.Generator(np.random.Philox(1))
        self._works = [_product(generator) for _ in range(threads)]
        self._crew.run(self._works)

    def run(self) -> None:
        for duration in timed(lambda: self._crew.run(self._works), 0.0):
            self.best = max(self.best, self.threads * 2 * PEAK_SIZE**3 / duration)

    def close(self) -> None:
        self._crew.close()


def _product(generator: np.random.Generator) -> Callable[[], None]:
    left, right = generator.random((2, PEAK_SIZE, PEAK_SIZE), dtype=np.float32)
    result = np.empty_like(left)

    def multiply() -> None:
        np.matmul(left, right, out=result)

    return multiply


def _trainer(shape: str, shards: int) -> Trainer:
    config = RunConfig.preset(shape).with_values({"training.shards": shards, "training.validation_every": 0})
    return Trainer(config, create_task(config))


def timed(function: Callable[[], object], seconds: float) -> Times:
    """Do something for so many seconds, at least once; how long it took each time."""
    return list(_durations(function, seconds))


def _durations(function: Callable[[], object], seconds: float) -> Iterator[float]:
    end = time.perf_counter() + seconds
    now = 0.0
    while now < end:
        started = time.perf_counter()
        function()
        now = time.perf_counter()
        yield now - started
