"""What is said about a cell: the terms of the sum that it is, their factors, and where these were read."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Cell(NamedTuple):
    """One number of a tensor: its value, or the gradient of the loss with respect to it (of = "gradient").

    `indices` are under the axes that `Tensor.value` presents. In a step, of = "clipped" is the gradient of a parameter
    as the update sees it.
    """

    tensor: str
    indices: tuple[int, ...]
    of: str = "value"


@dataclass(frozen=True)
class Factor:
    """A number in a term; `cell` is where it was read, None for a constant or what is computed on the way."""

    symbol: str
    value: float
    cell: Cell | None = None


@dataclass(frozen=True)
class Term:
    """One summand. `product` is that of its factors; where something else is made of them, `function` says what.

    `part` names the summand's kind where a formula has several.
    """

    factors: tuple[Factor, ...]
    product: float
    part: str = ""
    function: str = ""


@dataclass(frozen=True)
class Detail:
    """Numbers beside the terms that help to read them, such as a row's mean; `cells` where they were read, if so."""

    name: str
    values: tuple[float, ...]
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True)
class Derivation:
    """How an operation made a number. The total is the sum of the terms unless `closing` says what else it is.

    `origin` says where a number without terms came from.
    """

    formula: str
    terms: tuple[Term, ...]
    total: float
    closing: str = ""
    details: tuple[Detail, ...] = ()
    origin: str = ""


@dataclass(frozen=True)
class Explanation:
    """Where the number of a cell came from.

    `operation`, of type `operation_type`, computed it in `phase` ("forward", "backward"; in a step also "clipping" and
    "update", by the optimiser that `operation_type` names); all three are empty for
    what no operation computes, whose `origin` is told instead. `total` is what `formula` gives in float64: the sum of
    the terms' products or, where `closing` is not empty, what that makes of them. `stored` is the number in memory,
    None where it has not been computed yet.
    """

    cell: Cell
    operation: str
    operation_type: str
    phase: str
    formula: str
    terms: tuple[Term, ...]
    total: float
    stored: float | None
    closing: str = ""
    details: tuple[Detail, ...] = ()
    origin: str = ""


def constant(symbol: str, value: float) -> Factor:
    return Factor(symbol, float(value))


def term(*factors: Factor, part: str = "") -> Term:
    """The product of some factors."""
    return Term(factors, math.prod(factor.value for factor in factors), part)


def total_of(terms: Iterable[Term]) -> float:
    """The sum of the products, also where some are infinite or not numbers."""
    return float(np.sum([term.product for term in terms], dtype=np.float64))


def summed(formula: str, terms: Iterable[Term], *details: Detail) -> Derivation:
    """A number that is the sum of its terms."""
    terms = tuple(terms)
    return Derivation(formula, terms, total_of(terms), details=details)


def same_number(source: Factor) -> Derivation:
    """A number that lies in another tensor's storage: nothing was computed."""
    whose = source.symbol if source.cell is None else f"the {source.cell.of} of {source.cell.tensor}"
    return summed(f"the same number as {whose}", [term(source)])


def row(name: str, factors: Iterable[Factor]) -> Detail:
    """A detail of numbers that were read from cells."""
    factors = tuple(factors)
    return Detail(
        name,
        tuple(factor.value for factor in factors),
        tuple(factor.cell for factor in factors if factor.cell),
    )
