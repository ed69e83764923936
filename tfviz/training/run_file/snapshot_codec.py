"""Snapshots as named arrays and back, so that a reopened run shows exactly the numbers that were seen.

Texts travel as one JSON object in an array of bytes named "texts"; every array keeps its own name and type.
"""

import json
from collections.abc import Callable
from typing import Any, cast

import numpy

from tfviz.training.config import RunConfig
from tfviz.training.readings import Attention, Decoded, Prediction
from tfviz.training.run_file.errors import RunFileError, one_line
from tfviz.training.run_file.foreign import Configuration, parse_configuration, parse_json, text_list
from tfviz.training.snapshot import Snapshot

Arrays = dict[str, numpy.ndarray]

KINDS = ("encoder_self", "decoder_self", "cross")
MODES = ("teacher_forced", "free_running")


def snapshot_to_arrays(snapshot: Snapshot, config: Configuration) -> Arrays:
    """`config` is the branch's: the snapshot's own is stored only where it differs from that."""
    arrays: Arrays = {}
    texts: dict[str, Any] = {"seed": snapshot.seed, "unknown_words": list(snapshot.unknown_words)}
    if snapshot.config != config:
        texts["config"] = snapshot.config.to_json()
    if snapshot.attention is not None:
        texts["attention"] = _attention_texts(snapshot.attention, arrays)
    if snapshot.prediction is not None:
        texts["prediction"] = _prediction_texts(snapshot.prediction, "prediction", arrays)
    texts["samples"] = [
        _prediction_texts(sample, f"samples/{position}", arrays)
        for position, sample in enumerate(snapshot.samples)
    ]
    arrays["texts"] = numpy.frombuffer(json.dumps(texts).encode("ascii"), numpy.uint8)
    return arrays


def snapshot_from_arrays(step: int, config: Configuration, foreign: bool, arrays: Arrays) -> Snapshot:
    """RunFileError where the arrays are not those of a snapshot."""
    try:
        texts = parse_json(arrays.pop("texts").tobytes().decode("ascii"), dict, "a snapshot")
        own = texts.get("config")
        used = config if own is None else parse_configuration(own, foreign)
        attention, prediction = texts.get("attention"), texts.get("prediction")
        return Snapshot(
            step=step,
            seed=_integer(texts["seed"]),
            config=cast(RunConfig, used),  # a foreign one answers what is asked of it
            attention=None if attention is None else _attention(attention, arrays),
            prediction=None if prediction is None else _prediction(prediction, "prediction", arrays),
            samples=tuple(
                _prediction(sample, f"samples/{position}", arrays)
                for position, sample in enumerate(_checked(texts["samples"], list))
            ),
            unknown_words=text_list(texts["unknown_words"], "unknown_words"),
        )
    except KeyError as error:
        raise RunFileError(f"a snapshot without {error}") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise RunFileError(one_line(error)) from None


def _attention_texts(attention: Attention, arrays: Arrays) -> dict[str, Any]:
    for kind in KINDS:
        arrays[f"attention/{kind}"] = getattr(attention, kind)
    return {
        "source_tokens": attention.source_tokens,
        "target_tokens": attention.target_tokens,
        "sentence": attention.sentence,
        "target": attention.target,
        "origin": attention.origin,
    }


def _attention(texts: dict[str, Any], arrays: Arrays) -> Attention:
    maps = [_numbers(arrays[f"attention/{kind}"]) for kind in KINDS]
    tokens = [text_list(texts[name], name) for name in ("source_tokens", "target_tokens")]
    plain = [_checked(texts[name], str) for name in ("sentence", "target", "origin")]
    return Attention(maps[0], maps[1], maps[2], tokens[0], tokens[1], *plain)


def _prediction_texts(prediction: Prediction, place: str, arrays: Arrays) -> dict[str, Any]:
    texts: dict[str, Any] = {
        "source_tokens": prediction.source_tokens,
        "target_tokens": prediction.target_tokens,
        "sentence": prediction.sentence,
        "target": prediction.target,
        "origin": prediction.origin,
    }
    for mode in MODES:
        decoded: Decoded | None = getattr(prediction, mode)
        if decoded is not None:
            texts[mode] = {"tokens": decoded.tokens, "candidates": decoded.candidates}
            arrays[f"{place}/{mode}/probabilities"] = decoded.probabilities
            arrays[f"{place}/{mode}/candidate_probabilities"] = decoded.candidate_probabilities
    return texts


def _prediction(texts: dict[str, Any], place: str, arrays: Arrays) -> Prediction:
    tokens = [text_list(texts[name], name) for name in ("source_tokens", "target_tokens")]
    modes = [_decoded(texts.get(mode), f"{place}/{mode}", arrays) for mode in MODES]
    plain = [_checked(texts[name], str) for name in ("sentence", "target", "origin")]
    return Prediction(tokens[0], tokens[1], modes[0], modes[1], *plain)


def _decoded(texts: dict[str, Any] | None, place: str, arrays: Arrays) -> Decoded | None:
    if texts is None:
        return None
    return Decoded(
        tokens=text_list(texts["tokens"], "tokens"),
        probabilities=_numbers(arrays[f"{place}/probabilities"]),
        candidates=tuple(text_list(row, "candidates") for row in _checked(texts["candidates"], list)),
        candidate_probabilities=_numbers(arrays[f"{place}/candidate_probabilities"]),
    )


def _numbers(array: numpy.ndarray) -> numpy.ndarray:
    if array.dtype.kind != "f":
        raise RunFileError(f"an array of {array.dtype} where floating numbers belong")
    return array


def _checked(value: Any, kind: Callable[..., Any]) -> Any:
    if type(value) is not kind:
        raise RunFileError(f"{type(value).__name__} where {getattr(kind, '__name__', kind)} belongs")
    return value


def _integer(value: Any) -> int:
    return int(_checked(value, int))
