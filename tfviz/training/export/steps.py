"""Which steps an animation shows, as people write them: 0:500:10 is step 0, 10, 20 and so on, up to 500."""

import re
from dataclasses import dataclass
from typing import Self

MOST_FRAMES = 2000

_PATTERN = re.compile(r"([0-9]{0,15}):([0-9]{0,15})(?::([0-9]{0,15}))?")


@dataclass(frozen=True)
class StepRange:
    """Every so many steps from a first one to a last one, which may be met or not."""

    first: int = 0
    last: int | None = None
    """None: the last step there is."""
    every: int = 1

    def __post_init__(self) -> None:
        if self.first < 0 or self.every < 1:
            raise ValueError(f"steps {self}: the first must be at least 0, the distance at least 1")
        if self.last is not None and self.last < self.first:
            raise ValueError(
                f"steps {self} are none: the first, {self.first}, is after the last, {self.last}"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "A:B:K"; each part may be left out: the start, the last step, every single one."""
        match = _PATTERN.fullmatch(text.strip())
        if not match:
            raise ValueError(
                f"steps {text!r} are not understood; write first:last:distance, such as 0:500:10, :500:10 or ::100"
            )
        first, last, every = match.groups()
        return cls(int(first or 0), int(last) if last else None, int(every or 1))

    def __str__(self) -> str:
        return f"{self.first}:{'' if self.last is None else self.last}:{self.every}"

    def within(self, frontier: int) -> range:
        """The steps, of a record that ends at `frontier`. ValueError where it does not reach, or there are too many."""
        last = frontier if self.last is None else self.last
        for step in (self.first, last):
            if step > frontier:
                raise ValueError(f"step {step} is not recorded: 0 to {frontier}")
        steps = range(self.first, last + 1, self.every)
        if len(steps) > MOST_FRAMES:
            every = -(-(last - self.first + 1) // MOST_FRAMES)
            raise ValueError(
                f"steps {self} are {len(steps):,} pictures, more than {MOST_FRAMES:,}: "
                f"{StepRange(self.first, self.last, every)} would do"
            )
        return steps
