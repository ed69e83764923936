"""A second process that writes a run file: another trainer's, slowly, or the command `tfviz train`."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tfviz
from tfviz.training.run_file import RunReader

ROOT = Path(tfviz.__file__).parents[1]

FOREIGN = """
import sys, time
import numpy
import tfviz

TOKENS = ("<pad>", "<s>", "</s>", "<unk>", "how", "are", "you")
SOURCE, TARGET = ("<s>", "how", "are", "you", "</s>"), ("<s>", "you", "are", "</s>")
random = numpy.random.default_rng(0)

def maps(queries, keys):
    scores = numpy.exp(random.normal(size=(2, 2, queries, keys)))
    return scores / scores.sum(axis=-1, keepdims=True)

with tfviz.RunWriter(
    sys.argv[1], {"name": "theirs", "seed": 5}, TOKENS, TOKENS, trainer="PyTorch nn.Transformer"
) as run:
    for step in range(1, int(sys.argv[2]) + 1):
        run.scalars(step, loss=10 / step, gradient_norm=1.0)
        if step % 10 == 0:
            run.snapshot(step, SOURCE, TARGET, maps(5, 5), maps(3, 3), maps(3, 5), ["you", "are", "</s>"])
        time.sleep(0.01)
"""

FOR_EVER = 10**6


@contextmanager
def foreign_trainer(path: Path, steps: int = FOR_EVER) -> Iterator[subprocess.Popen[bytes]]:
    """A trainer that takes a hundred steps a second at most, with a snapshot at every tenth; it ends with the block."""
    with _ended(
        subprocess.Popen([sys.executable, "-c", FOREIGN, str(path), str(steps)], cwd=ROOT)
    ) as process:
        yield process


@contextmanager
def tfviz_train(path: Path, steps: int = FOR_EVER) -> Iterator[subprocess.Popen[bytes]]:
    """`tfviz train --run FILE` with the smallest model."""
    command = [
        sys.executable,
        "main.py",
        "train",
        "--preset",
        "identity",
        "--steps",
        str(steps),
        "--run",
        str(path),
    ]
    for name, value in {"d_model": 16, "nhead": 2, "num_encoder_layers": 1, "num_decoder_layers": 1}.items():
        command += ["--set", f"model.{name}={value}"]
    with _ended(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)) as process:
        yield process


def has_begun(path: Path) -> bool:
    """Whether steps are recorded; before that nobody can tell a new file from one that was closed."""
    return path.exists() and len(RunReader(path).history()) > 0


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield process
    finally:
        process.kill()
        process.wait()
