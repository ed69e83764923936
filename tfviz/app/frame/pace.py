"""How fast training goes and when it will be done, in numbers and in words that keep their width."""

import math
from collections import deque

WINDOW = 1.5
"""Seconds over which speed is measured."""

FIGURE_SPACE = "\N{FIGURE SPACE}"
"""As wide as a digit: numbers padded with it stay where they are."""


class Pace:
    """Steps per second, from looks at the step count."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, int]] = deque()

    def reset(self) -> None:
        """Forget everything; called wherever training stops or starts."""
        self._looks.clear()

    def look(self, now: float, step: int) -> None:
        """At time `now`, in seconds, so many steps were done."""
        self._looks.append((now, step))
        while len(self._looks) > 2 and self._looks[1][0] <= now - WINDOW:
            self._looks.popleft()

    @property
    def rate(self) -> float:
        """Steps per second; NaN until it can be known."""
        if len(self._looks) < 2:
            return math.nan
        (first, before), (last, after) = self._looks[0], self._looks[-1]
        return (after - before) / (last - first) if last - first >= 0.2 else math.nan


def rate_text(rate: float) -> str:
    """ "131 steps/s" in three significant digits at least, padded to one width."""
    if math.isnan(rate):
        number = "–"
    elif rate < 9.95:
        number = f"{rate:.1f}"
    else:
        number = f"{rate:,.0f}"
    return f"{number:{FIGURE_SPACE}>4} steps/s"


def time_text(seconds: float) -> str:
    """ "0:28", "12:05", "3:04:59"; a dash where it is not known."""
    if not math.isfinite(seconds):
        return "–"
    whole = max(math.ceil(seconds), 0)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:,}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def padded(number: int, like: int) -> str:
    """A count with thousands separated, as wide as the largest it can become."""
    width = len(f"{like:,}")
    text = f"{number:,}"
    missing = width - len(text)
    # A separator is narrower than a digit: stand-ins for both.
    commas = f"{like:,}".count(",") - text.count(",")
    return FIGURE_SPACE * (missing - commas) + "\N{PUNCTUATION SPACE}" * commas + text
