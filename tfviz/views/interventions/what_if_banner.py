"""Above the presets: how the branch that has something broken compares with the one that it left."""

import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from tfviz.training.branching.branches import Line
from tfviz.training.branching.what_if import what_if_of
from tfviz.training.counted import counted
from tfviz.training.record.history import History
from tfviz.views.panel import label, paragraph

ENOUGH = 50
"""Steps of its own after which a branch is worth comparing."""
AVERAGED = 20
Read = Callable[[int], float]
"""Of one history: what is known up to a step; NaN where nothing is."""


def mean_loss(history: History) -> Read:
    """The training loss of several batches."""

    def read(step: int) -> float:
        column = history.column("loss")[max(step - AVERAGED, 0) : step]
        return float(numpy.mean(column)) if len(column) else math.nan

    return read


class Newest:
    """The last value of a column that has one only now and then. Rows that were looked at are not looked at again, so
    that a long run costs no more than a short one."""

    def __init__(self, name: str, history: History) -> None:
        self._name, self._history = name, history
        self._seen, self._value = 0, math.nan

    def __call__(self, step: int) -> float:
        if self._name not in self._history:
            return math.nan
        if step < self._seen:
            self._seen, self._value = 0, math.nan
        new = self._history.column(self._name)[self._seen : step]
        numbers = new[~numpy.isnan(new)]
        if len(numbers):
            self._value = float(numbers[-1])
        self._seen += len(new)
        return self._value


ROWS: tuple[tuple[str, str, Callable[[History], Read], bool], ...] = (
    ("loss", f"Loss, last {AVERAGED}", mean_loss, False),
    ("validation", "Validation loss", partial(Newest, "validation_loss"), False),
    ("exact", "Free-running exact", partial(Newest, "validation_free_sequence_accuracy"), True),
)


class WhatIfBanner(QFrame):
    """Hidden while the current branch has nothing broken."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("what_if_banner")
        self.setProperty("hint", True)
        self.headline = paragraph("", "title")
        self.advice = paragraph("", "dim")
        self.advice.setObjectName("what_if_advice")
        self._line: Line | None = None
        self._other: Line | None = None
        self._numbers: dict[str, tuple[QLabel, QLabel]] = {}
        self._reads: dict[str, tuple[Read, Read]] = {}  # of this branch and of the one that it left
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        self._heads = label("here", "caption"), label("", "caption")
        right = Qt.AlignmentFlag.AlignRight
        for place, head in enumerate(self._heads, start=1):
            grid.addWidget(head, 0, place, right)
        for row, (key, text, _, _) in enumerate(ROWS, start=1):
            self._numbers[key] = label("", "number"), label("", "number")
            grid.addWidget(label(text, "dim"), row, 0)
            for place, number in enumerate(self._numbers[key], start=1):
                number.setObjectName(f"what_if_{key}_{('here', 'there')[place - 1]}")
                grid.addWidget(number, row, place, right)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(4)
        column.addWidget(self.headline)
        column.addLayout(grid)
        column.addWidget(self.advice)
        self.hide()

    def show_run(self, lines: Mapping[int, Line], current: int) -> None:
        line = lines[current]
        parent = line.branch.parent
        broken = what_if_of(line) is not None and parent in lines
        self._line, self._other = (line, lines[parent]) if broken and parent is not None else (None, None)
        if self._line is not None and self._other is not None:
            here, there = self._line.history, self._other.history
            self._reads = {key: (make(here), make(there)) for key, _, make, _ in ROWS}
        self.setVisible(self._line is not None)
        self.refresh()

    def refresh(self) -> None:
        """The newest numbers of both."""
        line, other = self._line, self._other
        what_if = None if line is None else what_if_of(line)
        if line is None or other is None or what_if is None:
            return
        fork, parent = line.branch.fork, other.branch.name
        step = min(line.frontier, other.frontier)
        own = line.frontier - fork
        self.headline.setText(f"“{what_if.name}” left {parent} at step {fork:,}")
        self._heads[1].setText(parent if len(parent) <= 12 else "parent")
        self._heads[1].setToolTip(parent)
        for key, _, _, share in ROWS:
            for number, read in zip(self._numbers[key], self._reads[key], strict=True):
                number.setText(_written(read(step), share))
        if own < ENOUGH:
            self.advice.setText(
                f"{counted(own, 'step')} trained; after {ENOUGH} there is something to compare."
            )
        else:
            self.advice.setText(f"Both at step {step:,}. Compare: {what_if.symptom}")


def _written(value: float, share: bool) -> str:
    if not math.isfinite(value):
        return "not yet" if math.isnan(value) else "∞"
    return f"{value:.0%}" if share else f"{value:.3g}"
