"""Where tick marks stand and what is written beside them: round numbers only."""

import math
from collections.abc import Callable

Tick = tuple[float, str]
TickFinder = Callable[[float, float, int], list[Tick]]


def round_spacing(span: float, count: int) -> float:
    """1, 2, 2.5 or 5 times a power of ten: the smallest that puts at most `count` marks in `span`."""
    if span <= 0 or not math.isfinite(span):
        return 1.0
    raw = span / max(count, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    return power * next(factor for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * (1 - 1e-9))


def step_ticks(low: float, high: float, count: int) -> list[Tick]:
    """At most about `count` marks at whole steps: "0", "2,500", "5,000"."""
    spacing = max(round_spacing(high - low, count), 1.0)
    if spacing < 10:
        spacing = math.ceil(spacing)
    return [(value, f"{value:,.0f}") for value in _multiples(low, high, spacing)]


def value_ticks(low: float, high: float, count: int) -> list[Tick]:
    """Marks of a linear axis, all with the decimals that their distance needs."""
    spacing = round_spacing(high - low, count)
    values = _multiples(low, high, spacing)
    largest = max((abs(value) for value in values), default=0.0)
    if largest and not 1e-4 <= largest < 1e6:
        return [(value, f"{value:.2g}" if value else "0") for value in values]
    decimals = next(
        places for places in range(12) if math.isclose(round(spacing, places), spacing, rel_tol=1e-6)
    )
    return [(value, f"{value:.{decimals}f}" if value else "0") for value in values]


def decade_ticks(low: float, high: float, count: int) -> list[Tick]:
    """Marks of a logarithmic axis, its range in powers of ten: 1, 2, 5 or 1, 3 in each decade where there is room."""
    decades = high - low
    if decades < 0.7:  # less than a factor of five: evenly spaced values read better
        linear = value_ticks(10.0**low, 10.0**high, count)
        return [(math.log10(value), text) for value, text in linear if value > 0]
    factors = (1, 2, 5) if 1.9 * decades <= count else (1, 3) if 1.2 * decades <= count else (1,)
    stride = max(1, math.ceil(decades / max(count, 1)))
    ticks = []
    for decade in range(math.floor(low) // stride * stride, math.ceil(high) + 1, stride):
        for factor in factors:
            position = decade + math.log10(factor)
            if low <= position <= high:
                ticks.append((position, short_number(factor * 10.0**decade)))
    return ticks


def short_number(value: float) -> str:
    """A number in a few characters: "0.002", "50", "1e-07"."""
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"


def _multiples(low: float, high: float, spacing: float) -> list[float]:
    first, last = math.ceil(low / spacing - 1e-9), math.floor(high / spacing + 1e-9)
    return [index * spacing for index in range(first, last + 1)]
