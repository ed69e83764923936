"""Which conditions stop training, and their numbers, as the user chose them: also of those that are off."""

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Self

from tfviz.training.stepping.break_conditions import (
    BreakCondition,
    EntropyBelow,
    GradientAbove,
    LossAbove,
    NonFinite,
    UpdateRatioOutside,
)


@dataclass(frozen=True)
class BreakChoices:
    """Each condition with its switch. Ratios are powers of ten, as the optimiser's panel shows them."""

    number: bool = False
    loss: bool = False
    loss_factor: float = 3.0
    loss_window: int = 50
    gradient: bool = False
    gradient_limit: float = 10.0
    entropy: bool = False
    entropy_limit: float = 0.05
    ratio: bool = False
    ratio_low: float = -6.0
    ratio_high: float = -1.0

    @property
    def problem(self) -> str:
        """Why these numbers cannot be taken, in a sentence; empty where they can."""
        if self.ratio_low >= self.ratio_high:
            return f"{self.ratio_low:g} to {self.ratio_high:g} is no band: the first number has to be the smaller one"
        return ""

    def with_value(self, name: str, value: bool | float) -> Self:
        """The same with another switch or number. TypeError for a name that there is not."""
        return type(self)(**asdict(self) | {name: value})

    def conditions(self) -> tuple[BreakCondition, ...]:
        """Those that are on. ValueError for numbers that cannot be taken."""
        found: list[BreakCondition] = []
        if self.number:
            found.append(NonFinite())
        if self.loss:
            found.append(LossAbove(self.loss_factor, self.loss_window))
        if self.gradient:
            found.append(GradientAbove(self.gradient_limit))
        if self.entropy:
            found.append(EntropyBelow(self.entropy_limit))
        if self.ratio:
            found.append(UpdateRatioOutside(10.0**self.ratio_low, 10.0**self.ratio_high))
        return tuple(found)

    def to_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """What to_text() gave, now or before there were all of these; the defaults where it makes no sense."""
        try:
            stored = json.loads(text)
            kinds = {field.name: type(field.default) for field in fields(cls)}
            if not isinstance(stored, dict) or not stored.keys() <= kinds.keys():
                return cls()
            if any(type(number) is not kinds[name] for name, number in stored.items()):
                return cls()
            choices = cls(**stored)
            replace(choices, loss=True, gradient=True, entropy=True, ratio=True).conditions()
        except (ValueError, OverflowError):
            return cls()
        return choices
