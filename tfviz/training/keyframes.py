"""Keyframes: states of training to resume from, within a budget of memory."""

from collections import deque

from tfviz.training.trainer import State

MEMORY = 256 * 2**20
"""Bytes that all keyframes of a session may take."""

RECENT = 16
"""So many of the newest keyframes stay whatever the spacing behind them: steps back from the present are the usual
ones."""

RECENT_SHARE = 0.25
"""Part of the budget that these may take; one of them always stays."""


class Keyframes:
    """States by step, evenly spaced. When the budget is full the spacing doubles, but not near the present.

    One thread adds; any thread may ask.
    """

    def __init__(self, budget: int = MEMORY, spacing: int = 16) -> None:
        self.budget = budget
        self.spacing = spacing
        """Between keyframes far behind the present; it begins as `near`."""
        self.near = spacing
        """Between the newest keyframes."""
        self._states: dict[int, State] = {}
        self._recent: deque[int] = deque()
        self._size = 0

    @property
    def steps(self) -> tuple[int, ...]:
        """Steps that are kept, rising or nearly so."""
        return tuple(self._states.copy())  # copying is one operation of the interpreter, iterating is not

    def due(self, step: int) -> bool:
        """Whether this step should be kept."""
        return step % self.near == 0 and step not in self._states

    def add(self, step: int, state: State) -> None:
        """Keep a state, and give up some older ones if there is no room."""
        if step in self._states:
            self._size -= _size(self._states[step])
        else:
            self._recent.append(step)
        self._states[step] = state
        self._size += _size(state)
        self._thin()

    def up_to(self, step: int) -> "Keyframes":
        """Those at or before a step, for a branch that leaves there; the states themselves are shared."""
        other = Keyframes(self.budget, self.near)
        other.spacing = self.spacing
        other._states = {kept: state for kept, state in self._states.items() if kept <= step}
        other._recent.extend(sorted(other._states)[-RECENT:])
        other._size = sum(map(_size, other._states.values()))
        return other

    def share(self, count: int) -> None:
        """Live with one of so many equal shares of the whole budget, as branches of one run do."""
        self.budget = MEMORY // count
        self._thin()

    def nearest(self, step: int) -> tuple[int, State]:
        """The latest keyframe at or before a step. KeyError if there is none. Any thread may ask."""
        candidates = [other for other in self.steps if other <= step]
        # Another thread may have given up the latest one since.
        for candidate in sorted(candidates, reverse=True):
            state = self._states.get(candidate)
            if state is not None:
                return candidate, state
        raise KeyError(f"no keyframe at or before step {step}")

    def _thin(self) -> None:
        if not self._recent:
            return
        newest = max(1, _size(self._states[self._recent[-1]]))
        most = max(1, min(RECENT, int(RECENT_SHARE * self.budget) // newest))
        while len(self._recent) > most:
            old = self._recent.popleft()
            if old % self.spacing:
                self._give_up(old)
        while self._size > self.budget and (behind := self._states.keys() - {0, *self._recent}):
            self.spacing *= 2
            for step in behind:
                if step % self.spacing:
                    self._give_up(step)

    def _give_up(self, step: int) -> None:
        self._size -= _size(self._states.pop(step))


def _size(state: State) -> int:
    return sum(array.nbytes for array in state.values())
