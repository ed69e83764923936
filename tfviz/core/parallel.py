"""Threads that do the parts of a batch side by side: NumPy releases the interpreter's lock while it computes."""

import threading
from collections.abc import Callable, Iterable, Sequence
from contextvars import copy_context
from functools import partial
from typing import Self

Work = Callable[[], None]


class Crew:
    """Runs a few functions at once, the first in the caller's thread and each other one in a thread of its own.
    They may be fewer than there are threads.

    The threads are made once and sleep in between. run() returns when all functions have, and raises what they raised.
    What NumPy is told to ignore where run() is called, it ignores in all of them.
    """

    def __init__(self, size: int) -> None:
        self._helpers = [_Helper() for _ in range(size - 1)]

    @property
    def size(self) -> int:
        """How many functions can run at once."""
        return len(self._helpers) + 1

    def run(self, works: Sequence[Work]) -> None:
        if len(works) > self.size:
            raise ValueError(f"{len(works)} functions for {self.size} threads")
        helpers = self._helpers[: len(works) - 1]
        for helper, work in zip(helpers, works[1:], strict=True):
            helper.begin(partial(copy_context().run, work))
        try:
            works[0]()
        finally:
            failures = [failure for helper in helpers if (failure := helper.finish())]
        if failures:
            raise failures[0]

    def share(self, works: Iterable[Work]) -> None:
        """Run all of them, every thread taking the next one when it is done with one: none waits while others work."""
        left = iter(works)

        def some() -> None:
            for work in left:
                work()

        self.run([some] * self.size)

    def close(self) -> None:
        """End the threads."""
        for helper in self._helpers:
            helper.close()
        self._helpers = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class _Helper:
    """A thread that waits for one function after another."""

    def __init__(self) -> None:
        self._work: Work | None = None
        self._failure: BaseException | None = None
        self._started, self._finished = threading.Lock(), threading.Lock()
        self._started.acquire()
        self._finished.acquire()
        self._thread = threading.Thread(target=self._loop, name="tfviz part of a batch", daemon=True)
        self._thread.start()

    def begin(self, work: Work) -> None:
        self._work = work
        self._started.release()

    def finish(self) -> BaseException | None:
        self._finished.acquire()
        failure, self._failure = self._failure, None
        return failure

    def close(self) -> None:
        self._work = None
        self._started.release()
        self._thread.join()

    def _loop(self) -> None:
        while True:
            self._started.acquire()
            if self._work is None:
                return
            try:
                self._work()
            except BaseException as failure:
                self._failure = failure
            self._finished.release()
