"""Snapshots made by hand, so that a panel is tested without training, and what reads a painted picture."""

import numpy
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget

from tfviz.training.config import RunConfig
from tfviz.training.readings import Attention, Decoded, Prediction
from tfviz.training.snapshot import Snapshot

SOURCE = ("<s>", "how", "are", "you", "</s>")
TARGET_IN = ("<s>", "how", "are", "you")
TARGET_OUT = ("how", "are", "you", "</s>")


def softmax(scores: numpy.ndarray) -> numpy.ndarray:
    weights = numpy.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def attention(
    layers: int = 2,
    heads: int = 4,
    source: tuple[str, ...] = SOURCE,
    target: tuple[str, ...] = TARGET_IN,
    seed: int = 0,
    causal: bool = True,
) -> Attention:
    """Random weights; rows sum to 1, the decoder sees no later key unless told so."""
    generator = numpy.random.default_rng(seed)

    def weights(queries: int, keys: int, masked: bool = False) -> numpy.ndarray:
        scores = generator.normal(0, 2, (layers, heads, queries, keys))
        if masked:
            scores[..., numpy.triu(numpy.ones((queries, keys), bool), 1)] = -numpy.inf
        return softmax(scores)

    return Attention(
        weights(len(source), len(source)),
        weights(len(target), len(target), causal),
        weights(len(target), len(source)),
        source,
        target,
        " ".join(source[1:-1]),
        " ".join(target[1:]),
        "validation 1/64",
    )


def decoded(tokens: tuple[str, ...], probability: float = 0.9, second: str = "other") -> Decoded:
    """Each token with the same probability, and one other candidate with the rest."""
    count = len(tokens)
    both = numpy.tile([probability, 1 - probability], (count, 1))
    return Decoded(tokens, both[:, 0], tuple((token, second) for token in tokens), both)


def prediction(
    forced: tuple[str, ...] | None = TARGET_OUT,
    running: tuple[str, ...] | None = TARGET_OUT,
    target: tuple[str, ...] = TARGET_OUT,
    source: tuple[str, ...] = SOURCE,
    origin: str = "validation 1/64",
    probability: float = 0.9,
) -> Prediction:
    return Prediction(
        source,
        target,
        None if forced is None else decoded(forced, probability),
        None if running is None else decoded(running, probability),
        " ".join(source[1:-1]),
        " ".join(target[:-1]),
        origin,
    )


def snapshot(
    step: int = 1284,
    seed: int = 7,
    attention: Attention | None = None,
    prediction: Prediction | None = None,
    samples: tuple[Prediction, ...] = (),
    unknown_words: tuple[str, ...] = (),
) -> Snapshot:
    return Snapshot(step, seed, RunConfig(), attention, prediction, samples, unknown_words)


def picture(widget: QWidget) -> QImage:
    """What the widget shows now."""
    return widget.grab().toImage()


def colours_in(image: QImage) -> set[str]:
    """Every colour of a picture as "#rrggbb"."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = numpy.frombuffer(image.constBits(), numpy.uint32).reshape(image.height(), -1)[:, : image.width()]
    return {QColor(int(pixel)).name() for pixel in numpy.unique(pixels & 0xFFFFFF)}
