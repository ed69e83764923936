"""Keyframes: states of training to resume from, within a budget of memory."""

from tfviz.training.trainer import State

MEMORY = 256 * 2**20
"""Bytes that all keyframes of a session may take."""

RECENT = 4
"""So many of the newest keyframes are kept whatever the spacing."""


class Keyframes:
    """States by step. When the budget is full the spacing doubles: evenly spaced behind, denser near the present."""

    def __init__(self, budget: int = MEMORY, spacing: int = 16) -> None:
        self.budget, self.spacing = budget, spacing
        self._states: dict[int, State] = {}
        self._size = 0

    @property
    def steps(self) -> tuple[int, ...]:
        """Steps that are kept, rising or nearly so."""
        return tuple(self._states.copy())  # copying is one operation of the interpreter, iterating is not

    def due(self, step: int) -> bool:
        """Whether this step should be kept."""
        return step % self.spacing == 0 and step not in self._states

    def add(self, step: int, state: State) -> None:
        """Keep a state, and give up some older ones if there is no room."""
        self._states[step] = state
        self._size += _size(state)
        self._thin()

    def _thin(self) -> None:
        while self._size > self.budget and len(self._states) > RECENT + 1:
            self.spacing *= 2
            recent = sorted(self._states)[-RECENT:]
            for other in [s for s in self._states if s % self.spacing and s not in recent]:
                self._size -= _size(self._states.pop(other))

    def up_to(self, step: int) -> "Keyframes":
        """Those at or before a step, for a branch that leaves there; the states themselves are shared."""
        other = Keyframes(self.budget, self.spacing)
        for kept, state in self._states.items():
            if kept <= step:
                other._states[kept] = state
                other._size += _size(state)
        return other

    def share(self, count: int) -> None:
        """Live with one of so many equal shares of the whole budget, as branches of one run do."""
        self.budget = MEMORY // count
        self._thin()

    def nearest(self, step: int) -> tuple[int, State]:
        """The latest keyframe at or before a step. KeyError if there is none. Any thread may ask."""
        candidates = [other for other in self.steps if other <= step]
        if not candidates:
            raise KeyError(f"no keyframe at or before step {step}")
        # Another thread may have given up the latest one since.
        for candidate in sorted(candidates, reverse=True):
            state = self._states.get(candidate)
            if state is not None:
                return candidate, state
        raise KeyError(f"no keyframe at or before step {step}")


def _size(state: State) -> int:
    return sum(array.nbytes for array in state.values())
