"""Reasons to stop training before an update: each is tested on the facts of a step while the state is still intact."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from tfviz.training.heads.head_entropies import weights_of_head
from tfviz.training.record.history import History


@dataclass(frozen=True)
class Facts:
    """What is known of a step before its update. `history` ends with the step before it."""

    step: int
    loss: float
    history: History
    gradient_norm: float
    group_norms: Mapping[str, float]
    non_finite_place: Callable[[], str]
    """Names the operation where the first NaN or infinity arose, as first_non_finite does; asked on a hit only."""
    entropies: Mapping[str, float] = field(default_factory=dict)
    """By head, as head_entropies gives them; empty where nobody asked."""
    update_ratios: Mapping[str, float] = field(default_factory=dict)
    """Length of the change over length of the weights, by parameter group; empty where nobody asked."""
    spoiled: bool = False
    """Whether a number on the way was NaN or infinite, as a Lookout finds."""


@dataclass(frozen=True)
class Hit:
    """A condition that was met, and where to look."""

    condition: "BreakCondition"
    step: int
    place: str
    """An operation, "clipping" or "update"; as first_non_finite names it where a value is not finite."""
    subject: str
    """What has the number: "loss", "gradient", a head ("encoder L0H3"), a parameter group; "number" for any other."""
    value: float
    limit: float
    """What the value was compared with; NaN where it is only not finite."""

    def __str__(self) -> str:
        return f"step {self.step}, before the update: {self.condition.sentence(self)} ({self.place})"


class BreakCondition:
    """One reason to stop."""

    def test(self, facts: Facts) -> Hit | None:
        """The worst case in which the condition is met, or None."""
        raise NotImplementedError

    def sentence(self, hit: Hit) -> str:
        """What happened, with its numbers."""
        raise NotImplementedError


@dataclass(frozen=True)
class NonFinite(BreakCondition):
    """Any number that the step computes is NaN or infinite, also where neither loss nor gradient shows it."""

    def test(self, facts: Facts) -> Hit | None:
        for subject, value in (("loss", facts.loss), ("gradient", facts.gradient_norm)):
            if not math.isfinite(value):
                return Hit(self, facts.step, facts.non_finite_place(), subject, value, math.nan)
        if facts.spoiled:
            return Hit(self, facts.step, facts.non_finite_place(), "number", math.nan, math.nan)
        return None

    def sentence(self, hit: Hit) -> str:
        if hit.subject == "number":
            return "a number is NaN or infinite, although loss and gradient are not"
        return f"the {hit.subject} is {hit.value:.4g}"


@dataclass(frozen=True)
class LossAbove(BreakCondition):
    """The loss is more than `factor` times its mean over the last `window` steps, once there are that many."""

    factor: float = 3.0
    window: int = 50

    def __post_init__(self) -> None:
        _require_positive("factor", self.factor)
        _require_positive("window", self.window)

    def test(self, facts: Facts) -> Hit | None:
        if len(facts.history) < self.window:
            return None
        limit = self.factor * float(facts.history.column("loss")[-self.window :].mean())
        if facts.loss > limit:
            return Hit(self, facts.step, "loss", "loss", facts.loss, limit)
        return None

    def sentence(self, hit: Hit) -> str:
        return (
            f"the loss is {hit.value:.4g}, above {hit.limit:.4g}, "
            f"{self.factor:g} times its mean over {self.window} steps"
        )


@dataclass(frozen=True)
class GradientAbove(BreakCondition):
    """The gradient, before it is clipped, is longer than `limit`: as a whole, or that of the named group."""

    limit: float
    group: str = ""

    def __post_init__(self) -> None:
        _require_positive("limit", self.limit)

    def test(self, facts: Facts) -> Hit | None:
        norm = facts.group_norms[self.group] if self.group else facts.gradient_norm
        if norm > self.limit:
            return Hit(self, facts.step, "clipping", self.group or "gradient", norm, self.limit)
        return None

    def sentence(self, hit: Hit) -> str:
        whose = f" of {self.group}" if self.group else ""
        return f"the gradient norm{whose} is {hit.value:.4g}, above {hit.limit:.4g}"


@dataclass(frozen=True)
class EntropyBelow(BreakCondition):
    """A head's attention has a mean entropy below `limit` nats: it looks at one key. Any head, or the named one."""

    limit: float
    head: str = ""

    def __post_init__(self) -> None:
        _require_positive("limit", self.limit)

    def test(self, facts: Facts) -> Hit | None:
        chosen = {self.head: facts.entropies[self.head]} if self.head else facts.entropies
        low = {head: entropy for head, entropy in chosen.items() if entropy < self.limit}
        if not low:
            return None
        head = min(low, key=low.__getitem__)
        return Hit(self, facts.step, weights_of_head(head), head, low[head], self.limit)

    def sentence(self, hit: Hit) -> str:
        return f"the attention of {hit.subject} has an entropy of {hit.value:.4g} nats, below {hit.limit:.4g}"


@dataclass(frozen=True)
class UpdateRatioOutside(BreakCondition):
    """The update of a parameter group is shorter than `low` or longer than `high` times the weights it changes."""

    low: float = 1e-6
    high: float = 1e-1

    def __post_init__(self) -> None:
        if not 0.0 <= self.low < self.high:
            raise ValueError(f"a band from {self.low} to {self.high} is empty or below 0")

    def test(self, facts: Facts) -> Hit | None:
        outside = {
            group: self.low if ratio < self.low else self.high
            for group, ratio in facts.update_ratios.items()
            if ratio < self.low or ratio > self.high
        }
        if not outside:
            return None
        group = max(outside, key=lambda group: _distance(facts.update_ratios[group], outside[group]))
        return Hit(self, facts.step, "update", group, facts.update_ratios[group], outside[group])

    def sentence(self, hit: Hit) -> str:
        side = "below" if hit.value < hit.limit else "above"
        return f"the update of {hit.subject} is {hit.value:.4g} of its weights, {side} {hit.limit:.4g}"


def first_hit(conditions: Iterable[BreakCondition], facts: Facts) -> Hit | None:
    """The first of the conditions that is met."""
    return next((hit for condition in conditions if (hit := condition.test(facts))), None)


def _distance(ratio: float, limit: float) -> float:
    """How many times the limit is missed, as a logarithm; 0 and infinity are infinitely far."""
    return abs(math.log(ratio / limit)) if 0.0 < ratio < math.inf else math.inf


def _require_positive(name: str, number: float) -> None:
    if not 0.0 < number < math.inf:
        raise ValueError(f"{name} {number} is not a number above 0")
