"""The states that a replay passes just before the step it goes to: who goes back in steps asks for those next."""

from tfviz.training.trainer import State

LONGEST = 32
"""States that are kept."""

MEMORY = 32 * 2**20
"""Bytes that they may take."""


class Trail:
    """States of one branch by step; the oldest ones are given up."""

    def __init__(self, longest: int = LONGEST, memory: int = MEMORY) -> None:
        self._longest, self._memory = longest, memory
        self._states: dict[int, State] = {}
        self._size = 0  # bytes of each state

    @property
    def steps(self) -> tuple[int, ...]:
        return tuple(self._states)

    def clear(self) -> None:
        self._states.clear()

    def wants(self, step: int, goal: int) -> bool:
        """Whether a state is worth keeping on the way to a step."""
        return step not in self._states and goal - step <= self._room

    def keep(self, step: int, state: State) -> None:
        self._size = sum(array.nbytes for array in state.values())
        self._states[step] = state
        while len(self._states) > max(self._room, 1):
            del self._states[next(iter(self._states))]

    def nearest(self, step: int) -> tuple[int, State] | None:
        """The latest state at or before a step."""
        found = max((kept for kept in self._states if kept <= step), default=None)
        return None if found is None else (found, self._states[found])

    @property
    def _room(self) -> int:
        return min(self._longest, self._memory // max(self._size, 1))
