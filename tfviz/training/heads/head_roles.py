"""Roles that heads take on, such as looking at the previous token: found in what was measured, and in nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfviz.training.record.sparse_record import SparseRecord


@dataclass(frozen=True)
class Role:
    """What a head can be said to do while one of its metrics is high.

    Two thresholds, so that a metric that hovers about one of them is no coming and going: a head has to reach `enter`
    to take the role on, and to fall below `leave` to lose it. What lies between them changes nothing.
    """

    name: str
    metric: str
    enter: float
    leave: float
    kinds: tuple[str, ...]
    """Which kinds of attention can have it."""

    def __post_init__(self) -> None:
        if not self.leave < self.enter:
            raise ValueError(
                f"a role is lost below {self.leave:g}, which is not below {self.enter:g}, where it is taken on"
            )

    @property
    def noun(self) -> str:
        """What a head that has it is called, after the metric that tells."""
        return f"{self.metric.replace('_', '-')} head"


# Half of the weight at one place is as much as at all others together. The first token takes more: much of the weight
# rests there where a head finds nothing else.
ROLES = (
    Role("looks at itself", "diagonal", 0.5, 0.4, ("encoder", "decoder")),
    Role("looks at the previous token", "previous_token", 0.5, 0.4, ("encoder", "decoder")),
    Role("looks at the first token", "first_token", 0.7, 0.6, ("encoder", "decoder", "cross")),
    Role("follows the source", "source_alignment", 0.5, 0.4, ("cross",)),
)
ENOUGH = 3
"""Measurements that reach `enter`, and none below `leave` between them, until a role counts as taken on; as many below
`leave`, and none that reaches `enter` between them, until it is lost."""


@dataclass(frozen=True)
class RoleTaken:
    """A head that has taken on a role."""

    step: int
    """Of the first of the measurements that reached the threshold."""
    head: str
    role: Role
    value: float
    """Of the metric, at that step."""

    @property
    def sentence(self) -> str:
        return f"{self.head} becomes a {self.role.noun} ({self.value:.2f})"


def roles_taken(
    record: SparseRecord, roles: Sequence[Role] = ROLES, enough: int = ENOUGH
) -> tuple[RoleTaken, ...]:
    """By step, the roles that heads took on by the metrics in a record: the same ones however it was filled.

    A head that has reached the threshold at its first measurement was born with the role: nothing is said. One that
    lost it can take it on again.
    """
    if enough < 1:
        raise ValueError(f"a role cannot be taken on after {enough} measurements; allowed: at least 1")
    steps, rows = record.rows()
    heads = [name.rpartition("/")[::2] for name in record.names]  # (head, metric)
    watched = [
        (place, head, role)
        for role in roles
        for place, (head, metric) in enumerate(heads)
        if metric == role.metric and head.partition(" ")[0] in role.kinds
    ]
    if not watched or not len(steps):
        return ()
    values = rows[:, [place for place, _, _ in watched]]
    reached = values >= np.array([role.enter for _, _, role in watched])
    fallen = values < np.array([role.leave for _, _, role in watched])
    first = np.argmax(~np.isnan(values), axis=0)
    has = np.take_along_axis(reached, first[None], axis=0)[0]
    found = []
    for number, row, gained in _changes(reached, fallen, enough):
        if gained and not has[number]:
            _, head, role = watched[number]
            found.append(RoleTaken(int(steps[row]), head, role, float(values[row, number])))
        has[number] = gained
    return tuple(sorted(found, key=lambda taken: taken.step))


def _changes(reached: np.ndarray, fallen: np.ndarray, enough: int) -> list[tuple[int, int, bool]]:
    """(column, row, whether it was reached) of the first of `enough` measurements that say the same, whatever lies
    between that says nothing; row by row within a column. `reached` and `fallen` are (row, column)."""
    told = reached | fallen
    rows = np.arange(len(told))[:, None]
    last = np.maximum.accumulate(np.where(told, rows, 0), axis=0)  # the last row that says something
    now = np.take_along_axis(reached, last, axis=0)
    before = np.vstack((np.zeros_like(now[:1]), now[:-1]))
    count = np.cumsum(told, axis=0)
    begins = told & ((now != before) | (count == 1))
    start = np.maximum.accumulate(np.where(begins, rows, 0), axis=0)
    earlier = np.maximum.accumulate(np.where(begins, count - 1, 0), axis=0)
    certain = told & (count - earlier == enough)
    return [
        (column, int(start[row, column]), bool(reached[row, column]))
        for column, row in zip(*(places.tolist() for places in np.nonzero(certain.T)), strict=True)
    ]
