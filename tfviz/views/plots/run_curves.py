"""The scalars of one run in the form in which they are drawn, kept up to date with its history."""

from collections.abc import Sequence

import numpy

from tfviz.training.record.history import History
from tfviz.views.plots.curve_data import Envelope, all_finite
from tfviz.views.plots.smoothing import SmoothedCurve

# A NaN is a broken value where one of these was recorded in the same row, and a missing one elsewhere. By the name up
# to its slash, if it has one.
WITNESSES = {
    "loss": ("step_time", "learning_rate"),
    "gradient_norm": ("step_time", "learning_rate"),
    "validation_loss": ("validation_token_accuracy", "validation_sequence_accuracy"),
}


class RunCurves:
    """Envelopes of named columns of a history, and moving averages of some of them.

    A history that is another object, shorter than before or different in its last known row starts anew.
    """

    envelopes: dict[str, Envelope]
    smoothed: dict[str, SmoothedCurve]
    _length: int
    _recorded: dict[str, tuple[int, numpy.ndarray]]

    def __init__(self, names: Sequence[str], smoothed: Sequence[str] = (), factor: float = 0.9) -> None:
        self.factor = factor
        self._names, self._smoothed_names = tuple(names), tuple(smoothed)
        self._history: History | None = None
        self._forget()

    def __len__(self) -> int:
        return self._length

    def update(self, history: History) -> bool:
        """Take what was appended; True if anything changed."""
        length = len(history)
        changed = self._is_another(history, length)
        if changed:
            self._forget()
            self._history = history
        if length == self._length and not changed:
            return False
        for name in self._names:
            if name in history:
                self.envelopes[name].update(
                    history.column(name)[:length], self._broken(history, name, length)
                )
        for name, curve in self.smoothed.items():
            if name in history:
                curve.update(history.column(name)[:length])
        self._length = length
        return True

    def set_factor(self, factor: float) -> None:
        """Smooth more or less: every average is computed anew."""
        self.factor = factor
        for name, curve in self.smoothed.items():
            if self._history is not None and name in self._history:
                curve.set_factor(factor, self._history.column(name)[: self._length])
            else:
                curve.factor = factor

    def recorded_steps(self, name: str) -> numpy.ndarray:
        """Ascending: where a column that has a value only now and then has one, NaN and infinity not counted."""
        known, values = (
            self._recorded.get(name, (0, numpy.empty(0, numpy.int64))),
            self.envelopes[name].values,
        )
        if known[0] < len(values):
            new = numpy.flatnonzero(numpy.isfinite(values[known[0] :]))
            steps = numpy.concatenate((known[1], new + known[0] + 1)) if len(new) else known[1]
            known = self._recorded[name] = (len(values), steps)
        return known[1]

    def value(self, name: str, step: int) -> float:
        """What was recorded at a step; NaN where nothing was."""
        return self.envelopes[name].value(step)

    def _forget(self) -> None:
        self._length = 0
        self._recorded = {}
        self.envelopes = {name: Envelope() for name in self._names}
        self.smoothed = {name: SmoothedCurve(self.factor) for name in self._smoothed_names}

    def _is_another(self, history: History, length: int) -> bool:
        if history is not self._history or length < self._length:
            return True
        if not self._length:
            return False
        known = [(self.value(name, self._length), name) for name in self._names if len(self.envelopes[name])]
        return any(not _same(value, float(history.column(name)[self._length - 1])) for value, name in known)

    def _broken(self, history: History, name: str, length: int) -> numpy.ndarray | None:
        """(new,) bool: rows without a number where there should be one; None where all are numbers."""
        known = len(self.envelopes[name])
        values = history.column(name)[known:length]
        if all_finite(values):
            return None
        recorded = numpy.zeros(len(values), bool)
        for witness in WITNESSES.get(name.partition("/")[0], ()):
            if witness in history:
                recorded |= ~numpy.isnan(history.column(witness)[known:length])
        return numpy.isinf(values) | (numpy.isnan(values) & recorded)


def _same(first: float, second: float) -> bool:
    return first == second or (first != first and second != second)
