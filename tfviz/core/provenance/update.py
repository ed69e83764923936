"""Where the numbers of clipping and of the update come from: what an optimiser adds to a parameter, term by term.

They are no operations of the program, so they are told of single numbers, in float64.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tfviz.core.optimizers import SGD, Adam, AdamW, Momentum, Optimizer, clip_scale
from tfviz.core.provenance.explanation import Cell, Derivation, Detail, Factor, Term, constant, summed, term


@dataclass(frozen=True)
class Move:
    """What decides how one number of a parameter is moved: the numbers before the update, and its `number` from 1."""

    cell: Cell
    before: float
    clipped_gradient: float
    moments: Mapping[str, float]
    learning_rate: float
    number: int

    @property
    def value(self) -> Factor:
        return constant("value before", self.before)

    @property
    def gradient(self) -> Factor:
        return Factor("clipped gradient", self.clipped_gradient, self.cell._replace(of="clipped"))


def clipped(cell: Cell, gradient: float, norm: float, limit: float) -> Derivation:
    """The gradient that the update sees, from that of the backward pass, the norm of all, and the limit (0: none)."""
    scale = clip_scale(norm, limit)
    return summed(
        "clipped = scale dL/dw, scale = min(1, limit / (norm + 1e-6))" if limit else "clipped = dL/dw, no limit is set",
        [term(constant("scale", scale), Factor("dL/dw", gradient, cell._replace(of="gradient")))],
        Detail("norm of all gradients", (norm,)),
        *([Detail("limit", (limit,))] if limit else []),
    )  # fmt: skip


def updated(optimizer: Optimizer, move: Move) -> Derivation:
    """The value after an update by an optimiser of this kind and with these settings."""
    return UPDATES[type(optimizer)](optimizer, move)


def _sgd(optimizer: SGD, move: Move) -> Derivation:
    rate = constant("-rate", -move.learning_rate)
    return _moved("w' = w - rate g", optimizer, move, [rate], decay=[rate])


def _momentum(optimizer: Momentum, move: Move) -> Derivation:
    rate, before = constant("-rate", -move.learning_rate), move.moments["velocity"]
    memory = term(
        rate, constant("momentum", optimizer.momentum), constant("velocity", before), part="earlier gradients"
    )
    after = optimizer.momentum * before + _gradient(optimizer, move)
    return _moved(
        "w' = w - rate velocity', velocity' = momentum velocity + g", optimizer, move, [rate], [rate], [memory],
        Detail("velocity before, after", (before, after)),
    )  # fmt: skip


def _adam(optimizer: Adam, move: Move, coupled: bool = True) -> Derivation:
    """Both moments; the effective step is what the first one is multiplied by."""
    beta1, beta2 = optimizer.betas
    first, second = move.moments["first_moment"], move.moments["second_moment"]
    gradient = _gradient(optimizer, move) if coupled else move.clipped_gradient
    first_after = beta1 * first + (1.0 - beta1) * gradient
    second_after = beta2 * second + (1.0 - beta2) * gradient * gradient
    unbiased = 1.0 - beta1**move.number, 1.0 - beta2**move.number
    size = move.learning_rate / unbiased[0] / (math.sqrt(second_after / unbiased[1]) + optimizer.eps)
    step, share = constant("-step", -size), constant("1 - b1", 1.0 - beta1)
    memory = term(step, constant("b1", beta1), constant("m", first), part="earlier gradients")
    rate = constant("-rate", -move.learning_rate)
    return _moved(
        "w' = w - step m', m' = b1 m + (1 - b1) g, v' = b2 v + (1 - b2) g^2, "
        "step = rate / (1 - b1^t) / (sqrt(v' / (1 - b2^t)) + eps)",
        optimizer, move, [step, share], [step, share] if coupled else [rate], [memory],
        Detail("first moment m before, after", (first, first_after)),
        Detail("second moment v before, after", (second, second_after)),
        Detail("effective step", (size,)),
        Detail("update number t", (float(move.number),)),
    )  # fmt: skip


def _adamw(optimizer: AdamW, move: Move) -> Derivation:
    told = _adam(optimizer, move, coupled=False)
    decay = " - rate decay w" if optimizer.weight_decay else ""
    return Derivation(
        told.formula.replace("w' = w", f"w' = w{decay}", 1), told.terms, told.total, details=told.details
    )


def _moved(
    formula: str,
    optimizer: Optimizer,
    move: Move,
    of_gradient: list[Factor],
    decay: list[Factor],
    memory: list[Term] | None = None,
    *details: Detail,
) -> Derivation:
    """The value before, what the memory of earlier gradients moves, this gradient, and the weight decay."""
    terms = [term(move.value, part="value before"), *(memory or [])]
    terms.append(term(*of_gradient, move.gradient, part="this gradient"))
    if optimizer.weight_decay:
        weight = constant("decay", optimizer.weight_decay)
        terms.append(term(*decay, weight, move.value, part="weight decay"))
        if not isinstance(optimizer, AdamW):
            formula += ", g = clipped gradient + decay w"
    change = Detail("change", (math.fsum(one.product for one in terms[1:]),))
    return summed(formula, terms, change, Detail("learning rate", (move.learning_rate,)), *details)


def _gradient(optimizer: Optimizer, move: Move) -> float:
    """With the weight decay in it, as all but AdamW have it."""
    return move.clipped_gradient + optimizer.weight_decay * move.before


UPDATES: dict[type[Optimizer], Callable[[Any, Move], Derivation]] = {
    SGD: _sgd,
    Momentum: _momentum,
    Adam: _adam,
    AdamW: _adamw,
}
