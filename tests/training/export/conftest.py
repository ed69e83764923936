"""A snapshot with recognisable numbers, and a way to make others."""

from collections.abc import Callable, Sequence

import numpy
import pytest

from tfviz.training.config import RunConfig
from tfviz.training.readings import Attention, Decoded, Prediction
from tfviz.training.snapshot import Snapshot

SnapshotMaker = Callable[..., Snapshot]


def decoded(*tokens: str) -> Decoded:
    count = len(tokens)
    return Decoded(tokens, numpy.ones(count), tuple((token,) for token in tokens), numpy.ones((count, 1)))


def softmax(scores: numpy.ndarray) -> numpy.ndarray:
    weights = numpy.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def make(
    source: Sequence[str] = ("<s>", "how", "are", "you", "</s>"),
    target: Sequence[str] = ("<s>", "how", "are", "you"),
    layers: tuple[int, int] = (2, 3),
    heads: int = 4,
    name: str = "identity",
    prediction: Prediction | None = None,
) -> Snapshot:
    random = numpy.random.Generator(numpy.random.Philox(3))
    n, m = len(source), len(target)
    causal = numpy.where(numpy.tri(m, dtype=bool), 0.0, -numpy.inf)
    attention = Attention(
        softmax(random.normal(size=(layers[0], heads, n, n)) * 2),
        softmax(random.normal(size=(layers[1], heads, m, m)) * 2 + causal),
        softmax(random.normal(size=(layers[1], heads, m, n)) * 2),
        tuple(source),
        tuple(target),
        sentence=" ".join(source[1:-1]),
        target=" ".join(target[1:]),
        origin="validation 3/64",
    )
    return Snapshot(1284, 7, RunConfig(name=name), attention, prediction)


@pytest.fixture
def make_snapshot() -> SnapshotMaker:
    return make


@pytest.fixture
def snapshot() -> Snapshot:
    prediction = Prediction(
        ("<s>", "how", "are", "you", "</s>"),
        ("how", "are", "you", "</s>"),
        decoded("how", "are", "us", "</s>"),
        decoded("how", "are", "</s>"),
        "how are you",
        "how are you",
        "validation 3/64",
    )
    return make(prediction=prediction)
