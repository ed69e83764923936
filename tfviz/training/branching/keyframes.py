"""Keyframes: states of training to resume from, within a budget of memory."""

from collections import deque
from collections.abc import Callable, Sequence
from statistics import median

from tfviz.training.trainer import State

MEMORY = 256 * 2**20
"""Bytes that all keyframes of a session may take."""

RECENT = 16
"""So many of the newest keyframes stay whatever the spacing behind them: steps back from the present are the usual
ones."""

RECENT_SHARE = 0.25
"""Part of the budget that these may take; one of them always stays."""

FIRST_SPACING, WIDEST_SPACING = 4, 256
"""Steps between the first keyframes of a run, when nothing is known of its steps; and at most, while there is room."""

REPLAY = 0.03
"""Seconds that the steps between two keyframes may take: to reach a step they are computed again, maybe on a machine
that is several times as busy then."""

KEEPING_SHARE = 0.02
"""Part of the time of training that keeping may take; this counts before the time of a replay."""

FEWEST_KEEPINGS = 3
"""From so many on it is known what keeping usually takes: the first one alone is often a slow one."""


Read = Callable[[int], State | None]


class Keyframes:
    """States by step, evenly spaced. When the budget is full the spacing doubles, but not near the present.

    One thread adds; any thread may ask.
    """

    def __init__(self, budget: int = MEMORY, spacing: int | None = None) -> None:
        """Without a spacing it follows from what steps take, of which `pace` tells."""
        self.budget = budget
        self.near = spacing or FIRST_SPACING
        """Between the newest keyframes."""
        self._full = 1
        """Least spacing behind the present that a full budget allows."""
        self._paced = spacing is None
        self._keeping: deque[float] = deque(maxlen=5)
        self._states: dict[int, State] = {}
        self._recent: deque[int] = deque()
        self._size = 0
        self._lent: tuple[frozenset[int], Read] = frozenset(), lambda step: None
        self._last_read: tuple[int, State] | None = None

    @property
    def steps(self) -> tuple[int, ...]:
        """Steps that are kept or lent, rising or nearly so."""
        kept = self._states.copy()  # copying is one operation of the interpreter, iterating is not
        lent = self._lent[0] - kept.keys()
        return (*sorted(lent), *kept) if lent else tuple(kept)

    @property
    def spacing(self) -> int:
        """Between keyframes far behind the present."""
        return max(self.near, self._full)

    @property
    def size(self) -> int:
        """Bytes of all that are kept."""
        return self._size

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

    def lend(self, steps: Sequence[int], read: Read) -> None:
        """Let states lie elsewhere that have no room here; `read` gives one when it is needed, None if it has gone."""
        self._lent = frozenset(steps), read

    def pace(self, training: float, keeping: float) -> None:
        """Space what follows by the seconds that a step takes, and those that it usually takes to keep one: what a
        stalled machine takes once leaves no gap.

        Spacings are powers of two, so that those of before and after fit each other.
        """
        self._keeping.append(keeping)
        if self._paced:
            usual = len(self._keeping) >= FEWEST_KEEPINGS
            training, keeping = max(training, 1e-6), median(self._keeping) if usual else 0.0
            near = 1
            while near < WIDEST_SPACING and (
                2 * near * training <= REPLAY or near * training * KEEPING_SHARE < keeping
            ):
                near *= 2
            self.near = near

    def fix(self, spacing: int) -> None:
        """Keep every so many steps, whatever they take."""
        self.near, self._full, self._paced = spacing, 1, False

    def up_to(self, step: int) -> "Keyframes":
        """Those at or before a step, for a branch that leaves there; the states themselves are shared."""
        other = Keyframes(self.budget, self.near)
        other._full, other._paced = self._full, self._paced
        other._states = {kept: state for kept, state in self._states.items() if kept <= step}
        lent, read = self._lent
        other._lent = frozenset(place for place in lent if place <= step), read
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
            if state is None:
                state = self._borrow(candidate)
            if state is not None:
                return candidate, state
        raise KeyError(f"no keyframe at or before step {step}")

    def _borrow(self, step: int) -> State | None:
        """A state that lies elsewhere; the last one is remembered, for who looks at a step looks at its neighbours."""
        steps, read = self._lent
        last = self._last_read
        if step not in steps:
            return None
        if last is not None and last[0] == step:
            return last[1]
        state = read(step)
        if state is not None:
            self._last_read = step, state
        return state

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
            self._full = 2 * self.spacing
            for step in behind:
                if step % self.spacing:
                    self._give_up(step)

    def _give_up(self, step: int) -> None:
        self._size -= _size(self._states.pop(step))


def _size(state: State) -> int:
    return sum(array.nbytes for array in state.values())
