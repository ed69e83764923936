"""Recording beside training: a thread of its own writes what it is handed, and training never waits for a disk."""

import atexit
import json
import math
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy

from tfviz.training.config import RunConfig
from tfviz.training.record.history import History
from tfviz.training.run_file.branch import MAIN, Branch
from tfviz.training.run_file.connection import ordinary_file
from tfviz.training.run_file.errors import RunFileError, writing_failure
from tfviz.training.run_file.files import copy_run_file, create_run_file, replacing
from tfviz.training.run_file.fingerprint import numerical_fingerprint
from tfviz.training.run_file.foreign import Configuration, ForeignConfig, configuration_json
from tfviz.training.run_file.frame_queue import Waiting
from tfviz.training.run_file.pending import Pending
from tfviz.training.run_file.rows import RowSource
from tfviz.training.run_file.schema import KEYFRAME, LONGEST_EVENT, OURS, SNAPSHOT
from tfviz.training.run_file.snapshot_codec import snapshot_to_arrays
from tfviz.training.run_file.store import FileLostError, RunStore
from tfviz.training.snapshot import Snapshot

BUDGET = 1 << 30
"""Bytes of a run file, unless the settings say otherwise."""
INTERVAL = 0.5
"""Seconds between two flushes: a killed program loses these and the time to write, together less than a second."""
RETRY = 5.0
"""Seconds between two tries while the disk fails."""

Warn = Callable[[str, int], None]
"""Takes a sentence and the step; called from the recorder's thread, must not raise."""


