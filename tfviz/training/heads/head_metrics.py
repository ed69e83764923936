"""What each head of attention does, in a few numbers: where it looks on average, and how sharply."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfviz.training.snapshot import Attention
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


@dataclass(frozen=True)
class Role:
    """What a head can be said to do: one of its metrics reaches a threshold and stays there."""

    name: str
    metric: str
    threshold: float
    kinds: tuple[str, ...]
    """Which kinds of attention can have it."""

    @property
    def noun(self) -> str:
        """What a head that has it is called, after the metric that tells."""
        return f"{self.metric.replace('_', '-')} head"


ROLES = (
    Role("looks at itself", "diagonal", 0.5, ("encoder", "decoder")),
    Role("looks at the previous token", "previous_token", 0.5, ("encoder", "decoder")),
    Role("looks at the first token", "first_token", 0.7, ("encoder", "decoder", "cross")),
    Role("follows the source", "source_alignment", 0.5, ("cross",)),
)
LOOKS = 3
"""A role counts when it was seen so many times in a row."""


@dataclass(frozen=True)
class RoleTaken:
    """A head that has taken on a role."""

    step: int
    """Of the first look at which the threshold was reached."""
    head: str
    role: Role
    value: float
    """Of the metric, at that look."""

    @property
    def sentence(self) -> str:
        return f"{self.head} becomes a {self.role.noun} ({self.value:.2f})"


class RoleWatch:
    """Looks at metrics from time to time, in the order of the steps, and says when a head has taken on a role.

    A head that has a role at the first look was born with it: nothing is said. One that lost it, for as many looks as
    it takes to gain one, can take it on again.
    """

    def __init__(self, roles: Sequence[Role] = ROLES, looks: int = LOOKS) -> None:
        if looks < 1:
            raise ValueError(f"a role cannot be taken on after {looks} looks; allowed: at least 1")
        self.roles, self.looks = tuple(roles), looks
        self._states: dict[tuple[str, str], _State] = {}

    def look(self, step: int, metrics: dict[str, HeadMetrics]) -> list[RoleTaken]:
        """The roles of which it is certain from this look on that they were taken on."""
        taken = []
        for head, found in metrics.items():
            for role in self.roles:
                if head.partition(" ")[0] not in role.kinds:
                    continue
                value = getattr(found, role.metric)
                if np.isnan(value):
                    continue
                state = self._states.setdefault((head, role.name), _State(value >= role.threshold))
                since = state.look(step, value, value >= role.threshold, self.looks)
                if since is not None:
                    taken.append(RoleTaken(since[0], head, role, since[1]))
        return taken


class _State:
    """Whether a head has a role, and how long it has looked otherwise."""

    def __init__(self, has: bool) -> None:
        self._has = has
        self._count = 0
        self._since = (0, 0.0)

    def look(self, step: int, value: float, reached: bool, looks: int) -> tuple[int, float] | None:
        """Step and value of the first of so many looks, when the last of them shows that the role was taken on."""
        if reached == self._has:
            self._count = 0
            return None
        if not self._count:
            self._since = (step, value)
        self._count += 1
        if self._count < looks:
            return None
        self._has, self._count = reached, 0
        return self._since if reached else None
