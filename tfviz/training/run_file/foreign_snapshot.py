"""Attention and predictions as another trainer has them, made into a Snapshot."""

from collections.abc import Sequence
from typing import Any, cast

import numpy

from tfviz.training.config import RunConfig
from tfviz.training.readings import Attention, Decoded, Prediction
from tfviz.training.run_file.foreign import Configuration, seed_of
from tfviz.training.run_file.packing import plain_array
from tfviz.training.snapshot import Snapshot

CANDIDATES = 8
SPECIAL = ("<s>", "</s>", "<pad>")


def foreign_snapshot(
    step: int,
    config: Configuration,
    vocabularies: tuple[Sequence[str], Sequence[str]],
    pair: tuple[Sequence[Any], Sequence[Any]],
    weights: tuple[Any, Any, Any],
    predictions: Any,
    sentence: str | None,
    origin: str,
) -> Snapshot:
    """The arguments are RunWriter.snapshot's. ValueError where they do not fit together."""
    source, target = (
        _texts(name, tokens, vocabulary)
        for name, tokens, vocabulary in zip(("source", "target"), pair, vocabularies, strict=True)
    )
    names = ("encoder_self", "decoder_self", "cross")
    encoder_self, decoder_self, cross = (_maps(name, maps) for name, maps in zip(names, weights, strict=True))
    rows = decoder_self.shape[2]
    if len(target) not in (rows, rows + 1):
        raise ValueError(
            f"target has {len(target)} tokens; decoder_self has {rows} rows, so {rows} or {rows + 1} would fit"
        )
    expected = target[1:] if len(target) == rows + 1 else ()
    texts = (_sentence(source) if sentence is None else sentence, _sentence(target), origin)
    decoded = None if predictions is None else _decoded(predictions, rows, vocabularies[1])
    return Snapshot(
        step,
        seed_of(config),
        cast(RunConfig, config),  # another trainer's answers what is asked of it
        Attention(encoder_self, decoder_self, cross, source, target[:rows], *texts),
        Prediction(source, expected, decoded, None, *texts),
    )


def _maps(name: str, weights: Any) -> numpy.ndarray:
    """(layer, head, query, key) float32."""
    if isinstance(weights, list | tuple):
        layers = [plain_array(f"{name}[{number}]", layer) for number, layer in enumerate(weights)]
        if len({layer.shape for layer in layers}) > 1:
            raise ValueError(
                f"the layers of {name} have the shapes {', '.join(str(layer.shape) for layer in layers)}"
            )
        array = numpy.stack(layers) if layers else numpy.zeros(0)
    else:
        array = plain_array(name, weights)
    if array.ndim != 4:
        raise ValueError(f"{name} has shape {array.shape}, not (layer, head, query, key)")
    return array.astype(numpy.float32)


def _texts(name: str, tokens: Sequence[Any], vocabulary: Sequence[str]) -> tuple[str, ...]:
    """Tokens as texts, of texts or ids."""
    if isinstance(tokens, str):
        raise ValueError(f"{name} is a text; give its tokens one by one")
    if hasattr(tokens, "tolist"):  # an array or a tensor of ids
        tokens = tokens.tolist()
    return tuple(token if isinstance(token, str) else _text(name, token, vocabulary) for token in tokens)


def _text(name: str, token: Any, vocabulary: Sequence[str]) -> str:
    try:
        number = token.__index__()
    except (AttributeError, TypeError):
        raise ValueError(f"{name} has the token {token!r:.50}, which is neither a text nor an id") from None
    if not 0 <= number < len(vocabulary):
        raise ValueError(f"{name} has the token id {number}; the vocabulary has {len(vocabulary)} tokens")
    return vocabulary[number]


def _sentence(tokens: Sequence[str]) -> str:
    return " ".join(token for token in tokens if token not in SPECIAL)


def _decoded(predictions: Any, rows: int, vocabulary: Sequence[str]) -> Decoded:
    """Teacher-forced, as the attention is."""
    if not isinstance(predictions, list | tuple) or not all(isinstance(item, str) for item in predictions):
        array = plain_array("predictions", predictions)
        if array.ndim == 2:
            return _most_probable(array, rows, vocabulary)
        predictions = array
    tokens = _texts("predictions", predictions, vocabulary)
    if len(tokens) != rows:
        raise ValueError(f"predictions has {len(tokens)} tokens; the decoder has {rows} rows")
    unknown = numpy.full(rows, numpy.nan)
    return Decoded(tokens, unknown, tuple((token,) for token in tokens), unknown[:, None])


def _most_probable(array: numpy.ndarray, rows: int, vocabulary: Sequence[str]) -> Decoded:
    if array.shape != (rows, len(vocabulary)):
        raise ValueError(
            f"predictions has shape {array.shape}; {rows} decoder rows and {len(vocabulary)} target tokens need "
            f"({rows}, {len(vocabulary)})"
        )
    probabilities = array.astype(numpy.float64)
    if rows and not (probabilities.min() >= 0 and numpy.allclose(probabilities.sum(axis=1), 1, atol=0.01)):
        raise ValueError(
            "predictions are no probabilities: every row must sum to 1 (the softmax of the logits does)"
        )
    best = numpy.argsort(-probabilities, axis=1, kind="stable")[:, :CANDIDATES]
    values = numpy.take_along_axis(probabilities, best, axis=1)
    candidates = tuple(tuple(vocabulary[number] for number in row) for row in best.tolist())
    return Decoded(tuple(row[0] for row in candidates), values[:, 0], candidates, values)
