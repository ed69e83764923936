"""What each head of attention does, in a few numbers: where it looks on average, and how sharply."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from tfviz.training.readings import Attention
from tfviz.training.tasks.task import Alignment

TINY = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class HeadMetrics:
    """Means over the queries of one head; NaN where no query can tell.

    A query that sees one key alone, such as the first of a decoder, tells nothing and is left out.
    """

    entropy: float
    """In nats: 0 where every query looks at one key, log n where it looks at n alike."""
    diagonal: float
    """Weight on the key at the query's own position."""
    previous_token: float
    """Weight on the key one position before."""
    first_token: float
    """Weight on the first key, <s>."""
    source_alignment: float = float("nan")
    """Cross attention alone: weight on the places of the source that the answered token comes from, if known."""


def head_metrics(attention: Attention, alignment: Alignment | None = None) -> dict[str, HeadMetrics]:
    """By head, as "cross L0H3". `alignment` is that of the teacher-forced target, as Task.alignment gives it."""
    found: dict[str, HeadMetrics] = {}
    for kind, measured in _by_kind(attention, alignment).items():
        for layer, head in np.ndindex(measured["entropy"].shape):
            values = {name: float(array[layer, head]) for name, array in measured.items()}
            found[f"{kind} L{layer}H{head}"] = HeadMetrics(**values)
    return found


def metric_columns(attention: Attention, alignment: Alignment | None = None) -> dict[str, float]:
    """The same as numbers for a record, by column_name(); only cross attention has a source alignment."""
    names: list[str] = []
    values: list[float] = []
    for kind, measured in _by_kind(attention, alignment).items():
        if kind == "cross":
            measured.setdefault("source_alignment", np.full(measured["entropy"].shape, np.nan))
        names += _names(kind, measured["entropy"].shape, tuple(measured))
        values += np.stack(tuple(measured.values()), axis=-1).ravel().tolist()
    return dict(zip(names, values, strict=True))


def column_name(head: str, metric: str) -> str:
    """Where a metric of a head is in a record: "cross L0H3/entropy"."""
    return f"{head}/{metric}"


@cache
def _names(kind: str, shape: tuple[int, int], metrics: tuple[str, ...]) -> list[str]:
    heads = (f"{kind} L{layer}H{head}" for layer, head in np.ndindex(shape))
    return [column_name(head, metric) for head in heads for metric in metrics]


def _by_kind(attention: Attention, alignment: Alignment | None) -> dict[str, dict[str, np.ndarray]]:
    """Every metric (layer, head) of every kind of attention."""
    maps = {"encoder": attention.encoder_self, "decoder": attention.decoder_self, "cross": attention.cross}
    found = {kind: _measure(weights.astype(np.float64), kind == "decoder") for kind, weights in maps.items()}
    if alignment is not None:
        found["cross"]["source_alignment"] = _alignment(attention.cross.astype(np.float64), alignment)
    return found


def _measure(weights: np.ndarray, causal: bool) -> dict[str, np.ndarray]:
    """Every metric (layer, head) of weights (layer, head, query, key), in the order of HeadMetrics."""
    skipped = 1 if causal else 0
    seen = weights[..., skipped:, :] if causal or weights.shape[-1] > 1 else weights[..., :0, :]
    logs = np.log(np.maximum(seen, TINY))  # of a weight of 0 it does not matter: it is multiplied by it
    return {
        "entropy": -_mean(np.einsum("lhqk,lhqk->lhq", seen, logs)),
        "diagonal": _mean(np.diagonal(seen, skipped, 2, 3)),
        "previous_token": _mean(np.diagonal(seen, skipped - 1, 2, 3)),
        "first_token": _mean(seen[..., :1].sum(axis=-1)),
    }


def _alignment(weights: np.ndarray, alignment: Alignment) -> np.ndarray:
    """Mean over the answered tokens that come from somewhere; row n is the one that answers token n."""
    places = np.zeros((weights.shape[-2], weights.shape[-1]), dtype=bool)
    for row, sources in enumerate(alignment[: len(places)]):
        places[row, [1 + source for source in sources if 1 + source < places.shape[1]]] = True
    return _mean((weights * places).sum(axis=-1)[..., places.any(axis=-1)])


def _mean(values: np.ndarray) -> np.ndarray:
    """(layer, head) of (layer, head, query); NaN where there is no query."""
    return values.mean(axis=-1) if values.shape[-1] else np.full(values.shape[:2], np.nan)
