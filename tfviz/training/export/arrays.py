"""An attention snapshot as arrays for other programs: npz (no pickle) and JSON, with the same keys.

    encoder_self, decoder_self, cross   (layer, head, query, key), softmax weights
    source_tokens                       keys of cross, queries and keys of encoder_self
    target_tokens                       the decoder's input: queries of cross, queries and keys of decoder_self;
                                        of a decoder alone its stream, <s> source </s> target
    prediction_tokens, prediction_mode  what the model says, "teacher-forced" or "free-running"
    step, seed, sentence, target, config (the run's configuration: a JSON text in npz, an object in JSON)

Read it back, no pickle needed:

>>> import numpy
>>> arrays = numpy.load(path)
>>> source, target = arrays["source_tokens"].tolist(), arrays["target_tokens"].tolist()

BertViz wants a list with one tensor (1, heads, query, key) for each layer (tensor = torch.from_numpy):

>>> encoder = [tensor(layer)[None] for layer in arrays["encoder_self"]]
>>> decoder = [tensor(layer)[None] for layer in arrays["decoder_self"]]
>>> cross = [tensor(layer)[None] for layer in arrays["cross"]]
>>> page = head_view(encoder_attention=encoder, decoder_attention=decoder, cross_attention=cross,
...                  encoder_tokens=source, decoder_tokens=target)

CircuitsVis wants one layer, (heads, destination, source), where both axes are the same tokens:

>>> page = attention_patterns(tokens=source, attention=tensor(arrays["encoder_self"][0]))
"""

import json
from os import PathLike
from typing import Any

import numpy

from tfviz.training.atomic_file import atomic_file, write_atomically
from tfviz.training.export import description
from tfviz.training.export.heads import KINDS, attention_of
from tfviz.training.snapshot import Snapshot


def write_npz(snapshot: Snapshot, path: str | PathLike[str]) -> None:
    """Write the arrays as npz; texts are Unicode arrays, single values have no axes."""
    content = {name: numpy.asarray(_kept(value)) for name, value in _content(snapshot).items()}
    for name in ("source_tokens", "target_tokens", "prediction_tokens"):
        content[name] = content[name].astype(numpy.str_)  # an empty list too
    content["config"] = numpy.array(snapshot.config.to_json())
    with atomic_file(path) as file:
        numpy.savez_compressed(file, allow_pickle=False, **content)


def write_json(snapshot: Snapshot, path: str | PathLike[str]) -> None:
    """Write the same as JSON, a key a line; numbers are the shortest that give the same float32, NaN is null."""
    content = _content(snapshot)
    for name in KINDS.values():
        content[name] = _lists(content[name])
    content["config"] = snapshot.config.to_dict()
    lines = [f"{json.dumps(name)}: {_line(value)}" for name, value in content.items()]
    write_atomically(path, ("{\n" + ",\n".join(lines) + "\n}\n").encode("utf-8", "backslashreplace"))


def _content(snapshot: Snapshot) -> dict[str, Any]:
    attention = attention_of(snapshot)
    return {
        "step": snapshot.step,
        "seed": snapshot.seed,
        "sentence": description.sentence(snapshot),
        "target": description.target(snapshot),
        "source_tokens": list(attention.source_tokens),
        "target_tokens": list(attention.target_tokens),
        "prediction_tokens": list(description.prediction_tokens(snapshot)),
        "prediction_mode": description.decoding(snapshot),
        "config": None,
    } | {name: getattr(attention, name) for name in KINDS.values()}


def _kept(value: Any) -> Any:
    """NumPy takes NUL characters at the end of a text for padding: they are written as the sign for them."""
    match value:
        case str():
            return value.replace("\0", "␀")
        case list():
            return [_kept(one) for one in value]
    return value


def _lists(weights: numpy.ndarray) -> list[Any]:
    """Nested lists; through text, so that float32 0.1 is written 0.1 and not 0.10000000149011612."""
    shortest = weights.astype(str).astype(numpy.float64).astype(object)
    shortest[~numpy.isfinite(weights)] = None
    nested: list[Any] = shortest.tolist()
    return nested


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
