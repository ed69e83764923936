"""What a web page of attention knows, as JSON that may stand inside a page: tokens, predictions, weights of 16 bits.

A weight is stored as low + (high - low) * code / 65,000, from 0 to 1 unless some lie beyond: true to 0.00001. Codes
above mark what is no number.
"""

import base64
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy

from tfviz.training.config import RunConfig
from tfviz.training.export import description
from tfviz.training.export.atlas_figure import NAMES
from tfviz.training.export.colormaps import COLOUR_MAPS
from tfviz.training.export.figure import visible
from tfviz.training.export.heads import KINDS, Head, attention_of, axis_names, weights_of
from tfviz.training.export.steps import MOST_FRAMES
from tfviz.training.readings import Attention, Decoded, Prediction
from tfviz.training.snapshot import Snapshot

LARGEST, NEGATIVE_INFINITY, INFINITY, NAN = 65_000, 65_533, 65_534, 65_535
MOST_BYTES = 100_000_000  # of weights: browsers begin to struggle


@dataclass(frozen=True)
class PageData:
    """The data, and what is said about them outside of the script."""

    text: str
    first: int
    """Step."""
    last: int
    seed: int
    config: RunConfig


def page_data(snapshots: Iterable[Snapshot], head: Head | None, upper: float, numbers: bool) -> PageData:
    """Collect the steps. ValueError where there are none, too many, or they do not fit together."""
    if not 0 < upper < math.inf:
        raise ValueError(f"the upper end of the colour scale is {upper}; it must be above 0")
    collected = _Collector()
    for snapshot in snapshots:
        collected.add(snapshot)
    if not collected.steps:
        raise ValueError("there is no step to show")
    first = collected.steps[0]["step"]
    last = collected.steps[-1]["step"]
    config, seed = collected.origin
    chosen = collected.existing(head)
    text = _json(
        {
            "run": visible(config.name),
            "seed": seed,
            "head": {"kind": chosen.kind, "layer": chosen.layer, "number": chosen.head},
            "upper": upper,
            "numbers": numbers,
            "codes": {"largest": LARGEST, "nan": NAN, "positive": INFINITY, "negative": NEGATIVE_INFINITY},
            "colour_maps": COLOUR_MAPS,
            "kinds": collected.kinds,
            "probes": collected.probes,
            "steps": collected.steps,
        }
    )
    return PageData(text, first, last, seed, config)


class _Collector:
    """Steps as they come; a sentence is kept once however many steps show it."""

    def __init__(self) -> None:
        self.kinds: list[dict[str, Any]] = []
        self.probes: list[dict[str, Any]] = []
        self.steps: list[dict[str, Any]] = []
        self.origin: tuple[RunConfig, int]
        self._attention: Attention
        self._size = 0

    def add(self, snapshot: Snapshot) -> None:
        attention = attention_of(snapshot)
        kinds = _kinds(attention)
        if not self.steps:
            self.kinds, self.origin, self._attention = kinds, (snapshot.config, snapshot.seed), attention
            if not kinds:
                raise ValueError(f"the snapshot of step {snapshot.step} holds no attention heads")
        if kinds != self.kinds:
            raise ValueError(
                f"step {snapshot.step} has other heads than the first: they do not fit on one page"
            )
        if len(self.steps) == MOST_FRAMES:
            raise ValueError(f"a page has at most {MOST_FRAMES:,} steps")
        weights, span = encoded([weights_of(kind["name"], attention) for kind in kinds])
        self._size += len(weights)
        if self._size > MOST_BYTES:
            raise ValueError(
                f"the page would have more than {MOST_BYTES // 1_000_000} MB at step {snapshot.step}, after "
                f"{len(self.steps)} steps: choose fewer"
            )
        probe = _probe(snapshot, attention)
        if probe not in self.probes:
            self.probes.append(probe)
        self.steps.append(
            {
                "step": snapshot.step,
                "probe": self.probes.index(probe),
                "mode": description.decoding(snapshot),
                "causal": _is_causal(attention),
                "answers": _answers(snapshot.prediction),
                "range": span,
                "weights": weights,
            }
        )

    def existing(self, head: Head | None) -> Head:
        """The head to begin with: the one asked for, or one of the last layer's cross-attention if there is any."""
        if head is not None:
            head.weights(self._attention)
            return head
        kind = self.kinds[-1]
        return Head(kind["name"], kind["layers"] - 1, 0)


def encoded(maps: list[numpy.ndarray]) -> tuple[str, list[float]]:
    """All weights, one after the other, as base64 of 16-bit codes, least byte first; and what 0 and LARGEST mean."""
    weights = numpy.concatenate([array.ravel() for array in maps]).astype(numpy.float64)
    finite = weights[numpy.isfinite(weights)]
    low, high = float(finite.min(initial=0.0)), float(finite.max(initial=1.0))
    shares = (numpy.nan_to_num(weights, nan=low, posinf=low, neginf=low) - low) / (high - low)
    codes = numpy.rint(shares * LARGEST).astype("<u2")
    codes[numpy.isnan(weights)] = NAN
    codes[numpy.isposinf(weights)] = INFINITY
    codes[numpy.isneginf(weights)] = NEGATIVE_INFINITY
    return base64.b64encode(codes.tobytes()).decode("ascii"), [low, high]


def _kinds(attention: Attention) -> list[dict[str, Any]]:
    found = []
    for name in KINDS:
        layers, heads = weights_of(name, attention).shape[:2]
        if layers and heads:
            queries, keys = Head(name, 0, 0).sides
            sides = {"queries": queries, "keys": keys, "axes": axis_names(name, attention)}
            found.append({"name": name, "title": NAMES[name], "layers": layers, "heads": heads} | sides)
    return found


def _is_causal(attention: Attention) -> bool:
    """Whether the decoder cannot look ahead; only a mask gives so many weights of exactly 0."""
    length = attention.decoder_self.shape[-1]
    return length > 1 and not attention.decoder_self[..., 0, 1:].any()


def _probe(snapshot: Snapshot, attention: Attention) -> dict[str, Any]:
    expected = snapshot.prediction.target_tokens if snapshot.prediction else ()
    return {
        "source": [visible(token) for token in attention.source_tokens],
        "target": [visible(token) for token in attention.target_tokens],
        "expected": [visible(token) for token in expected],
        "sentence": visible(description.sentence(snapshot)),
        "wanted": visible(description.target(snapshot)),
        "origin": visible(description.origin(snapshot)),
    }


def _answers(prediction: Prediction | None) -> list[dict[str, Any]]:
    if prediction is None:
        return []
    decodings = {
        description.TEACHER_FORCED: prediction.teacher_forced,
        description.FREE_RUNNING: prediction.free_running,
    }
    target = prediction.target_tokens
    return [{"name": name} | _answer(one, target) for name, one in decodings.items() if one is not None]


def _answer(decoded: Decoded, target: tuple[str, ...]) -> dict[str, Any]:
    """Tokens and probabilities, and where a target is known, which are right and how many."""
    probabilities = [round(float(one), 4) if math.isfinite(one) else None for one in decoded.probabilities]
    answer: dict[str, Any] = {
        "tokens": [visible(token) for token in decoded.tokens],
        "probabilities": probabilities,
    }
    if target:
        pairs = zip(decoded.tokens, [*target, *[None] * len(decoded.tokens)], strict=False)
        answer["right"] = [token == wanted for token, wanted in pairs]
        answer["score"] = f"{sum(answer['right'])}/{max(len(decoded.tokens), len(target))}"
    return answer


def _json(value: Any) -> str:
    """JSON in ASCII in which nothing ends a script element or begins a comment."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
