"""The columns of the optimiser's table: what stands in them, in which unit, and what it means."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy

from tfviz.training.snapshot import OptimiserState
from tfviz.views.plots.ticks import short_number

GUIDE = -3.0
"""log10 of the update ratio that a healthy training is said to have, as a rule of thumb."""
HEALTHY = (-4.0, -2.0)
SCALE = (-6.0, 0.0)
"""Of the column that shows the ratio as a mark, in powers of ten."""
SCALE_MARKS, FEW_MARKS = (-6, -4, -3, -2, 0), (-6, -3, 0)
DECADE = 18  # pixels of a power of ten from which on all marks are written

Values = Callable[[OptimiserState], numpy.ndarray | None]


@dataclass(frozen=True)
class Column:
    """A heading of two lines; `values` has a number for each group, None where the optimiser has no such thing."""

    name: str
    heading: str
    unit: str
    help: str
    width: int
    values: Values | None = None


def log_ratio(state: OptimiserState) -> numpy.ndarray:
    """(group,) log10 of the update ratio; minus infinity where nothing moved."""
    with numpy.errstate(divide="ignore", invalid="ignore"):
        result: numpy.ndarray = numpy.log10(state.update_ratio)
    return result


COLUMNS = (
    Column("group", "Group", "", "The parameters of one part of the model. Click for its history.", 78),
    Column(
        "norm",
        "Gradient",
        "L2 norm",
        "Length of the group's gradient in this step, before clipping",
        56,
        lambda state: state.gradient_norm,
    ),
    Column(
        "scale",
        "Update ratio",
        "",
        "Length of the change over length of the weights, as a power of ten. About −3 (the dashed line) is healthy as "
        "a rule of thumb, and so is the shaded band: far below it a group hardly learns, far above it jumps about.",
        90,
    ),
    Column(
        "ratio",
        "",
        "log10",
        "log10 of the length of the change over the length of the weights: -3 is a thousandth",
        42,
        log_ratio,
    ),
    Column(
        "first",
        "Moment m",
        "RMS",
        "First moment m: the running mean of the gradient, its bias removed; root mean square over the weights",
        64,
        lambda state: state.first_moment,
    ),
    Column(
        "second",
        "Moment √v",
        "RMS",
        "Root of the second moment v: the running size of the gradient, its bias removed; root mean square over the "
        "weights",
        70,
        lambda state: state.second_moment,
    ),
    Column(
        "change",
        "Change",
        "RMS/weight",
        "By how much a weight moved in this step: root mean square over the weights",
        66,
        lambda state: state.change,
    ),
    Column(
        "step",
        "Step size",
        "median",
        "What a weight's direction is multiplied by: rate / (√v + eps) for Adam, in the median of the weights; the "
        "learning rate itself for SGD",
        58,
        lambda state: state.step_size,
    ),
)
NAME, SCALE_PLACE = 0, 2
FEWEST = 4
"""Columns that are always shown: name, norm, mark and number of the ratio."""
NARROW = 300  # pixels in which these stand well
WIDE_NAME = 168  # pixels in which the longest names of groups stand whole

LABELS = {"sgd": "SGD", "momentum": "SGD with momentum", "adam": "Adam", "adamw": "AdamW"}


def optimiser_name(state: OptimiserState) -> str:
    return LABELS.get(state.optimizer, state.optimizer)


def unit_of(column: Column, state: OptimiserState) -> str:
    """What stands under the heading: the unit, or that there is none of this."""
    if column.values is not None and column.values(state) is None:
        return "none"
    return "velocity" if column.name == "first" and state.optimizer == "momentum" else column.unit


def help_of(column: Column, state: OptimiserState | None) -> str:
    """The tool tip of a column."""
    if state is not None and column.values is not None and column.values(state) is None:
        return f"{optimiser_name(state)} keeps no such moment"
    if state is not None and unit_of(column, state) == "velocity":
        return "Velocity: what the gradients of the past add up to, fading; root mean square over the weights"
    return column.help


def edges(width: float) -> list[float]:
    """Where the columns begin, and where the last one ends: as many of them as there is room for.

    The name takes some of what is left, and the mark the rest.
    """
    total, shown = 0, 0
    for column in COLUMNS:
        if total + column.width <= width or shown < FEWEST:
            total, shown = total + column.width, shown + 1
        else:
            break
    spare = max(width - total, 0.0)
    name = min(WIDE_NAME - COLUMNS[NAME].width, 0.3 * spare)
    places = [0.0]
    for place, column in enumerate(COLUMNS[:shown]):
        extra = name if place == NAME else spare - name if place == SCALE_PLACE else 0.0
        places.append(places[-1] + column.width + extra)
    return places


def number_text(value: float) -> str:
    """Three digits, or what the value is instead of a number."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if 0 < abs(value) < 1e-3:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return short_number(float(f"{value:.3g}"))


def logarithm_text(value: float) -> str:
    """The same of a logarithm, whose minus infinity means that nothing moved."""
    return f"{value:.2f}".replace("-", "−") if math.isfinite(value) else number_text(value)
