"""What the stages of a head say in numbers: one cell in all of them, and the arithmetic of one row."""

import math
from dataclasses import dataclass

import numpy

from tfviz.training.stepping.stages import Agreement, HeadStages

NOT_RECORDED = (
    "The update after this step is not recorded yet: pause and go a step back (Left) to see what one moved"
)
MISSING = {
    "weights_gradient": "no known target,\nso no loss",
    "pressure": "no known target,\nso no loss",
    "moved": "not recorded\nyet",
}
"""What stands in the place of a map that there is not."""


@dataclass(frozen=True)
class Pointer:
    """The query, the key and the number of a vector that are read; None where the mouse names none."""

    query: int | None = None
    key: int | None = None
    column: int | None = None
    stage: str = ""


def values_of(stages: HeadStages, name: str) -> numpy.ndarray | None:
    """The numbers that the map of this name shows; None where there are none."""
    if name in ("weights_gradient", "pressure"):
        if stages.gradients is None:
            return None
        return stages.gradients.weights if name == "weights_gradient" else stages.pressure
    if name == "moved":
        return None if stages.moved is None else stages.moved.weights
    found: numpy.ndarray = getattr(stages.values, "scores" if name == "masked" else name)
    return found


def number(value: float, digits: int = 3) -> str:
    """With its sign, and as many digits as tell something."""
    return f"{value:+.{digits}g}".replace("-", "−") if value else "0"


def reading(stages: HeadStages, pointer: Pointer) -> list[tuple[str, str]]:
    """Names and what stands there, of whatever the pointer names."""
    query, key = pointer.query, pointer.key
    found = []
    if query is not None:
        found.append(("query", f"{query} {stages.queries[query]}"))
    if key is not None:
        found.append(("key", f"{key} {stages.keys[key]}"))
    if query is not None and key is not None:
        found += _cell(stages, query, key)
    elif pointer.column is not None and pointer.stage in ("query", "key", "value", "context"):
        row = query if pointer.stage in ("query", "context") else key
        if row is not None:
            found += _number(stages, pointer.stage, row, pointer.column)
    return found


def _cell(stages: HeadStages, query: int, key: int) -> list[tuple[str, str]]:
    place = query, key
    found = [("score", number(stages.values.scores[place]))]
    if stages.masked[place]:
        return [*found, ("weight", "masked")]
    found.append(("weight", f"{stages.values.weights[place]:.3f}"))
    if stages.gradients is not None:
        found.append(("gradient", number(stages.gradients.weights[place])))
        found.append(("pressure", number(-stages.gradients.scores[place])))
    if stages.moved is not None:
        found.append(("moved", number(stages.moved.weights[place])))
        found.append(("score moved", number(stages.moved.scores[place])))
    return found


def _number(stages: HeadStages, name: str, row: int, column: int) -> list[tuple[str, str]]:
    found = [(f"{name}[{column}]", number(getattr(stages.values, name)[row, column]))]
    if stages.gradients is not None:
        found.append(("gradient", number(getattr(stages.gradients, name)[row, column])))
    return found


def agreement_text(stages: HeadStages) -> str:
    """How far the update did what the loss wants, or why that is not known."""
    if stages.moved is None:
        return NOT_RECORDED
    if stages.pressure is None:
        return "What moved is there, but without a known target there is no loss that wants anything."
    agreement: Agreement = stages.moved.agreement(stages.pressure)
    cosine = "none" if math.isnan(agreement.cosine) else number(agreement.cosine, 2)
    return (
        f"The update followed {agreement.followed} of the {agreement.largest} largest pressures; "
        f"cosine of pressure and move {cosine}"
    )


@dataclass(frozen=True)
class Arithmetic:
    """The softmax of one query, key by key, in double precision."""

    query: int
    token: str
    keys: tuple[str, ...]
    scores: numpy.ndarray
    """(key,): masked ones minus infinity."""
    largest: float
    powers: numpy.ndarray
    """(key,): exp(score - largest)."""
    total: float
    weights: numpy.ndarray
    """(key,): powers / total."""


def arithmetic(stages: HeadStages, query: int) -> Arithmetic:
    """How the weights of a query come from its scores."""
    scores = numpy.where(stages.masked[query], -numpy.inf, stages.values.scores[query].astype(numpy.float64))
    largest = float(scores.max())
    with numpy.errstate(all="ignore"):
        powers = numpy.exp(scores - largest)
        total = float(powers.sum())
        weights = powers / total
    return Arithmetic(query, stages.queries[query], stages.keys, scores, largest, powers, total, weights)
