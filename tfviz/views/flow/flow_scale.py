"""How strong a signal looks: width and colour by the logarithm of its root mean square, on a steady scale."""

import math
from collections.abc import Iterable

from PySide6.QtGui import QColor

from tfviz.views.style.theme import Theme

LEVELS = 24
"""Steps of width and colour: lines of one step are painted together."""

LONGEST = 10
"""Decades of a scale; what is fainter looks as the faintest."""

THINNEST = 1.0

_PART = {"dark": (0.30, 1.0), "light": (0.0, 0.84)}
"""The part of the theme's colour map that is seen well on a panel."""


class Scale:
    """Whole decades, from 10 to the power of `low` to that of `high`. It grows by itself, and shrinks when asked."""

    def __init__(self) -> None:
        self.low, self.high = 0, 0

    @property
    def empty(self) -> bool:
        """Whether nothing was ever shown on it."""
        return self.low == self.high

    def fit(self, strengths: Iterable[float]) -> None:
        """Take the decades that these need, and no more."""
        self.low = self.high = 0
        self.grow(strengths)

    def grow(self, strengths: Iterable[float]) -> bool:
        """Take in these too; whether it became another scale."""
        before = self.low, self.high
        powers = [math.log10(strength) for strength in strengths if 0 < strength < math.inf]
        if powers:
            low, high = math.floor(min(powers)), math.ceil(max(powers))
            if not self.empty:
                low, high = min(low, self.low), max(high, self.high)
            self.low, self.high = max(min(low, high - 2), high - LONGEST), high
        return (self.low, self.high) != before

    def level(self, strength: float) -> int:
        """0 for the faintest to LEVELS - 1; what is not finite is as strong as can be."""
        if not strength < math.inf:
            return LEVELS - 1
        if strength <= 0 or self.empty:
            return 0
        share = (math.log10(strength) - self.low) / (self.high - self.low)
        return min(max(int(share * LEVELS), 0), LEVELS - 1)


def line_width(level: int, widest: float) -> float:
    """Logical pixels."""
    return THINNEST + (widest - THINNEST) * level / (LEVELS - 1)


def line_colour(level: int, theme: Theme) -> QColor:
    first, last = _PART[theme.name]
    table = theme.lookup_table()
    place = round((first + (last - first) * level / (LEVELS - 1)) * (len(table) - 1))
    red, green, blue, _ = map(int, table[place])
    return QColor(red, green, blue)