class Recorder:
    """Writes one run file until it is closed. Any thread may call; methods return at once unless they say otherwise.

    Histories that it follows are read in place, everything else is handed over. Where the disk fails, `warn` is
    called once, `problem` says why, and another try is made every few seconds. Scalars, events and branches are
    all kept until then, so that the file lacks nothing afterwards; the memory of waiting frames is bounded,
    those between others go first. A file that was removed is made anew; one that was replaced by another, or
    that another program took over, is left alone for good.
    """

    def __init__(self, path: str | os.PathLike[str], budget: int = BUDGET, warn: Warn | None = None) -> None:
        """Go on recording to a run file that exists. OSError or RunFileError where that cannot be."""
        self.path = ordinary_file(path)
        self.budget = budget
        self.problem: str | None = None
        """Why nothing is recorded at present, in one sentence."""
        self._warn: Warn = warn or (lambda text, step: None)
        self._store = self._first_store()
        self._pending = Pending(self._warn)
        self._configs: dict[int, Configuration] = {}
        self._flushes = threading.Condition()
        self._asked = self._answered = 0  # flushes
        self._closing = self._ended = self._lost = False
        self._retry_at = 0.0
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._run, name="tfviz recorder", daemon=True)
        self._thread.start()
        atexit.register(self.close)  # a program that forgets to close loses nothing

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        config: RunConfig | Mapping[str, Any],
        source_tokens: Sequence[str],
        target_tokens: Sequence[str],
        *,
        overwrite: bool = False,
        trainer: str = OURS,
        shards: int | None = None,
        budget: int = BUDGET,
        warn: Warn | None = None,
    ) -> Self:
        """Make a run file and record to it. `shards` is the split that the run computes with, part of its
        fingerprint.

        FileExistsError where something is there and `overwrite` is False; OSError where the folder cannot be written.
        """
        fingerprint = json.dumps(numerical_fingerprint(shards))
        arguments = (
            configuration_json(config),
            source_tokens,
            target_tokens,
            trainer,
            fingerprint,
            overwrite,
        )
        return cls(create_run_file(path, *arguments), budget, warn)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def follow(self, branch: Branch, rows: History | RowSource) -> None:
        """Record a branch from now on: itself, and the rows of its history after its fork that the file lacks.

        The file's own rows win: a history that goes through recorded steps again adds nothing until it is
        beyond them.
        """
        self._configs[branch.number] = branch.config
        self._pending.follow(branch, rows)

    def remove_branch(self, number: int) -> None:
        """Delete a branch with all that was recorded of it. ValueError for the main branch."""
        if number == MAIN:
            raise ValueError("the main branch cannot be removed")
        self._pending.remove_branch(number)

    def keyframe(
        self, branch: int, step: int, state: Mapping[str, numpy.ndarray], optional: bool = False
    ) -> None:
        """Everything needed to resume from `step`: arrays that nobody changes any more. The first one of a step
        stays.

        An optional one is left out where many are recorded already; the newest is written by flush() and
        close() all the same.
        """
        own = dict(state)
        size = sum(array.nbytes for array in own.values())
        self._pending.put(Waiting((KEYFRAME, branch, step), size, lambda: own, optional))

    def snapshot(self, branch: int, snapshot: Snapshot, optional: bool = False) -> None:
        """What the panels showed at a step; the last one of a step stays. Optional as for keyframes."""
        config = self._configs.get(branch, ForeignConfig())
        maps = snapshot.attention
        size = 0 if maps is None else maps.encoder_self.nbytes + maps.decoder_self.nbytes + maps.cross.nbytes
        key = (SNAPSHOT, branch, snapshot.step)
        self._pending.put(Waiting(key, size, lambda: snapshot_to_arrays(snapshot, config), optional))

    def keep_all_frames(self) -> None:
        """Let frames wait however much memory they hold: for those that are in memory anyway."""
        self._pending.frames.most_bytes = math.inf

    def event(self, branch: int, step: int, kind: str, data: Mapping[str, Any]) -> None:
        """An intervention, an alert, a warning, with the step after which it happened. ValueError for no JSON
        values.
        """
        try:
            text = json.dumps(dict(data))
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"an event of kind {kind!r} cannot be written as JSON: {error}") from None
        if len(text) > LONGEST_EVENT:
            raise ValueError(
                f"an event of kind {kind!r} has {len(text)} characters; {LONGEST_EVENT} are allowed"
            )
        when = time.time()
        self._pending.operate(lambda store: store.add_event(branch, step, kind, text, when))

    def flush(self, timeout: float = 30.0) -> bool:
        """Wait until all that was handed over is in the file. False where the time is up or the disk fails."""
        with self._flushes:
            self._asked += 1
            wanted = self._asked
            self._flushes.notify_all()
            self._flushes.wait_for(lambda: self._answered >= wanted or self._ended, timeout)
            return self._answered >= wanted and self.problem is None

    def copy_to(self, path: str | os.PathLike[str]) -> None:
        """Write all that was handed over so far to another file, whole or not at all; takes as long as copying takes.

        OSError or RunFileError where it cannot be; ValueError for the file that is being recorded itself.
        """
        if not self.flush():
            raise RunFileError(f"{self.path} cannot be copied: {self.problem or 'writing takes too long'}")
        copy_run_file(self.path, path)

    def close(self) -> None:
        """Write what waits, leave one file, end the thread. The second call does nothing."""
        if (
            os.getpid() != self._process
        ):  # a forked child has this object, but not the thread, and no right to the file
            return
        atexit.unregister(self.close)
        with self._flushes:
            self._closing = True
            self._flushes.notify_all()
        self._thread.join()

    def _first_store(self) -> RunStore | None:
        try:
            return RunStore(self.path)
        except Exception as error:
            raise writing_failure(self.path, error) from error

    def _run(self) -> None:
        """The thread: a flush every INTERVAL, one at once for whoever asks, and a last one."""
        try:
            while not self._ended:
                with self._flushes:
                    self._flushes.wait_for(self._wanted, INTERVAL)
                    now, asked, ended = self._wanted(), self._asked, self._closing
                if (now or time.monotonic() >= self._retry_at) and not self._lost:
                    self._try_to_write(everything=now)
                with self._flushes:
                    self._answered, self._ended = asked, ended
                    self._flushes.notify_all()
        finally:
            self._ended = True
            if self._store is not None:
                self._store.close()

    def _wanted(self) -> bool:
        """Whether somebody waits for the thread."""
        return self._closing or self._asked > self._answered

    def _try_to_write(self, everything: bool) -> None:
        try:
            self._pending.write(self._open_store(), self.budget, everything)
            self.problem = None
        except Exception as error:  # whatever it is, training goes on, and the user hears of it
            self._fail(error)

    def _open_store(self) -> RunStore:
        """The store; opened again after a failure, made anew where its file has gone."""
        if self._store is None:
            self._store = RunStore(ordinary_file(self.path))
        if not self._store.in_place:
            with replacing(self.path, overwrite=False) as temporary:
                self._store.copy_to(temporary)
                self._store.abandon()
                self._store = None
            self._store = RunStore(self.path)
        return self._store

    def _fail(self, error: Exception) -> None:
        """Say it once, and let the disk rest for a while. A file that has gone stays open: it can be saved still."""
        failure = writing_failure(self.path, error)
        self._lost = isinstance(error, FileLostError)
        if self._store is not None and (self._lost or os.path.lexists(self.path)):
            self._store.abandon()
            self._store = None
        self._retry_at = time.monotonic() + RETRY
        first, self.problem = self.problem is None, str(failure)
        if first:
            again = "" if self._lost else f"; another try is made every {RETRY:.0f} seconds"
            step = self._pending.step
            self._warn(
                f"Recording stopped after step {step}: {failure}. Training goes on unrecorded{again}.", step
            )
