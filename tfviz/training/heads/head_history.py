"""What the heads did over training, as far as somebody looked at their attention, and the roles that they took on."""

import math
import threading
import time

from tfviz.training.heads.head_metrics import LOOKS, HeadMetrics, RoleTaken, RoleWatch, head_metrics
from tfviz.training.record.sparse_record import MOST, SparseRecord
from tfviz.training.snapshot import Attention
from tfviz.training.tasks.task import Alignment, Task

INTERVAL = 0.2
"""Seconds between two looks while training runs, at least."""
MOST_TAKEN = 200
"""Heads that take on roles and lose them all the time are told of so often."""
RECENT = 10 * LOOKS
"""Looks that tell a branch which roles the heads have where it begins."""
ONLY_CROSS = "source_alignment"


class HeadHistory:
    """The metrics of all heads at the steps that were looked at, on one sentence. Any thread may look and read.

    Numbers of another sentence cannot be compared with them: they begin a new record. Roles that were taken on stay.
    """

    def __init__(self, most: int = MOST) -> None:
        self.record = SparseRecord(most)
        """Named as column_name() does; an object of its own for each sentence."""
        self.taken: tuple[RoleTaken, ...] = ()
        """In the order in which it became certain; in memory alone."""
        self.sentence = ""
        """The source that attention was looked at with."""
        self._target = ""
        self._alignment: Alignment | None = None
        self._watch, self._watched = RoleWatch(), -1
        self._due = -math.inf
        self._lock = threading.Lock()

    def look(self, step: int, attention: Attention, task: Task, hurried: bool = False) -> None:
        """Measure what a picture of a step shows. A hurried look is left out where the last one was just now."""
        with self._lock:
            same = (attention.sentence, attention.target) == (self.sentence, self._target)
            now = time.monotonic()
            if hurried and same and now < self._due:
                return
            self._due = now + INTERVAL
            if not same:
                self._begin(attention, task)
            metrics = head_metrics(attention, self._alignment)
            self.record.add(step, _columns(metrics))
            self._follow(step, metrics)

    def up_to(self, step: int) -> "HeadHistory":
        """A history of its own of the steps up to this one, as a branch takes it along."""
        other = HeadHistory(self.record.most)
        with self._lock:
            other.record = self.record.up_to(step)
            other.sentence, other._target, other._alignment = self.sentence, self._target, self._alignment
            taken = tuple(found for found in self.taken if found.step <= step)
        for past, row in zip(*other.record.rows(most=RECENT), strict=True):
            other._follow(int(past), _metrics(dict(zip(other.record.names, row.tolist(), strict=True))))
        other.taken = taken
        return other

    def _begin(self, attention: Attention, task: Task) -> None:
        self.record = SparseRecord(self.record.most)
        self.sentence, self._target = attention.sentence, attention.target
        # What the model itself has answered, where no target is known, is aligned with nothing.
        self._alignment = task.alignment(attention.sentence) if attention.target else None
        self._watch, self._watched = RoleWatch(), -1

    def _follow(self, step: int, metrics: dict[str, HeadMetrics]) -> None:
        """See whether a head has taken on a role. Steps that are looked at again tell nothing new of that."""
        if step <= self._watched:
            return
        self._watched = step
        known = {(found.step, found.head, found.role) for found in self.taken}
        new = [
            found
            for found in self._watch.look(step, metrics)
            if (found.step, found.head, found.role) not in known
        ]
        self.taken = (*self.taken, *new)[:MOST_TAKEN]


def column_name(head: str, metric: str) -> str:
    """Where a metric of a head is in the record: "cross L0H3/entropy"."""
    return f"{head}/{metric}"


def _columns(metrics: dict[str, HeadMetrics]) -> dict[str, float]:
    return {
        column_name(head, metric): value
        for head, found in metrics.items()
        for metric, value in vars(found).items()
        if metric != ONLY_CROSS or head.startswith("cross")
    }


def _metrics(columns: dict[str, float]) -> dict[str, HeadMetrics]:
    """What _columns has made columns of."""
    values: dict[str, dict[str, float]] = {}
    for name, value in columns.items():
        head, _, metric = name.rpartition("/")
        values.setdefault(head, {})[metric] = value
    return {head: HeadMetrics(**found) for head, found in values.items()}
