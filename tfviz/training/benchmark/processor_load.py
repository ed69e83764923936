"""How busy other processes kept the machine during a measurement: a figure taken beside them says little."""

import os
import time
from typing import Self


class ProcessorLoad:
    """Around a measurement: `foreign` is the number of cores that other processes used, None where nobody tells."""

    foreign: float | None = None

    def __enter__(self) -> Self:
        self._started, self._own, self._all = time.monotonic(), _own_seconds(), _busy_seconds()
        return self

    def __exit__(self, *error: object) -> None:
        busy = _busy_seconds()
        if busy is None or self._all is None:
            return
        others = (busy - self._all) - (_own_seconds() - self._own)
        self.foreign = max(0.0, others) / max(time.monotonic() - self._started, 1e-9)


def _own_seconds() -> float:
    times = os.times()
    return times.user + times.system


def _busy_seconds() -> float | None:
    """Seconds that all processors together have worked since the start; Linux says so in /proc/stat."""
    try:
        with open("/proc/stat", encoding="ascii") as lines:
            fields = [int(text) for text in lines.readline().split()[1:]]
    except (OSError, ValueError, IndexError):
        return None
    user, nice, system, _idle, _waiting, interrupts, soft_interrupts, stolen = (*fields, *[0] * 8)[:8]
    return (user + nice + system + interrupts + soft_interrupts + stolen) / os.sysconf("SC_CLK_TCK")
