"""What the heads did over training, as far as somebody looked at their attention, and the roles that they took on."""

import math
import threading
import time

from tfviz.training.heads.head_metrics import metric_columns
from tfviz.training.heads.head_roles import RoleTaken, roles_taken
from tfviz.training.readings import Attention
from tfviz.training.record.sparse_record import MOST, SparseRecord
from tfviz.training.tasks.task import Alignment, Task

INTERVAL = 0.2
"""Seconds between two looks while training runs, at least."""
MOST_TAKEN = 200
"""Heads that take on roles and lose them all the time are told of so often."""


class HeadHistory:
    """The metrics of all heads at the steps that were looked at, on one sentence. Any thread may look and read.

    Numbers of another sentence cannot be compared with them: they begin a new record. Roles that were taken on stay.
    """

    def __init__(self, most: int = MOST) -> None:
        self.record = SparseRecord(most)
        """Named as column_name() does; an object of its own for each sentence."""
        self.earlier: tuple[RoleTaken, ...] = ()
        """Roles that were taken on by the records of other sentences, before this one."""
        self.sentence = ""
        """The source that attention was looked at with."""
        self._target = ""
        self._alignment: Alignment | None = None
        self._taken: tuple[object, tuple[RoleTaken, ...]] = (
            None,
            (),
        )  # of which record and looks, and the roles
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
            self.record.add(step, metric_columns(attention, self._alignment))

    @property
    def taken(self) -> tuple[RoleTaken, ...]:
        """The roles that heads took on, by step: those of the record, and those of sentences before."""
        record = self.record
        seen = record, record.changes, self.earlier
        known, taken = self._taken
        if known != seen:
            together = {(one.step, one.head, one.role): one for one in (*roles_taken(record), *self.earlier)}
            taken = tuple(sorted(together.values(), key=lambda one: one.step))[:MOST_TAKEN]
            self._taken = seen, taken
        return taken

    def up_to(self, step: int) -> "HeadHistory":
        """A history of its own of the steps up to this one, as a branch takes it along."""
        other = HeadHistory(self.record.most)
        with self._lock:
            other.record = self.record.up_to(step)
            other.sentence, other._target, other._alignment = self.sentence, self._target, self._alignment
            other.earlier = tuple(found for found in self.earlier if found.step <= step)
        return other

    def _begin(self, attention: Attention, task: Task) -> None:
        self.earlier, self.record = self.taken, SparseRecord(self.record.most)
        self.sentence, self._target = attention.sentence, attention.target
        # What the model itself has answered, where no target is known, is aligned with nothing.
        self._alignment = task.alignment(attention.sentence) if attention.target else None
