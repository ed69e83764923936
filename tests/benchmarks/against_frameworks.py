"""One training step of tfviz against PyTorch and JAX: same model, same batches, same arithmetic, one process.

    python -m tests.benchmarks.against_frameworks --threads 1 --shapes tiny small medium base --rounds 9

needs torch and jax beside tfviz's own packages (pip install torch==2.13.0; pip install jax jaxlib). First the losses of
ten steps are compared. Then the contenders take turns in shuffled order, a block of steps each; blocks during which
other processes used more than 15 % of a core are discarded, counted and repeated. Printed are medians over the blocks.
"""

import argparse
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

SHAPES = {
    "tiny": (32, 4, 2, 64, 16, 12, 32, 0.15),
    "small": (64, 4, 2, 256, 32, 16, 64, 0.3),
    "medium": (128, 8, 3, 512, 32, 32, 128, 1.0),
    "base": (256, 8, 4, 1024, 32, 64, 1000, 3.0),
}
"""d_model, nhead, layers, dim_feedforward, batch, length, vocabulary; seconds of a block."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--threads", type=int, choices=(1, 2), default=1)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--contenders", nargs="+", default=["tfviz", "torch", "torch.compile", "jax"])
    parser.add_argument(
        "--foreign-load", type=float, default=0.15, help="cores of other processes a block may bear"
    )
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args(arguments)
    if chosen.threads == 1:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # the only way to give XLA one thread
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1" if name.startswith("OPENBLAS") else str(chosen.threads)
    results = {
        shape: compare(shape, chosen.threads, chosen.rounds, chosen.contenders, chosen.foreign_load)
        for shape in chosen.shapes
    }
    if chosen.json:
        chosen.json.write_text(json.dumps({"threads": chosen.threads, "results": results}, indent=1))
    return 0


def compare(shape: str, threads: int, rounds: int, names: Sequence[str], limit: float) -> dict[str, object]:
    """Milliseconds a step of every contender, printed and returned."""
    steps = contenders(shape, threads, names)
    losses = {name: [step(number) for number in range(10)] for name, step in steps.items()}
    reference = losses[names[0]]
    for name, values in losses.items():
        worst = max(abs(a - b) / abs(b) for a, b in zip(values, reference, strict=True))
        if worst > 1e-3:
            sys.exit(
                f"{shape}: the losses of {name} differ from {names[0]}'s by {worst:.1e}: {values} {reference}"
            )
    seconds = SHAPES[shape][-1]
    lengths = {name: block_length(step, seconds) for name, step in steps.items()}
    times: dict[str, list[float]] = {name: [] for name in names}
    discarded = 0
    order = random.Random(0)
    while min(map(len, times.values())) < rounds and discarded < 20 * rounds:
        for name in order.sample(list(names), len(names)):
            elapsed, foreign = timed_block(steps[name], lengths[name])
            if foreign > limit:
                discarded += 1
            else:
                times[name].append(elapsed / lengths[name] * 1e3)
    medians = {name: statistics.median(values) if values else float("nan") for name, values in times.items()}
    best = min(value for name, value in medians.items() if name != "tfviz")
    print(
        f"{shape:7} {threads} thread(s)  " + "  ".join(f"{n} {t:.3f} ms" for n, t in medians.items()),
        end="  ",
    )
    print(
        f"tfviz x{best / medians['tfviz']:.2f} of the fastest other; {discarded} blocks discarded", flush=True
    )
    return {"median_ms": medians, "blocks_ms": times, "discarded": discarded}


def contenders(shape: str, threads: int, names: Sequence[str]) -> dict[str, object]:
    import numpy as np

    from tests.benchmarks import frameworks
    from tfviz.core.config import ModelConfig
    from tfviz.core.optimizers import Adam
    from tfviz.core.parallel import Crew
    from tfviz.core.parameters import Parameters
    from tfviz.core.transformer import Transformer

    width, heads, layers, hidden, batch, length, vocabulary, _ = SHAPES[shape]
    config = ModelConfig(vocabulary, vocabulary, width, heads, layers, layers, hidden)
    parameters = Parameters(config)
    initial = {name: np.ascontiguousarray(value) for name, value in parameters.items()}
    batches = [
        identity_batch(np.random.default_rng(number), batch, length, vocabulary) for number in range(16)
    ]

    def tfviz_step(number: int) -> float:
        loss = model.forward_and_backward(*batches[number % len(batches)])
        optimizer.update(model.gradients, frameworks.LEARNING_RATE, crew=crew)
        return loss

    crew = Crew(threads)
    model = Transformer(
        config, batch, length, length - 1, parameters=parameters, shards=threads, recycle=True, crew=crew
    )
    optimizer = Adam(parameters.flat, betas=frameworks.BETAS, eps=frameworks.EPSILON)
    found = {}
    for name in names:
        match name:
            case "tfviz":
                found[name] = tfviz_step
            case "jax":
                found[name] = frameworks.jax_step(config, initial, batches)
            case _:
                import torch

                torch.set_num_threads(threads)
                found[name] = frameworks.torch_step(config, initial, batches, name == "torch.compile")
    return found


def identity_batch(generator, batch: int, length: int, vocabulary: int):
    """Source, target_in, target_out of sequences of half to full length, their own answer."""
    import numpy as np

    source = np.zeros((batch, length), np.int64)
    for row, words in enumerate(generator.integers(length // 2 - 2, length - 1, batch)):
        source[row, : words + 2] = [1, *generator.integers(4, vocabulary, words), 2]
    target_in = np.where(source == 2, 0, source)[:, :-1]
    return source, np.ascontiguousarray(target_in), np.ascontiguousarray(source[:, 1:])


def block_length(step, seconds: float) -> int:
    """Steps that take about so long."""
    started = time.perf_counter()
    for number in range(3):
        step(number)
    return max(1, round(seconds * 3 / (time.perf_counter() - started)))


def timed_block(step, count: int) -> tuple[float, float]:
    """Seconds of so many steps, and the cores that other processes used meanwhile."""
    busy, own, started = busy_seconds(), own_seconds(), time.perf_counter()
    for number in range(count):
        step(number)
    elapsed = time.perf_counter() - started
    return elapsed, max(0.0, (busy_seconds() - busy) - (own_seconds() - own)) / elapsed


def busy_seconds() -> float:
    """Processor seconds used by the whole machine."""
    user, nice, system, _idle, _wait, *rest = map(
        int, Path("/proc/stat").read_text().split("\n")[0].split()[1:]
    )
    return (user + nice + system + sum(rest[:2])) / os.sysconf("SC_CLK_TCK")


def own_seconds() -> float:
    times = os.times()
    return times.user + times.system


if __name__ == "__main__":
    sys.exit(main())
