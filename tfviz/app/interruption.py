"""Ctrl+C and termination, answered between two steps instead of in the middle of one: what was reached can be saved."""

import os
import signal
from types import FrameType
from typing import Self

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}


class Interruption:
    """While entered, remembers the first of these signals. The second ends the program at once, as a kill would.

    A step cut in two must not be saved, and a run file is whole even after a kill.
    """

    def __init__(self) -> None:
        self.code: int | None = None
        """The exit code that the signal asks for, once there was one."""

    def __bool__(self) -> bool:
        return self.code is not None

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._remember) for number in CODES}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        if self.code is not None:
            os._exit(self.code)
        self.code = CODES[signal.Signals(number)]
