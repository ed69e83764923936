"""What each head of attention does, in a few numbers: where it looks on average, and how sharply."""

from dataclasses import dataclass

import numpy as np

from tfviz.training.readings import Attention
from tfviz.training.tasks.task import Alignment


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
    maps = {"encoder": attention.encoder_self, "decoder": attention.decoder_self, "cross": attention.cross}
    for kind, weights in maps.items():
        measured = _measure(weights.astype(np.float64), causal=kind == "decoder")
        if kind == "cross" and alignment is not None:
            measured["source_alignment"] = _alignment(weights.astype(np.float64), alignment)
        for layer, head in np.ndindex(weights.shape[:2]):
            values = {name: float(array[layer, head]) for name, array in measured.items()}
            found[f"{kind} L{layer}H{head}"] = HeadMetrics(**values)
    return found


def column_name(head: str, metric: str) -> str:
    """Where a metric of a head is in a record: "cross L0H3/entropy"."""
    return f"{head}/{metric}"


def _measure(weights: np.ndarray, causal: bool) -> dict[str, np.ndarray]:
    """Every metric (layer, head) of weights (layer, head, query, key)."""
    queries, keys = np.indices((weights.shape[-2], weights.shape[-1]))
    choice: np.ndarray = np.full(queries.shape, weights.shape[-1] > 1)
    if causal:
        choice = queries > 0
    logs = np.log(weights, out=np.zeros_like(weights), where=weights > 0.0)
    return {
        "entropy": _mean(-(weights * logs).sum(axis=-1), choice[:, 0]),
        "diagonal": _mean_at(weights, (keys == queries) & choice),
        "previous_token": _mean_at(weights, (keys == queries - 1) & choice),
        "first_token": _mean_at(weights, (keys == 0) & choice),
    }


def _alignment(weights: np.ndarray, alignment: Alignment) -> np.ndarray:
    """Mean over the answered tokens that come from somewhere; row n is the one that answers token n."""
    places = np.zeros((weights.shape[-2], weights.shape[-1]), dtype=bool)
    for row, sources in enumerate(alignment[: len(places)]):
        places[row, [1 + source for source in sources if 1 + source < places.shape[1]]] = True
    return _mean_at(weights, places)


def _mean_at(weights: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Weight on these places (query, key) of each query that has one, averaged over those queries."""
    return _mean((weights * places).sum(axis=-1), places.sum(axis=-1) > 0)


def _mean(values: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """(layer, head) of (layer, head, query), over the chosen queries; NaN where there are none."""
    if not queries.any():
        return np.full(values.shape[:2], np.nan)
    return values[..., queries].mean(axis=-1)
