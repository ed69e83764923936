"""What was handed over for recording and is not in the file yet. Any thread adds, the recorder's thread writes."""

import time
from collections import deque
from collections.abc import Callable

from tfviz.training.record.history import History
from tfviz.training.run_file.branch import Branch
from tfviz.training.run_file.foreign import configuration_json
from tfviz.training.run_file.frame_queue import FrameQueue, Waiting
from tfviz.training.run_file.packing import pack
from tfviz.training.run_file.rows import HistoryRows, RowSource
from tfviz.training.run_file.schema import BLOCK
from tfviz.training.run_file.store import BranchRow, RunStore

ROWS_AT_ONCE = 64 * BLOCK
PACE, RATE = 18 << 20, 10
"""Bytes and number of optional frames in a second: what lies between two of them is soon computed again."""


class Pending:
    """Operations, rows and frames. What was written in vain stays, to be written again."""

    def __init__(self, reject: Callable[[str, int], None]) -> None:
        """`reject` hears, as a sentence and a step, of a frame that no disk could take."""
        self.step = 0
        """The newest step that was heard of."""
        self.frames = FrameQueue()
        self._reject = reject
        self._operations: deque[Callable[[RunStore], None]] = deque()
        self._sources: dict[
            int, tuple[RowSource, int]
        ] = {}  # branch -> where its rows come from, how many are written
        self._allowance, self._allowed_at = float(PACE), time.monotonic()

    def operate(self, operation: Callable[[RunStore], None]) -> None:
        """A statement to execute in its turn."""
        self._operations.append(operation)

    def follow(self, branch: Branch, rows: History | RowSource) -> None:
        """Write a branch, and the rows of its history that the file lacks."""
        config = configuration_json(branch.config)
        row = BranchRow(branch.number, branch.name, branch.parent, branch.fork, config)
        source = HistoryRows(rows) if isinstance(rows, History) else rows

        def add(store: RunStore) -> None:
            store.put_branch(row)
            written = max(store.last_step(branch.number), branch.fork) if isinstance(rows, History) else 0
            self._sources.setdefault(branch.number, (source, written))

        self.operate(add)

    def remove_branch(self, number: int) -> None:
        """Delete a branch, and follow it no longer."""

        def remove(store: RunStore) -> None:
            store.remove_branch(number)
            self._sources.pop(number, None)

        self.frames.drop_branch(number)
        self.operate(remove)

    def put(self, frame: Waiting) -> None:
        """A frame."""
        self.step = max(self.step, frame.key[2])
        self.frames.put(frame)

    def write(self, store: RunStore, budget: int, everything: bool) -> None:
        """All that waits; of optional frames only what the pace allows, unless `everything` is wanted.

        Rows come first, and every frame is a transaction of its own, so that none holds up the rows.
        """
        self._write_operations(store)
        for branch in sorted(self._sources):
            while self._write_rows(store, branch, budget):
                pass
        now = time.monotonic()
        seconds = now - self._allowed_at
        self._allowance, self._allowed_at = min(self._allowance + PACE * seconds, PACE), now
        self.frames.spare(self._allowance, RATE * seconds)
        while (frame := self.frames.first()) is not None:
            last = everything and len(self.frames) == 1
            if not frame.optional or last or (self._allowance > 0 and store.has_room_for(*frame.key)):
                self._write_frame(store, frame, budget)
            self.frames.drop(frame)

    def _write_operations(self, store: RunStore) -> None:
        operations = list(self._operations)
        if operations:
            with store.transaction():
                for operation in operations:
                    operation(store)
            for _ in operations:
                self._operations.popleft()

    def _write_rows(self, store: RunStore, branch: int, budget: int) -> bool:
        """Some rows of a branch; whether there were any."""
        source, start = self._sources[branch]
        rows = source.rows(start, ROWS_AT_ONCE)
        if not len(rows.steps):
            return False
        with store.transaction():
            store.thin(budget - rows.matrix.nbytes)
            store.add_rows(branch, rows.steps, rows.names, rows.matrix)
        self._sources[branch] = (source, start + len(rows.steps))
        source.done(start + len(rows.steps))
        self.step = max(self.step, int(rows.steps[-1]))
        return True

    def _write_frame(self, store: RunStore, frame: Waiting, budget: int) -> None:
        kind, branch, step = frame.key
        try:
            data = pack(frame.content())
        except ValueError as error:  # no disk's fault: a later try would fail as well
            self._reject(f"The {kind} of step {step} is not recorded: {error}.", step)
            return
        with store.transaction():
            store.thin(budget - len(data))
            store.put_frame(kind, branch, step, data)
        self._allowance -= len(data)
